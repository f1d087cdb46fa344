"""The report as terminal lines: one table row a manifest, then each failure in a few lines."""

from __future__ import annotations

import posixpath
import textwrap
from collections import Counter
from typing import TYPE_CHECKING

from osiris_core.parity.gates import ending_soon, waiver_uses
from osiris_core.parity.summary import causes_and_effects
from osiris_core.report.attempts import attempt_in_words
from osiris_core.report.baselines import baseline_lines, decides, speaking, summary_line
from osiris_core.report.cause import cause_in_words, deciding_finding, hint_of
from osiris_core.report.kinds import MANY, explained, kind_line, kinds_of, others_line
from osiris_core.report.marks import failures_first, mark_of
from osiris_core.report.place import sandbox_places, time_columns
from osiris_core.report.rules import rule_lines
from osiris_core.report.sentence import report_sentence
from osiris_core.report.text import capped_line, fitted, shortened, visible_line, width_of
from osiris_core.report.units import plural

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from osiris_core.parity.record import Finding, ParityRecord, RecordSet, WaiverUse
    from osiris_core.report.kinds import Kind

FAILURE_LINES = 8
"""A failure takes at most this many lines, and one more where a command shows its cause."""

_KINDS = 5
_NARROWEST = 60
_ERROR_CHARACTERS = 200
_NUMBER_WIDTH = 9
_FRAME_WIDTH = len("≠  ") + 2 * len("  ")  # the symbol and the gaps between the text columns
_INDENT = "    "


def summary_lines(
    records: RecordSet, width: int, report_path: Path | str | None, *, failures: bool = True
) -> list[str]:
    """Return the lines, each at most `width` columns (60 at least), without colour codes.

    Of many failures that are alike the first is explained, and the others are named. Without `failures` there is only the table, for a
    place where each failure was explained before.
    """
    width = max(width, _NARROWEST)
    ordered = failures_first(records.records)
    kinds = kinds_of(ordered)
    told = explained([record for record in ordered if record.fails], kinds) if failures else []
    details = [
        line
        for record, kind in told
        for line in ("", *failure_lines(record, width), *([f"{_INDENT}{others_line(kind)}"] if kind else []))
    ]
    baselines = [each for each in [summary_line(ordered)] if each]
    said = [*place_lines(ordered), *waiver_lines(ordered), *rule_lines(ordered), *attempt_lines(ordered), *baselines]
    said += kind_lines(kinds)
    said += [f"{report_sentence(ordered)}.", *([f"not all: {records.note}"] if records.note else [])]
    tail = ["", *(line for each in said for line in textwrap.wrap(visible_line(each), width))]
    report = [f"report: {report_path}"] if report_path else []
    return [shortened(visible_line(line), width) for line in (*_table(ordered, width), *details, *tail)] + report


def place_lines(records: Sequence[ParityRecord]) -> list[str]:
    """Return a line for each kind of place that served sandboxes: who, behind what, so that none is taken for another."""
    places = [place for place in sandbox_places(records) if place.kind != "unreached"]
    return [f"e2b: {place.title}, {place.isolation} ({place.remark})" for place in places]


def waiver_lines(records: Sequence[ParityRecord]) -> list[str]:
    """Return a line for each waiver that met no difference in any record, and for each that ends soon."""
    uses = list(waiver_uses(records))
    hits = Counter({use.name: 0 for use in uses})
    for use in uses:
        hits[use.name] += use.hits
    owners = {use.name: use.owner for use in uses}
    idle = [
        f"waiver {name} ({owners[name]}): nothing differs there any more, remove it"
        for name, hit in hits.items()
        if not hit
    ]
    return [*idle, *(ending_line(use) for use in ending_soon(records) if hits[use.name])]


def kind_lines(kinds: Sequence[Kind]) -> list[str]:
    """Return a line for each of the most frequent kinds of many failures, and one that counts the other kinds."""
    large = [kind for kind in kinds if len(kind.records) >= MANY]
    more = len(large) - _KINDS
    rest = [f"{plural(more, 'more kind')} of {MANY} failures or more that are alike"] if more > 0 else []
    return [*map(kind_line, large[:_KINDS]), *rest]


