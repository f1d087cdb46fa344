"""Changes of one scalar value: each as small as a change of its kind can be."""

from __future__ import annotations

import math
import unicodedata
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from random import Random

_EXACT: Final = 2**53


def is_number(value: Any) -> bool:
    """Whether a value is a number; a truth value is none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def another_letter(text: str, rng: Random) -> str:
    """Return a text with one letter changed."""
    place = rng.choice([index for index, letter in enumerate(text) if letter.isalpha()])
    new = rng.choice([letter for letter in "bcdefghjkmnopqrstuvwxyz" if letter != text[place].lower()])
    return text[:place] + new + text[place + 1 :]


def other_form(text: str) -> str:
    """Return a text in the other of the two canonical forms of Unicode: it looks the same."""
    composed, decomposed = (unicodedata.normalize(form, text) for form in ("NFC", "NFD"))
    return decomposed if text == composed else composed


def next_float(value: float) -> float:
    """Return the next larger float: one unit in the last place away."""
    return math.nextafter(value, math.inf)


_ONE: Final = 1

SMALLEST: Final[Mapping[str, tuple[Callable[[Any], bool], Callable[[Any, Random], Any]]]] = {
    "text changes by one letter": (
        lambda v: isinstance(v, str) and any(letter.isalpha() for letter in v),
        another_letter,
    ),
    "text changes its case": (
        lambda v: isinstance(v, str) and v.swapcase() != v,
        lambda v, _: v.swapcase(),
    ),
    "text changes its unicode form": (
        lambda v: isinstance(v, str) and other_form(v) != v,
        lambda v, _: other_form(v),
    ),
    "number changes by one": (lambda v: isinstance(v, int) and is_number(v), lambda v, rng: v + rng.choice((1, -1))),
    "large number changes by one": (
        lambda v: isinstance(v, int) and abs(v) > _EXACT,
        lambda v, rng: v + rng.choice((1, -1)),
    ),
    "float changes by one unit in the last place": (
        lambda v: isinstance(v, float) and math.isfinite(v),
        lambda v, _: next_float(v),
    ),
    "integer becomes a float": (
        lambda v: isinstance(v, int) and is_number(v) and abs(v) <= _EXACT,
        lambda v, _: float(v),
    ),
    "number becomes a truth value": (
        lambda v: is_number(v) and v in {0, _ONE},
        lambda v, _: bool(v),
    ),
    "number becomes a text": (is_number, lambda v, _: str(v)),
    "null becomes zero": (lambda v: v is None, lambda _v, _rng: 0),
    "null becomes an empty text": (lambda v: v is None, lambda _v, _rng: ""),
    "value becomes null": (lambda v: v is not None, lambda _v, _rng: None),
}
"""By name: which values it applies to, and what becomes of one."""
