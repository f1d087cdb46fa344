"""Arrow types in SQLite, which knows five: what a column is declared as, how its values are stored, and the way back.

A declared type is more than decoration here. It tells a later reader what texts and numbers stand for, and its
name decides, by SQLite's rules of affinity, that a stored value is not turned into another one.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from osiris_core.drivers.jsonl_types import Shape
from osiris_core.drivers.jsonl_values import reader_of
from osiris_core.drivers.moments import iso_texts

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

_INT64: Final = range(-(2**63), 2**63)
_EXACT_IN_DOUBLE: Final = range(-(2**53), 2**53 + 1)
_WORDS: Final = {str: "texts", int: "whole numbers", float: "numbers", bytes: "binary values"}
_DECIMAL: Final = re.compile(r"DECIMAL_TEXT\s*\(\s*(\d+)\s*,\s*(-?\d+)\s*\)", re.IGNORECASE)
_DECIMAL128_DIGITS: Final = 38
_MOMENTS: Final = ("DATE", "TIMESTAMP", "TIMESTAMPTZ", "DATETIME")


def written_type(field: pa.Field) -> str:
    """Return what a column is declared as. TypeError, with its name, for a type that SQLite has no form for."""
    import pyarrow as pa

    kind, is_a = _decoded(field.type), pa.types
    if is_a.is_decimal(kind):
        return f"DECIMAL_TEXT({kind.precision}, {kind.scale})"
    if is_a.is_timestamp(kind):
        return "TIMESTAMPTZ" if kind.tz else "TIMESTAMP"
    for test, name in (
        (is_a.is_boolean, "BOOLEAN"),
        (is_a.is_integer, "INTEGER"),
        (is_a.is_floating, "REAL"),
        (is_a.is_date, "DATE"),
        (is_a.is_time, "TIME"),
        (_is_text, "TEXT"),
        (_is_binary, "BLOB"),
        (is_a.is_null, ""),
    ):
        if test(kind):
            return name
    raise TypeError(f"column {field.name!r} of type {field.type} has no SQLite form: make it text in a query first")


def stored_column(field: pa.Field, column: pa.Array) -> list[Any]:
    """Return a column's values as SQLite stores them. ValueError, with its name, for one that it would change."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_run_end_encoded(column.type):
        column = pc.run_end_decode(column)
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    kind, is_a = column.type, pa.types
    try:
        if is_a.is_temporal(kind):
            return iso_texts(column)
    except ValueError as error:
        raise ValueError(f"column {field.name!r}: {error}") from error
    values: list[Any] = column.to_pylist()
    if is_a.is_decimal(kind):
        return [None if value is None else format(value, "f") for value in values]
    if is_a.is_uint64(kind) and any(value is not None and value not in _INT64 for value in values):
        raise ValueError(f"column {field.name!r}: a number beyond 63 bits has no SQLite form: make it text in a query")
    if is_a.is_floating(kind) and any(value is not None and value != value for value in values):  # noqa: PLR0124 - NaN is not itself
        raise ValueError(f"column {field.name!r}: SQLite would take NaN for null: replace it in a query first")
    return values


def column_of(name: str, declared: str, values: Sequence[Any]) -> pa.Array:
    """Return a column of a result. ValueError, with its name, where its values have no type in common.

    A declared type decides where every value fits it, and where there is none.
    """
    import pyarrow as pa

    present = [value for value in values if value is not None]
    meant = _meant(declared, present)
    if meant is not None:
        read = _reader(meant)
        return pa.array([None if value is None else read(value) for value in values], meant)
    kinds = {type(value) for value in present}
    if kinds == {int, float} and all(value in _EXACT_IN_DOUBLE for value in present if type(value) is int):
        kinds = {float}
    if len(kinds) > 1:
        words = " and ".join(sorted(_WORDS[kind] for kind in kinds))
        raise ValueError(f"column {name!r} has {words}: cast it in the query")
    stored = {str: pa.string(), int: pa.int64(), float: pa.float64(), bytes: pa.binary()}
    return pa.array(values, stored[kinds.pop()] if kinds else _empty(declared))


def _meant(declared: str, present: Sequence[Any]) -> pa.DataType | None:
    """Return the type that a declaration stands for, where it says more than how the values are stored."""
    import pyarrow as pa

    word = declared.partition("(")[0].strip().upper()
    decimal = _DECIMAL.fullmatch(declared.strip())
    if decimal:
        make = pa.decimal128 if int(decimal[1]) <= _DECIMAL128_DIGITS else pa.decimal256
        kind = make(int(decimal[1]), int(decimal[2]))
    elif word in ("BOOLEAN", "BOOL"):
        return pa.bool_() if all(type(value) is int and value in (0, 1) for value in present) else None
    elif word in _MOMENTS:
        return _moment(word, present)
    elif word == "TIME":
        kind = pa.time64("us")
    else:
        return None
    return kind if _all_fit(kind, present) else None


def _moment(word: str, present: Sequence[Any]) -> pa.DataType | None:
    """Return what texts of dates and moments stand for: their own form decides, the declaration where there are none."""
    import pyarrow as pa

    if not present:
        zone = "UTC" if word == "TIMESTAMPTZ" else None
        return pa.date32() if word == "DATE" else pa.timestamp("us", zone)
    if not all(isinstance(value, str) for value in present):
        return None
    shape = Shape()
    shape.add(present)
    kind = shape.arrow_type()
    return kind if pa.types.is_temporal(kind) else None


def _all_fit(kind: pa.DataType, present: Sequence[Any]) -> bool:
    import pyarrow as pa

    read = reader_of(kind)
    try:
        pa.array([read(value) for value in present if isinstance(value, str)], kind)
    except (ValueError, TypeError, pa.ArrowInvalid):
        return False
    return all(isinstance(value, str) for value in present)


def _reader(kind: pa.DataType) -> Any:
    import pyarrow as pa

    return bool if pa.types.is_boolean(kind) else reader_of(kind)


def _empty(declared: str) -> pa.DataType:
    """Return the type of a column without values, by SQLite's own rules for declared types."""
    import pyarrow as pa

    text = declared.upper()
    for words, kind in (
        (("INT",), pa.int64()),
        (("CHAR", "CLOB", "TEXT"), pa.string()),
        (("BLOB",), pa.binary()),
        (("REAL", "FLOA", "DOUB"), pa.float64()),
    ):
        if any(word in text for word in words):
            return kind
    return pa.string()


def _decoded(kind: pa.DataType) -> pa.DataType:
    import pyarrow as pa

    return kind.value_type if pa.types.is_dictionary(kind) or pa.types.is_run_end_encoded(kind) else kind


def _is_text(kind: pa.DataType) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _is_binary(kind: pa.DataType) -> bool:
    import pyarrow as pa

    is_a = pa.types
    return any(
        test(kind) for test in (is_a.is_binary, is_a.is_large_binary, is_a.is_binary_view, is_a.is_fixed_size_binary)
    )
