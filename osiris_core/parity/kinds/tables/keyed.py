"""Rows matched by a key: which ones only one side has, and which cells of the others differ.

Keys and hashes are matched first; whole rows are read again only where these differ.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from osiris_core.parity.kinds.tables.model import KEPT_CELLS
from osiris_core.parity.kinds.tables.multiset import Surplus, lone_rows
from osiris_core.parity.kinds.tables.plain import shown
from osiris_core.parity.kinds.tables.tally import Tally
from osiris_core.parity.values import shorten

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

    from osiris_core.parity.kinds.tables.engine import Engine
    from osiris_core.parity.kinds.tables.rules import TableRules
    from osiris_core.parity.kinds.tables.samples import KeptRow

_SORTED_ROWS: Final = 100_000
"""Up to so many differing rows are read in their order; of more, the first ones are read in order to be shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyed:
    """What matching by a key found; `key` are the places of its columns among the compared ones.

    `repeated` are how many rows of either side share their key with one before them: those are numbered inside it.
    """

    key: tuple[int, ...]
    surplus: Surplus
    tally: Tally
    repeated: tuple[int, int] = (0, 0)


class Matching:
    """Rows of both sides, matched by some columns."""

    def __init__(self, engine: Engine, key: Sequence[int]) -> None:
        self._engine = engine
        self.key = tuple(key)
        self._on = tuple(engine.names[place] for place in key)
        self.repeated = (0, 0)
        if self._on:  # else rows have nothing to be known by but their turn
            self._match()

    def number_rows(self, order: Sequence[int]) -> None:
        """Match rows of one key in turn, sorted by the columns at `order`: what a key leaves open is a multiset."""
        engine = self._engine
        self._on = (*(engine.names[place] for place in self.key), "turn")
        self._order = [engine.names[place] for place in order] or ["n"]
        self._match()

    def _source(self, side: int) -> str:
        source = self._engine.source(side)
        if "turn" not in self._on:
            return source
        keys, order = ", ".join(self._on[:-1]), ", ".join(self._order)
        return f"(select *, row_number() over (partition by {keys or '0'} order by {order}) as turn from {source})"

    def _match(self) -> None:
        engine, keys = self._engine, ", ".join(self._on)
        one, other = engine.hashes()
        sides = [
            f"select {keys}, {one} as h, {other} as k, {1 - side} as l, {side} as r, {'n' if side == 0 else 'null'} as n"
            f" from {self._source(side)}"
            for side in (0, 1)
        ]
        engine.run(
            f"create or replace temp table matched as select {keys}, sum(l)::bigint as l, sum(r)::bigint as r, min(n) as n"
            f" from ({' union all '.join(sides)}) group by {keys}"
            " having sum(l) <> 1 or sum(r) <> 1 or bit_xor(h) <> 0 or bit_xor(k) <> 0"
        )
        self.missing, self.extra, self.changed, *repeated = engine.row(
            "select coalesce(sum(greatest(l - r, 0)), 0)::bigint, coalesce(sum(greatest(r - l, 0)), 0)::bigint,"
            " coalesce(sum(least(l, r)), 0)::bigint, coalesce(sum(greatest(l - 1, 0)), 0)::bigint,"
            " coalesce(sum(greatest(r - 1, 0)), 0)::bigint from matched"
        )
        if "turn" not in self._on:
            self.repeated = (repeated[0], repeated[1])

    @property
    def is_unique(self) -> bool:
        """Whether no key comes twice on either side."""
        return bool(self.key) and self.repeated == (0, 0)

    def result(self, rules: TableRules) -> Keyed:
        """Read the rows that differ again, and tell them."""
        tally = self._tally(rules, f"order by n limit {_SORTED_ROWS}", "order by l.n")
        if self.changed > _SORTED_ROWS:
            first = tally
            tally = self._tally(rules, "", "")
            tally.cells, tally.kept = (first.cells or tally.cells), (first.kept or tally.kept)
        return Keyed(key=self.key, surplus=self._surplus(), tally=tally, repeated=self.repeated)

    def _tally(self, rules: TableRules, which: str, order: str) -> Tally:
        engine = self._engine
        tally = Tally(engine.columns, rules)
        wanted = f"(select {', '.join(self._on)} from matched where l = 1 and r = 1 {which})"
        left, right = (
            f"(select s.* from {self._source(side)} as s semi join {wanted} as w on {self._same('s', 'w')})"
            for side in (0, 1)
        )
        columns = ", ".join([*(f"l.{name}" for name in engine.names), *(f"r.{name}" for name in engine.names)])
        query = f"select {columns} from {left} as l join {right} as r on {self._same('l', 'r')} {order}"
        for batch in engine.batches(query):
            sides = engine.restored(batch, 0), engine.restored(batch, len(engine.names))
            tally.add(*sides, partial(self._row, sides[0]))
        return tally

    def _same(self, one: str, other: str) -> str:
        return " and ".join(f"{one}.{name} is not distinct from {other}.{name}" for name in self._on) or "true"

    def _row(self, columns: Sequence[pa.Array], index: int) -> str:
        named = self._engine.columns
        key = ", ".join(f"{named[place].name}={shown(columns[place][index].as_py())}" for place in self.key)
        return shorten(key) or "a row"

    def _surplus(self) -> Surplus:
        found = [self._only(side) if count else () for side, count in ((0, self.missing), (1, self.extra))]
        return Surplus(missing=self.missing, extra=self.extra, left=found[0], right=found[1])

    def _only(self, side: int) -> tuple[KeptRow, ...]:
        """Return the first rows of keys that one side has more often, readable."""
        engine = self._engine
        more = "r > l" if side else "l > r"
        query = (
            f"select {', '.join(f's.{name}' for name in engine.names)} from {self._source(side)} as s"
            f" semi join (select {', '.join(self._on)} from matched where {more}) as w on {self._same('s', 'w')}"
            f" order by s.n limit {KEPT_CELLS}"
        )
        return lone_rows(engine, query, is_left=not side)

    def is_in_order(self, rows: tuple[int, int]) -> bool:
        """Whether the rows that both sides have come in one order; `rows` are those of either side.

        True as well where that cannot be said: where a key turns out to be there twice.
        """
        engine, keys = self._engine, ", ".join(self._on)
        engine.widen()
        left, right = (f"(select {keys}, n from {self._source(side)})" for side in (0, 1))
        pairs, turned = engine.row(
            "select count(*), count(*) filter (turned) from (select r < lag(r) over (order by l) as turned from"
            f" (select l.n as l, r.n as r from {left} as l join {right} as r on {self._same('l', 'r')}))"
        )
        return bool(turned == 0 or pairs != rows[0] - self.missing)
