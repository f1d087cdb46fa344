"""The steps of a manifest on all targets, aligned by id: a step that one target never reached is a visible hole."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from osiris_core.report.alignment import aligned_steps
from osiris_core.report.anchors import step_anchor
from osiris_core.report.marks import state_symbol
from osiris_core.report.standing import differences_by_step, standings
from osiris_core.report.units import ordinal, plural, ratio

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from osiris_core.parity.record import ParityRecord, StepRun
    from osiris_core.report.alignment import AlignedStep
    from osiris_core.report.finding_view import FindingGroup
    from osiris_core.report.standing import Standing

ABSENT: Final = "absent"
MOST_ROWS: Final = 100
"""Up to so many steps are all shown; of more, those of note with what surrounds them, and how many lie between."""

_AROUND: Final = 1
_AT_THE_ENDS: Final = 3
_REASONS: Final = {"upstream-failed": "a step that it needs failed", "run-stopped": "the run was stopped"}


@dataclass(frozen=True, slots=True, kw_only=True)
class StepCell:
    """One step on one target; `share` is its duration in percent of the slowest step of the record, `why` why it did not run."""

    target: str
    state: str
    symbol: str
    rows: int | None
    duration_ms: float | None
    share: float
    artifacts: int
    retries: int
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRow:
    """One step on every target, at an address of its own; `lines` is that of its lines in the inspector, which the script makes.

    `parts` says of the first diverging step what differs from what, `differs` marks a visible difference. `ratio` is the second
    target's time over the first's; `notes` tell holes, another order and attempts that were made again. `differences` counts those that decide, and
    `finding` is the address of the first that is shown.
    """

    number: int
    id: str
    anchor: str
    driver: str
    needs: tuple[str, ...]
    cells: tuple[StepCell, ...]
    parts: str
    differs: bool
    standing: Standing
    ratio: str
    notes: tuple[str, ...]
    differences: int
    finding: str
    lines: str

    @property
    def of_note(self) -> bool:
        """Whether a reader of many steps should see this one."""
        return bool(self.parts or self.differs or self.notes or self.standing.of_note)


@dataclass(frozen=True, slots=True, kw_only=True)
class StepGap:
    """Steps that are not shown: how many, from which to which, and what they took together on each target."""

    count: int
    first: str
    last: str
    durations_ms: tuple[float, ...]
    ratio: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StepList:
    """What is shown of the steps, in order: rows, and gaps between them. `total` counts all, `columns` what a row has a column for."""

    items: tuple[StepRow | StepGap, ...]
    total: int
    with_artifacts: bool

    @property
    def shown(self) -> int:
        """How many steps have a row."""
        return sum(isinstance(each, StepRow) for each in self.items)


def step_rows(record: ParityRecord, anchor: str = "", groups: Sequence[FindingGroup] = ()) -> tuple[StepRow, ...]:
    """Return the steps of a record in the order of `aligned_steps`; `anchor` is its manifest's, `groups` what is shown of its differences."""
    steps = aligned_steps(record.targets)
    targets = [run.target for run in record.targets]
    standing = standings(record, steps)
    counts = differences_by_step(record.comparison)
    shown = _first_findings(groups)
    durations = [run.duration_ms or 0.0 for step in steps for run in step.runs if run is not None]
    slowest = max(durations, default=0.0)
    rows = []
    for step in steps:
        cells = tuple(_cell(target, run, slowest) for target, run in zip(targets, step.runs, strict=True))
        rows.append(
            StepRow(
                number=step.number,
                id=step.id,
                anchor=step_anchor(anchor, step.id),
                driver=step.driver,
                needs=step.needs,
                cells=cells,
                parts=_parting(record) if step.id == record.first_diverging_step else "",
                differs=len({(cell.state, cell.rows) for cell in cells}) > 1,
                standing=standing[step.id],
                ratio=_ratio([cell.duration_ms for cell in cells]),
                notes=tuple(_notes(step, targets)),
                differences=counts.get(step.id, 0),
                finding=shown.get(step.id, ""),
                lines=f"{anchor}/{quote(step.id, safe='', errors='replace')}",
            )
        )
    return tuple(rows)


