"""What filled a target's time: the phases of its backend, the start of its worker, its steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from osiris_core.report.marks import state_symbol

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from osiris_core.parity.record import StepRun, TargetRun
    from osiris_core.report.steps import StepCell

RUN_PHASE: Final = "run"
_CHARACTER_PERCENT: Final = 0.9  # of a lane as wide as a laptop's screen
_STEP_LABEL_PERCENT: Final = 3.5  # room for number and symbol; the name may be cut


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A stretch of a target's time: `kind` is `phase`, `start` or `step`; `state` is a step's."""

    kind: str
    state: str
    name: str
    detail: str
    start_ms: float
    elapsed_ms: float

    @property
    def end_ms(self) -> float:
        """When it was over."""
        return self.start_ms + self.elapsed_ms


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """One target's time, in order: phases before its run, the start of its worker, its steps, and phases after that."""

    before: tuple[Span, ...]
    start: tuple[Span, ...]
    steps: tuple[Span, ...]
    after: tuple[Span, ...]

    @property
    def spans(self) -> tuple[Span, ...]:
        """All of it."""
        return (*self.before, *self.start, *self.steps, *self.after)

    @property
    def total_ms(self) -> float | None:
        """When the last of it was over; None where nothing was measured."""
        return max((span.end_ms for span in self.spans), default=None)


def timing_of(run: TargetRun, numbers: Mapping[str, int]) -> Timing:
    """Return what filled the time of `run`, its steps numbered by `numbers`."""
    steps = list(_step_times(run.steps))
    steps_end_ms = max((start + elapsed for _, start, elapsed in steps), default=0.0)
    phases = run.phases or ((RUN_PHASE, steps_end_ms),)
    before: list[Span] = []
    start: list[Span] = []
    ran: list[Span] = []
    after: list[Span] = []
    now_ms = 0.0
    for name, elapsed_ms in phases:
        if name == RUN_PHASE and steps and not ran:
            lead_ms = max(0.0, elapsed_ms - steps_end_ms)
            start.append(_span("start", "start", "the worker starts", now_ms, lead_ms))
            ran += _step_spans(steps, numbers, now_ms + lead_ms)
            now_ms += max(elapsed_ms, steps_end_ms)
        else:
            (after if ran else before).append(_span("phase", name, "phase", now_ms, elapsed_ms))
            now_ms += elapsed_ms
    return Timing(before=tuple(before), start=tuple(start), steps=tuple(ran), after=tuple(after))


def step_label(number: int, step_id: str, ended: StepRun | StepCell) -> str:
    """Return what a step's bar says: its number, how it ended, attempts beyond the first, and its id."""
    again = f" ↻{ended.retries}" if ended.retries else ""
    return f"{number} {state_symbol(ended.state)}{again} {step_id}"


def fits(kind: str, label: str, width: float) -> bool:
    """Whether a bar of `width` percent has room for its label; that of a step may be cut."""
    return width >= (_STEP_LABEL_PERCENT if kind == "step" else len(label) * _CHARACTER_PERCENT)


def _step_spans(
    steps: Sequence[tuple[StepRun, float, float]], numbers: Mapping[str, int], begin_ms: float
) -> Iterator[Span]:
    for step, start_ms, elapsed_ms in steps:
        yield Span(
            kind="step",
            state=step.state,
            name=step_label(numbers.get(step.id, 0), step.id, step),
            detail=step.state,
            start_ms=begin_ms + start_ms,
            elapsed_ms=elapsed_ms,
        )


def _step_times(steps: Sequence[StepRun]) -> Iterator[tuple[StepRun, float, float]]:
    """Yield steps that took time with start and duration; a start nobody recorded follows the step before."""
    end_ms = 0.0
    for step in steps:
        if step.duration_ms is None:
            continue
        start_ms = end_ms if step.started_ms is None else step.started_ms
        end_ms = start_ms + step.duration_ms
        yield step, start_ms, step.duration_ms


def _span(kind: str, name: str, detail: str, start_ms: float, elapsed_ms: float) -> Span:
    return Span(kind=kind, state="", name=name, detail=detail, start_ms=start_ms, elapsed_ms=elapsed_ms)