def ending_line(use: WaiverUse) -> str:
    """Return the warning that a waiver ends soon."""
    left = "today" if not use.days_left else f"in {plural(use.days_left, 'day')}, on {use.expires}"
    return f"waiver {use.name} ({use.owner}): ends {left}; then its difference fails again"


def attempt_lines(records: Sequence[ParityRecord]) -> list[str]:
    """Return a line for each test that was run again: what became of it before."""
    return [f"{record.name}: {attempt_in_words(record)}".replace("`", "") for record in records if record.earlier]


def failure_lines(record: ParityRecord, width: int) -> list[str]:
    """Return what one failing record says: what, where, both values, cause, hint, and the commands that show it again."""
    mark = mark_of(record)
    finding = deciding_finding(record)
    file = f"{record.manifest}:{record.line}" if record.line else record.manifest
    lines = [f"{mark.symbol} {file}: {mark.word}"]
    if finding is None:
        lines += _wrapped(_reason(record), width, most=FAILURE_LINES - 2)
    else:
        where = f"step {finding.step}: " if finding.step else ""
        place = "" if finding.message.startswith(finding.path) else f"{finding.path}: "
        lines += _wrapped(f"{where}{place}{finding.message}", width, most=2)
        lines += _values(record, finding)
        cause = triage_sentence(record)
        most = 2 if record.triage and record.triage.factors else 1  # both values of a factor, and what to do
        lines += _wrapped(f"cause: {cause}", width, most=most) if cause else []
        is_told = record.triage and record.triage.factors  # then what to do is said with the cause
        hint = "" if is_told else hint_of(speaking(record)[0], finding)
        after = [*_effects(record), *_doubts(record, width)]
        room = FAILURE_LINES - 1 - len(lines) - len(after)
        lines += _wrapped(f"hint: {hint}", width, most=2 if room > 1 else 1) if hint else []
        lines += after
    lines = [visible_line(line) for line in lines[: FAILURE_LINES - 1]]
    lines += [f"{_INDENT}{visible_line(line)}" for line in baseline_lines(record)]
    if record.triage and record.triage.factors and record.triage.command:
        lines.append(f"{_INDENT}shown by: {visible_line(record.triage.command)}")
    if record.reproduce:
        lines.append(f"{_INDENT}reproduce: {visible_line(record.reproduce)}")
    return lines


def first_cause(record: ParityRecord) -> str:
    """Return why a record failed, in one sentence: the same first cause in words that the page has in the manifest's line."""
    cause = cause_in_words(record)
    return f"step {cause.step}: {cause.words}" if cause.step else cause.words


def triage_sentence(record: ParityRecord) -> str:
    """Return the cause of a record as one sentence: with both values and what to do, or with what it rests on; or nothing."""
    found = record.triage
    if found is None or not found.cause:
        return ""
    if not found.factors:
        return f"{found.cause}, {found.evidence[0]}" if found.evidence else found.cause
    return f"{found.cause}, {'; '.join(f'{each.left} | {each.right}: {each.fix}' for each in found.factors)}"


def _values(record: ParityRecord, finding: Finding) -> list[str]:
    if not finding.left and not finding.right:
        return []
    _, names = speaking(record)
    column = max(map(width_of, names))
    values = [finding.left, finding.right]
    if finding.code == "outcome":  # that one side failed is half of it; the other half is why
        errors = [capped_line(run.error, _ERROR_CHARACTERS) for run in record.targets]
        values = [f"{value}: {error}" if error else value for value, error in zip(values, errors, strict=False)]
    pairs = zip(names, values, strict=False)
    return [f"{_INDENT}{name.rjust(column)}: {value or '(nothing)'}" for name, value in pairs]


def _effects(record: ParityRecord) -> list[str]:
    comparison, _ = speaking(record)
    if comparison is None or not (comparison.effects or len(comparison.causes) > 1):
        return []
    others = f" (also at {', '.join(comparison.causes[1:4])})" if len(comparison.causes) > 1 else ""
    return [f"{_INDENT}{causes_and_effects(comparison)}{others}"]


