"""Where two tables differ, as a page shows it: columns with what they drifted by, and rows with their differing cells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from osiris_core.report.lookalikes import looks_alike
from osiris_core.report.units import plural

if TYPE_CHECKING:
    from collections.abc import Iterator

    from osiris_core.parity.record import CellDifference, ColumnDifference, RowSample, TableDifference

MOST_COLUMNS: Final = 40
MOST_ROWS: Final = 30
_WHOLE: Final = 100.0
_LEAST_SEEN: Final = 1.5
"""A bar narrower than this percentage is none to the eye."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnView:
    """One column that differs: in how many rows of how many, the same in percent, and in words what else is known."""

    name: str
    differing: int
    share: float
    nulls: str
    drift: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CellView:
    """One cell: the value of both sides where `changed`, of the only side that has it or of both in `left`."""

    left: str
    right: str
    changed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RowView:
    """One row: `kind` is `same`, `changed`, `left` (only the left side has it) or `right`."""

    kind: str
    sign: str
    name: str
    cells: tuple[CellView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TableView:
    """Everything about two tables: `facts` are sentences, `cells` those that are in none of the `rows`; `more` says what is left out."""

    facts: tuple[str, ...]
    columns: tuple[ColumnView, ...]
    matched: int
    heads: tuple[tuple[str, bool], ...]  # the name of a shown column, and whether it is of the key
    rows: tuple[RowView, ...]
    cells: tuple[CellDifference, ...]
    more: tuple[str, ...]


def table_view(table: TableDifference, names: tuple[str, str]) -> TableView:
    """Return a table's difference arranged for reading; `names` are the two targets."""
    matched = max(0, min(table.rows[0] - table.rows_missing, table.rows[1] - table.rows_extra))
    rows = tuple(_row(sample) for sample in table.samples[:MOST_ROWS])
    seen = sum(cell.changed for row in rows for cell in row.cells)
    return TableView(
        facts=tuple(_facts(table, names)),
        columns=tuple(_column(each, matched, names[1]) for each in table.columns[:MOST_COLUMNS]),
        matched=matched,
        heads=tuple((name, name in table.key) for name in table.shown),
        rows=rows,
        cells=table.cells if table.cells_total > seen or not rows else (),
        more=tuple(_more(table, rows)),
    )


def _facts(table: TableDifference, names: tuple[str, str]) -> Iterator[str]:
    left, right = table.rows
    yield f"{plural(left, 'row')} on {names[0]}, {right:,} on {names[1]}"
    if table.rows_missing:
        yield f"{table.rows_missing:,} only on {names[0]}"
    if table.rows_extra:
        yield f"{table.rows_extra:,} only on {names[1]}"
    if table.cells_total:
        yield f"{plural(table.cells_total, 'cell')} differ" + ("s" if table.cells_total == 1 else "")
        yield f"rows are matched by {', '.join(table.key)}" if table.key else "rows are matched by their place"


def _column(column: ColumnDifference, matched: int, right: str) -> ColumnView:
    share = _WHOLE * column.differing / matched if matched else _WHOLE
    nulls = f"{column.nulls[0]:,} and {column.nulls[1]:,}" if any(column.nulls) else ""
    return ColumnView(
        name=column.name,
        differing=column.differing,
        share=round(min(_WHOLE, max(_LEAST_SEEN, share)), 1),
        nulls=nulls,
        drift=drift_words(column, right),
    )


def drift_words(column: ColumnDifference, right: str) -> str:
    """Return which way a column of numbers went and how far: `higher on e2b, by 0.5 to 3; at most 2% of the larger`."""
    if column.max_absolute is None:
        return ""
    least, greatest = column.least, column.greatest
    if least is None or greatest is None:
        told = f"at most {_number(column.max_absolute)} apart"
    elif least > 0:
        told = f"higher on {right}, by {_span(least, greatest)}"
    elif greatest < 0:
        told = f"lower on {right}, by {_span(-greatest, -least)}"
    else:
        told = f"on {right} from {_number(-least)} lower to {_number(greatest)} higher"
    if column.max_relative:
        told += f"; at most {_percent(column.max_relative)} of the larger"
    return told


def _span(low: float, high: float) -> str:
    return _number(low) if low == high else f"{_number(low)} to {_number(high)}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) and abs(value) < 1e15 else f"{value:.4g}"  # noqa: PLR2004 - exact as a float


def _percent(share: float) -> str:
    return f"{100 * share:.3g}%"


def _row(sample: RowSample) -> RowView:
    if not sample.right:
        cells = tuple(CellView(left=value, right="", changed=False) for value in sample.left)
        return RowView(kind="left", sign="\N{MINUS SIGN}", name=sample.row, cells=cells)
    if not sample.left:
        cells = tuple(CellView(left=value, right="", changed=False) for value in sample.right)
        return RowView(kind="right", sign="+", name=sample.row, cells=cells)
    pairs = zip(sample.left, sample.right, strict=False)
    cells = tuple(CellView(left=a, right=b, changed=a != b) for a, b in pairs)
    changed = any(cell.changed for cell in cells)
    return RowView(kind="changed" if changed else "same", sign="≠" if changed else "=", name=sample.row, cells=cells)


def _more(table: TableDifference, rows: tuple[RowView, ...]) -> Iterator[str]:
    if rows and len(table.shown) < table.width:
        yield f"{len(table.shown):,} of {plural(table.width, 'column')} are shown"
    for kind, total, word in (("left", table.rows_missing, "missing"), ("right", table.rows_extra, "extra")):
        shown = sum(row.kind == kind for row in rows)
        if rows and total > shown:
            yield f"{shown:,} of {total:,} {word} rows are shown"
    if len(table.columns) > MOST_COLUMNS:
        yield f"{MOST_COLUMNS:,} of {len(table.columns):,} differing columns are shown"
    if table.cells_total > len(table.cells):
        yield f"the record has {len(table.cells):,} of {plural(table.cells_total, 'differing cell')}"
    for cell in table.cells:
        if note := looks_alike(cell.left, cell.right):
            yield f"{cell.row}, column {cell.column}: {note}"
            return
