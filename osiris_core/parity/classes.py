"""What a step was tried with: the options of its config, and the classes of values in its table.

Read off what the session says anyway, the manifest and the schema and statistics of `step_complete`, so that a record
can tell what was compared without the data.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

EMPTY, ONE_ROW = "no rows", "one row"
FAMILIES: Final = {
    "text": ("string", "large_string", "string_view"),
    "integer": ("int", "uint"),
    "float": ("float", "double", "halffloat"),
    "boolean": ("bool",),
    "decimal": ("decimal",),
    "date": ("date",),
    "time": ("time32", "time64"),
    "moment": ("timestamp",),
    "span": ("duration", "month_day_nano"),
    "binary": ("binary", "large_binary", "fixed_size_binary"),
    "category": ("dictionary",),
    "list": ("list", "large_list", "fixed_size_list"),
    "struct": ("struct", "map"),
    "null": ("null",),
}
"""How Arrow's names of types begin, by the family that we count."""
ZONED: Final = "moment with zone"
_QUALITIES: Final = {
    "text": ("not ASCII", "long"),
    "integer": ("beyond 32 bits", "at the end of 64 bits"),
    "float": ("NaN", "infinite"),
}
_NULLS, _ALL_NULL = "with nulls", "all null"
_INT32, _INT64 = 2**31, 2**63
_CUT: Final = "…"
"""Ends a text that the statistics cut."""


def known_classes() -> tuple[str, ...]:
    """Return every class that can be told, in order."""
    families = [*FAMILIES, ZONED]
    found = [EMPTY, ONE_ROW, *families]
    for family in families:
        if family != "null":
            qualities = (_NULLS, _ALL_NULL, *_QUALITIES.get(family, ()))
            found += [f"{family}: {quality}" for quality in qualities]
    return tuple(found)


def value_classes(description: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the classes of values in a table, from its description in `step_complete`."""
    rows = description.get("rows")
    found = {EMPTY} if rows == 0 else {ONE_ROW} if rows == 1 else set()
    columns = description.get("columns") or {}
    for field in description.get("schema") or ():
        family = _family(str(field.get("type", "")))
        if family:
            found.add(family)
            found.update(f"{family}: {each}" for each in _qualities(family, columns.get(field.get("name")) or {}))
    return tuple(each for each in known_classes() if each in found)


def options_of(config: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the options that a config uses: `name`, and `name=value` where the value is a switch."""
    return tuple(
        f"{name}={'true' if value else 'false'}" if isinstance(value, bool) else name
        for name, value in sorted(config.items())
    )


def _family(kind: str) -> str:
    if kind.startswith("timestamp") and "tz=" in kind:
        return ZONED
    name = kind.partition("[")[0].partition("<")[0].partition("(")[0]
    for family, names in FAMILIES.items():
        if name in names or name.rstrip("0123456789") in names:
            return family
    return ""


def _qualities(family: str, column: Mapping[str, Any]) -> Iterator[str]:
    """Yield what the statistics of a column say beyond its type."""
    if column.get("nulls"):
        yield _NULLS if column.get("count") else _ALL_NULL
    ends = [each for each in (column.get("min"), column.get("max")) if each is not None]
    told = {
        "text": lambda: _of_texts([str(each) for each in ends]),
        "integer": lambda: _of_integers([int(each) for each in ends]),
        "float": lambda: _of_floats({str(each).lower() for each in (*ends, column.get("sum"))}),
    }
    if family in told:
        yield from told[family]()


def _of_texts(ends: list[str]) -> Iterator[str]:
    if any(not each.removesuffix(_CUT).isascii() for each in ends):
        yield "not ASCII"
    if any(each.endswith(_CUT) for each in ends):
        yield "long"


def _of_integers(ends: list[int]) -> Iterator[str]:
    if any(not -_INT32 <= each < _INT32 for each in ends):
        yield "beyond 32 bits"
    if any(each == -_INT64 or each >= _INT64 - 1 for each in ends):
        yield "at the end of 64 bits"


def _of_floats(said: set[str]) -> Iterator[str]:
    if "nan" in said:
        yield "NaN"
    if said & {"inf", "-inf"}:
        yield "infinite"
