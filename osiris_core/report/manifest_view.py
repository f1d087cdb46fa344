"""One manifest as the page shows it, and the lists in which it stands: what fails first, in batches of one mark."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from itertools import groupby
from typing import TYPE_CHECKING

from osiris_core.parity.record import TargetRun
from osiris_core.report.baselines import SIDE
from osiris_core.report.cause import cause_in_words
from osiris_core.report.equal import equal_of
from osiris_core.report.findings import Differences, differences_of
from osiris_core.report.marks import mark_of
from osiris_core.report.outcomes import endings
from osiris_core.report.picture import picture_of
from osiris_core.report.place import place_of
from osiris_core.report.units import plural

if TYPE_CHECKING:
    from collections.abc import Sequence

    from osiris_core.parity.record import Compared, ParityRecord
    from osiris_core.report.bulk.embedding import Bulk, Lanes
    from osiris_core.report.cause import Cause
    from osiris_core.report.equal import Equal
    from osiris_core.report.evidence import Evidence
    from osiris_core.report.history import StripView
    from osiris_core.report.images.gallery import Gallery
    from osiris_core.report.marks import Mark
    from osiris_core.report.outcomes import Ending
    from osiris_core.report.picture import Picture
    from osiris_core.report.place import Place
    from osiris_core.report.shared_environments import SharedEnvironment

BATCH = 20
"""Manifests of a batch at most: a browser has little to do for a batch that is out of sight, and draws a whole one at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetView:
    """One target of a record and where it ran."""

    run: TargetRun
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestView:
    """One manifest's part of the page: `open` where it starts unfolded, `brief` where it is shown without its `picture`.

    `why` is the first cause in words, or what a passing one owes its verdict to; `differences` and `rules` count what there is; `equal` says why values count as equal; `held` has the differences of each target from the baseline, by its name. `history` is what older runs say of it.
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
    history: StripView | None = None


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

    @property
    def total(self) -> int:
        """How many manifests there are."""
        return sum(len(batch.manifests) for batch in self.batches)

    @property
    def brief(self) -> int:
        """How many of them are shown in brief."""
        return sum(len(batch.manifests) for batch in self.batches if batch.brief)


def manifest_view(
    record: ParityRecord,
    anchor: str,
    environment: SharedEnvironment,
    bulk: Bulk,
    evidence: Evidence,
    *,
    gallery: Gallery,
    alone: bool,
    brief: bool,
) -> ManifestView:
    """Arrange one record; `alone` where no other fails, `brief` where it is shown without its steps, lanes and differences."""
    found = (
        differences_of(record.comparison, anchor, record.targets, gallery.of(record))
        if record.comparison and not brief
        else Differences()
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


def groups_of(manifests: Sequence[ManifestView]) -> tuple[ManifestGroup, ...]:
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


def _against_baseline(record: ParityRecord, target: str) -> tuple[TargetRun, ...]:
    """Return what a target and its baseline are called where they are held against each other; a baseline has no session."""
    stored = TargetRun(target=SIDE, provider="", isolation="")
    return stored, next((run for run in record.targets if run.target == target), replace(stored, target=target))


def _compared(compared: Compared) -> tuple[tuple[str, int, int], ...]:
    return tuple((each.name.replace("_", " "), *getattr(compared, each.name)) for each in fields(compared))
