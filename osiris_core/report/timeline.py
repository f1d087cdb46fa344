"""The lanes of a timeline: one a target, all on one time scale that starts where each target started.

A lane is filled by the phases its backend measured; inside the phase `run` lie the steps. What the run took
beside its steps is drawn before the first one: it is mostly the worker's start. Positions and widths are
percent of the scale, so that the drawing fits any width. `columns` has the same lanes aligned by step.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from osiris_core.report.columns import columns_of
from osiris_core.report.spans import Span, fits, timing_of
from osiris_core.report.units import duration, plural, ratio

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from osiris_core.parity.record import ParityRecord, TargetRun
    from osiris_core.report.columns import Columns
    from osiris_core.report.spans import Timing
    from osiris_core.report.steps import StepList

_TICK_STEPS = (1, 2, 5)
_MOST_TICKS = 6
_FEW_SPANS = 80
_LEAST_PERCENT = 0.6
_THIS_MACHINE = frozenset({"host", "embedded"})


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
    """One target's bars; `total` is its time as text, `gaps` names what it did beside its steps, each with its time as text."""

    target: str
    total: str
    segments: tuple[Segment, ...]
    gaps: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A mark on the time scale."""

    label: str
    x: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """All lanes on one scale; `ratio` is the second lane's time over the first's.

    `by_step` has the lanes aligned by step, None with one target. `together` says that the lanes shared a machine while they ran.
    """

    lanes: tuple[Lane, ...]
    ticks: tuple[Tick, ...]
    ratio: str = ""
    by_step: Columns | None = None
    together: bool = False


def timeline(
    targets: Sequence[TargetRun], numbers: Mapping[str, int], *, steps: StepList | None = None, together: bool = False
) -> Timeline | None:
    """Return the lanes of `targets`, steps numbered by `numbers`; None where nothing was measured."""
    timings = [timing_of(run, numbers) for run in targets]
    totals = [timing.total_ms for timing in timings]
    scale_ms = max((total for total in totals if total is not None), default=0.0)
    if scale_ms <= 0:
        return None
    lanes = tuple(_lane(run.target, timing, scale_ms) for run, timing in zip(targets, timings, strict=True))
    return Timeline(
        lanes=lanes,
        ticks=tuple(_ticks(scale_ms)),
        ratio=ratio(totals[0], totals[1]) if len(totals) == 2 else "",  # noqa: PLR2004 - one over the other
        by_step=columns_of(targets, timings, steps) if steps else None,
        together=together,
    )


def ran_together(record: ParityRecord) -> bool:
    """Whether the targets ran on one machine at the same time: those of a check do, where it is this one that serves the sandbox.

    The two sides of a diff (it has no line of a manifest) were made nobody knows when.
    """
    here = all(run.provider in _THIS_MACHINE for run in record.targets)
    return len(record.targets) > 1 and here and record.line > 0


def _lane(target: str, timing: Timing, scale_ms: float) -> Lane:
    spans = timing.spans if len(timing.spans) <= _FEW_SPANS else tuple(_joined(timing.spans, scale_ms))
    segments = tuple(_segment(span, scale_ms) for span in spans)
    gaps = tuple((span.name, duration(span.elapsed_ms)) for span in (*timing.before, *timing.start, *timing.after))
    return Lane(target=target, total=duration(timing.total_ms), segments=segments, gaps=gaps)


def _joined(spans: Sequence[Span], scale_ms: float) -> Iterator[Span]:
    """Yield spans with neighbouring steps as one bar that are too short to be seen, or lie on each other."""
    least_ms = scale_ms * _LEAST_PERCENT / 100
    group: list[Span] = []
    for span in sorted(spans, key=lambda each: each.start_ms):
        if group and span.kind == "step" and _joins(span, group, least_ms):
            group.append(span)
            continue
        yield from _as_one(group)
        group = [span] if span.kind == "step" else []
        if not group:
            yield span
    yield from _as_one(group)


def _joins(span: Span, group: Sequence[Span], least_ms: float) -> bool:
    begin_ms = group[0].start_ms
    near = span.start_ms - begin_ms < least_ms
    return (
        near
        and span.state == group[0].state
        and (span.end_ms - begin_ms < least_ms or span.start_ms < group[-1].end_ms)
    )


def _as_one(group: Sequence[Span]) -> Sequence[Span]:
    if len(group) < 2:  # noqa: PLR2004 - one bar is one bar
        return group
    first, last = group[0], group[-1]
    return [
        Span(
            kind="step",
            state=first.state,
            name=f"{plural(len(group), 'step')}, {first.name} to {last.name}",
            detail=first.state,
            start_ms=first.start_ms,
            elapsed_ms=max(span.end_ms for span in group) - first.start_ms,
        )
    ]


def _segment(span: Span, scale_ms: float) -> Segment:
    width = round(100 * span.elapsed_ms / scale_ms, 2)
    return Segment(
        kind=span.kind,
        state=span.state,
        label=span.name if fits(span.kind, span.name, width) else "",
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