def step_list(rows: Sequence[StepRow]) -> StepList:
    """Return what is shown of `rows`: all of them, or of many those of note with what surrounds them."""
    kept = set(range(len(rows))) if len(rows) <= MOST_ROWS else _worth_a_row(rows)
    items: list[StepRow | StepGap] = []
    edges = [-1, *sorted(kept), len(rows)]
    for before, after in pairwise(edges):
        hidden = rows[before + 1 : after]
        if hidden:
            items.append(_gap(hidden))
        if after < len(rows):
            items.append(rows[after])
    with_artifacts = any(cell.artifacts for row in rows for cell in row.cells)
    return StepList(items=tuple(items), total=len(rows), with_artifacts=with_artifacts)


def _worth_a_row(rows: Sequence[StepRow]) -> set[int]:
    """Return the positions of at most `MOST_ROWS` rows: where targets part first, then all of note, then the ends."""
    wanted = [position for position, row in enumerate(rows) if row.parts]
    wanted += [position for position, row in enumerate(rows) if row.of_note]
    wanted += [*range(_AT_THE_ENDS), *range(len(rows) - _AT_THE_ENDS, len(rows))]
    kept: set[int] = set()
    for position in wanted:
        around = range(max(0, position - _AROUND), min(len(rows), position + _AROUND + 1))
        if len(kept.union(around)) > MOST_ROWS:
            break
        kept.update(around)
    return kept


def _gap(rows: Sequence[StepRow]) -> StepGap:
    columns = zip(*(row.cells for row in rows), strict=True)
    durations = tuple(sum(cell.duration_ms or 0.0 for cell in cells) for cells in columns)
    return StepGap(count=len(rows), first=rows[0].id, last=rows[-1].id, durations_ms=durations, ratio=_ratio(durations))


def _first_findings(groups: Iterable[FindingGroup]) -> dict[str, str]:
    """Return the address of the first shown difference of each step."""
    first: dict[str, str] = {}
    for group in groups:
        for view in group.findings:
            if view.finding.step is not None:
                first.setdefault(view.finding.step, view.anchor)
    return first


def _ratio(durations: Sequence[float | None]) -> str:
    return ratio(durations[0], durations[1]) if len(durations) == 2 else ""  # noqa: PLR2004 - one over the other


def _notes(step: AlignedStep, targets: Sequence[str]) -> Iterator[str]:
    """Yield what is out of the ordinary with a step, beside what its states say."""
    missing = [target for target, run in zip(targets, step.runs, strict=True) if run is None]
    if missing:
        yield f"not on {' and '.join(missing)}"
    if step.moved:
        places = [f"{ordinal(place)} on {target}" for target, place in zip(targets, step.places, strict=True) if place]
        yield f"ran {', '.join(places)}"
    for target, run in zip(targets, step.runs, strict=True):
        if run is not None and run.retries:
            yield f"{plural(run.retries, 'retry', 'retries')} on {target}"


def _parting(record: ParityRecord) -> str:
    """Return what the first diverging step is the first to do."""
    if record.comparison and record.comparison.first_diverging_step:
        return "here the targets part"
    return (
        "here a target parts from itself" if record.triage and record.triage.step else "here it parts from its baseline"
    )


def _cell(target: str, run: StepRun | None, slowest_ms: float) -> StepCell:
    if run is None:
        symbol = state_symbol(ABSENT)
        return StepCell(
            target=target,
            state=ABSENT,
            symbol=symbol,
            rows=None,
            duration_ms=None,
            share=0.0,
            artifacts=0,
            retries=0,
            why="",
        )
    share = 100 * (run.duration_ms or 0.0) / slowest_ms if slowest_ms else 0.0
    return StepCell(
        target=target,
        state=run.state,
        symbol=state_symbol(run.state),
        rows=run.rows,
        duration_ms=run.duration_ms,
        share=round(share, 2),
        artifacts=len(run.artifacts),
        retries=run.retries,
        why=_why(run),
    )


def _why(run: StepRun) -> str:
    """Return why a step was skipped, in words."""
    said = _REASONS.get(run.reason, run.reason)
    return f"{said}: {run.blamed}" if said and run.blamed else said
