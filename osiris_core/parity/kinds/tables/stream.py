"""Two tables row by row in their order, with constant memory."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from osiris_core.parity.kinds.tables.plain import plain_column
from osiris_core.parity.kinds.tables.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import pyarrow as pa

    from osiris_core.parity.kinds.tables.model import Table
    from osiris_core.parity.kinds.tables.rules import TableRules
    from osiris_core.parity.kinds.tables.schema import Column


@dataclass(frozen=True, slots=True, kw_only=True)
class InOrder:
    """What a comparison by row number found: how many rows either side has, and what differs in the common ones."""

    rows: tuple[int, int]
    tally: Tally
    complete: bool = True
    """Whether all rows were looked at; `rows` are those that were."""

    @property
    def equal(self) -> bool:
        """Whether nothing differs that no rule covers."""
        return self.complete and self.rows[0] == self.rows[1] and not self.tally.total


def compare_in_order(
    left: Table,
    right: Table,
    columns: Sequence[Column],
    rules: TableRules,
    *,
    unless: Callable[[Tally], bool] | None = None,
) -> InOrder:
    """Hold the first row against the first, and so on, to the end of both tables.

    Or until most rows differ and `unless` says so of what was found by then: the rows may come in another order.
    """
    sides = _Side(left, [column.left for column in columns]), _Side(right, [column.right for column in columns])
    tally = Tally(columns, rules)
    while sides[0].fill() and sides[1].fill():
        start, length = sides[0].taken, min(side.waiting for side in sides)
        a, b = (side.take(length) for side in sides)
        tally.add(a, b, partial(_row_name, left, start), are_neighbours=True)
        if unless and 2 * tally.rows > sides[0].taken and unless(tally):
            return InOrder(rows=(sides[0].taken, sides[1].taken), tally=tally, complete=False)
    return InOrder(rows=(sides[0].drain(), sides[1].drain()), tally=tally)


def _row_name(table: Table, start: int, index: int) -> str:
    return f"{table.unit} {start + index + table.first_row:,}"


class _Side:
    """One table, handed out in pieces of any length."""

    def __init__(self, table: Table, places: Sequence[int]) -> None:
        self._batches: Iterator[pa.RecordBatch] = table.batches()
        self._places = places
        self._columns: list[pa.Array] = []
        self._start = 0
        self.waiting = 0
        self.taken = 0

    def fill(self) -> bool:
        """Have at least one row waiting; False at the end of the table."""
        while not self.waiting:
            batch = next(self._batches, None)
            if batch is None:
                return False
            self._columns = [plain_column(batch.column(place)) for place in self._places]
            self._start, self.waiting = 0, batch.num_rows
        return True

    def take(self, length: int) -> list[pa.Array]:
        """Return the next rows; no more than are waiting."""
        piece = [column.slice(self._start, length) for column in self._columns]
        self._start += length
        self.waiting -= length
        self.taken += length
        return piece

    def drain(self) -> int:
        """Return the number of all rows, of the ones that were not taken as well."""
        self.taken += self.waiting
        self.waiting = 0
        for batch in self._batches:
            self.taken += batch.num_rows
        return self.taken
