"""Tells what differs between two tables: findings with their own codes, and what counts as equal by a rule."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from osiris_core.parity.hints import LAST_DIGITS, ROW_ORDER, text_hint
from osiris_core.parity.kinds.protocol import FileComparison, FileFinding, SetAside
from osiris_core.parity.kinds.tables.samples import KEPT_ROWS, told_rows
from osiris_core.parity.record import TableDifference
from osiris_core.parity.values import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from osiris_core.parity.kinds.tables.judge import Judgement
    from osiris_core.parity.kinds.tables.rules import TableRules
    from osiris_core.parity.record import CellDifference, ColumnDifference

ROWS: Final = "table-rows"
DUPLICATES: Final = "table-duplicates"
ROW_ORDER_CODE: Final = "table-row-order"
CELLS: Final = "table-cells"

NULL_OR_NAN: Final = "null against NaN or an empty text: write missing values one way"
_NAMED: Final = 10
_CLOSE: Final = 1e-9


def told(judgement: Judgement, rules: TableRules, labels: tuple[str, str]) -> FileComparison:
    """Return the findings of one table's values, and what rules set aside."""
    return FileComparison(
        findings=tuple(_findings(judgement, rules, labels)), set_aside=tuple(_set_aside(judgement, rules))
    )


def _findings(judgement: Judgement, rules: TableRules, labels: tuple[str, str]) -> Iterator[FileFinding]:
    difference = _difference(judgement)
    surplus, tally = judgement.surplus, judgement.tally
    if surplus.missing or surplus.extra:
        yield _rows(judgement, labels, difference)
    elif judgement.rows[0] != judgement.rows[1]:
        message = f"{judgement.rows[0]:,} and {judgement.rows[1]:,} rows"
        yield FileFinding(code=ROWS, message=message, table=difference)
    if judgement.reordered and not rules.unordered:
        which = (
            "the rows that both have"
            if surplus.missing or surplus.extra or (tally and tally.total)
            else "the same rows"
        )
        yield FileFinding(code=ROW_ORDER_CODE, message=f"{which} in another order", hint=ROW_ORDER, table=difference)
    if tally and tally.total:
        yield _cells(tally.differences(), tally.cells, tally.total, tally.rows, difference)


def _difference(judgement: Judgement) -> TableDifference:
    tally, names = judgement.tally, judgement.names
    lone = (*judgement.surplus.left[:KEPT_ROWS], *judgement.surplus.right[:KEPT_ROWS])
    differing = [place for place in range(len(names)) if tally and tally.differs_at(place)]
    key = [place for place, name in enumerate(names) if name in judgement.key]
    shown, samples = told_rows(names, (*(tally.kept if tally else ()), *lone), key, differing)
    return TableDifference(
        rows=judgement.rows,
        rows_missing=judgement.surplus.missing,
        rows_extra=judgement.surplus.extra,
        cells_total=tally.total if tally else 0,
        key=judgement.key,
        columns=tally.differences() if tally else (),
        cells=tuple(tally.cells) if tally else (),
        width=len(names),
        shown=shown,
        samples=samples,
    )


def _rows(judgement: Judgement, labels: tuple[str, str], difference: TableDifference) -> FileFinding:
    surplus = judgement.surplus
    only = [
        f"{counted(count, 'row')} only on {label}"
        for count, label in ((surplus.missing, labels[0]), (surplus.extra, labels[1]))
        if count
    ]
    doubled = surplus.doubled and surplus.doubled == surplus.missing + surplus.extra
    message = f"{' and '.join(only)}, of {judgement.rows[0]:,} and {judgement.rows[1]:,}"
    return FileFinding(
        code=DUPLICATES if doubled else ROWS,
        message=f"{message}; the other side has the same rows, less often" if doubled else message,
        left=surplus.left[0].text if surplus.left else "(absent)",
        right=surplus.right[0].text if surplus.right else "(absent)",
        table=difference,
    )


def _cells(
    columns: Sequence[ColumnDifference],
    cells: Sequence[CellDifference],
    total: int,
    rows: int,
    difference: TableDifference,
) -> FileFinding:
    first = cells[0]
    named = ", ".join(column.name for column in columns[:_NAMED]) + (" …" if len(columns) > _NAMED else "")
    return FileFinding(
        code=CELLS,
        message=(
            f"{first.row}, column {first.column}: {first.left} and {first.right};"
            f" {counted(total, 'cell')} in {counted(rows, 'row')} {'differs' if total == 1 else 'differ'}, in {named}"
        ),
        left=first.left,
        right=first.right,
        hint=_hint(columns, cells),
        table=difference,
    )


def _hint(columns: Sequence[ColumnDifference], cells: Sequence[CellDifference]) -> str:
    nothing = {"null", "nan", "''", "'nan'", "'NaN'"}
    if all(cell.left in nothing and cell.right in nothing for cell in cells):
        return NULL_OR_NAN
    if all(
        column.max_relative is not None and column.max_relative < _CLOSE and not any(column.nulls) for column in columns
    ):
        return LAST_DIGITS
    left, right = ([f"{getattr(cell, side)}\n" for cell in cells] for side in ("left", "right"))
    hint = text_hint(left, right)
    return "" if hint == ROW_ORDER else hint


def _set_aside(judgement: Judgement, rules: TableRules) -> Iterator[SetAside]:
    if judgement.reordered and rules.unordered:
        yield SetAside(
            rule=rules.unordered.id, reason=rules.unordered.reason, left="row order", right="another row order"
        )
    if judgement.tally is None:
        return
    places = {column.name: place for place, column in enumerate(judgement.tally.columns)}
    for column, cells, distance in judgement.tally.allowed():
        rule = rules.tolerances[places[column.name]]
        apart = f"at most {distance.absolute or 0.0:g} apart, {distance.relative or 0.0:g} of the larger"
        yield SetAside(rule=rule.id, reason=rule.reason, path=column.name, left=counted(cells, "cell"), right=apart)
