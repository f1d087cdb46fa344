"""Which type the text of a whole CSV column stands for.

A column gets a type only where every one of its values would be written back as it stands, or nearly so: `007`
and `9223372036854775808` stay text, and nothing depends on which rows happen to come first.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

from osiris_core.drivers.csv_quick import DECISIVE, quick_column
from osiris_core.drivers.engine import first_row

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import duckdb
    import pyarrow as pa

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


def typed_columns(
    connection: duckdb.DuckDBPyConnection, cells: pa.Table, columns: Sequence[str]
) -> dict[str, pa.ChunkedArray]:
    """Return the text columns of `cells` in the types of their values; text too where all values are null.

    `columns` are plain SQL identifiers, and `cells` is known to the connection by that name. Most columns are
    decided by `csv_quick`, on all CPUs; the rules in SQL decide the others.
    """
    import pyarrow as pa

    waiting = _candidates(connection, cells, columns)
    with ThreadPoolExecutor(pa.cpu_count()) as pool:
        quick = pool.map(lambda column: _quickly(cells[column], waiting[column]), columns)
        found = dict(zip(columns, quick, strict=True))
    return {**found, **_by_rule(connection, {column: waiting[column] for column in columns if waiting[column]})}


def _quickly(column: pa.ChunkedArray, kinds: list[str]) -> pa.ChunkedArray:
    """Return a column in its type, and empty `kinds`; or as it is, with the kinds that only a rule can decide."""
    while kinds:
        converted = quick_column(column, kinds[0])
        if converted is not None:
            kinds.clear()
            return converted
        if kinds[0] not in DECISIVE:
            return column
        del kinds[0]
    return column


def _by_rule(connection: duckdb.DuckDBPyConnection, undecided: Mapping[str, list[str]]) -> dict[str, pa.ChunkedArray]:
    """Return those columns of `cells` that a rule gives a type, in the first one whose rule holds for all values."""
    if not undecided:
        return {}
    pairs = [(column, kind) for column, kinds in undecided.items() for kind in kinds]
    tests = [f"bool_and({_test(kind, column)}) filter ({column} is not null)" for column, kind in pairs]
    passed = first_row(connection, f"select {', '.join(tests)} from cells")
    types: dict[str, str] = {}
    for (column, kind), holds in zip(pairs, passed, strict=True):
        if holds:
            types.setdefault(column, kind)
    return cast_columns(connection, types)


def cast_columns(connection: duckdb.DuckDBPyConnection, types: Mapping[str, str]) -> dict[str, pa.ChunkedArray]:
    """Return columns of `cells` as the SQL types by their name."""
    if not types:
        return {}
    casts = ", ".join(f"cast({column} as {kind}) as {column}" for column, kind in types.items())
    table = connection.sql(f"select {casts} from cells").to_arrow_table()
    return dict(zip(table.column_names, table.columns, strict=True))


def _candidates(connection: duckdb.DuckDBPyConnection, cells: pa.Table, columns: Sequence[str]) -> dict[str, list[str]]:
    """Return the types that the first value of each column allows: no other type can fit all of its values."""
    import pyarrow as pa

    if not columns:
        return {}
    pairs = [(column, kind) for column in columns for kind in _TESTS]
    samples = pa.table({column: _first_value(cells[column]) for column in columns})
    connection.register("samples", samples)
    tests = ", ".join(_test(kind, column) for column, kind in pairs)
    allowed = first_row(connection, f"select {tests} from samples")
    return {
        column: [kind for (name, kind), holds in zip(pairs, allowed, strict=True) if holds and name == column]
        for column in columns
    }


def _first_value(column: pa.ChunkedArray) -> pa.Array:
    """Return the first value that is not missing, or one that is where all are, as an array of one."""
    import pyarrow as pa
    import pyarrow.compute as pc

    chunk = next((chunk for chunk in column.chunks if chunk.null_count < len(chunk)), None)
    if chunk is None:
        return pa.nulls(1, column.type)
    return chunk.slice(pc.index(chunk.is_valid(), value=True).as_py(), 1)


def _test(kind: str, column: str) -> str:
    test = _TESTS[kind].replace(_VALUE, column)
    return f"coalesce({test}, false)"
