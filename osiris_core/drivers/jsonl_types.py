"""Which type the values of a whole JSON column stand for, whatever the order of its rows.

A column gets a type only where every one of its values is one of that type, so that nothing is lost; a column that
mixes kinds has none, and whoever reads it has to say what it is meant to be.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import chain
from types import NoneType
from typing import TYPE_CHECKING, Any, Final

from osiris_core.drivers.jsonl_text import SPECIAL

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pyarrow as pa

_KINDS: Final[dict[type, str]] = {
    str: "texts",
    int: "whole numbers",
    float: "numbers",
    bool: "truth values",
    dict: "objects",
    list: "lists",
}
_EXACT_IN_DOUBLE: Final = 2**53
_INT64: Final = 2**63
_UINT64: Final = 2**64
_DECIMAL: Final = 10**38
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOMENT: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?")
_ZONE: Final = r"(Z|[-+][0-9]{2}(:[0-9]{2})?)"
_INSTANT: Final = re.compile(_MOMENT.pattern + _ZONE)
_MICROSECONDS: Final = 6
_NANOSECOND_YEARS: Final = range(1678, 2262)


@dataclass(slots=True)
class Shape:
    """What the values of a column, or of a place inside of them, have in common so far; nulls do not count."""

    kinds: set[str] = field(default_factory=set)
    low: int = 0
    high: int = 0
    texts: tuple[str, ...] = ("special", "date", "moment", "instant")
    digits: int = 0
    years: tuple[int, int] = (2000, 2000)
    item: Shape | None = None
    fields: dict[str, Shape] = field(default_factory=dict)

    def add(self, values: Sequence[Any]) -> None:
        """Take more values into account. ValueError for a number that is none in 64 bits."""
        by_kind = _by_kind(values)
        by_kind.pop(NoneType, None)
        self.kinds.update(_KINDS[kind] for kind in by_kind)
        if str in by_kind:
            self._add_texts(by_kind[str])
        if int in by_kind:
            self.low, self.high = min(self.low, *by_kind[int]), max(self.high, *by_kind[int])
        if float in by_kind and math.inf in (-min(by_kind[float]), max(by_kind[float])):
            raise ValueError("has a number that is larger than any of 64 bits")
        if dict in by_kind:
            for key in dict.fromkeys(chain.from_iterable(by_kind[dict])):
                self.fields.setdefault(key, Shape()).add([each.get(key) for each in by_kind[dict]])
        if list in by_kind:
            self.item = self.item or Shape()
            self.item.add(list(chain.from_iterable(by_kind[list])))

    def _add_texts(self, texts: Sequence[str]) -> None:
        for test in self.texts:
            passes = _TESTS[test]
            if not all(passes(self, text) for text in texts):
                self.texts = tuple(each for each in self.texts if each != test)

    def arrow_type(self) -> pa.DataType:
        """Return the type of all values. ValueError, as a clause, where they have none in common."""
        import pyarrow as pa

        kinds = self.kinds
        if "texts" in kinds and "special" in self.texts and kinds <= {"texts", "numbers", "whole numbers"}:
            kinds = kinds - {"texts"} | {"numbers"}
        if kinds == {"whole numbers", "numbers"} and max(-self.low, self.high) <= _EXACT_IN_DOUBLE:
            kinds = {"numbers"}
        if len(kinds) > 1:
            raise ValueError(f"has {' and '.join(sorted(kinds))}")
        kind = next(iter(kinds), "texts")
        if kind == "objects":
            return pa.struct([pa.field(key, each.arrow_type()) for key, each in self.fields.items()])
        if kind == "lists":
            return pa.list_((self.item or Shape()).arrow_type())
        if kind == "whole numbers":
            return self._whole()
        if kind == "texts":
            return self._text() if self.kinds else pa.string()
        return pa.float64() if kind == "numbers" else pa.bool_()

    @property
    def is_plain(self) -> bool:
        """Whether Python's values are those of the type: numbers without texts among them, texts that stay texts."""
        if self.kinds == {"texts"}:
            return not self.texts
        return self.kinds <= {"truth values", "numbers"} or self.kinds == {"whole numbers"}

    def _whole(self) -> pa.DataType:
        import pyarrow as pa

        if self.low >= -_INT64 and self.high < _INT64:
            return pa.int64()
        if self.low >= 0 and self.high < _UINT64:
            return pa.uint64()
        if max(-self.low, self.high) < _DECIMAL:
            return pa.decimal128(38, 0)
        raise ValueError("has whole numbers of more than 38 digits")

    def _text(self) -> pa.DataType:
        import pyarrow as pa

        if "date" in self.texts:
            return pa.date32()
        zone = "UTC" if "instant" in self.texts else None
        if zone is None and "moment" not in self.texts:
            return pa.string()
        if self.digits <= _MICROSECONDS:
            return pa.timestamp("us", zone)
        fits = all(year in _NANOSECOND_YEARS for year in self.years)
        return pa.timestamp("ns", zone) if fits else pa.string()

    def could_be_moment(self, text: str, form: re.Pattern[str]) -> bool:
        """Return whether a text is a moment of this form, and remember what its type has to hold."""
        found = form.fullmatch(text)
        if found is None:
            return False
        try:
            datetime.fromisoformat(text[:19])
        except ValueError:
            return False
        year = int(text[:4])
        self.digits = max(self.digits, len((found[1] or ".")[1:]))
        self.years = (min(self.years[0], year), max(self.years[1], year))
        return True


def _by_kind(values: Sequence[Any]) -> dict[type, Sequence[Any]]:
    kinds = set(map(type, values))
    if len(kinds) == 1:
        return {kinds.pop(): values}
    return {kind: [value for value in values if type(value) is kind] for kind in kinds}


def _is_date(text: str) -> bool:
    if not _DATE.fullmatch(text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


_TESTS: Final[dict[str, Callable[[Shape, str], bool]]] = {
    "special": lambda _, text: text in SPECIAL,
    "date": lambda _, text: _is_date(text),
    "moment": lambda shape, text: shape.could_be_moment(text, _MOMENT),
    "instant": lambda shape, text: shape.could_be_moment(text, _INSTANT),
}
