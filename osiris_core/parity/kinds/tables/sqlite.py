"""SQLite files: every table, and the SQL of all that is defined. Opened for reading alone, or as a copy with its log."""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from osiris_core.parity.kinds.tables.databases import Database
from osiris_core.parity.kinds.tables.model import Table, batch_rows

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pyarrow as pa

MAGIC: Final = b"SQLite format 3\0"
_LOGS: Final = ("-wal", "-journal")
_CONTENT: Final = ("user_version", "application_id")
_LAYOUT: Final = ("page_size", "page_count", "freelist_count", "schema_version", "auto_vacuum", "encoding")
_ROW_NUMBERS: Final = ("rowid", "_rowid_", "oid")
"""Names of the number that each row has; a column of one of these names hides it."""
_NOT_IN_THE_FILE: Final = (1, 2)
"""What `pragma table_xinfo` says of a hidden column of a virtual table, and of one that is computed at each reading."""
_MIXED: Final = "mixed"
_HEADER_BYTES: Final = 100
_UNUSED: Final = slice(72, 92)
"""What the file format says to be zeros, of the header."""
_KEPT: Final = 5


@contextmanager
def open_pair(left: Path, right: Path) -> Iterator[tuple[Database, Database]]:
    """Give both databases; `sqlite3.Error` passes for one that is torn."""
    with ExitStack() as stack:
        opened = [_opened(path, stack) for path in (left, right)]
        found = [_tables(connection) for connection in opened]
        kinds = [{name: _kinds(opened[side], name, names) for name, names in found[side].items()} for side in (0, 1)]
        yield (
            _database(left, opened[0], found[0], kinds[0], kinds[1]),
            _database(right, opened[1], found[1], kinds[1], kinds[0]),
        )


def database_digest(path: Path) -> str:
    """Return a digest of what is defined in a database, all rows in their order and what no table shows; empty where some cannot be read.

    `sqlite3.Error` passes for one that is torn.
    """
    digest = hashlib.sha256()
    with open_pair(path, path) as (own, _):
        if own.unread:
            return ""
        digest.update(
            repr((sorted(own.defined.items()), sorted(own.hidden().items()))).encode("utf-8", "backslashreplace")
        )
        for name in sorted(own.tables):
            table = own.tables[name]
            digest.update(repr((name, [(each.name, str(each.type)) for each in table.schema])).encode())
            for batch in table.batches():
                for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                    digest.update(repr(row).encode("utf-8", "backslashreplace"))
    return digest.hexdigest()


def _opened(path: Path, stack: ExitStack) -> sqlite3.Connection:
    """Open a file that nothing is to be written to; its last changes may stand in a log beside it, so then a copy is read."""
    logs = _logs(path)
    how = "mode=ro&immutable=1"
    if logs:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="osiris-tables-")))
        for file in (path, *logs):
            shutil.copyfile(file, folder / file.name)
        path, how = folder / path.name, "mode=rw"
    uri = f"file:{quote(str(path.absolute()))}?{how}"
    # The engine that compares may ask from a thread of its own, one at a time.
    connection = stack.enter_context(closing(sqlite3.connect(uri, uri=True, check_same_thread=False)))
    connection.execute("pragma trusted_schema = off")
    connection.execute("pragma cell_size_check = on")
    if not logs:
        connection.execute("pragma query_only = on")
    return connection


def _logs(path: Path) -> list[Path]:
    """Return the logs beside a database that have something in them."""
    logs = [path.with_name(path.name + ending) for ending in _LOGS]
    return [log for log in logs if log.is_file() and log.stat().st_size]


def _tables(connection: sqlite3.Connection) -> dict[str, list[str]]:
    """Return the columns that are in the file, of every table that holds its own rows.

    One that is computed when it is read follows from these and from its definition, which is compared; and a few bytes may compute gigabytes.
    """
    rows = connection.execute(
        "select name from sqlite_master where type = 'table' and sql not like 'create virtual%' order by name"
    )
    names = [str(row[0]) for row in rows.fetchall()]
    return {
        name: [
            str(row[1])
            for row in connection.execute(f"pragma table_xinfo({_quoted(name)})")
            if row[6] not in _NOT_IN_THE_FILE
        ]
        for name in names
    }


def _kinds(connection: sqlite3.Connection, table: str, columns: Sequence[str]) -> dict[str, set[str]]:
    """Return the storage classes of each column's cells, null apart: a column of SQLite may hold several."""
    kinds: dict[str, set[str]] = {}
    for column in columns:
        rows = connection.execute(f"select distinct typeof({_quoted(column)}) from {_quoted(table)}").fetchall()
        kinds[column] = {str(row[0]) for row in rows} - {"null"}
    return kinds


