"""Counts the differing cells of rows that belong together, column by column, and keeps the first few to be shown."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from osiris_core.parity.kinds.tables.cells import Distance, differing_cells, distance, within
from osiris_core.parity.kinds.tables.model import KEPT_CELLS
from osiris_core.parity.kinds.tables.plain import shown
from osiris_core.parity.kinds.tables.samples import KEPT_ROWS, around, kept_pair, kept_places
from osiris_core.parity.kinds.tables.scalars import filled, numbers
from osiris_core.parity.record import CellDifference, ColumnDifference
from osiris_core.parity.values import show_pair

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pyarrow as pa

    from osiris_core.parity.kinds.tables.rules import TableRules
    from osiris_core.parity.kinds.tables.samples import KeptRow
    from osiris_core.parity.kinds.tables.schema import Column
    from osiris_core.rules.model import Rule

_WHOLE: Final = re.compile(r"[+-]?\d{1,28}", re.ASCII)
"""A whole number of no more digits than decimals keep by themselves."""

_NUMBER: Final = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,4})?", re.ASCII)


@dataclass(slots=True)
class _Count:
    differing: int = 0
    left_nulls: int = 0
    right_nulls: int = 0
    furthest: Distance = field(default_factory=Distance)
    allowed: int = 0
    furthest_allowed: Distance = field(default_factory=Distance)


class Tally:
    """What differs in the rows added so far. Rows are added in the order in which they are to be shown."""

    def __init__(self, columns: Sequence[Column], rules: TableRules) -> None:
        self.columns = tuple(columns)
        self._rules = rules
        self._counts = [_Count() for _ in columns]
        self.cells: list[CellDifference] = []
        self.kept: list[KeptRow] = []
        self.rows = 0
        """Rows in which at least one cell differs."""

    @property
    def total(self) -> int:
        """How many cells differ."""
        return sum(count.differing for count in self._counts)

    def add(
        self,
        left: Sequence[pa.Array],
        right: Sequence[pa.Array],
        row: Callable[[int], str],
        *,
        are_neighbours: bool = False,
    ) -> None:
        """Add rows, as one plain array a compared column and side; `row` names the row at an index.

        `are_neighbours`: they stand one after the other in the table, equal ones as well.
        """
        from pyarrow import compute as pc

        any_differs = None
        places: list[tuple[int, int]] = []
        for place, (a, b) in enumerate(zip(left, right, strict=True)):
            mask = self._differing(place, a, b)
            if mask is None:
                continue
            any_differs = mask if any_differs is None else pc.or_(any_differs, mask)
            if len(self.cells) < KEPT_CELLS:
                places += [(index, place) for index in pc.indices_nonzero(mask).slice(0, KEPT_CELLS).to_pylist()]
        if any_differs is None:
            return
        if self.rows < KEPT_ROWS:
            self._keep(left, right, row, (any_differs, {place for _, place in places}, are_neighbours))
        self.rows += pc.sum(any_differs).as_py()
        for index, place in sorted(places)[: KEPT_CELLS - len(self.cells)]:
            values = show_pair(*(shown(side[place][index].as_py()) for side in (left, right)))
            name = self.columns[place].name
            self.cells.append(CellDifference(row=row(index), column=name, left=values[0], right=values[1]))

    def _keep(
        self,
        left: Sequence[pa.Array],
        right: Sequence[pa.Array],
        row: Callable[[int], str],
        differing: tuple[pa.Array, set[int], bool],
    ) -> None:
        """Keep the first rows that differ, and where rows are neighbours the equal ones next to them."""
        from pyarrow import compute as pc

        mask, places, are_neighbours = differing
        mask = filled(mask)
        first = pc.indices_nonzero(mask).slice(0, KEPT_ROWS - self.rows).to_pylist()
        wanted = kept_places(len(left), places)
        is_equal = pc.invert(mask.slice(0, first[-1] + 2)).to_pylist() if are_neighbours else ()
        self.kept += [kept_pair(row(index), left, right, index, wanted) for index in around(first, is_equal)]

    def _differing(self, place: int, left: pa.Array, right: pa.Array) -> pa.Array | None:
        """Return a mask of the cells that differ and that no tolerance covers, once they are counted."""
        from pyarrow import compute as pc

        mask, count = differing_cells(left, right), self._counts[place]
        if mask is None:
            return None
        rule = self._rules.tolerances.get(place)
        if rule is not None:
            near = _where(mask, _near(left.filter(mask), right.filter(mask), rule))
            count.allowed += pc.sum(near).as_py()
            allowed = _numbers(left.filter(near), right.filter(near))
            count.furthest_allowed = count.furthest_allowed.with_(distance(*allowed))
            mask = pc.and_not(mask, near)
        a, b = left.filter(mask), right.filter(mask)
        if not len(a):
            return None
        count.differing += len(a)
        count.left_nulls += a.null_count
        count.right_nulls += b.null_count
        count.furthest = count.furthest.with_(distance(*_numbers(a, b)))
        return mask

    def differences(self) -> tuple[ColumnDifference, ...]:
        """Return the columns that differ; nulls are counted among their differing cells."""
        return tuple(
            ColumnDifference(
                name=column.name,
                differing=count.differing,
                nulls=(count.left_nulls, count.right_nulls),
                max_absolute=count.furthest.absolute,
                max_relative=count.furthest.relative,
                least=count.furthest.least,
                greatest=count.furthest.greatest,
            )
            for column, count in zip(self.columns, self._counts, strict=True)
            if count.differing
        )

    def differs_at(self, place: int) -> bool:
        """Whether a cell of the column at `place` differs."""
        return self._counts[place].differing > 0

    def allowed(self) -> tuple[tuple[Column, int, Distance], ...]:
        """Return by column how many cells a tolerance covers, and how far these are apart at most."""
        pairs = zip(self.columns, self._counts, strict=True)
        return tuple((column, count.allowed, count.furthest_allowed) for column, count in pairs if count.allowed)


def _near(left: pa.Array, right: pa.Array, rule: Rule) -> pa.Array:
    """Return which pairs of numbers a rule allows; two texts that spell whole numbers are subtracted as such."""
    import pyarrow as pa

    numbers = _numbers(left, right)
    near = within(*numbers, rule.tolerance, rule.shape)
    if numbers[0] is left:
        return near
    texts = zip(near.to_pylist(), left.to_pylist(), right.to_pylist(), strict=True)
    return pa.array([is_near and _are_whole_and_near(a, b, rule) for is_near, a, b in texts], pa.bool_())


def _are_whole_and_near(left: str, right: str, rule: Rule) -> bool:
    if not (_WHOLE.fullmatch(left) and _WHOLE.fullmatch(right)):
        return True
    return abs(Decimal(left) - Decimal(right)) <= rule.tolerance.absolute


def _where(mask: pa.Array, chosen: pa.Array) -> pa.Array:
    """Return a mask of the length of `mask`, true where it is and where `chosen`, one value for each of those, is too."""
    from pyarrow import compute as pc

    return pc.replace_with_mask(mask, mask, chosen)


def _numbers(left: pa.Array, right: pa.Array) -> tuple[pa.Array, pa.Array]:
    """Return texts as the numbers that they spell, null where they spell none; other columns as they are."""
    import pyarrow as pa

    if not (pa.types.is_string(left.type) or pa.types.is_large_string(left.type)):
        return left, right
    found = [[_number(text) for text in side.to_pylist()] for side in (left, right)]
    return numbers(found[0]), numbers(found[1])


def _number(text: str | None) -> float | None:
    if text is None or not _NUMBER.fullmatch(text):
        return None
    return float(text)
