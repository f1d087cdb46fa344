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
    for place, a, b in leaf_differences(_comparable(left), _comparable(right), path):
        if isinstance(a, str) and isinstance(b, str) and rules.same(place, a, b):
            continue
        yield place, a, b


def _comparable(error: Any) -> Any:
    return {name: error[name] for name in error if name != _DATA} if isinstance(error, dict) else error
