"""JSON values: which leaves differ, and a form of each value that a reader can take in.

Equality here is stricter than Python's: `True`, `1` and `1.0` are three values, `-0.0` is not `0.0`, and
NaN equals NaN. Text that came from bytes may hold surrogate escapes; the readable form spells them out.
"""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

SHOWN_CHARACTERS: Final = 200
"""Longest readable form of one value."""

MAX_DEPTH: Final = 64
"""Below this depth two JSON values are compared as wholes, so that hostile nesting cannot exhaust the stack."""

_strict_json = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode


class _Absent:
    """Stands for a member that one side does not have; no JSON value equals it."""

    def __repr__(self) -> str:
        return "(absent)"


ABSENT: Final = _Absent()


def same_leaf(left: Any, right: Any) -> bool:
    """Whether two scalar values are the same value of the same type."""
    if type(left) is not type(right):
        return False
    if isinstance(left, float):
        if math.isnan(left) or math.isnan(right):
            return math.isnan(left) and math.isnan(right)
        return left == right and math.copysign(1, left) == math.copysign(1, right)
    return bool(left == right)


def leaf_differences(left: Any, right: Any, path: str = "", depth: int = 0) -> Iterator[tuple[str, Any, Any]]:
    """Yield `(path, left, right)` for every leaf that differs; a missing member shows as `ABSENT`.

    Paths look like `tables.df.rows` and `needs[0]`.
    """
    if isinstance(left, dict) and isinstance(right, dict) and depth < MAX_DEPTH:
        for name in sorted(left.keys() | right.keys(), key=str):
            inner = f"{path}.{name}" if path else str(name)
            yield from leaf_differences(left.get(name, ABSENT), right.get(name, ABSENT), inner, depth + 1)
    elif isinstance(left, list | tuple) and isinstance(right, list | tuple) and depth < MAX_DEPTH:
        for index in range(max(len(left), len(right))):
            left_item = left[index] if index < len(left) else ABSENT
            right_item = right[index] if index < len(right) else ABSENT
            yield from leaf_differences(left_item, right_item, f"{path}[{index}]", depth + 1)
    elif isinstance(left, dict | list | tuple) or isinstance(right, dict | list | tuple):
        if type(left) is not type(right) or signature(left) != signature(right):
            yield path, left, right
    elif not same_leaf(left, right):
        yield path, left, right


def signature(value: Any) -> bytes:
    """Return bytes that are equal exactly where two JSON values are, key order aside."""
    import msgspec

    try:
        # MessagePack keeps apart what JSON text would not: NaN and null, 1 and 1.0.
        return msgspec.msgpack.encode(value, order="sorted")
    except (OverflowError, ValueError):  # integers past 64 bits, lone surrogates
        return _strict_json(value).encode()


def show(value: Any) -> str:
    """Return a short readable form of a JSON value; strings come without quotes."""
    if value is ABSENT:
        return "(absent)"
    text = value if isinstance(value, str) else _plain(value)
    return shorten(printable(text))


def kind_of(value: Any) -> str:
    """Return what JSON calls a value, a number by its kind; `absent` where there is none."""
    if value is ABSENT:
        return "absent"
    kinds = {bool: "truth value", int: "integer", float: "float", str: "text", dict: "object", list: "list"}
    return kinds.get(type(value), "null" if value is None else "list")


def show_pair(left: str, right: str) -> tuple[str, str]:
    """Return readable forms of two texts; long ones are cut around the first difference."""
    left, right = printable(left), printable(right)
    if len(left) <= SHOWN_CHARACTERS and len(right) <= SHOWN_CHARACTERS:
        return left, right
    first = next((i for i, (a, b) in enumerate(zip(left, right, strict=False)) if a != b), min(len(left), len(right)))
    start = max(0, first - SHOWN_CHARACTERS // 4)
    return shorten(left, start), shorten(right, start)


def shorten(text: str, start: int = 0) -> str:
    """Return at most `SHOWN_CHARACTERS` of `text` from `start`, with an ellipsis where something is left out."""
    piece = text[start : start + SHOWN_CHARACTERS]
    return f"{'…' if start else ''}{piece}{'…' if start + len(piece) < len(text) else ''}"


def counted(number: int, noun: str) -> str:
    """Return `1 line`, `2,000 lines`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def printable(text: str) -> str:
    """Spell out bytes that were no UTF-8 and carriage returns, so that the text can travel as JSON and be seen."""
    if not text.isascii():
        try:
            data = text.encode("utf-8", "surrogateescape")
        except UnicodeEncodeError:  # half of a surrogate pair, as JSON can spell it
            data = text.encode("utf-8", "backslashreplace")
        text = data.decode("utf-8", "backslashreplace")
    return text.replace("\r", "\\r")


def _plain(value: Any) -> str:
    try:
        return json.dumps(value, sort_keys=True, ensure_ascii=False)
    except (TypeError, ValueError):
        return repr(value)
