"""The digests of the tables that each step handed on: schema, rows, and content column by column.

A differing order-free digest is a difference even where nothing is written. A differing order alone only
locates: it decides nothing, but shows where a difference that surfaces downstream may have begun.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from osiris_core.parity.hints import column_hint
from osiris_core.parity.layers.table_rules import CoveredColumns
from osiris_core.parity.record import Finding, Layer
from osiris_core.parity.values import leaf_differences, show, signature
from osiris_core.rules.model import RecordKind
from osiris_core.wire.records import STEP_COMPLETE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from osiris_core.parity.pair import Pair
    from osiris_core.parity.side import Side

    Make = Callable[..., Finding]

_DIGESTS: Final = frozenset({"ordered", "unordered"})
_STATISTICS: Final = ("nulls", "min", "max", "sum", "count")
_NAMED_COLUMNS: Final = 10


def tables_of(side: Side) -> dict[tuple[str, str], dict[str, Any]]:
    """Return the tables of one side by (step, table name); of a step that ends twice, the last one's."""
    return {
        (str(event.get("step")), str(name)): table
        for event in side.outline.named(STEP_COMPLETE)
        for name, table in (event.get("tables") or {}).items()
    }


def compare_tables(pair: Pair) -> Iterator[Finding]:
    """Yield the findings of all tables, in the order of the steps."""
    left, right = tables_of(pair.left), tables_of(pair.right)
    for step, name in sorted(left.keys() | right.keys(), key=lambda key: (pair.rank(key[0]), key[1])):
        a, b = left.get((step, name)), right.get((step, name))
        finding = partial(Finding, layer=Layer.TABLES, step=step)
        if a is None or b is None:
            side = pair.left if b is None else pair.right
            yield finding(
                code="table-missing" if b is None else "table-extra",
                path=f"tables.{name}",
                message=f"only {side.label} hands on this table",
                left="(absent)" if a is None else f"{show(a.get('rows'))} rows",
                right="(absent)" if b is None else f"{show(b.get('rows'))} rows",
            )
        elif plan := pair.rules.plan(RecordKind.TABLE, step, name):
            yield from _under_rules(pair, finding, CoveredColumns(plan, f"tables.{name}", a, b))
        elif signature(a) != signature(b):
            yield from _compare(pair, finding, f"tables.{name}", a, b)


def _under_rules(pair: Pair, finding: Make, covered: CoveredColumns) -> Iterator[Finding]:
    """Yield what differs in a table of which declared rules cover some columns: these by statistics, the others as ever."""
    for name, fault, a, b in covered.faults:
        yield finding(
            code="rule-shape" if fault.endswith("demands") else "table-content",
            path=f"{covered.path}.columns.{name}",
            message=f"{covered.path}.columns.{name}: {fault}",
            left=_facts(a, b),
            right=_facts(b, a),
        )
    left, right = covered.rest
    if signature(left) != signature(right):
        yield from _compare(pair, finding, covered.path, left, right)


def _compare(pair: Pair, finding: Make, path: str, left: dict[str, Any], right: dict[str, Any]) -> Iterator[Finding]:
    schema = list(leaf_differences(_schema(left), _schema(right), f"{path}.schema"))
    for place, a, b in schema:
        yield _changed(pair, partial(finding, code="table-schema"), place, a, b)
    if not schema and signature(left.get("schema")) != signature(right.get("schema")):
        a, b = (", ".join(_schema(table)) for table in (left, right))
        yield _changed(pair, partial(finding, code="table-schema"), f"{path}.schema", a, b)
    if left.get("rows") != right.get("rows"):
        yield _changed(pair, partial(finding, code="table-rows"), f"{path}.rows", left.get("rows"), right.get("rows"))
    if left.get("unordered") != right.get("unordered"):
        yield from _content(pair, finding, path, left, right)
    elif left.get("ordered") != right.get("ordered"):
        yield finding(
            code="table-order",
            path=f"{path}.ordered",
            message="the same rows in another order",
            left=show(left.get("ordered")),
            right=show(right.get("ordered")),
            hint="harmless unless a later step depends on the order: add an ORDER BY",
            locates=True,
        )
        yield from _statistics(pair, finding, path, (left, right), but=frozenset({*_DIGESTS, "sum"}))
    elif not schema:
        yield from _statistics(pair, finding, path, (left, right), but=frozenset())


def _schema(table: dict[str, Any]) -> dict[str, Any]:
    """Return the schema by column name, so that a difference is named by its column."""
    return {str(column.get("name")): column for column in table.get("schema") or () if isinstance(column, dict)}


def _changed(pair: Pair, finding: Make, path: str, left: Any, right: Any) -> Finding:
    message = f"{path} is {show(left)} on {pair.left.label} and {show(right)} on {pair.right.label}"
    return finding(path=path, message=message, left=show(left), right=show(right))


def _content(pair: Pair, finding: Make, path: str, left: dict[str, Any], right: dict[str, Any]) -> Iterator[Finding]:
    """Yield the columns that differ; where none does, that rows do, unless the tables have other columns."""
    a, b = left.get("columns") or {}, right.get("columns") or {}
    differing = [name for name in a if name in b and a[name].get("unordered") != b[name].get("unordered")]
    if not differing:
        if list(_schema(left)) == list(_schema(right)):  # else the schema has been named as the difference
            message = "the columns hold the same values, combined into other rows"
            yield finding(code="table-content", path=path, message=message)
        return
    first = differing[0]
    facts = [_facts(column[first], other[first]) for column, other in ((a, b), (b, a))]
    named = ", ".join(differing[:_NAMED_COLUMNS]) + (" …" if len(differing) > _NAMED_COLUMNS else "")
    yield finding(
        code="table-content",
        path=f"{path}.columns.{first}",
        message=f"the rows differ in {named}; {first}: {facts[0]} on {pair.left.label}, {facts[1]} on {pair.right.label}",
        left=facts[0],
        right=facts[1],
        hint=column_hint([(a[name], b[name]) for name in differing]),
    )


def _facts(column: dict[str, Any], other: dict[str, Any]) -> str:
    """Return the statistics in which a column differs from the other side's, or its digest where none does."""
    facts = [f"{name} {show(column.get(name))}" for name in _STATISTICS if column.get(name) != other.get(name)]
    return ", ".join(facts) or f"digest {show(column.get('unordered'))}"


def _statistics(
    pair: Pair, finding: Make, path: str, tables: tuple[dict[str, Any], dict[str, Any]], *, but: frozenset[str]
) -> Iterator[Finding]:
    """Yield what differs although the order-free digests agree; `but` names what order alone explains."""
    for place, a, b in leaf_differences(tables[0].get("columns"), tables[1].get("columns"), f"{path}.columns"):
        if place.rpartition(".")[2] not in but:
            yield _changed(pair, partial(finding, code="table-statistics"), place, a, b)
