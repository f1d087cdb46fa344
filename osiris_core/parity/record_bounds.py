"""What a number or a time in a record may be, where its type allows more: known by the name of the field that holds it.

Read by the reader, which names the place of what is out of bounds, and stated in the published schema: one table for both.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields, is_dataclass
from datetime import date
from functools import cache
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, Final, Union, get_args, get_origin, get_type_hints

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from osiris_core.parity.record import RecordSet

LONGEST: Final = 1e15
"""Of a time in milliseconds, or seconds: 30,000 years."""
MOST: Final = 2**63 - 1
"""Of anything that is counted."""

_UNITS: Final = ("_ms", "_s")
_TIMES: Final = frozenset({"phases"})
"""Numbers that are times without a unit in their name."""
_COUNTED_DOWN: Final = frozenset({"days_left"})
"""Whole numbers that may be below zero."""
_TO_29: Final = "0[1-9]|[12][0-9]"
_DAY: Final = f"[0-9]{{4}}-((0[13578]|1[02])-({_TO_29}|3[01])|(0[469]|11)-({_TO_29}|30)|02-({_TO_29}))"
"""A day that there is, but for the 29th of February, which a pattern cannot count."""
_HOUR: Final = "([01][0-9]|2[0-3]):[0-5][0-9]"
_MOMENTS: Final = frozenset({"created_at", "started_at"})
_DAYS: Final = frozenset({"expires"})


@dataclass(frozen=True, slots=True)
class Bound:
    """What a value has to be: as keywords of JSON Schema, and what is said of one that is not."""

    keywords: dict[str, Any]
    said: str

    def holds(self, value: Any) -> bool:
        """Whether a value of the right type is within."""
        if "pattern" in self.keywords:
            return re.fullmatch(self.keywords["pattern"], value) is not None and _is_day(value[:10])
        return bool(self.keywords["minimum"] <= value <= self.keywords.get("maximum", value))


def _is_day(text: str) -> bool:
    """Whether a calendar has a day that is written well; what is not told is none."""
    try:
        return not text or bool(date.fromisoformat(text))
    except ValueError:
        return False


_COUNT: Final = Bound({"minimum": 0}, "{}, which counts nothing")
_TIME: Final = Bound({"minimum": -LONGEST, "maximum": LONGEST}, "{:g}, and nothing takes so long")
_MOMENT: Final = Bound(
    {"pattern": rf"^({_DAY}T{_HOUR}:([0-5][0-9]|60)(\.[0-9]{{1,9}})?(Z|[+-]{_HOUR}))?$"},
    "{!r:.40}, which is no time as 2026-02-03T10:15:09Z is",
)
_LAST_DAY: Final = Bound({"pattern": rf"^({_DAY})?$"}, "{!r:.40}, which is no day as 2026-02-03 is")

_Fault = tuple[str, str]
"""The place within what was looked at, and what is wrong with it."""


def bound_of(name: str, kind: type) -> Bound | None:
    """Return what the values of a field have to be, as far as these are of `kind`; None where its type says all."""
    if kind is int and name not in _COUNTED_DOWN:
        return _COUNT
    if kind is float and (name.endswith(_UNITS) or name in _TIMES):
        return _TIME
    if kind is str and name in _MOMENTS:
        return _MOMENT
    return _LAST_DAY if kind is str and name in _DAYS else None


def out_of_bounds(records: RecordSet) -> str:
    """Return a sentence on the first value that is out of bounds, with its place in the JSON; an empty string where there is none."""
    fault = _of_object(records)
    return f"`${fault[0]}` is {fault[1]}" if fault else ""


def _of_object(value: Any) -> _Fault | None:
    kind: Any = type(value)
    for name, check in _checks(kind):
        if fault := check(getattr(value, name)):
            return f".{name}{fault[0]}", fault[1]
    return None


@cache
def _checks(kind: Any) -> tuple[tuple[str, Callable[[Any], _Fault | None]], ...]:
    """Return what looks at the fields of a record type, without those of which the type says all."""
    hints = get_type_hints(kind)
    found = ((each.name, _check(each.name, hints[each.name])) for each in fields(kind))
    return tuple((name, check) for name, check in found if check)


def _check(name: str, hint: Any) -> Callable[[Any], _Fault | None] | None:
    if is_dataclass(hint):
        return _of_object
    if get_origin(hint) in {Union, UnionType}:
        inners = [inner for each in get_args(hint) if each is not NoneType and (inner := _check(name, each))]
        return (lambda value: None if value is None else inners[0](value)) if inners else None
    if get_origin(hint) is tuple:
        first, *others = get_args(hint)
        if others == [...]:
            inner = _check(name, first)
            return None if inner is None else lambda values: _first((at, inner, each) for at, each in enumerate(values))
        places = [(at, inner) for at, each in enumerate((first, *others)) if (inner := _check(name, each))]
        return (lambda values: _first((at, inner, values[at]) for at, inner in places)) if places else None
    bound = bound_of(name, hint)
    return None if bound is None else lambda value: None if bound.holds(value) else ("", bound.said.format(value))


def _first(values: Iterable[tuple[int, Callable[[Any], _Fault | None], Any]]) -> _Fault | None:
    for at, check, value in values:
        if fault := check(value):
            return f"[{at}]{fault[0]}", fault[1]
    return None
