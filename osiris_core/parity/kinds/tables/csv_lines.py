"""Large CSV files whose rows may come in any order: lines that both have cancel, and only the others are read as cells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from osiris_core.parity.kinds.tables.engine import engine
from osiris_core.parity.kinds.tables.model import Table
from osiris_core.parity.kinds.tables.multiset import sums
from osiris_core.parity.kinds.tables.schema import compared_columns

if TYPE_CHECKING:
    from pathlib import Path

    from osiris_core.parity.kinds.tables.csv_cells import Writing

LARGE_BYTES: Final = 8 << 20
_PATTERN: Final = frozenset("*?[")
_NO_DELIMITER: Final = "\x01"


def other_lines(
    paths: tuple[Path, Path], writings: tuple[Writing, Writing]
) -> tuple[tuple[list[bytes], list[bytes]], int] | None:
    """Return the lines that one side has more often, and how many rows cancel; None where that cannot be said, or saves nothing.

    It can be said where a row is a line: without quotes, and where both files are written one way. DuckDB's errors pass.
    """
    is_large = min(path.stat().st_size for path in paths) > LARGE_BYTES
    if (
        not is_large
        or writings[0] != writings[1]
        or writings[0].quotes
        or any(_PATTERN & set(str(path)) for path in paths)
    ):
        return None
    heads = [_first_line(path) for path in paths]
    if heads[0] != heads[1]:
        return None
    left, right = (_lines(path) for path in paths)
    columns = compared_columns(left.schema, right.schema)
    with engine(left, right, columns) as started:
        total = sums(started)
        if total.equal:
            return ([], []), total.rows[0] - 1
        if not started.is_narrowed:
            return None
        rows = started.rows(
            "select c0, sum(s)::bigint from (select c0, 1 as s from narrowed_0 union all select c0, -1 from narrowed_1)"
            " group by c0 having sum(s) <> 0 order by c0"
        )
    more = [[(line or "").encode() for line, count in rows for _ in range(sign * count)] for sign in (1, -1)]
    return (more[0], more[1]), total.rows[0] - len(more[0]) - 1


def _first_line(path: Path) -> bytes:
    with path.open("rb") as source:
        return source.readline(1 << 20)


def _lines(path: Path) -> Table:
    import pyarrow as pa

    literal = "'" + str(path).replace("'", "''") + "'"
    sql = (
        f"(select l, 0::bigint from read_csv({literal}, columns = {{'l': 'varchar'}}, auto_detect = false, header = false,"
        f" delim = '{_NO_DELIMITER}', quote = '', escape = '', hive_partitioning = false))"
    )
    return Table(schema=pa.schema([("line", pa.string())]), batches=lambda: iter(()), sql=sql)
