"""What other plugins add to the report of a run, by `pytest_osiris_report_section`, as data of the records."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from osiris_core.parity.record import ReportSection
from osiris_core.report.text import capped_line, visible_line
from pytest_osiris.extension import plugins_to_ask

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pytest

    from osiris_core.parity.record import RecordSet

MOST_ROWS: Final = 1_000
MOST_CHARACTERS: Final = 65_536
"""Of the text of one section, and of one cell: a report stays one that a browser opens."""
_HOOK: Final = "the hook pytest_osiris_report_section"
_TERMINAL_LINES: Final = 20
_TERMINAL_CHARACTERS: Final = 200


def with_sections(config: pytest.Config, records: RecordSet) -> RecordSet:
    """Return the records with the sections of all plugins; what is wrong with one makes the run red, and says whose it is."""
    if not records.records:
        return records
    sections: list[ReportSection] = []
    unmet = list(records.unmet)
    lent: RecordSet | None = None
    for plugin, ask in plugins_to_ask(config, config.hook.pytest_osiris_report_section):
        lent = lent or deepcopy(
            records
        )  # a frozen value can be changed all the same, and this one says whether the run is red
        try:
            given = [
                each
                for answer in ask(records=lent)
                for each in (answer if isinstance(answer, list | tuple) else [answer])
            ]
        except Exception as error:  # noqa: BLE001 - the report of a whole run does not go down with one plugin: it is told, and the run is red
            unmet.append(f"{_HOOK} of {plugin} raised {type(error).__name__}: {error}")
            continue
        problem = next((found for each in given if (found := _problem(each))), "")
        if problem:
            unmet.append(f"{_HOOK} of {plugin} {problem}")
        else:
            sections += [_bounded(replace(each, source=plugin)) for each in given]
    return replace(records, sections=tuple(sections), unmet=tuple(unmet))


def section_lines(sections: Sequence[ReportSection]) -> Iterator[str]:
    """Yield the sections as lines of a terminal, each cut after so many lines: the rest stands in the report."""
    for each in sections:
        yield ""
        yield visible_line(f"{each.title} (by {each.source})")
        lines = [*each.text.splitlines(), *("  ".join(row) for row in (each.columns, *each.rows) if row)]
        for line in islice(lines, _TERMINAL_LINES):
            yield f"  {capped_line(visible_line(line), _TERMINAL_CHARACTERS)}"
        if len(lines) > _TERMINAL_LINES:
            yield f"  … and {len(lines) - _TERMINAL_LINES:,} more lines"


def _problem(answer: Any) -> str:
    if not isinstance(answer, ReportSection):
        return f"gave {answer!r:.60}, but a ReportSection or a list of them is asked for"
    title, text, rows = (getattr(answer, name) for name in ("title", "text", "rows"))
    if not isinstance(title, str) or not title.strip():
        return "gave a section without a title"
    if not isinstance(text, str):
        return f"gave the section `{answer.title}` a text that is none"
    cells = [answer.columns, *rows] if isinstance(rows, list | tuple) else [None]
    if not all(isinstance(row, list | tuple) and all(isinstance(cell, str) for cell in row) for row in cells):
        return f"gave the section `{answer.title}` rows that are no lists of texts"
    widths = {len(row) for row in (answer.columns, *answer.rows) if row}
    if len(widths) > 1:
        return f"gave the section `{answer.title}` rows of {' and '.join(map(str, sorted(widths)))} cells"
    return ""


def _bounded(section: ReportSection) -> ReportSection:
    """Return a section of plain values, of bounded size; what is left out is counted."""
    left_out = len(section.rows) - MOST_ROWS
    text = capped_line(section.text, MOST_CHARACTERS)
    if left_out > 0:
        text = f"{text}\n(the first {MOST_ROWS:,} rows; {left_out:,} more are left out)".lstrip("\n")
    return replace(
        section,
        text=text,
        columns=tuple(section.columns),
        rows=tuple(tuple(capped_line(cell, MOST_CHARACTERS) for cell in row) for row in section.rows[:MOST_ROWS]),
    )
