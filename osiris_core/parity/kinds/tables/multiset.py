"""Rows as a multiset: every row counts as often as it is there, wherever it stands.

xor alone would cancel two equal rows, a set would lose that a row is there twice; so rows are counted, and two hashes
are added up. Two tables that differ are taken for equal only where 128 bits collide.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from osiris_core.parity.kinds.tables.model import KEPT_CELLS
from osiris_core.parity.kinds.tables.plain import shown
from osiris_core.parity.kinds.tables.samples import kept_alone
from osiris_core.parity.values import shorten

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

    from osiris_core.parity.kinds.tables.engine import Engine
    from osiris_core.parity.kinds.tables.samples import KeptRow
    from osiris_core.parity.kinds.tables.schema import Column

BUCKETS: Final = 1 << 8
"""As cheap as one sum of all rows: more groups than these cost half as much again."""

FINE_BUCKETS: Final = 1 << 12
"""Asked for where some hundred rows differ: too many for the few buckets, few enough to be told from the others."""

_FEW: Final = 16
"""Rows are kept where they lie in no more than one bucket in so many."""

_SOME: Final = 4
_SOME_ROWS: Final = 200_000
"""Or in one of so many, if these are about no more rows than that: cheaper than adding up once more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """What both tables add up to: rows of either side, whether their multisets are equal, and whether their order is."""

    rows: tuple[int, int]
    equal: bool
    same_order: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Surplus:
    """Rows that one side has more often than the other; `doubled` counts those that both have, in other numbers.

    `left` and `right` are the first few of them.
    """

    missing: int = 0
    extra: int = 0
    doubled: int = 0
    left: tuple[KeptRow, ...] = ()
    right: tuple[KeptRow, ...] = ()


def sums(engine: Engine, key: Sequence[int] = ()) -> Sums:
    """Add up the hashes of both sides, in buckets by the columns at `key`, without any by the whole row.

    Rows of a bucket that adds up alike cancel each other. Where few buckets do not, the engine keeps only their rows.
    """
    engine.widen()
    by = f"hash({', '.join(engine.names[place] for place in key)})" if key else engine.hashes()[0]
    differing = _add(engine, by, BUCKETS)
    facts = [engine.row(f"select coalesce(sum(c), 0)::bigint, sum(o) from added_{side}") for side in (0, 1)]
    found = Sums(rows=(facts[0][0], facts[1][0]), equal=not differing, same_order=facts[0] == facts[1])
    if differing and _are_few(differing, BUCKETS, max(found.rows)):
        engine.narrow(_bucket(by, BUCKETS))
    elif 0 < differing < BUCKETS - BUCKETS // _FEW and _add(engine, by, FINE_BUCKETS) <= FINE_BUCKETS // _FEW:
        engine.narrow(_bucket(by, FINE_BUCKETS))
    return found


def _are_few(differing: int, buckets: int, rows: int) -> bool:
    kept = rows * differing // buckets
    return differing * _FEW <= buckets or (differing * _SOME <= buckets and kept <= _SOME_ROWS)


def _bucket(by: str, buckets: int) -> str:
    return f"({by} & {buckets - 1})::usmallint"


def _add(engine: Engine, by: str, buckets: int) -> int:
    """Add up both sides, note the buckets that differ in the table `differing`, and return how many these are."""
    one, other = engine.hashes()
    for side in (0, 1):
        engine.run(
            f"create or replace temp table added_{side} as select b, count(*) as c, bit_xor(h) as x, sum(h) as s, sum(k) as t,"
            f" sum(hash(h, n)) as o from (select {_bucket(by, buckets)} as b, {one} as h, {other} as k, n"
            f" from {engine.source(side)}) group by b"
        )
    engine.run(
        "create or replace temp table differing as select b from added_0 as l full join added_1 as r using (b)"
        " where (l.c, l.x, l.s, l.t) is distinct from (r.c, r.x, r.s, r.t)"
    )
    return int(engine.row("select count(*) from differing")[0])


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


def _first(engine: Engine, side: int) -> tuple[KeptRow, ...]:
    """Return the first rows of one side that are in surplus."""
    one, other = engine.hashes()
    names = ", ".join(engine.names)
    query = (
        f"select {names} from (select *, {one} as h, {other} as k from {engine.source(side)}) as rows"
        f" semi join (select h, k from surplus where s {'<' if side else '>'} 0) as wanted using (h, k)"
        f" order by n limit {KEPT_CELLS}"
    )
    return lone_rows(engine, query, is_left=not side)


def lone_rows(engine: Engine, query: str, *, is_left: bool) -> tuple[KeptRow, ...]:
    """Return the rows that a query finds on one side, readable."""
    return tuple(
        kept_alone(row_text(engine.columns, columns, index), columns, index, is_left=is_left)
        for batch in engine.batches(query)
        for columns in [engine.restored(batch, 0)]
        for index in range(batch.num_rows)
    )


def row_text(columns: Sequence[Column], values: Sequence[pa.Array], index: int) -> str:
    """Return one row, readable."""
    pairs = zip(columns, values, strict=True)
    return shorten(", ".join(f"{column.name}={shown(value[index].as_py())}" for column, value in pairs))
