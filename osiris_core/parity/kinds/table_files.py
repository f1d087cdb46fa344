"""Files that are tables: how those of each format are told, opened and described, and one call that compares two."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from osiris_core.parity.kinds.delimited import DelimitedComparer
from osiris_core.parity.kinds.protocol import HEAD_BYTES, FilePair
from osiris_core.parity.kinds.tables import arrow_ipc, duckdb_file, parquet, sqlite
from osiris_core.parity.kinds.tables.comparer import TableComparer
from osiris_core.parity.kinds.tables.databases import DatabaseComparer
from osiris_core.parity.kinds.tables.json_lines import JsonLinesComparer
from osiris_core.parity.kinds.tables.parquet_footers import footer_contradictions

if TYPE_CHECKING:
    from pathlib import Path

    from osiris_core.parity.kinds.protocol import FileComparer, FileComparison
    from osiris_core.rules.model import Rule

PARQUET: Final = TableComparer(
    name="Parquet",
    endings=(".parquet", ".pq"),
    magic=parquet.MAGIC,
    read=parquet.read_parquet,
    facts=parquet.container,
    contradictions=footer_contradictions,
)

ARROW: Final = TableComparer(
    name="Arrow",
    endings=(".arrow", ".arrows", ".feather", ".ipc"),
    magic=arrow_ipc.MAGIC,
    read=arrow_ipc.read_arrow,
    facts=arrow_ipc.container,
)

SQLITE: Final = DatabaseComparer(name="SQLite", magic=sqlite.MAGIC, magic_at=0, open_pair=sqlite.open_pair)

DUCKDB: Final = DatabaseComparer(
    name="DuckDB", magic=duckdb_file.MAGIC, magic_at=duckdb_file.MAGIC_AT, open_pair=duckdb_file.open_pair
)

TABLES: Final[tuple[FileComparer, ...]] = (DelimitedComparer(), JsonLinesComparer(), PARQUET, ARROW, SQLITE, DUCKDB)
"""The comparers of all formats."""


def compare_tables_in_files(left: Path, right: Path, *, rules: tuple[Rule, ...] = ()) -> FileComparison:
    """Compare two files as tables, by the comparer of their kind. OSError where one cannot be read.

    ValueError where they are of no kind of table.
    """
    pair = FilePair(path=left.name, left=left, right=right, labels=("left", "right"), rules=rules)
    heads = []
    for path in (left, right):
        with path.open("rb") as source:
            heads.append(source.read(HEAD_BYTES))
    for comparer in TABLES:
        if all(comparer.claims(pair.path, head) for head in heads) and (told := comparer.compare(pair)):
            return told
    raise ValueError(f"{left.name} is of no kind of table that is known")
