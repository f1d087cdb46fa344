"""Differences inside gzip, zip and SQLite files."""

from __future__ import annotations

import gzip
import sqlite3
import tempfile
import zipfile
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Final

from osiris_core.testing.mutations.model import Difference
from osiris_core.testing.mutations.places import pick
from osiris_core.testing.mutations.trees import CONTENT, flip, spot

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from osiris_core.testing.mutations.model import Spot
    from osiris_core.testing.mutations.session_copy import SessionCopy

    Members = dict[str, bytes]

_LAYER: Final = "artifacts"
_CONTENT: Final = (CONTENT,)
_WHEN: Final = (2020, 1, 1, 0, 0, 0)


def change_gzip(copy: SessionCopy, rng: Random, *, cut: bool = False) -> Spot:
    """Change what a gzip file holds; its size and head may stay the same."""
    path = pick(rng, copy.artifacts(".gz"), "gzip file")
    data = gzip.decompress(copy.read(f"artifacts/{path}"))
    changed = data[:-1] if cut else flip(data, rng.randrange(len(data)), rng)
    copy.write(f"artifacts/{path}", gzip.compress(changed, 6, mtime=0))
    return spot(path, "content changed")


def members(data: bytes) -> Members:
    """Return what a zip file holds, in its order."""
    with zipfile.ZipFile(BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(
    found: Members, when: tuple[int, int, int, int, int, int] = _WHEN, kind: int = zipfile.ZIP_DEFLATED
) -> bytes:
    """Return a zip file."""
    out = BytesIO()
    with zipfile.ZipFile(out, "w", kind) as archive:
        for name, data in found.items():
            archive.writestr(zipfile.ZipInfo(name, when), data, kind)
    return out.getvalue()


def change_zip(copy: SessionCopy, rng: Random, how: Callable[[Members, Random], str]) -> Spot:
    """Change the members of a zip file."""
    path = pick(rng, copy.artifacts(".zip"), "zip file")
    found = members(copy.read(f"artifacts/{path}"))
    what = how(found, rng)
    copy.write(f"artifacts/{path}", zipped(found))
    return spot(path, what)


def _change_member(found: Members, rng: Random) -> str:
    name = rng.choice([name for name in found if name.endswith((".txt", ".bin"))])
    found[name] = flip(found[name], rng.randrange(len(found[name])), rng)
    return f"{name} changed"


def _drop_member(found: Members, rng: Random) -> str:
    name = rng.choice(list(found))
    del found[name]
    return f"{name} dropped"


def _add_member(found: Members, rng: Random) -> str:
    found["new"] = rng.choice((b"", b"new"))
    return "new added"


def _rename_member(found: Members, rng: Random) -> str:
    name = rng.choice(list(found))
    found[f"{name}x"] = found.pop(name)
    return f"{name} renamed"


def change_sqlite(copy: SessionCopy, rng: Random, statements: tuple[str, ...]) -> Spot:
    """Change a database."""
    path = pick(rng, copy.artifacts(".sqlite"), "SQLite file")
    statement = rng.choice(statements)
    copy.write(f"artifacts/{path}", executed(copy.read(f"artifacts/{path}"), statement))
    return spot(path, statement)


def executed(data: bytes, *statements: str) -> bytes:
    """Return a database after some statements, each by itself. Tables are called by the first one's name, as `{table}`."""
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory) / "database"
        file.write_bytes(data)
        database = sqlite3.connect(file, isolation_level=None)
        try:
            (table,) = database.execute("select name from sqlite_master where type = 'table' order by name").fetchone()
            for statement in statements:
                database.execute(statement.format(table=f'"{table}"'))
        finally:
            database.close()
        return file.read_bytes()


_ZIP: Final[dict[str, tuple[Callable[[Members, Random], str], str]]] = {
    "zip member changed": (_change_member, CONTENT),
    "zip member dropped": (_drop_member, "artifact-missing"),
    "zip member added": (_add_member, "artifact-extra"),
    "zip member renamed": (_rename_member, "artifact-missing"),
}
_SQL: Final[dict[str, tuple[tuple[str, ...], str]]] = {
    "SQLite row dropped": (
        (
            "delete from {table} where rowid = (select min(rowid) from {table})",
            "delete from {table} where rowid = (select max(rowid) from {table})",
        ),
        "table-rows",
    ),
    "SQLite row added": (("insert into {table} default values",), "table-rows"),
    "SQLite cell changed": (
        (
            "update {table} set name = name || 'x' where rowid = 2",
            "update {table} set weight = weight + 1e-9 where rowid = 1",
            "update {table} set name = null where rowid = 3",
            "update {table} set note = '' where rowid = 1",
            "update {table} set note = cast('007' as blob) where rowid = 3",
        ),
        "table-cells",
    ),
    "SQLite table added": (("create table another (id integer)",), "table-schema"),
    "SQLite column added": (("alter table {table} add column more text",), "table-schema"),
}

CONTAINERS: Final = (
    Difference(name="gzip content changed", layer=_LAYER, codes=_CONTENT, plant=change_gzip),
    Difference(name="gzip content cut", layer=_LAYER, codes=_CONTENT, plant=partial(change_gzip, cut=True)),
    *(
        Difference(name=name, layer=_LAYER, codes=(code,), plant=partial(change_zip, how=how))
        for name, (how, code) in _ZIP.items()
    ),
    *(
        Difference(name=name, layer=_LAYER, codes=(code, CONTENT), plant=partial(change_sqlite, statements=statements))
        for name, (statements, code) in _SQL.items()
    ),
)
