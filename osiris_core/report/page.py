"""The page as data: everything a template shows, in the order it shows it, so that templates decide nothing."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from dataclasses import dataclass, fields, replace
from itertools import groupby
from typing import TYPE_CHECKING

from osiris_core.parity.exhibit.reading import read_exhibit
from osiris_core.parity.gates import ending_soon
from osiris_core.parity.record import TargetRun
from osiris_core.report.about import about_page
from osiris_core.report.as_text import as_text
from osiris_core.report.baselines import SIDE
from osiris_core.report.bulk.embedding import Bulk
from osiris_core.report.cause import cause_in_words
from osiris_core.report.environment import environment_diff
from osiris_core.report.equal import equal_of
from osiris_core.report.evidence import evidence_of
from osiris_core.report.findings import Differences, differences_of
from osiris_core.report.gathered import origin_lines
from osiris_core.report.ledger import ledger_of
from osiris_core.report.marks import MARKS, failures_first, mark_of
from osiris_core.report.outcomes import endings
from osiris_core.report.picture import picture_of
from osiris_core.report.place import place_of, sandbox_places, time_columns
from osiris_core.report.search import KEYS, search_index
from osiris_core.report.sentence import report_sentence
from osiris_core.report.since import since_view
from osiris_core.report.terminal import ending_line
from osiris_core.report.units import plural

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from osiris_core.parity.exhibit.model import Exhibit
    from osiris_core.parity.record import Compared, ParityRecord, RecordSet, ReportSection
    from osiris_core.parity.since import Since
    from osiris_core.report.bulk.embedding import Embedded, Lanes
    from osiris_core.report.cause import Cause
    from osiris_core.report.environment import EnvironmentDiff
    from osiris_core.report.equal import Equal
    from osiris_core.report.evidence import Evidence
    from osiris_core.report.ledger import Ledger
    from osiris_core.report.marks import Mark
    from osiris_core.report.outcomes import Ending
    from osiris_core.report.picture import Picture
    from osiris_core.report.place import Place
    from osiris_core.report.search import SearchIndex
    from osiris_core.report.since import SinceView

ALL_IN_FULL = 200
"""Up to so many manifests are all shown in full; in larger reports those that pass are brief, and those that fail after so many others, and say so."""

BATCH = 20
"""Manifests of a batch at most: a browser has little to do for a batch that is out of sight, and draws a whole one at a time."""

_SLUG_CHARACTERS = 48


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetView:
    """One target of a record and where it ran."""

    run: TargetRun
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedEnvironment:
    """A pair of environments that several manifests may have run in, shown once."""

    anchor: str
    diff: EnvironmentDiff
    manifests: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestView:
    """One manifest's part of the page: `open` where it starts unfolded, `brief` where it is shown without its `picture`.

    `why` is the first cause in words, or what a passing one owes its verdict to; `differences` and `rules` count what there is; `equal` says why values count as equal; `held` has the differences of each target from the baseline, by its name.
    """

    anchor: str
    record: ParityRecord
    mark: Mark
    why: Cause
    open: bool
    brief: bool
    targets: tuple[TargetView, ...]
    picture: Picture | None
    endings: tuple[Ending, ...]
    evidence: Evidence
    findings: Differences
    differences: int
    rules: int
    held: tuple[tuple[str, Differences], ...]
    equal: Equal | None
    environment: SharedEnvironment
    compared: tuple[tuple[str, int, int], ...]
    lanes: Lanes


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Manifests of one mark, `key`, in a row, which are hidden together, and drawn together where all of them are `brief`."""

    key: str
    brief: bool
    manifests: tuple[ManifestView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestGroup:
    """Manifests that are listed together: `key` is `failing` or `passing`."""

    key: str
    title: str
    batches: tuple[Batch, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """The whole report. `counts` has the marks that occur; `targets` the column heads; `unmet` what the run as a whole lacks."""

    sentence: str
    note: str
    good: bool
    counts: tuple[tuple[Mark, int], ...]
    failing: int
    unmet: tuple[str, ...]
    places: tuple[Place, ...]
    created_at: str
    host: tuple[tuple[str, str], ...]
    remarks: tuple[str, ...]
    origins: tuple[str, ...]
    targets: tuple[str, ...]
    manifests: tuple[ManifestView, ...]
    groups: tuple[ManifestGroup, ...]
    ledger: Ledger | None
    environments: tuple[SharedEnvironment, ...]
    about: tuple[tuple[str, str], ...]
    search: SearchIndex
    keys: tuple[tuple[tuple[str, ...], str], ...]
    texts: dict[str, str]
    sections: tuple[ReportSection, ...]
    since: SinceView | None
    embedded: Embedded


def page_of(
    records: RecordSet,
    *,
    roots: Sequence[Path] = (),
    since: Since | None = None,
    read: Callable[[ParityRecord, Sequence[Path]], Exhibit] = read_exhibit,
    beside: Path | None = None,
) -> Page:
    """Arrange `records` for reading: failures first, a single one unfolded, equal environments shared.

    Below one of `roots` lie the sessions that they name, and `read` reads those of a record; at most those of one are in memory.
    `since` is what changed since older records. From `beside`, the directory of the page, links lead to their files.
    """
    bulk = Bulk(lambda record: read(record, roots))
    ordered = failures_first(records.records)
    failing = sum(record.fails for record in ordered)
    diffs = [_environments(record) for record in ordered]
    environments = _shared_environments(diffs)
    anchors = _anchors(record.name for record in ordered)
    manifests = tuple(
        _manifest(
            record,
            anchor,
            environments[diff],
            bulk,
            evidence_of(record, roots, beside),
            alone=failing == 1,
            brief=len(ordered) > ALL_IN_FULL and (record.passed or position >= ALL_IN_FULL),
        )
        for position, (record, anchor, diff) in enumerate(zip(ordered, anchors, diffs, strict=True))
    )
    counts = Counter(view.mark for view in manifests)
    return Page(
        sentence=report_sentence(records.records),
        note=records.note,
        good=bool(ordered) and not any(record.fails for record in ordered) and not (records.unmet or records.note),
        counts=tuple((mark, counts[mark]) for mark in MARKS if counts[mark]),
        failing=failing,
        unmet=records.unmet,
        places=tuple(sandbox_places(ordered)),
        created_at=records.created_at,
        host=tuple(sorted(records.host.items())),
        remarks=(*records.remarks, *map(ending_line, ending_soon(ordered))),
        origins=tuple(origin_lines(records)),
        targets=time_columns(ordered),
        manifests=manifests,
        groups=_groups(manifests),
        ledger=ledger_of((view.record, view.anchor) for view in manifests),
        environments=tuple(shared for shared in environments.values() if shared.anchor),
        about=about_page(ordered, brief=sum(view.brief for view in manifests), shown=_shown_differences(manifests)),
        search=search_index(ordered),
        keys=KEYS,
        texts={view.anchor: as_text(view.record) for view in manifests if view.record.fails and not view.brief},
        sections=records.sections,
        since=_since(since, manifests) if since else None,
        embedded=bulk.embedded(),
    )


def _since(since: Since, manifests: Sequence[ManifestView]) -> SinceView:
    """Return what changed, with the way from each change to its manifest on this page."""
    anchors = {id(view.record): view.anchor for view in manifests}
    told = since_view(since)
    return replace(told, changes=tuple(replace(each, anchor=anchors.get(id(each.record), "")) for each in told.changes))


def _manifest(
    record: ParityRecord,
    anchor: str,
    environment: SharedEnvironment,
    bulk: Bulk,
    evidence: Evidence,
    *,
    alone: bool,
    brief: bool,
) -> ManifestView:
    found = (
        differences_of(record.comparison, anchor, record.targets) if record.comparison and not brief else Differences()
    )
    picture = None if brief else picture_of(record, anchor, found.groups)
    return ManifestView(
        anchor=anchor,
        record=record,
        mark=mark_of(record),
        why=cause_in_words(record),
        open=alone and record.fails,
        brief=brief,
        targets=tuple(TargetView(run=run, place=place_of(run)) for run in record.targets),
        picture=picture,
        endings=endings(record, picture.rows if picture else {}),
        evidence=evidence,
        findings=found,
        differences=record.comparison.findings_total if record.comparison else 0,
        rules=len(record.comparison.rules) if record.comparison else 0,
        held=tuple(
            (
                each.target,
                differences_of(each.comparison, f"{anchor}-baseline-{number}", _against_baseline(record, each.target)),
            )
            for number, each in enumerate(record.baseline.held if record.baseline else ())
        ),
        equal=None if brief else equal_of(record),
        environment=environment,
        compared=_compared(record.comparison.compared) if record.comparison else (),
        lanes=bulk.lanes(record, brief=brief),
    )


def _groups(manifests: Sequence[ManifestView]) -> tuple[ManifestGroup, ...]:
    """Return what fails, then what does not; a group of none is left out."""
    failing = tuple(view for view in manifests if view.record.fails)
    passing = tuple(view for view in manifests if not view.record.fails)
    groups = (
        ManifestGroup(key="failing", title=f"{plural(len(failing), 'manifest')} to look at", batches=_batches(failing)),
        ManifestGroup(
            key="passing", title=f"{plural(len(passing), 'manifest')} as expected", batches=_batches(passing)
        ),
    )
    return tuple(group for group in groups if group.batches)


def _batches(manifests: Sequence[ManifestView]) -> tuple[Batch, ...]:
    """Return manifests in their order, in batches that are alike in mark and form."""
    return tuple(
        Batch(key=key, brief=brief, manifests=tuple(alike[start : start + BATCH]))
        for (key, brief), each in groupby(manifests, key=lambda view: (view.mark.key, view.brief))
        for alike in [list(each)]
        for start in range(0, len(alike), BATCH)
    )


def _shown_differences(manifests: Iterable[ManifestView]) -> int:
    shown = (each for view in manifests for group in view.findings.groups for each in group.findings)
    return sum(each.findings for each in shown if not each.finding.locates)


def _against_baseline(record: ParityRecord, target: str) -> tuple[TargetRun, ...]:
    """Return what a target and its baseline are called where they are held against each other; a baseline has no session."""
    stored = TargetRun(target=SIDE, provider="", isolation="")
    return stored, next((run for run in record.targets if run.target == target), replace(stored, target=target))


def _compared(compared: Compared) -> tuple[tuple[str, int, int], ...]:
    return tuple((each.name.replace("_", " "), *getattr(compared, each.name)) for each in fields(compared))


def _environments(record: ParityRecord) -> EnvironmentDiff:
    """Compare the environments that are known: a target that never started has none to differ."""
    return environment_diff([(run.target, run.environment) for run in record.targets if run.environment])


def _shared_environments(diffs: Iterable[EnvironmentDiff]) -> dict[EnvironmentDiff, SharedEnvironment]:
    """Give each distinct comparison an anchor; one without any fact has none."""
    shared: dict[EnvironmentDiff, SharedEnvironment] = {}
    number = 0
    for diff, manifests in Counter(diffs).items():
        known = bool(diff.differing or diff.equal)
        number += known
        anchor = f"environment-{number}" if known else ""
        shared[diff] = SharedEnvironment(anchor=anchor, diff=diff, manifests=manifests)
    return shared


def _anchors(manifests: Iterable[str]) -> list[str]:
    """Return an anchor for each name: stable from report to report, safe in a URL, never twice."""
    seen: Counter[str] = Counter()
    anchors = []
    for manifest in manifests:
        digest = hashlib.sha256(manifest.encode("utf-8", "surrogatepass")).hexdigest()[:6]
        slug = re.sub(r"[^a-z0-9]+", "-", manifest.lower().removesuffix(".osiris.yaml")).strip("-")
        anchor = f"m-{slug[-_SLUG_CHARACTERS:].lstrip('-')}-{digest}".replace("--", "-")
        seen[anchor] += 1
        anchors.append(anchor if seen[anchor] == 1 else f"{anchor}-{seen[anchor]}")
    return anchors
