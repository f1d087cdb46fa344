"""Files that are databases: which engine one belongs to, and whether it is whole."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from osiris_core.drivers.files import existing_file

if TYPE_CHECKING:
    from collections.abc import Mapping

Engine = Literal["sqlite", "duckdb"]

_SQLITE: Final = b"SQLite format 3\0"
_DUCKDB: Final = b"DUCK"
_DUCKDB_AT: Final = 8  # behind a checksum
_ENDINGS: Final = (".duckdb", ".ddb")
_LOGS: Final[Mapping[Engine, tuple[str, ...]]] = {"sqlite": ("-wal", "-journal"), "duckdb": (".wal",)}


def existing_database(shown: str) -> tuple[Path, Engine]:
    """Return the database that a manifest calls `shown`, and its engine as the file itself says.

    OSError where there is none; ValueError for another kind of file, and for one whose last changes stand in a
    second file beside it: that one was not declared, so it is not there on every target.
    """
    path = existing_file(shown)
    with path.open("rb") as stream:
        head = stream.read(len(_SQLITE))
    if head == _SQLITE:
        engine: Engine = "sqlite"
    elif head[_DUCKDB_AT : _DUCKDB_AT + len(_DUCKDB)] == _DUCKDB:
        engine = "duckdb"
    else:
        raise ValueError(f"{shown}: it is no SQLite or DuckDB database")
    for ending in _LOGS[engine]:
        log = Path(f"{path.resolve()}{ending}")  # the engines follow a link, too
        if log.is_file() and log.stat().st_size:
            raise ValueError(
                f"{shown}: its last changes are in {log.name}: let a program that writes it close it first"
            )
    return path, engine


def engine_for(relative: str) -> Engine:
    """Return the engine for a new file of this name."""
    return "duckdb" if relative.endswith(_ENDINGS) else "sqlite"
