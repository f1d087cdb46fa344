"""A table in a file, as the comparison sees it, and the limits it works within."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pyarrow as pa

BATCH_ROWS: Final = 1 << 15
"""Rows that are looked at at a time."""

_BATCH_CELLS: Final = 1 << 20

KEPT_CELLS: Final = 20
"""Differing cells that are kept to be shown; all of them are counted."""

MEMORY_MB: Final = 256
"""What the engine may hold in memory; beyond it, it writes to a temporary directory."""

THREADS: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One table, that can be read as often as needed.

    `name` is its name in a file of many tables, else empty. `batches` begins to read anew each time, and gives all
    columns of `schema` in their order. `sql` is a FROM clause by which DuckDB reads the same columns, and the number of
    each row (from 0) behind them, faster than through Arrow; empty where it would change a value. `rows` is None where
    only reading tells. `spelled` says that all cells are texts, numbers too. Messages count rows by `unit`, from `first_row` on.
    """

    schema: pa.Schema
    batches: Callable[[], Iterator[pa.RecordBatch]]
    name: str = ""
    sql: str = ""
    rows: int | None = None
    unit: str = "row"
    first_row: int = 1
    spelled: bool = False


def batch_rows(columns: int) -> int:
    """Return how many rows of so many columns are looked at at a time."""
    return max(64, min(BATCH_ROWS, _BATCH_CELLS // max(1, columns)))


class TableError(Exception):
    """A file is no table of its kind, or cannot be compared as one; the text says why."""
