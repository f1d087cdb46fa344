"""What a table is, and its description: rows, schema, digests and statistics.

The digests are of logical values, whatever the chunks and encodings. The order-free one of a column or of whole
rows is made of the xor, the sum and the count of 64-bit hashes, so that pairs of equal rows do not cancel out;
the ordered one hashes the row's number with it. The row's hash covers all its columns: two values that change
places between rows leave their column's order-free digest alone and change the table's.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from osiris_core.drivers.digests import digest, hash_of, order_digest_of, row_hash
from osiris_core.drivers.engine import borrow_in_utc, first_row
from osiris_core.drivers.exact import exact_batches, exact_chunks, exact_schema
from osiris_core.drivers.statistics import Statistics

if TYPE_CHECKING:
    from collections.abc import Mapping

    import duckdb
    import pyarrow as pa


def as_table(value: Any) -> pa.Table:
    """Return `value` as an Arrow table: anything that speaks the Arrow C stream or array interface.

    A pandas index is left out, as it is no column; a polars frame comes in Arrow's plain types, since few kernels
    take its views of texts. TypeError for anything else.
    """
    import pyarrow as pa

    if isinstance(value, pa.Table):
        return value
    pandas, polars = sys.modules.get("pandas"), sys.modules.get("polars")
    if pandas is not None and isinstance(value, pandas.DataFrame):
        return pa.Table.from_pandas(value, preserve_index=False)
    if polars is not None and isinstance(value, polars.DataFrame):
        return value.to_arrow(compat_level=polars.CompatLevel.oldest())
    if hasattr(value, "__arrow_c_stream__") or hasattr(value, "__arrow_c_array__"):
        return pa.table(value)
    raise TypeError(
        f"{type(value).__name__} is no table: a step hands on what speaks the Arrow interface, "
        "such as a pyarrow Table or a pandas or polars DataFrame"
    )


def describe_table(table: pa.Table) -> dict[str, Any]:
    """Return the description of `table`, as JSON can say it.

    `rows`, `schema` (name, Arrow type, nullable), `ordered` and `unordered` (128-bit digests, hex), and by column
    `ordered`, `unordered`, `count` (values that are not null), `nulls`, `min`, `max`, `sum`. ValueError for two
    columns of one name, TypeError for a type that has no description.
    """
    names = table.schema.names
    doubled = sorted({name for name in names if names.count(name) > 1}) if len(set(names)) < len(names) else []
    if doubled:
        raise ValueError(f"the table has more than one column {doubled[0]!r}: give each a name of its own")
    schema = [{"name": field.name, "type": str(field.type), "nullable": field.nullable} for field in table.schema]
    total, columns = _measured(table) if names else (_Digests.of_nothing(table.num_rows), [])
    return {
        "rows": table.num_rows,
        "schema": schema,
        **total,
        "columns": dict(zip(names, columns, strict=True)),
    }


class _Digests:
    """The two digests of a column or a table, as the aggregates that the engine computes and their end."""

    @staticmethod
    def sql(hashed: str) -> list[str]:
        """Return the aggregates over the hash column `hashed` and the row number."""
        return [f"bit_xor({hashed})", f"sum({hashed})", f"sum({order_digest_of(hashed)})"]

    @staticmethod
    def finish(values: tuple[Any, ...], *, rows: int, nulls: int) -> dict[str, str]:
        """Return the digests from what the aggregates gave; all are null for an empty table."""
        xor, total, in_order = (int(value or 0) for value in values)
        return {
            "ordered": digest("ordered", rows, nulls, xor, total, in_order),
            "unordered": digest("unordered", rows, nulls, xor, total),
        }

    @classmethod
    def of_nothing(cls, rows: int) -> dict[str, str]:
        """Return the digests of a table without columns."""
        return cls.finish((0, 0, 0), rows=rows, nulls=0)


def _measured(table: pa.Table) -> tuple[dict[str, str], list[dict[str, Any]]]:
    """Return the digests of the whole rows, and the description of each column in order."""
    exact = exact_schema(table.schema)
    fields = exact.names
    statistics = [
        Statistics.of(field, exact.field(field).type, source.type)
        for field, source in zip(fields, table.schema, strict=True)
    ]
    with borrow_in_utc(table.nbytes) as connection:
        scales = _scales(connection, table, exact, statistics)
        parts = [_Digests.sql("h")]
        for field, each in zip(fields, statistics, strict=True):
            parts.append([*_Digests.sql(f"h_{field}"), f"count({field})", *each.aggregates(scales.get(field))])
        row = _first_row_over(connection, table, exact, _query(exact, [sql for part in parts for sql in part]))
    values = iter(row)
    groups = [tuple(next(values) for _ in part) for part in parts]
    rows = table.num_rows
    described = []
    for index, (field, each, group) in enumerate(zip(fields, statistics, groups[1:], strict=True)):
        count = int(group[3])
        digests = _Digests.finish(group[:3], rows=rows, nulls=rows - count)
        found = each.finish(group[4:], scales.get(field), exact_chunks(table.column(index), exact.field(field).type))
        described.append({**digests, "count": count, "nulls": rows - count, **found})
    return _Digests.finish(groups[0], rows=rows, nulls=0), described


def _query(schema: pa.Schema, aggregates: list[str]) -> str:
    """Return the one query that reads the table: hash every value, then every row, then aggregate."""
    hashes = ", ".join(f"{hash_of(field.name, field.type)} as h_{field.name}" for field in schema)
    whole = row_hash([f"h_{field.name}" for field in schema])
    return (
        f"select {', '.join(aggregates)} from (select *, {whole} as h from "
        f"(select *, {hashes}, row_number() over () as n from given))"
    )


def _scales(
    connection: duckdb.DuckDBPyConnection, table: pa.Table, exact: pa.Schema, statistics: list[Statistics]
) -> Mapping[str, int]:
    """Return the scale of the sum of every column of floats: see `Statistics`."""
    floats = [each for each in statistics if each.is_float]
    if not floats:
        return {}
    places = [exact.get_field_index(each.field) for each in floats]
    only = exact.empty_table().select(places).schema
    query = f"select {', '.join(each.largest() for each in floats)} from given"
    row = _first_row_over(connection, table.select(places), only, query)
    return {each.field: each.scale(largest) for each, largest in zip(floats, row, strict=True)}


def _first_row_over(
    connection: duckdb.DuckDBPyConnection, table: pa.Table, exact: pa.Schema, query: str
) -> tuple[Any, ...]:
    """Return the first row of a query over the table, which it knows as `given`, in its exact types.

    The engine reads it batch by batch, so that no second table stands beside the first while it does. TypeError for
    a type that cannot be read.
    """
    import duckdb
    import pyarrow as pa

    reader = pa.RecordBatchReader.from_batches(exact, exact_batches(table, exact))
    try:
        connection.register("given", reader)
        return first_row(connection, query)
    except (duckdb.NotImplementedException, duckdb.InvalidInputException) as error:
        raise TypeError(f"the table has a column that cannot be described: {error}") from error
