"""Queries over two tables, for what needs no order.

Columns are called `c0`, `c1`, ... in every query, whatever the file calls them: no text of a file is ever part of one.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from osiris_core.parity.kinds.tables.connections import connection
from osiris_core.parity.kinds.tables.plain import engine_column, holds_floats, is_nested, plain_column
from osiris_core.parity.kinds.tables.scalars import empty

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import duckdb
    import pyarrow as pa

    from osiris_core.parity.kinds.tables.model import Table
    from osiris_core.parity.kinds.tables.schema import Column

_COLUMNS_A_MB: Final = 16
"""Every query has all columns in hand, a piece of each: past some hundred, these need room of their own."""


@contextmanager
def engine(left: Table, right: Table, columns: Sequence[Column]) -> Iterator[Engine]:
    """Give an engine for two tables, which leaves nothing behind."""
    with connection(more_mb=len(columns) // _COLUMNS_A_MB) as given:
        yield Engine(given, left, right, columns)


class Engine:
    """Runs queries over the compared columns of two tables."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, left: Table, right: Table, columns: Sequence[Column]
    ) -> None:
        self._connection = connection
        self._tables = left, right
        self._places = [column.left for column in columns], [column.right for column in columns]
        self._streams = 0
        self._narrowed = False
        self.columns = tuple(columns)
        self.names = tuple(f"c{place}" for place in range(len(columns)))
        self._native = bool(left.sql and right.sql)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Return all rows of a short result."""
        return self._connection.execute(query).fetchall()

    def row(self, query: str) -> tuple[Any, ...]:
        """Return the only row of a result."""
        return self.rows(query)[0]

    def run(self, statement: str) -> None:
        """Run a statement without a result."""
        self._connection.execute(statement)

    def batches(self, query: str) -> Iterator[pa.RecordBatch]:
        """Return a result piece by piece."""
        yield from self._connection.sql(query).to_arrow_reader()

    def source(self, side: int) -> str:
        """Return a subquery of one side with the compared columns and `n`, the number of the row.

        It may stand once in a single query: a stream can be read once. Once rows are narrowed down, it has only these.
        """
        if self._narrowed:
            return f"narrowed_{side}"
        return self._whole(side)

    def _whole(self, side: int) -> str:
        table, places = self._tables[side], self._places[side]
        if self._native:
            given = ", ".join([*(f"g{place}" for place in range(len(table.schema))), "n"])
            picked = ", ".join([*(f"g{place} as {name}" for place, name in zip(places, self.names, strict=True)), "n"])
            return f"(select {picked} from {table.sql} as given({given}))"
        self._streams += 1
        name = f"stream_{self._streams}"
        self._connection.register(name, self._reader(table, places))
        return name

    def _reader(self, table: Table, places: Sequence[int]) -> pa.RecordBatchReader:
        import pyarrow as pa

        none = [engine_column(plain_column(empty(table.schema.field(place).type))) for place in places]
        fields = [pa.field(name, column.type) for name, column in zip(self.names, none, strict=True)]
        schema = pa.schema([*fields, pa.field("n", pa.int64())])

        def numbered() -> Iterator[pa.RecordBatch]:
            start = 0
            for batch in table.batches():
                columns = [engine_column(plain_column(batch.column(place))) for place in places]
                numbers = pa.arange(start, start + batch.num_rows)
                start += batch.num_rows
                yield pa.record_batch([*columns, numbers], schema=schema)

        return pa.RecordBatchReader.from_batches(schema, numbered())

    def narrow(self, bucket: str) -> None:
        """Keep only the rows for which `bucket` is in the column `b` of the table `differing`, where these are few.

        The tables of both sides are small then, and every further question is asked of them.
        """
        self._narrowed = False
        for side in (0, 1):
            self.run(
                f"create or replace temp table narrowed_{side} as select * from {self._whole(side)}"
                f" where {bucket} in (select b from differing)"
            )
        self._narrowed = True

    @property
    def is_narrowed(self) -> bool:
        """Whether only some rows are asked."""
        return self._narrowed

    def widen(self) -> None:
        """Ask further questions of all rows again."""
        self._narrowed = False

    def hashes(self) -> tuple[str, str]:
        """Return two expressions for a row: its hash, and another one that does not collide with it.

        DuckDB takes -0.0 for 0.0, so the sign of a zero is part of it. The second hash takes the columns from behind and
        shifts their texts, so that two rows that are alike to one of the two are not to the other.
        """
        first = [part for name, column in self._named() for part in self._parts(name, column)]
        second = [part for name, column in reversed(self._named()) for part in self._shifted(name, column)]
        return f"hash({', '.join(first or ['0'])})", f"hash({', '.join(['41', *second])})"

    def _named(self) -> list[tuple[str, Column]]:
        return list(zip(self.names, self.columns, strict=True))

    def _parts(self, name: str, column: Column) -> list[str]:
        if not holds_floats(column.type):
            return [name]
        return [name, f"{name}::varchar" if is_nested(column.type) else f"({name} = 0 and signbit({name}))"]

    def _shifted(self, name: str, column: Column) -> list[str]:
        if str(column.type) in {"string", "large_string"}:
            return [f"('~' || {name})"]
        return self._parts(name, column)

    def restored(self, batch: pa.RecordBatch, first: int) -> list[pa.Array]:
        """Return the compared columns of a result from place `first` on, in the types they have in the file."""
        import pyarrow as pa

        columns = []
        for place, column in enumerate(self.columns):
            found = batch.column(first + place)
            is_coded = pa.types.is_int64(found.type) and pa.types.is_temporal(column.type)
            columns.append(found.view(column.type) if is_coded else found)
        return columns
