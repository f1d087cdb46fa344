"""The steps of a manifest on all targets, aligned by id: a step that one target never reached is a visible hole."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from osiris_core.report.marks import state_symbol

if TYPE_CHECKING:
    from osiris_core.parity.record import ParityRecord, StepRun, TargetRun

ABSENT = "absent"


@dataclass(frozen=True, slots=True, kw_only=True)
class StepCell:
    """One step on one target; `share` is its duration in percent of the slowest step of the record."""

    target: str
    state: str
    symbol: str
    rows: int | None
    duration_ms: float | None
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRow:
    """One step on every target; `parts` says of the first diverging step what differs from what, `differs` marks a visible difference."""

    number: int
    id: str
    driver: str
    needs: tuple[str, ...]
    cells: tuple[StepCell, ...]
    parts: str
    differs: bool


def step_rows(record: ParityRecord) -> tuple[StepRow, ...]:
    """Return the steps in the order of execution, those that only later targets know behind."""
    by_target = [{step.id: step for step in run.steps} for run in record.targets]
    known: dict[str, StepRun] = {}
    for steps in by_target:
        known = {**steps, **known} if not known else {**known, **{k: v for k, v in steps.items() if k not in known}}
    slowest = max((step.duration_ms or 0.0 for steps in by_target for step in steps.values()), default=0.0)
    rows = []
    for number, (step_id, step) in enumerate(known.items(), 1):
        cells = tuple(
            _cell(run, steps.get(step_id), slowest) for run, steps in zip(record.targets, by_target, strict=True)
        )
        rows.append(
            StepRow(
                number=number,
                id=step_id,
                driver=step.driver,
                needs=step.needs,
                cells=cells,
                parts=_parting(record) if step_id == record.first_diverging_step else "",
                differs=len({(cell.state, cell.rows) for cell in cells}) > 1,
            )
        )
    return tuple(rows)


def _parting(record: ParityRecord) -> str:
    """Return what the first diverging step is the first to do."""
    if record.comparison and record.comparison.first_diverging_step:
        return "here the targets part"
    return (
        "here a target parts from itself" if record.triage and record.triage.step else "here it parts from its baseline"
    )


def _cell(run: TargetRun, step: StepRun | None, slowest_ms: float) -> StepCell:
    if step is None:
        symbol = state_symbol(ABSENT)
        return StepCell(target=run.target, state=ABSENT, symbol=symbol, rows=None, duration_ms=None, share=0.0)
    share = 100 * (step.duration_ms or 0.0) / slowest_ms if slowest_ms else 0.0
    return StepCell(
        target=run.target,
        state=step.state,
        symbol=state_symbol(step.state),
        rows=step.rows,
        duration_ms=step.duration_ms,
        share=round(share, 2),
    )
