"""The order of work on two tables: schema, rows in their order, hashes, a key; on inequality only what has to be told.

Rows whose order counts are read side by side first, which takes no memory: tables that are equal end there. Where the
order means nothing, hashes come first.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from osiris_core.parity.kinds.tables.engine import engine
from osiris_core.parity.kinds.tables.keyed import Matching
from osiris_core.parity.kinds.tables.keys import candidate_keys
from osiris_core.parity.kinds.tables.multiset import Surplus, sums, surplus
from osiris_core.parity.kinds.tables.stream import compare_in_order

if TYPE_CHECKING:
    from collections.abc import Sequence

    from osiris_core.parity.kinds.tables.engine import Engine
    from osiris_core.parity.kinds.tables.keyed import Keyed
    from osiris_core.parity.kinds.tables.model import Table
    from osiris_core.parity.kinds.tables.rules import TableRules
    from osiris_core.parity.kinds.tables.schema import Column
    from osiris_core.parity.kinds.tables.stream import InOrder
    from osiris_core.parity.kinds.tables.tally import Tally

_ENGINE_COLUMNS: Final = 1_000
"""Of wider tables, rows in order are told by their number: a query over all columns takes a minute."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What the values of two tables say: how they were matched, and what differs.

    `key` names the columns that matched the rows, and is empty where their number did, or where they were counted.
    `reordered` says that the rows that both sides have come in another order, `names` are the compared columns.
    """

    rows: tuple[int, int]
    tally: Tally | None = None
    surplus: Surplus = field(default_factory=Surplus)
    key: tuple[str, ...] = ()
    repeated: tuple[int, int] = (0, 0)
    reordered: bool = False
    names: tuple[str, ...] = ()


def judge(left: Table, right: Table, columns: Sequence[Column], rules: TableRules) -> Judgement:
    """Compare the values of two tables in the columns that both have with one type."""
    return replace(_judged(left, right, columns, rules), names=tuple(column.name for column in columns))


def _judged(left: Table, right: Table, columns: Sequence[Column], rules: TableRules) -> Judgement:
    import duckdb

    if rules.unordered is not None:
        with engine(left, right, columns) as started:
            return _unordered(started, _candidates(left, columns, rules), rules)
    if not columns or len(columns) > _ENGINE_COLUMNS:
        return _by_number(compare_in_order(left, right, columns, rules))
    keys: list[int] | None = None

    def is_moved(tally: Tally) -> bool:
        # A key that is the same in all rows so far may be to the end, and says then what the row numbers say.
        nonlocal keys
        keys = candidate_keys(left, columns, rules) if keys is None else keys
        return all(tally.differs_at(place) for place in keys)

    found = compare_in_order(left, right, columns, rules, unless=is_moved)
    if found.equal:
        return _by_number(found)
    keys = candidate_keys(left, columns, rules) if keys is None else keys
    if found.complete and _is_said_by_number(found, keys):
        return Judgement(rows=found.rows, tally=found.tally)
    try:
        with engine(left, right, columns) as started:
            judged = _ordered(started, keys, rules)
    except duckdb.Error:
        # No room to spill: what the row numbers say is true, if less telling.
        judged = None
    return judged or _by_number(found if found.complete else compare_in_order(left, right, columns, rules))


def _is_said_by_number(found: InOrder, keys: Sequence[int]) -> bool:
    """Whether a key says the same as the row number."""
    return found.rows[0] == found.rows[1] and any(not found.tally.differs_at(place) for place in keys)


def _candidates(left: Table, columns: Sequence[Column], rules: TableRules) -> list[int]:
    names = {column.name for column in columns}
    is_given = bool(rules.by) and all(name in names for name in rules.by)
    return [] if is_given else candidate_keys(left, columns, rules)


def _by_number(found: InOrder) -> Judgement:
    """Say what the row numbers say: of tables of another length only that, as every row behind a lost one would differ."""
    return Judgement(rows=found.rows, tally=found.tally if found.rows[0] == found.rows[1] else None)


def _ordered(started: Engine, keys: Sequence[int], rules: TableRules) -> Judgement | None:
    """Look for the same rows in another order, or for a key; None where the row numbers say as much."""
    total = sums(started, keys[:1])
    if total.equal:
        return Judgement(rows=total.rows, reordered=True)
    matching = _by_found_key(started, keys, total.rows)
    if matching is not None:
        matched = matching.result(rules)
        return _keyed(started, matched, total.rows, reordered=not matching.is_in_order(total.rows))
    if total.rows[0] == total.rows[1]:
        return None
    sums(started)
    return Judgement(rows=total.rows, surplus=surplus(started))


def _unordered(started: Engine, keys: Sequence[int], rules: TableRules) -> Judgement:
    places = {column.name: place for place, column in enumerate(started.columns)}
    given = [places[name] for name in rules.by] if rules.by and all(name in places for name in rules.by) else []
    total = sums(started, given or keys[:1])
    if total.equal:
        return Judgement(rows=total.rows, reordered=not total.same_order)
    if given:
        return _by_key(started, given, total.rows, rules)
    matching = _by_found_key(started, keys, total.rows)
    if matching is not None:
        return _any_order(started, matching, total.rows, rules)
    if rules.tolerances:
        exact = [place for place in range(len(started.columns)) if place not in rules.tolerances]
        if exact:
            sums(started, exact)
        else:
            started.widen()  # rows are held against each other by size, so none may be left out
        return _by_key(started, exact, total.rows, rules)
    sums(started)
    return Judgement(rows=total.rows, surplus=surplus(started))


def _by_found_key(started: Engine, keys: Sequence[int], rows: tuple[int, int]) -> Matching | None:
    """Match by the first of some columns that turns out to be unique, and that both sides share; the rows are summed up by it."""
    for number, place in enumerate(keys):
        if number:
            sums(started, [place])
        matching = Matching(started, [place])
        if matching.is_unique and _is_telling(matching, rows):
            return matching
    return None


def _by_key(started: Engine, key: list[int], rows: tuple[int, int], rules: TableRules) -> Judgement:
    matching = Matching(started, key)
    if not matching.is_unique:
        matching.number_rows([place for place in range(len(started.columns)) if place not in key])
    return _any_order(started, matching, rows, rules)


def _any_order(started: Engine, matching: Matching, rows: tuple[int, int], rules: TableRules) -> Judgement:
    found = matching.result(rules)
    is_equal = not (found.tally.total or found.surplus.missing or found.surplus.extra)
    return _keyed(started, found, rows, reordered=is_equal and not matching.is_in_order(rows))


def _is_telling(matching: Matching, rows: tuple[int, int]) -> bool:
    """Whether at least half of the rows find one of the same key: an identifier made anew in each run matches nothing."""
    return bool(2 * (rows[0] - matching.missing) >= min(rows))


def _keyed(started: Engine, found: Keyed, rows: tuple[int, int], *, reordered: bool = False) -> Judgement:
    return Judgement(
        rows=rows,
        tally=found.tally,
        surplus=found.surplus,
        key=tuple(started.columns[place].name for place in found.key),
        repeated=found.repeated,
        reordered=reordered,
    )
