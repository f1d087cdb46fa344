"""The steps of all targets, one beside the other: what one of them lacks is a hole, and another order is told.

A step is known by its id. The first target gives the order; a step that only another one has stands behind the step that it followed
there.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from osiris_core.parity.record import StepRun, TargetRun

_TWO = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class AlignedStep:
    """One step on every target: `runs` has None where a target does not know it.

    `places` counts, from 1, as which step each target ran it, among those that all of them ran; None where it did not run
    everywhere. `moved` marks the fewest steps that would have to move for the orders to be the same.
    """

    number: int
    id: str
    driver: str
    needs: tuple[str, ...]
    runs: tuple[StepRun | None, ...]
    places: tuple[int | None, ...]
    moved: bool


def aligned_steps(targets: Sequence[TargetRun]) -> tuple[AlignedStep, ...]:
    """Return the steps of `targets` in one order, numbered from 1."""
    known = [{step.id: step for step in run.steps} for run in targets]
    ran = [_in_the_order_of_running(steps.values()) for steps in known]
    everywhere = set.intersection(*map(set, ran)) if ran else set()
    ranked = [
        {step: place for place, step in enumerate((each for each in order if each in everywhere), 1)} for order in ran
    ]
    moved = _moved(ranked)
    rows = []
    for number, step_id in enumerate(_merged([list(steps) for steps in known]), 1):
        runs = tuple(steps.get(step_id) for steps in known)
        first = next(run for run in runs if run is not None)
        rows.append(
            AlignedStep(
                number=number,
                id=step_id,
                driver=first.driver,
                needs=first.needs,
                runs=runs,
                places=tuple(places.get(step_id) for places in ranked),
                moved=step_id in moved,
            )
        )
    return tuple(rows)


def _in_the_order_of_running(steps: Iterable[StepRun]) -> list[str]:
    """Return the ids of the steps that ran, by their starting times; by their places where one has none."""
    ran = [step for step in steps if step.duration_ms is not None]
    if any(step.started_ms is None for step in ran):
        return [step.id for step in ran]
    return [step.id for step in sorted(ran, key=lambda step: step.started_ms or 0.0)]


def _merged(orders: Sequence[Sequence[str]]) -> list[str]:
    """Return all ids: the first order, with those of the others behind what they followed there."""
    merged = list(orders[0]) if orders else []
    seen = set(merged)
    for order in orders[1:]:
        after: dict[str | None, list[str]] = {}
        last: str | None = None
        for step in order:
            if step in seen:
                last = step
            else:
                after.setdefault(last, []).append(step)
        if after:
            merged = after.get(None, []) + [each for step in merged for each in (step, *after.get(step, []))]
            seen.update(merged)
    return merged


def _moved(ranked: Sequence[Mapping[str, int]]) -> set[str]:
    """Return the steps outside of the longest run of steps that two targets have in the same order."""
    if len(ranked) != _TWO:
        return set()
    left, right = ranked
    order = list(left)
    return set(order) - {order[position] for position in _longest_rising([right[step] for step in order])}


def _longest_rising(values: Sequence[int]) -> list[int]:
    """Return the positions of a longest rising subsequence of distinct `values`."""
    lowest: list[int] = []  # the lowest end of a rising subsequence, by its length
    ends: list[int] = []  # where that end stands
    before: list[int] = []  # for each position, the one ahead of it in its subsequence, or -1
    for position, value in enumerate(values):
        length = bisect_left(lowest, value)
        before.append(ends[length - 1] if length else -1)
        lowest[length : length + 1] = [value]
        ends[length : length + 1] = [position]
    found: list[int] = []
    position = ends[-1] if ends else -1
    while position >= 0:
        found.append(position)
        position = before[position]
    return found[::-1]
