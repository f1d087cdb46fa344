"""Errors as both sides report them: type, message, and the traceback as module, function and line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from osiris_core.parity.values import leaf_differences

if TYPE_CHECKING:
    from collections.abc import Iterator

    from osiris_core.parity.text import TextRules


_DATA: Final = "data"


def error_differences(rules: TextRules, path: str, left: Any, right: Any) -> Iterator[tuple[str, Any, Any]]:
    """Yield `(path, left, right)` for every leaf of two errors that differs, text leaves judged by the text rules.

    Their `data` is left out: sizes and limits, which vary from run to run; what must not vary is in the message too.
    """
    left, right = _comparable(left), _comparable(right)
    if rules.observes:
        for place, text in _same_texts(left, right, path):
            if not rules.same(place, text, text):
                yield place, text, text
    for place, a, b in leaf_differences(left, right, path):
        if isinstance(a, str) and isinstance(b, str) and rules.same(place, a, b):
            continue
        yield place, a, b


def _same_texts(left: Any, right: Any, path: str) -> Iterator[tuple[str, str]]:
    """Yield the texts that both errors have at one place: declared rules see them too."""
    if isinstance(left, dict) and isinstance(right, dict):
        for name in sorted(left.keys() & right.keys()):
            yield from _same_texts(left[name], right[name], f"{path}.{name}")
    elif isinstance(left, str) and left == right:
        yield path, left


def _comparable(error: Any) -> Any:
    return {name: error[name] for name in error if name != _DATA} if isinstance(error, dict) else error
