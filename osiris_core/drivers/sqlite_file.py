"""Tables in SQLite files: a connection that reads what is there, and one whose files depend on what is written alone."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from osiris_core.drivers.engine import quoted_name
from osiris_core.drivers.sqlite_types import column_of, stored_column, written_type

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa

_SETTINGS: Final = (
    "pragma journal_mode = delete",  # a file in WAL mode would leave a second one
    "pragma page_size = 4096",
    "pragma encoding = 'UTF-8'",
    "pragma auto_vacuum = none",
    "pragma secure_delete = on",  # what was replaced does not stay in free pages
    "pragma synchronous = off",
)
_BATCH_ROWS: Final = 20_000
_VIEW: Final = "osiris_query"


def read_sqlite(path: Path, query: str) -> pa.Table:
    """Return the rows of a query: columns that come straight from a table have its declared types.

    `sqlite3.Error` passes; ValueError for two columns of one name, and for one that mixes kinds of values.
    """
    import pyarrow as pa

    # `immutable`: nothing is locked or made beside the file, which was found whole.
    with closing(sqlite3.connect(f"file:{quote(str(path.absolute()))}?mode=ro&immutable=1", uri=True)) as connection:
        cursor = connection.execute(query)
        if cursor.description is None:
            raise ValueError("the query has no result: it must be a SELECT")
        names = [column[0] for column in cursor.description]
        doubled = sorted({name for name in names if names.count(name) > 1})
        if doubled:
            raise ValueError(f"the query has more than one column {doubled[0]!r}: name them apart with AS")
        rows = cursor.fetchall()
        declared = _declared_types(connection, query)
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(names)
    arrays = [column_of(name, kind, values) for name, kind, values in zip(names, declared, columns, strict=True)]
    return pa.table(arrays, names=names)


def _declared_types(connection: sqlite3.Connection, query: str) -> list[str]:
    """Return the type that each column's origin was declared with, empty for what is computed."""
    connection.execute(f"create temp view {_VIEW} as {query}")
    return [str(row[2]) for row in connection.execute(f"pragma table_info({_VIEW})")]


def write_sqlite(path: Path, table: pa.Table, name: str, mode: str) -> None:
    """Write a table into the file, which is made where it is not there, in one transaction.

    `sqlite3.Error` passes; TypeError or ValueError, with the column, for what SQLite cannot hold.
    """
    columns = [f"{quoted_name(field.name)} {written_type(field)}".rstrip() for field in table.schema]
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for setting in _SETTINGS:
            connection.execute(setting)
        connection.execute("begin")
        if mode == "replace":
            connection.execute(f"drop table if exists {quoted_name(name)}")
        if mode != "append":
            connection.execute(f"create table {quoted_name(name)} ({', '.join(columns)})")
        _insert(connection, table, name)
        connection.execute("commit")


def _insert(connection: sqlite3.Connection, table: pa.Table, name: str) -> None:
    names = ", ".join(map(quoted_name, table.schema.names))
    marks = ", ".join("?" * table.num_columns)
    statement = f"insert into {quoted_name(name)} ({names}) values ({marks})"
    for batch in table.to_batches(max_chunksize=_BATCH_ROWS):
        columns: list[list[Any]] = [
            stored_column(field, column) for field, column in zip(table.schema, batch.columns, strict=True)
        ]
        connection.executemany(statement, zip(*columns, strict=True))
