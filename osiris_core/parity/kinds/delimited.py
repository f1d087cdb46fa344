"""Two CSV files: as tables of text cells, then in how they are written.

Three things are told apart: other cells, the same cells written another way (quoting, delimiter, line endings), and cells
that would be equal as values (`007` and `7`). The last two are differences unless a rule declares their form.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from osiris_core.parity.hints import ROW_ORDER
from osiris_core.parity.kinds.protocol import FileComparison, FileFinding, SetAside
from osiris_core.parity.kinds.tables.canonical import cell_rules, in_forms, inferred
from osiris_core.parity.kinds.tables.comparer import as_bytes, compare_tables, reading_errors, said_by
from osiris_core.parity.kinds.tables.csv_cells import read_csv, writing_of
from osiris_core.parity.kinds.tables.csv_lines import other_lines
from osiris_core.parity.kinds.tables.csv_quoting import quoting_of
from osiris_core.parity.kinds.tables.rules import covers
from osiris_core.parity.kinds.tables.told import CELLS
from osiris_core.parity.kinds.text import READ_BYTES, TextComparer
from osiris_core.rules.forms import Form
from osiris_core.rules.model import RuleKind

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from osiris_core.parity.kinds.protocol import FilePair
    from osiris_core.parity.kinds.tables.csv_cells import Writing
    from osiris_core.parity.kinds.tables.model import Table
    from osiris_core.rules.model import Rule

TYPE_INFERENCE: Final = (
    "equal once types are inferred: write values one way, or declare the canonical form type-inference"
)
WRITTEN_ANOTHER_WAY: Final = (
    "only the writing differs: fix the dialect of the writer, or declare the canonical form of it"
)


class DelimitedComparer:
    """Compares two CSV or TSV files by their cells."""

    name = "CSV"

    def claims(self, path: str, head: bytes) -> bool:
        """Go by the name alone."""
        del head
        return path.lower().endswith((".csv", ".tsv"))

    def compare(self, pair: FilePair) -> FileComparison | None:
        """Say which rows and cells differ; of files that are no tables, which lines."""
        text = _as_text(pair)
        if text and not text.findings:
            return text  # the same text under the rules for texts
        try:
            writings = writing_of(pair.left), writing_of(pair.right)
            told = _compare_lines(pair, writings)
            if told is None:
                told = _compare_cells(pair, read_csv(pair.left, writings[0]), read_csv(pair.right, writings[1]))
        except reading_errors() as error:
            if text is None:
                text = TextComparer().compare(pair)
            if text is None:
                return as_bytes(pair, error)
            gap = f"{pair.path} was compared as text, not as a table: {said_by(error)}"
            return replace(text, not_compared=(*text.not_compared, gap))
        if told.findings:
            return _with_text(told, text)
        return _written(pair, writings, told, text)


def _as_text(pair: FilePair) -> FileComparison | None:
    """Compare the lines of small files, and of any where a rule is about texts: None for large ones and for other bytes.

    Rules about the order of rows are for the table: a row may have several lines, and the first line is none.
    """
    is_small = max(pair.left.stat().st_size, pair.right.stat().st_size) <= READ_BYTES
    about_text = any(rule.kind is RuleKind.CANONICAL and rule.form != Form.TYPE_INFERENCE for rule in pair.rules)
    rules = tuple(rule for rule in pair.rules if rule.kind is not RuleKind.UNORDERED)
    return TextComparer().compare(replace(pair, rules=rules)) if is_small or about_text else None


def _compare_lines(pair: FilePair, writings: tuple[Writing, Writing]) -> FileComparison | None:
    """Compare large files whose rows may come in any order by the lines that only one of them has; None for all others."""
    unordered = [rule for rule in pair.rules if rule.kind is RuleKind.UNORDERED and rule.scope.path in {"", "*"}]
    if not unordered or cell_rules(pair.rules, "", ("",)):
        return None
    found = other_lines((pair.left, pair.right), writings)
    if found is None:
        return None
    lines, equal_rows = found
    if not lines[0] and not lines[1]:
        aside = SetAside(rule=unordered[0].id, reason=unordered[0].reason, left="row order", right="another row order")
        return FileComparison(set_aside=(aside,))
    with TemporaryDirectory(prefix="osiris-tables-") as folder:
        tables = []
        for side, (path, writing) in enumerate(zip((pair.left, pair.right), writings, strict=True)):
            rest = Path(folder) / str(side)
            with path.open("rb") as source:
                rest.write_bytes(b"\n".join([source.readline().rstrip(b"\r\n"), *lines[side], b""]))
            tables.append(read_csv(rest, writing))
        return compare_tables(*tables, rules=pair.rules, labels=pair.labels, equal_rows=equal_rows)


def _compare_cells(pair: FilePair, left: Table, right: Table) -> FileComparison:
    declared = cell_rules(pair.rules, "", left.schema.names)
    told = compare_tables(left, right, rules=pair.rules, labels=pair.labels)
    if not told.findings or not declared:
        return told
    in_form = _compare_in_forms(pair, left, right, declared)
    if in_form.findings:
        return in_form
    needed = list(declared)
    for rule in reversed(declared):
        fewer = [each for each in needed if each is not rule]
        if fewer and not _compare_in_forms(pair, left, right, fewer).findings:
            needed = fewer
    cells = next((found for found in told.findings if found.code == CELLS), None)
    shown = (cells.left, cells.right) if cells else ("", "")
    aside = [SetAside(rule=rule.id, reason=rule.reason, left=shown[0], right=shown[1]) for rule in needed]
    return replace(in_form, set_aside=(*aside, *in_form.set_aside))


def _compare_in_forms(pair: FilePair, left: Table, right: Table, rules: Sequence[Rule]) -> FileComparison:
    return compare_tables(in_forms(left, rules), in_forms(right, rules), rules=pair.rules, labels=pair.labels)


def _with_text(told: FileComparison, text: FileComparison | None) -> FileComparison:
    """Add what the comparison of lines says: the diff, and a hint where the cells have none."""
    lines = text.findings[0] if text and text.findings else None
    findings = []
    for found in told.findings:
        hint = found.hint
        if found.code == CELLS and _equal_as_values(found):
            hint = TYPE_INFERENCE
        elif lines and not hint and lines.hint != ROW_ORDER:
            hint = lines.hint
        findings.append(replace(found, diff=lines.diff if lines else "", hint=hint))
    return replace(told, findings=tuple(findings))


def _equal_as_values(found: FileFinding) -> bool:
    cells = found.table.cells if found.table else ()
    return bool(cells) and all(inferred(cell.left.strip("'")) == inferred(cell.right.strip("'")) for cell in cells)


def _written(
    pair: FilePair, writings: tuple[Writing, Writing], told: FileComparison, text: FileComparison | None
) -> FileComparison:
    """Say how two files of the same cells differ, as far as no rule declares that it means nothing."""
    left, right = writings
    used_rules = {aside.rule for aside in told.set_aside}
    empty = any(rule.form == Form.EMPTY_IS_NULL and rule.id in used_rules for rule in pair.rules)
    ways = {
        "byte order mark": (left.byte_order_mark != right.byte_order_mark, Form.BYTE_ORDER_MARK),
        "line endings": (left.line_ends != right.line_ends, Form.LINE_ENDINGS),
        "final newline": (left.final_newline != right.final_newline, Form.FINAL_NEWLINE),
        "delimiter": (left.delimiter != right.delimiter, Form.CSV_DIALECT),
    }
    lines_differ, quotes_differ = _empty_lines_differ(left, right), left.quotes != right.quotes
    if told.set_aside:  # cells differ, so that bytes do says nothing of the writing any more
        moved = any(rule.kind is RuleKind.UNORDERED and rule.id in used_rules for rule in pair.rules)
        lines_differ, quotes_differ = _quoting_differs(
            pair, writings, told_by=_is_as_written(pair.rules, used_rules) if moved else None, is_empty_null=empty
        )
    ways["empty lines"] = (lines_differ, Form.CSV_DIALECT)
    ways["quoting"] = (quotes_differ, Form.CSV_DIALECT)
    differing = {way: form for way, (differs, form) in ways.items() if differs}
    if not differing and not told.set_aside:
        differing = {"quoting or empty lines": Form.CSV_DIALECT}
    declared = {rule.form: rule for rule in reversed(pair.rules) if rule.kind is RuleKind.CANONICAL}
    if all(form in declared for form in differing.values()):
        used = {form: ", ".join(way for way, each in differing.items() if each is form) for form in differing.values()}
        aside = [
            SetAside(rule=declared[form].id, reason=declared[form].reason, left=way, right=f"another {way}")
            for form, way in used.items()
        ]
        return replace(told, set_aside=(*told.set_aside, *aside))
    message = f"the same cells, written another way: {', '.join(differing)}"
    lines = text.findings[0] if text and text.findings else FileFinding(message="")
    hint = lines.hint if lines.hint not in {"", ROW_ORDER} else WRITTEN_ANOTHER_WAY
    return replace(told, findings=(replace(lines, message=message, hint=hint),))


def _is_as_written(rules: Sequence[Rule], used: set[str]) -> Callable[[str], bool]:
    """Return what says whether the cells of a column are the same texts on both sides: no rule that was needed is about them."""
    others = [rule for rule in rules if rule.id in used and rule.kind is not RuleKind.UNORDERED]
    return lambda column: not any(covers(rule.scope.path, "", column) for rule in others)


def _quoting_differs(
    pair: FilePair,
    writings: tuple[Writing, Writing],
    *,
    told_by: Callable[[str], bool] | None,
    is_empty_null: bool,
) -> tuple[bool, bool]:
    """Whether empty lines differ, and whether quotes do, in files whose cells are equal by a rule."""
    if not any(writing.quotes or writing.empty_lines for writing in writings):
        return False, False
    a, b = (
        quoting_of(path, writing.delimiter, told_by=told_by, is_empty_null=is_empty_null)
        for path, writing in zip((pair.left, pair.right), writings, strict=True)
    )
    return a.empty != b.empty, a.quoted != b.quoted


def _empty_lines_differ(left: Writing, right: Writing) -> bool:
    """Whether one file has more lines that are no rows. Between quotes they are text of a cell, which is compared."""
    return not (left.quotes or right.quotes) and left.empty_lines != right.empty_lines
