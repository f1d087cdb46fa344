"""Tables in DuckDB files, read and written so that equal tables give equal files."""

from __future__ import annotations

import hashlib
import struct
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from osiris_core.drivers.arrow_types import converted, label_utc
from osiris_core.drivers.engine import connect_in_utc, quoted_name, require_rows, text_literal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import duckdb
    import pyarrow as pa

_HEADER_BYTES: Final = 4096
_CHECKSUM_BYTES: Final = 8
_CHECKSUM_START: Final = 5381
_CHECKSUM_FACTOR: Final = 0xBF58476D1CE4E5B9
_IDENTITY: Final = slice(124, 140)
"""Where the header has 16 random bytes that tell one database from another, since DuckDB 1.4."""
_GIVEN: Final = "osiris_given_table"


def read_duckdb(path: Path, query: str) -> pa.Table:
    """Return the rows of a query, its instants labelled UTC. The engine's own errors pass; ValueError for no rows."""
    with _attached(path, "(read_only)") as connection:
        require_rows(connection, query)
        return label_utc(connection.sql(query).to_arrow_table())


def write_duckdb(path: Path, table: pa.Table, name: str, mode: str) -> None:
    """Write a table into the file, which is made where it is not there. The engine's own errors pass.

    One thread and one chunk, as a file's blocks would show both; the identity is taken from the content.
    """
    plain = _storable(table).combine_chunks()
    with _attached(path, "") as connection:
        connection.execute("set threads = 1")
        connection.register(_GIVEN, plain)
        if mode == "append":
            connection.execute(f"insert into {quoted_name(name)} by name select * from {_GIVEN}")
        else:
            verb = "create or replace table" if mode == "replace" else "create table"
            connection.execute(f"{verb} {quoted_name(name)} as select * from {_GIVEN}")
    _settle_identity(path)


@contextmanager
def _attached(path: Path, how: str) -> Iterator[duckdb.DuckDBPyConnection]:
    """Give a connection that works in the file under a fixed name, as the file remembers what it was called."""
    with connect_in_utc() as connection:
        connection.execute(f"attach {text_literal(str(path))} as data {how}")
        connection.execute("use data")
        yield connection
        connection.execute("use memory")
        connection.execute("detach data")


def _storable(table: pa.Table) -> pa.Table:
    """Return the table in types that the engine keeps. TypeError, with the column, for one that it would change."""
    import pyarrow as pa

    is_a = pa.types
    columns = []
    for field, column in zip(table.schema, table.columns, strict=True):
        kind = field.type
        if is_a.is_duration(kind) or is_a.is_interval(kind) or is_a.is_decimal256(kind):
            raise TypeError(
                f"column {field.name!r} of type {kind} cannot be kept by DuckDB: make it another type in a query first"
            )
        columns.append(converted(column, pa.float32()) if is_a.is_float16(kind) else column)
    return pa.table(columns, names=table.schema.names)


def _settle_identity(path: Path) -> None:
    """Replace what is random in the file by a digest of the rest of it; a header of another layout is left alone."""
    with path.open("r+b") as stream:
        header = bytearray(stream.read(_HEADER_BYTES))
        body = header[_CHECKSUM_BYTES:]
        if len(header) < _HEADER_BYTES or struct.unpack_from("<Q", header)[0] != _checksum(body):
            return
        header[_IDENTITY] = bytes(_IDENTITY.stop - _IDENTITY.start)
        header[:_CHECKSUM_BYTES] = bytes(_CHECKSUM_BYTES)
        content = hashlib.blake2b(header, digest_size=_IDENTITY.stop - _IDENTITY.start)
        while block := stream.read(1 << 20):
            content.update(block)
        header[_IDENTITY] = content.digest()
        struct.pack_into("<Q", header, 0, _checksum(header[_CHECKSUM_BYTES:]))
        stream.seek(0)
        stream.write(header)


def _checksum(data: bytes | bytearray) -> int:
    """Return DuckDB's checksum of a block."""
    result = _CHECKSUM_START
    for (word,) in struct.iter_unpack("<Q", data):
        result ^= word * _CHECKSUM_FACTOR & 0xFFFF_FFFF_FFFF_FFFF
    return result
