"""The lanes of a timeline: one a target, all on one time scale that starts where each target started.

A lane is filled by the phases its backend measured; inside the phase `run` lie the steps. What the run took
beside its steps is drawn before the first one: it is mostly the worker's start. Positions and widths are
percent of the scale, so that the drawing fits any width.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from osiris_core.report.marks import state_symbol
from osiris_core.report.units import duration

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from osiris_core.parity.record import StepRun, TargetRun

RUN_PHASE = "run"
_TICK_STEPS = (1, 2, 5)
_MOST_TICKS = 6
_CHARACTER_PERCENT = 0.9  # of a lane as wide as a laptop's screen
_STEP_LABEL_PERCENT = 3.5  # room for number and symbol; the name may be cut


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A bar: `kind` is `phase`, `start` or `step`; `state` is a step's state; `label` is empty where it has no room."""

    kind: str
    state: str
    label: str
    title: str
    x: float
    width: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """One target's bars; `total` is its time as text."""

    target: str
    total: str
    segments: tuple[Segment, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A mark on the time scale."""

    label: str
    x: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """All lanes on one scale."""

    lanes: tuple[Lane, ...]
    ticks: tuple[Tick, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Span:
    kind: str
    state: str
    name: str
    detail: str
    start_ms: float
    elapsed_ms: float


def timeline(targets: Sequence[TargetRun], numbers: Mapping[str, int]) -> Timeline | None:
    """Return the lanes of `targets`, steps numbered by `numbers`; None where nothing was measured."""
    spans = [list(_spans(run, numbers)) for run in targets]
    scale_ms = max((span.start_ms + span.elapsed_ms for lane in spans for span in lane), default=0.0)
    if scale_ms <= 0:
        return None
    lanes = tuple(
        Lane(
            target=run.target,
            total=duration(max((span.start_ms + span.elapsed_ms for span in lane), default=None)),
            segments=tuple(_segment(span, scale_ms) for span in lane),
        )
        for run, lane in zip(targets, spans, strict=True)
    )
    return Timeline(lanes=lanes, ticks=tuple(_ticks(scale_ms)))


def _spans(run: TargetRun, numbers: Mapping[str, int]) -> Iterator[_Span]:
    """Yield what filled a target's time, in order."""
    steps = list(_step_times(run.steps))
    steps_end_ms = max((start + elapsed for _, start, elapsed in steps), default=0.0)
    phases = run.phases or ((RUN_PHASE, steps_end_ms),)
    now_ms = 0.0
    for name, elapsed_ms in phases:
        if name == RUN_PHASE and steps:
            lead_ms = max(0.0, elapsed_ms - steps_end_ms)
            yield _Span(
                kind="start", state="", name="start", detail="the worker starts", start_ms=now_ms, elapsed_ms=lead_ms
            )
            for step, start_ms, step_ms in steps:
                number = numbers.get(step.id, 0)
                label = f"{number} {state_symbol(step.state)} {step.id}"
                yield _Span(
                    kind="step",
                    state=step.state,
                    name=label,
                    detail=step.state,
                    start_ms=now_ms + lead_ms + start_ms,
                    elapsed_ms=step_ms,
                )
            now_ms += max(elapsed_ms, steps_end_ms)
        else:
            yield _Span(kind="phase", state="", name=name, detail="phase", start_ms=now_ms, elapsed_ms=elapsed_ms)
            now_ms += elapsed_ms


def _step_times(steps: Sequence[StepRun]) -> Iterator[tuple[StepRun, float, float]]:
    """Yield steps that took time with start and duration; a start nobody recorded follows the step before."""
    end_ms = 0.0
    for step in steps:
        if step.duration_ms is None:
            continue
        start_ms = end_ms if step.started_ms is None else step.started_ms
        end_ms = start_ms + step.duration_ms
        yield step, start_ms, step.duration_ms


def _segment(span: _Span, scale_ms: float) -> Segment:
    width = round(100 * span.elapsed_ms / scale_ms, 2)
    needed = _STEP_LABEL_PERCENT if span.kind == "step" else len(span.name) * _CHARACTER_PERCENT
    return Segment(
        kind=span.kind,
        state=span.state,
        label=span.name if width >= needed else "",
        title=f"{span.name}: {duration(span.elapsed_ms)} ({span.detail})",
        x=round(100 * span.start_ms / scale_ms, 2),
        width=width,
    )


def _ticks(scale_ms: float) -> Iterator[Tick]:
    """Yield at most `_MOST_TICKS` round times on the scale, from zero."""
    unit = 1.0
    while True:
        for factor in _TICK_STEPS:
            if scale_ms / (unit * factor) < _MOST_TICKS:
                step_ms = unit * factor
                count = int(scale_ms / step_ms)
                yield from (
                    Tick(label=_tick_label(number * step_ms), x=round(100 * number * step_ms / scale_ms, 2))
                    for number in range(count + 1)
                )
                return
        unit *= 10


def _tick_label(moment_ms: float) -> str:
    if moment_ms == 0:
        return "0"
    return f"{moment_ms:.0f} ms" if moment_ms < 1_000 else f"{moment_ms / 1_000:g} s"  # noqa: PLR2004 - a second
