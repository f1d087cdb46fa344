"""The lanes of a timeline aligned by step: each step has the same column in all lanes, as wide as the slower one was slow.

So the eye compares a step with itself, whatever came before it. What came before the first step and after the last one has a column,
too, in which each lane has the phases of its own backend. A step that a target lacks is a hole in its lane.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from osiris_core.report.spans import fits, step_label
from osiris_core.report.steps import ABSENT, StepRow
from osiris_core.report.units import duration, plural, ratio

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from osiris_core.parity.record import TargetRun
    from osiris_core.report.spans import Span, Timing
    from osiris_core.report.steps import StepCell, StepGap, StepList

_LEAST_PERCENT: Final = 0.6
_START: Final = "start"
_RATIO_PERCENT: Final = 4.2  # room for a ratio of four characters or so
_PERCENT: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A bar of one lane: `kind` is `phase`, `start`, `step`, `steps` or `hole`; the rest is as a timeline's segment has it."""

    kind: str
    state: str
    label: str
    title: str
    x: float
    width: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What stands between the lanes over one column: the ratio where it has room, and marks where targets part or the order differs."""

    x: float
    label: str
    parts: bool
    moved: bool
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """Lanes of equal columns, each with its target and its bars; `ratio` is that of the steps alone.

    `left_out` counts the steps without a column of their own.
    """

    lanes: tuple[tuple[str, tuple[Bar, ...]], ...]
    heads: tuple[Head, ...]
    rules: tuple[float, ...]  # where columns begin
    ratio: str
    left_out: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Piece:
    """What fills a part of a column in one lane."""

    kind: str
    state: str
    label: str
    elapsed_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Column:
    """A column before it has a place: for each lane its pieces, or where it has none what the hole is called."""

    name: str
    pieces: tuple[tuple[_Piece, ...], ...]
    holes: tuple[str, ...]
    is_step: bool = False
    parts: bool = False
    moved: str = ""

    @property
    def times_ms(self) -> tuple[float, ...]:
        """What the column takes in each lane."""
        return tuple(sum(piece.elapsed_ms for piece in pieces) for pieces in self.pieces)


def columns_of(targets: Sequence[TargetRun], timings: Sequence[Timing], steps: StepList) -> Columns | None:
    """Return the lanes of two targets or more, aligned by what is shown of their steps; None where nothing was measured."""
    if len(targets) < 2 or not steps.items:  # noqa: PLR2004 - one lane has nothing to be aligned with
        return None
    columns = [
        *_around("before the run", [timing.before for timing in timings]),
        *_around(_START, [timing.start for timing in timings]),
        *(_of_row(item) if isinstance(item, StepRow) else _of_gap(item) for item in steps.items),
        *_around("after the run", [timing.after for timing in timings]),
    ]
    if not any(any(column.times_ms) for column in columns):
        return None
    places = _places([max(column.times_ms) for column in columns])
    bars = [tuple(_bars(columns, places, lane)) for lane in range(len(targets))]
    spent = [sum(column.times_ms[lane] for column in columns if column.is_step) for lane in range(len(targets))]
    return Columns(
        lanes=tuple((run.target, each) for run, each in zip(targets, bars, strict=True)),
        heads=tuple(_heads(columns, places)),
        rules=tuple(x for x, _ in places[1:]),
        ratio=ratio(spent[0], spent[1]) if len(spent) == 2 else "",  # noqa: PLR2004 - one over the other
        left_out=steps.total - steps.shown,
    )


def _around(name: str, spans: Sequence[Sequence[Span]]) -> Iterator[_Column]:
    """Yield the column of what is no step, if any lane has something in it."""
    if any(span.elapsed_ms > 0 for lane in spans for span in lane):
        pieces = tuple(
            tuple(_Piece(kind=span.kind, state="", label=span.name, elapsed_ms=span.elapsed_ms) for span in lane)
            for lane in spans
        )
        yield _Column(name=name, pieces=pieces, holes=("",) * len(spans))


def _of_row(row: StepRow) -> _Column:
    pieces = tuple(
        ()
        if cell.duration_ms is None
        else (
            _Piece(
                kind="step", state=cell.state, label=step_label(row.number, row.id, cell), elapsed_ms=cell.duration_ms
            ),
        )
        for cell in row.cells
    )
    holes = tuple(f"{row.number} {cell.symbol} {_hole(cell)}" if cell.duration_ms is None else "" for cell in row.cells)
    moved = next((note for note in row.notes if note.startswith("ran ")), "")
    return _Column(name=row.id, pieces=pieces, holes=holes, is_step=True, parts=bool(row.parts), moved=moved)


def _hole(cell: StepCell) -> str:
    return f"not on {cell.target}" if cell.state == ABSENT else cell.state


def _of_gap(gap: StepGap) -> _Column:
    label = plural(gap.count, "step")
    pieces = tuple(
        (_Piece(kind="steps", state="", label=label, elapsed_ms=elapsed_ms),) for elapsed_ms in gap.durations_ms
    )
    return _Column(name=f"{label}, {gap.first} to {gap.last}", pieces=pieces, holes=("",) * len(pieces), is_step=True)


def _places(times_ms: Sequence[float]) -> list[tuple[float, float]]:
    """Return where each column begins and how wide it is, in percent: as its time, but never too narrow to be seen."""
    total_ms = sum(times_ms)
    least = min(_LEAST_PERCENT, _PERCENT / len(times_ms))
    widths = [max(least, _PERCENT * time_ms / total_ms) for time_ms in times_ms]
    scale = _PERCENT / sum(widths)
    places, x = [], 0.0
    for width in widths:
        places.append((round(x, 2), round(width * scale, 2)))
        x += width * scale
    return places


def _bars(columns: Iterable[_Column], places: Iterable[tuple[float, float]], lane: int) -> Iterator[Bar]:
    """Yield the bars of one lane: in each column its pieces from the left, and what is left of it stays free."""
    for column, (x, width) in zip(columns, places, strict=True):
        slower_ms = max(column.times_ms)
        hole = column.holes[lane]
        if hole:
            label = hole if fits("step", hole, width) else ""
            yield Bar(kind="hole", state="", label=label, title=f"{column.name}: {hole}", x=x, width=width)
        at = x
        for piece in column.pieces[lane]:
            share = width * piece.elapsed_ms / slower_ms if slower_ms else width
            yield Bar(
                kind=piece.kind,
                state=piece.state,
                label=piece.label if fits(piece.kind, piece.label, share) else "",
                title=f"{piece.label}: {duration(piece.elapsed_ms)}",
                x=round(at, 2),
                width=round(share, 2),
            )
            at += share


def _heads(columns: Iterable[_Column], places: Iterable[tuple[float, float]]) -> Iterator[Head]:
    """Yield what stands between the lanes of two targets; nothing where there is nothing to say."""
    for column, (x, width) in zip(columns, places, strict=True):
        times_ms = column.times_ms
        is_alike = (
            column.is_step or column.name == _START
        )  # what is beside the run is work of another kind on each target
        times = ratio(times_ms[0], times_ms[1]) if is_alike and len(times_ms) == 2 else ""  # noqa: PLR2004 - one over the other
        if times or column.moved or column.parts:
            told = f"{column.name}: {' | '.join(map(duration, times_ms))} {times}"
            yield Head(
                x=round(x + width / 2, 2),
                label=times if width >= _RATIO_PERCENT else "",
                parts=column.parts,
                moved=bool(column.moved),
                title=f"{told}; {column.moved}" if column.moved else told,
            )
