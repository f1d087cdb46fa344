"""Rows as a multiset: every row counts as often as it is there, wherever it stands.

xor alone would cancel two equal rows, a set would lose that a row is there twice; so rows are counted, and two hashes
are added up. Two tables that differ are taken for equal only where 128 bits collide.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from osiris_core.parity.kinds.tables.model import KEPT_CELLS
from osiris_core.parity.kinds.tables.plain import shown
from osiris_core.parity.values import shorten

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

    from osiris_core.parity.kinds.tables.engine import Engine
    from osiris_core.parity.kinds.tables.schema import Column


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """What both tables add up to: rows of either side, whether their multisets are equal, and whether their order is."""

    rows: tuple[int, int]
    equal: bool
    same_order: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Surplus:
    """Rows that one side has more often than the other; `doubled` counts those that both have, in other numbers.

    `left` and `right` are the first few of them, readable.
    """

    missing: int = 0
    extra: int = 0
    doubled: int = 0
    left: tuple[str, ...] = ()
    right: tuple[str, ...] = ()


def sums(engine: Engine) -> Sums:
    """Add up the hashes of both sides."""
    one, other = engine.hashes()
    query = (
        "select count(*), coalesce(bit_xor(h), 0), coalesce(sum(h), 0), coalesce(sum(k), 0),"
        " coalesce(sum(hash(h, n)), 0) from (select {one} as h, {other} as k, n from {source})"
    )
    left, right = (engine.row(query.format(one=one, other=other, source=engine.source(side))) for side in (0, 1))
    return Sums(rows=(left[0], right[0]), equal=left[:4] == right[:4], same_order=left == right)


def surplus(engine: Engine) -> Surplus:
    """Count the rows that one side has more often."""
    one, other = engine.hashes()
    sides = [
        f"select {one} as h, {other} as k, {sign} as s from {engine.source(side)}" for side, sign in ((0, 1), (1, -1))
    ]
    engine.run(
        f"create or replace temp table surplus as select h, k, sum(s) as s, count(*) as c"
        f" from ({' union all '.join(sides)}) group by h, k having sum(s) <> 0"
    )
    missing, extra, doubled = engine.row(
        "select coalesce(sum(s) filter (s > 0), 0)::bigint, coalesce(-sum(s) filter (s < 0), 0)::bigint,"
        " coalesce(sum(abs(s)) filter (c <> abs(s)), 0)::bigint from surplus"
    )
    found = [_first(engine, side) for side in (0, 1)]
    return Surplus(missing=missing, extra=extra, doubled=doubled, left=found[0], right=found[1])


def _first(engine: Engine, side: int) -> tuple[str, ...]:
    """Return the first rows of one side that are in surplus, readable."""
    one, other = engine.hashes()
    names = ", ".join(engine.names)
    query = (
        f"select {names} from (select *, {one} as h, {other} as k from {engine.source(side)}) as rows"
        f" semi join (select h, k from surplus where s {'<' if side else '>'} 0) as wanted using (h, k)"
        f" order by n limit {KEPT_CELLS}"
    )
    return tuple(
        row_text(engine.columns, engine.restored(batch, 0), index)
        for batch in engine.batches(query)
        for index in range(batch.num_rows)
    )


def row_text(columns: Sequence[Column], values: Sequence[pa.Array], index: int) -> str:
    """Return one row, readable."""
    pairs = zip(columns, values, strict=True)
    return shorten(", ".join(f"{column.name}={shown(value[index].as_py())}" for column, value in pairs))