def _doubts(record: ParityRecord, width: int) -> list[str]:
    """Say what is wrong with the evidence, or was not looked at, beside what differs: it may be why it does, or hide more."""
    comparison, _ = speaking(record)
    if comparison is None:
        return []
    problems, gaps = comparison.problems, comparison.not_compared
    if not problems and not gaps:
        return []
    first = f"evidence: {problems[0]}" if problems else f"not compared in full: {gaps[0]}"
    others = len(problems) + len(gaps) - 1
    return _wrapped(f"{first} (and {others:,} more)" if others else first, width, most=1)


def _reason(record: ParityRecord) -> str:
    """Return why a record without a deciding finding fails, or what else is worth a cell."""
    if record.expectation_failures:
        return "; ".join(record.expectation_failures)
    if record.comparison and record.comparison.problems:
        return "; ".join(record.comparison.problems)
    return record.headline


def _table(records: Sequence[ParityRecord], width: int) -> list[str]:
    if not records:
        return []
    targets = time_columns(records)
    directory, names = _names(records)
    title = f"manifest in {directory}" if directory else "manifest"
    rows = [_row(record, name, targets) for record, name in zip(records, names, strict=True)]
    verdict_width = max(width_of("verdict"), *(width_of(row[1]) for row in rows))
    room = width - verdict_width - len(targets) * (_NUMBER_WIDTH + 1) - _FRAME_WIDTH
    wanted = max(width_of(title), *(width_of(row[0]) for row in rows))
    explained = any(row[2] for row in rows)
    manifest_width = min(wanted, room * 3 // 5 if explained else room)
    where_width = room - manifest_width if explained else 0
    where = "first diverging step or reason" if explained else ""
    head = (title, "verdict", where, [_time_head(target) for target in targets])

    def line(symbol: str, manifest: str, verdict: str, where: str, times: Iterable[str]) -> str:
        cells = [symbol, fitted(manifest, manifest_width), fitted(verdict, verdict_width), fitted(where, where_width)]
        return "  ".join(cells) + "".join(f" {shortened(time, _NUMBER_WIDTH).rjust(_NUMBER_WIDTH)}" for time in times)

    body = [line(mark_of(record).symbol, *row) for record, row in zip(records, rows, strict=True)]
    return [each.rstrip() for each in (line(" ", *head), *body)]


def _time_head(target: str) -> str:
    """Return the head of a column of times: of a target with an argument its end, which tells two of one backend apart."""
    head = f"{visible_line(target)} ms"
    excess = width_of(head) - _NUMBER_WIDTH
    return f"…{head[excess + 1 :]}" if ":" in target and excess > 0 else head


def _names(records: Sequence[ParityRecord]) -> tuple[str, list[str]]:
    """Return the directory that all manifests share, and their names in it: what tells them apart."""
    paths = [visible_line(record.name) for record in records]
    shared = posixpath.commonpath([posixpath.dirname(path) for path in paths]) if len(paths) > 1 else ""
    names = [posixpath.relpath(path, shared) if shared else path for path in paths]
    return (f"{shared}/" if shared else ""), names


def _row(record: ParityRecord, name: str, targets: Sequence[str]) -> tuple[str, str, str, list[str]]:
    elapsed = {run.target: f"{run.elapsed_ms:,.0f}" for run in record.targets}
    where = "" if record.passed else (not decides(record) and record.first_diverging_step) or _reason(record)
    times = [elapsed.get(target, "—") for target in targets]
    return name, mark_of(record).word, visible_line(where), times


def _wrapped(text: str, width: int, *, most: int) -> list[str]:
    """Return `text` indented on at most `most` lines."""
    return textwrap.wrap(
        visible_line(text),
        width=width,
        initial_indent=_INDENT,
        subsequent_indent=_INDENT + "  ",
        max_lines=most,
        placeholder=" …",
    )
