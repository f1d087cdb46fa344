"""DuckDB files: every table, and the SQL of all that is defined. Attached for reading alone, with no way out of the file."""

from __future__ import annotations

from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

from osiris_core.parity.kinds.tables.databases import Database
from osiris_core.parity.kinds.tables.model import MEMORY_MB, THREADS, Table, batch_rows

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import duckdb
    import pyarrow as pa

MAGIC: Final = b"DUCK"
MAGIC_AT: Final = 8  # behind a checksum

_KEPT: Final = (
    "BOOLEAN", "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "FLOAT", "DOUBLE",
    "VARCHAR", "BLOB", "DATE", "TIME", "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS", "TIMESTAMP WITH TIME ZONE",
)  # fmt: skip
"""Types whose values come through Arrow as they are; the others, and what is made of them, are compared as their text."""


_UNION: Final = "UNION("


@contextmanager
def open_pair(left: Path, right: Path) -> Iterator[tuple[Database, Database]]:
    """Give both databases. DuckDB's errors pass: for one that is torn, of a later version, or encrypted."""
    with (
        TemporaryDirectory(prefix="osiris-tables-", ignore_cleanup_errors=True) as folder,
        _attached(left, folder) as one,
        _attached(right, folder) as other,
    ):
        yield _database(left, one), _database(right, other)


def _attached(path: Path, folder: str) -> duckdb.DuckDBPyConnection:
    import duckdb

    connection = duckdb.connect(
        ":memory:",
        config={
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "python_enable_replacements": "false",
            "memory_limit": f"{MEMORY_MB}MB",
            "threads": THREADS,
            "temp_directory": folder,
        },
    )
    literal = "'" + str(path.absolute()).replace("'", "''") + "'"
    connection.execute(f"attach {literal} as data (read_only)")
    connection.execute("set TimeZone = 'UTC'")
    connection.execute("set enable_external_access = false")
    return connection


_DEFINED: Final = """
    select 'schema', schema_name, coalesce(comment, '') from duckdb_schemas() where database_name = 'data' and not internal
    union all select 'table', schema_name || '.' || table_name, sql from duckdb_tables() where database_name = 'data'
    union all select 'comment', schema_name || '.' || table_name, comment from duckdb_tables()
        where database_name = 'data' and comment is not null
    union all select 'comment', schema_name || '.' || table_name || '.' || column_name, comment from duckdb_columns()
        where database_name = 'data' and comment is not null
    union all select 'view', schema_name || '.' || view_name, sql from duckdb_views() where database_name = 'data' and not internal
    union all select 'index', schema_name || '.' || index_name, sql from duckdb_indexes() where database_name = 'data'
    union all select 'sequence', schema_name || '.' || sequence_name, sql || ' at ' || coalesce(last_value::varchar, '')
        from duckdb_sequences() where database_name = 'data'
    union all select 'type', schema_name || '.' || type_name, logical_type || ' ' || coalesce(labels::varchar, '')
        from duckdb_types() where database_name = 'data' and not internal
    union all select 'macro', schema_name || '.' || function_name, parameters::varchar || ' ' || coalesce(macro_definition, '')
        from duckdb_functions() where database_name = 'data' and not internal
    order by all
"""


def _database(path: Path, connection: duckdb.DuckDBPyConnection) -> Database:
    rows = connection.execute(_DEFINED).fetchall()
    tables = connection.execute(
        "select schema_name, table_name, column_name, data_type from duckdb_columns()"
        " where database_name = 'data' and not internal and (schema_name, table_name) in"
        " (select (schema_name, table_name) from duckdb_tables() where database_name = 'data')"
        " order by schema_name, table_name, column_index"
    ).fetchall()
    columns: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for schema, table, column, kind in tables:
        columns.setdefault((schema, table), []).append((column, kind))
    return Database(
        defined={f"{kind} {name}": str(sql) for kind, name, sql in rows},
        tables={f"{key[0]}.{key[1]}": _table(connection, key, found) for key, found in columns.items()},
        unread=tuple(
            f"which members the unions inside {table}.{name} are is not compared"
            for _, table, name, kind in tables
            if _UNION in kind.removeprefix(_UNION) or (kind.startswith(_UNION) and kind.endswith("]"))
        ),
        facts=_facts(path, connection),
    )


def _facts(path: Path, connection: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """Return how the file is laid out."""
    names = ("block_size", "total_blocks", "used_blocks", "free_blocks")
    rows = connection.execute(
        f"select {', '.join(names)} from pragma_database_size() where database_name = 'data'"
    ).fetchall()
    return dict(zip(names, rows[0], strict=True)) | {"bytes": path.stat().st_size}


def _table(connection: duckdb.DuckDBPyConnection, key: tuple[str, str], columns: Sequence[tuple[str, str]]) -> Table:
    picked = ", ".join(_picked(_quoted(name), kind) for name, kind in columns)
    query = f"select {picked} from data.{_quoted(key[0])}.{_quoted(key[1])}"

    def batches() -> Iterator[pa.RecordBatch]:
        yield from connection.cursor().sql(query).to_arrow_reader(batch_rows(len(columns)))

    schema = connection.sql(f"{query} limit 0").to_arrow_table().schema
    return Table(name=f"{key[0]}.{key[1]}", schema=schema, batches=batches)


def _picked(name: str, kind: str) -> str:
    if _is_kept(kind):
        return name
    if kind.startswith(_UNION) and not kind.endswith("]"):  # whose text does not tell which of its members it is
        return f"union_tag({name})::varchar || ' ' || coalesce({name}::varchar, 'null') as {name}"
    return f"{name}::varchar as {name}"


def _is_kept(kind: str) -> bool:
    plain = kind.removesuffix("[]") if kind.endswith("[]") else kind
    return plain in _KEPT or plain.startswith("DECIMAL(")


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
