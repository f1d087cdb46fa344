"""Renders records as Markdown, for the summary of a CI job or a comment: what failed first, then the rest, within a limit.

What a pipeline wrote is hostile input here too. None of it is printed as prose: it stands in code spans and fenced blocks, whose
fences are longer than what it could close them with, on one line each, in its visible form; or, where a span could be left inside of a
table, as HTML code of which every sign is a character reference.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Final

from osiris_core.report.baselines import summary_line
from osiris_core.report.gathered import origin_lines
from osiris_core.report.kinds import explained, kinds_of, others_line
from osiris_core.report.marks import MARKS, failures_first, mark_of
from osiris_core.report.sentence import report_sentence
from osiris_core.report.since import since_lines, since_view
from osiris_core.report.terminal import (
    attempt_lines,
    failure_lines,
    first_cause,
    kind_lines,
    place_lines,
    waiver_lines,
)
from osiris_core.report.text import capped_line, visible_line
from osiris_core.report.units import plural, size

if TYPE_CHECKING:
    from collections.abc import Sequence

    from osiris_core.parity.record import ParityRecord, RecordSet, ReportSection
    from osiris_core.parity.since import Since
    from osiris_core.report.kinds import Kind
    from osiris_core.report.since import SinceView

LIMIT_BYTES: Final = 1024 * 1024
"""As much as GitHub takes of one step; it shows nothing of a summary that is larger."""
LEAST_BYTES: Final = 8192
"""Below this there is no room for a summary that says anything."""
_EXPLAINED: Final = 25
"""So many failures are explained, of many that are alike the first; the table has all of them."""
_SECTION_LINES: Final = 40
_SINCE_LINES: Final = 120
_COLUMNS: Final = 110
_NAME_CHARACTERS: Final = 200
_CAUSE_CHARACTERS: Final = 300
_RESERVED_BYTES: Final = 2048  # for the sentences on what was left out, and the link
_SIGNS: Final = re.compile(r"[^\w\s]", re.ASCII)
_HARMLESS: Final = re.compile(r"[A-Za-z0-9 ,;]*")
_LINK: Final = re.compile(r"[^\s<>\\]{1,500}")
_BACKQUOTES: Final = re.compile(r"`+")


def render_markdown(
    records: RecordSet, *, report: str = "", link: str = "", limit_bytes: int = LIMIT_BYTES, since: Since | None = None
) -> str:
    """Return the summary in at most `limit_bytes` of UTF-8, which are `LEAST_BYTES` or more; what is left out is counted.

    `report` is the name of the page with everything, `link` where it can be had. `since` is what changed since older records.
    """
    ordered = failures_first(records.records)
    good = bool(ordered) and not any(record.fails for record in ordered) and not (records.unmet or records.note)
    failures = _Text(limit_bytes // 2)
    kinds = kinds_of(ordered)
    unexplained = _add_failures(failures, [record for record in ordered if record.fails], kinds)
    for section in records.sections:
        failures.add(_section(section))
    text = _Text(limit_bytes - _RESERVED_BYTES - failures.used)
    sentence = report_sentence(ordered)
    title = sentence if _HARMLESS.fullmatch(sentence) else code(sentence)
    text.add(f"## {'✓' if good else '✗'} osiris parity: {title}\n\n")
    for each in records.unmet:
        text.add(f"**Not as asked for:** {code(each)}\n\n")
    if records.note:
        text.add(f"Not all: {code(records.note)}\n\n")
    counts = Counter(mark_of(record) for record in ordered)
    if counts:
        text.add(" · ".join(f"{mark.symbol} {counts[mark]:,} {mark.word}" for mark in MARKS if counts[mark]) + "\n\n")
    baselines = [summary_line(ordered)] if summary_line(ordered) else []
    said = (*attempt_lines(ordered), *place_lines(ordered), *waiver_lines(ordered), *baselines)
    for each in (*said, *records.remarks, *origin_lines(records), *kind_lines(kinds)):
        text.add(f"- {code(each)}\n")
    if since is not None:
        text.add(_since(since_view(since)))
    listed = _add_table(text, ordered)
    left_out = _left_out(ordered, listed, unexplained, limit_bytes)
    return "".join((*text.parts, *failures.parts, left_out, _pointer(report, link)))


def code(text: str, limit: int = _CAUSE_CHARACTERS) -> str:
    """Return text that nobody vouched for as Markdown code on one line, good in a table too."""
    shown = capped_line(visible_line(text), limit).strip()
    if not shown:
        return ""
    if "`" not in shown and "|" not in shown and "\\" not in shown:
        return f"`{shown}`"
    return f"<code>{_SIGNS.sub(lambda sign: f'&#{ord(sign.group())};', shown)}</code>"


def block(lines: Sequence[str]) -> str:
    """Return lines that nobody vouched for as a fenced block."""
    shown = [capped_line(visible_line(line)) for line in lines]
    longest = max((len(run) for line in shown for run in _BACKQUOTES.findall(line)), default=0)
    fence = "`" * max(3, longest + 1)
    return "\n".join([f"{fence}text", *shown, fence]) + "\n"


class _Text:
    """Parts of a text, added as long as there is room."""

    def __init__(self, limit_bytes: int) -> None:
        self.parts: list[str] = []
        self.used = 0
        self._limit = limit_bytes

    def add(self, part: str) -> bool:
        """Add a part, or say that there is no room for it."""
        needed = len(part.encode("utf-8", "surrogatepass"))
        if self.used + needed > self._limit:
            return False
        self.parts.append(part)
        self.used += needed
        return True


def _add_table(text: _Text, ordered: Sequence[ParityRecord]) -> int:
    """Add a row for each record; return for how many there was room."""
    if not ordered or not text.add("\n| | manifest | verdict | first cause |\n|---|---|---|---|\n"):
        return 0
    return next((number for number, record in enumerate(ordered) if not text.add(_row(record))), len(ordered))


def _row(record: ParityRecord) -> str:
    mark = mark_of(record)
    cause = "" if record.passed else code(first_cause(record).replace("`", "'"))
    return f"| {mark.symbol} | {code(record.name, _NAME_CHARACTERS)} | {mark.word} | {cause} |\n"


def _add_failures(text: _Text, failed: Sequence[ParityRecord], kinds: Sequence[Kind]) -> int:
    """Explain the first failures, and of many that are alike the first one; return how many are not explained by that."""
    if not failed or not text.add("\n### What failed\n"):
        return len(failed)
    left = len(failed)
    for record, kind in explained(failed, kinds)[:_EXPLAINED]:
        others = [f"    {others_line(kind)}"] if kind else []
        if not text.add(f"\n{block([*failure_lines(record, _COLUMNS), *others])}"):
            break
        left -= len(kind.records) if kind else 1
    return left


def _since(view: SinceView) -> str:
    """Return what changed: the sentence, and what is told of each manifest as far as there is room."""
    lines = since_lines(view)
    told = f"\n{block(_first(lines, _SINCE_LINES))}" if lines else ""
    left_out = [f"- of older runs: {code(each)}\n" for each in (view.history.left_out if view.history else ())]
    return "".join([f"\n{code(view.sentence)}\n{told}", *(["\n", *left_out] if left_out else [])])


def _first(lines: Sequence[str], most: int) -> list[str]:
    more = [f"... {len(lines) - most:,} more lines"] if len(lines) > most else []
    return [*lines[:most], *more]


def _section(section: ReportSection) -> str:
    """Return what a plugin says, its table as lines; the report has all of it."""
    rows = [section.columns, *section.rows] if section.columns else section.rows
    lines = [*section.text.splitlines(), *(" | ".join(row) for row in rows)]
    return f"\n### {code(section.title)}\n\n{block(_first(lines, _SECTION_LINES))}"


def _left_out(ordered: Sequence[ParityRecord], listed: int, unexplained: int, limit_bytes: int) -> str:
    unlisted = len(ordered) - listed
    sentences = []
    if unlisted:
        hidden = sum(record.fails for record in ordered[listed:])
        sentences.append(
            f"{plural(unlisted, 'more manifest')}, {hidden:,} of them failing, left out of the table, because the summary "
            f"would be larger than {size(limit_bytes)}."
        )
    if unexplained:
        sentences.append(f"{plural(unexplained, 'more failure')} not explained here.")
    return "".join(f"\n{each}\n" for each in sentences)


def _pointer(report: str, link: str) -> str:
    if not report:
        return ""
    shown = code(report, _NAME_CHARACTERS)
    return f"\nReport: [{shown}](<{link}>)\n" if _LINK.fullmatch(link) else f"\nReport: {shown}\n"
