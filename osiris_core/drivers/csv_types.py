"""Which type the text of a whole CSV column stands for.

A column gets a type only where every one of its values would be written back as it stands, or nearly so: `007`
and `9223372036854775808` stay text, and nothing depends on which rows happen to come first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from osiris_core.drivers.engine import first_row

if TYPE_CHECKING:
    from collections.abc import Sequence

    import duckdb

TEXT: Final = "VARCHAR"

_VALUE: Final = "$value"
"""Stands for the column in the tests."""

_NUMBER: Final = r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?|nan|-?inf"
_LONG_INTEGER: Final = r"-?[0-9]{16,}"
"""Whole numbers that a double cannot hold: identifiers, usually, whose digits must survive."""
_MOMENT: Final = r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?"
_ZONE: Final = r"(Z|[-+][0-9]{2}(:[0-9]{2})?)"

_TESTS: Final = {
    "BIGINT": "try_cast($value as bigint)::varchar = $value",
    "DOUBLE": (
        f"regexp_full_match($value, '{_NUMBER}') and not regexp_full_match($value, '{_LONG_INTEGER}')"
        " and try_cast($value as double) is not null"
    ),
    "BOOLEAN": "$value in ('true', 'false', 'True', 'False', 'TRUE', 'FALSE')",
    "DATE": "try_cast($value as date)::varchar = $value",
    "TIMESTAMP": f"regexp_full_match($value, '{_MOMENT}') and try_cast($value as timestamp) is not null",
    "TIMESTAMPTZ": f"regexp_full_match($value, '{_MOMENT}{_ZONE}') and try_cast($value as timestamptz) is not null",
}
"""A SQL test by type, in the order of preference."""


def infer_types(connection: duckdb.DuckDBPyConnection, table: str, columns: Sequence[str]) -> dict[str, str]:
    """Return the SQL type of each text column of `table`; text too where all values are null.

    `columns` are plain SQL identifiers.
    """
    candidates = _candidates(connection, table, columns)
    if not candidates:
        return dict.fromkeys(columns, TEXT)
    tests = [f"bool_and({_test(kind, column)}) filter ({column} is not null)" for column, kind in candidates]
    passed = first_row(connection, f"select {', '.join(tests)} from {table}")
    types = dict.fromkeys(columns, TEXT)
    for (column, kind), holds in zip(candidates, passed, strict=True):
        if holds and types[column] == TEXT:
            types[column] = kind
    return types


def _candidates(connection: duckdb.DuckDBPyConnection, table: str, columns: Sequence[str]) -> list[tuple[str, str]]:
    """Return the (column, type) pairs that one value of the column allows: no other type can fit all of them."""
    if not columns:
        return []
    pairs = [(column, kind) for column in columns for kind in _TESTS]
    samples = ", ".join(f"any_value({column}) as {column}" for column in columns)
    tests = ", ".join(_test(kind, column) for column, kind in pairs)
    allowed = first_row(connection, f"select {tests} from (select {samples} from {table})")
    return [pair for pair, holds in zip(pairs, allowed, strict=True) if holds]


def _test(kind: str, column: str) -> str:
    test = _TESTS[kind].replace(_VALUE, column)
    return f"coalesce({test}, false)"