def _database(
    path: Path,
    connection: sqlite3.Connection,
    tables: dict[str, list[str]],
    mine: dict[str, dict[str, set[str]]],
    others: dict[str, dict[str, set[str]]],
) -> Database:
    defined = {
        f"{kind} {name}": str(sql)
        for kind, name, sql in connection.execute("select type, name, sql from sqlite_master order by type, name")
    }
    virtual = connection.execute("select name from sqlite_master where sql like 'create virtual%'").fetchall()
    for name in _CONTENT:
        defined[f"pragma {name}"] = str(connection.execute(f"pragma {name}").fetchone()[0])
    facts = {name: connection.execute(f"pragma {name}").fetchone()[0] for name in _LAYOUT}
    with path.open("rb") as source:
        header = source.read(_HEADER_BYTES)
    facts |= {"change counter": int.from_bytes(header[24:28]), "library version": int.from_bytes(header[96:100])}
    return Database(
        defined=defined,
        tables={
            name: _table(connection, name, columns, _classes(mine[name], others.get(name, {})))
            for name, columns in tables.items()
        },
        unread=tuple(f"the rows of the virtual table {row[0]} are not compared" for row in virtual),
        facts=facts,
        hidden=lambda: dict(_hidden(path, connection, tables)),
    )


def _hidden(path: Path, connection: sqlite3.Connection, tables: dict[str, list[str]]) -> Iterator[tuple[str, str]]:
    """Yield what lies behind the last page, what in the file belies its rows, and the row numbers of tables that have no column for them."""
    page_bytes, pages = (connection.execute(f"pragma {name}").fetchone()[0] for name in ("page_size", "page_count"))
    with path.open("rb") as source:
        if any(unused := source.read(_HEADER_BYTES)[_UNUSED]):
            yield "bytes of the header that mean nothing", unused.hex()
        length = (
            source.seek(0, os.SEEK_END) - page_bytes * pages
        )  # less than nothing where a log has pages that the file lacks
        if length > 0:
            source.seek(page_bytes * pages)
            behind = hashlib.file_digest(source, "sha256").hexdigest()
            yield "bytes behind the last page", f"{length:,} bytes, sha256 {behind[:16]}"
    if wrong := _contradictions(connection):
        yield "contradictions between rows and indexes", wrong
    without = {
        str(name) for (name,) in connection.execute("select name from pragma_table_list where schema = 'main' and wr")
    }
    for table, columns in tables.items():
        taken = {column.lower() for column in columns}
        number = next((name for name in _ROW_NUMBERS if name not in taken), "")
        if not number or table in without or table.startswith("sqlite_"):
            continue
        digest = hashlib.sha256()
        for (row,) in connection.execute(f"select {number} from {_quoted(table)} order by {number}"):
            digest.update(b"%d " % row)
        yield f"row numbers in {table}", f"sha256 {digest.hexdigest()[:16]}"


def _contradictions(connection: sqlite3.Connection) -> str:
    """Return what SQLite finds wrong, or cannot look at: a query that goes by an index that belies its table returns other rows."""
    try:
        said = [str(row[0]) for row in connection.execute(f"pragma integrity_check({_KEPT})")]
    except sqlite3.OperationalError as error:  # an index goes by a function or an order that only its application has
        return str(error)
    return "" if said == ["ok"] else "; ".join(said)


def _classes(mine: dict[str, set[str]], others: dict[str, set[str]]) -> dict[str, str]:
    """Return as what each column is read: by its storage class, where either side has one alone."""
    classes = {}
    for column, kinds in mine.items():
        other = others.get(column, set())
        decisive = kinds or other or {"text"}
        classes[column] = _MIXED if max(len(kinds), len(other)) > 1 else next(iter(decisive))
    return classes


def _table(connection: sqlite3.Connection, name: str, columns: Sequence[str], classes: dict[str, str]) -> Table:
    import pyarrow as pa

    types = {"integer": pa.int64(), "real": pa.float64(), "text": pa.string(), "blob": pa.binary(), _MIXED: pa.string()}
    schema = pa.schema([pa.field(column, types[classes[column]]) for column in columns])
    names = ", ".join(map(_quoted, columns))

    def batches() -> Iterator[pa.RecordBatch]:
        cursor = connection.execute(f"select {names} from {_quoted(name)}")
        while rows := cursor.fetchmany(batch_rows(len(columns))):
            values = zip(*rows, strict=True)
            arrays = [
                pa.array(map(_typed, cells) if classes[column] == _MIXED else cells, schema.field(place).type)
                for place, (column, cells) in enumerate(zip(columns, values, strict=True))
            ]
            yield pa.record_batch(arrays, schema=schema)

    return Table(name=name, schema=schema, batches=batches)


def _typed(value: Any) -> str | None:
    return None if value is None else f"{type(value).__name__} {value!r}"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
