"""JSON as exact values: two documents are equal by `==` exactly where they say the same, key order and spelling aside.

A number is a tuple of its kind and its decimal text, because Python's own lose what JSON can say: `1`, `1.0` and `true` are
equal in Python, and so are `0.1` and `0.1000000000000000055`. No integer is too large, and NaN equals NaN.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

from osiris_core.parity.values import counted, show

INTEGER: Final = "integer"
FLOAT: Final = "float"
CONSTANT: Final = "constant"

_PLAIN_DIGITS: Final = 40
"""A float with no more digits before and after its point than these is written without an exponent."""


_SHORT: Final = 30


class DoubledKeys(dict[str, Any]):
    """An object in which keys occur more than once; holds the last value of each, as most readers do."""

    doubled: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """A JSON text as exact values, and whether any object in it has a key twice."""

    value: Any
    has_doubled_keys: bool


def read_json(text: str) -> Document:
    """Return a JSON text as exact values. ValueError where it is none, RecursionError where it is nested too deep."""
    doubled = False

    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal doubled
        found = dict(pairs)
        if len(found) == len(pairs):
            return found
        doubled = True
        odd = DoubledKeys(found)
        names = [name for name, _ in pairs]
        odd.doubled = tuple(name for name in found if names.count(name) > 1)
        return odd

    value = json.loads(
        text,
        object_pairs_hook=members,
        parse_int=lambda digits: (INTEGER, digits),
        parse_float=lambda digits: (FLOAT, plain_decimal(digits)),
        parse_constant=lambda name: (CONSTANT, name),
    )
    return Document(value, doubled)


def plain_decimal(text: str) -> str:
    """Return one spelling for all spellings of a decimal: `2.50`, `25e-1` and `2.5E0` are `2.5`. The sign of a zero stays."""
    if len(text) < _SHORT and (text[-1] != "0" or text[-2:] == ".0") and "e" not in text and "E" not in text:
        return text  # as most floats are written
    mantissa, _, exponent = text.lower().partition("e")
    sign, digits = ("-", mantissa[1:]) if mantissa.startswith("-") else ("", mantissa)
    whole, _, fraction = digits.partition(".")
    try:
        shift = int(exponent or "0") - len(fraction)
    except ValueError:  # an exponent of thousands of digits
        return text.lower()
    kept = (whole + fraction).lstrip("0")
    stripped = kept.rstrip("0")
    if not stripped:
        return f"{sign}0.0"
    shift += len(kept) - len(stripped)
    point = len(stripped) + shift  # digits before the point
    if not -_PLAIN_DIGITS < shift <= 0 or point < -_PLAIN_DIGITS:
        if not 0 < shift < _PLAIN_DIGITS:
            return f"{sign}{stripped}e{shift}"
        return f"{sign}{stripped}{'0' * shift}.0"
    padded = stripped.rjust(1 - shift, "0")
    return f"{sign}{padded[: len(padded) + shift]}.{padded[len(padded) + shift :] or '0'}"


def spelled(value: Any) -> str:
    """Return a value for a reader: a text without quotes, a number as it was written, an object or a list by its size."""
    if isinstance(value, str):
        return value
    if isinstance(value, tuple):
        return str(value[1])
    if isinstance(value, dict | list):
        word = "member" if isinstance(value, dict) else "item"
        return f"{kind_of(value)} with {counted(len(value), word)}" if value else json.dumps(value)
    return show(value)


def kind_of(value: Any) -> str:
    """Return what JSON calls a value, a number by its kind."""
    if isinstance(value, tuple):
        return str(value[0])
    names = {str: "text", bool: "truth value", dict: "object", list: "list"}
    return next(
        (name for kind, name in names.items() if isinstance(value, kind)), "null" if value is None else "absent"
    )


def plain(value: Any) -> Any:
    """Return a document as Python's own values, as the declared rules know them. ValueError for an integer of thousands of digits."""
    if isinstance(value, tuple):
        kind, text = value
        return int(text) if kind == INTEGER else float(text)
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items()}
    return [plain(each) for each in value] if isinstance(value, list) else value
