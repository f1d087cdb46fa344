"""The final state of each step: whether it ran, how it ended, and why it did not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from osiris_core.parity.record import Finding, Layer
from osiris_core.parity.values import show

if TYPE_CHECKING:
    from collections.abc import Iterator

    from osiris_core.parity.pair import Pair


def compare_steps(pair: Pair) -> Iterator[Finding]:
    """Yield a finding for every step that one side lacks, or whose state, reason or cause differs."""
    left = {state.id: state for state in pair.left.session.steps}
    right = {state.id: state for state in pair.right.session.steps}
    for step in pair.order:
        a, b = left.get(step), right.get(step)
        if a is None or b is None:
            yield _one_sided(pair, step, missing=b is None)
            continue
        for name in ("state", "reason", "cause"):
            x, y = getattr(a, name), getattr(b, name)
            if x != y:
                yield Finding(
                    layer=Layer.STEPS,
                    step=step,
                    code=f"step-{name}",
                    path=name,
                    message=f"the step's {name} is {show(x)} on {pair.left.label} and {show(y)} on {pair.right.label}",
                    left=show(x),
                    right=show(y),
                )
    shared = left.keys() & right.keys()
    orders = [[step for step in states if step in shared] for states in (left, right)]
    if orders[0] != orders[1]:
        yield _reordered(pair, orders[0], orders[1])


def _one_sided(pair: Pair, step: str, *, missing: bool) -> Finding:
    side = pair.left if missing else pair.right
    return Finding(
        layer=Layer.STEPS,
        step=step,
        code="step-missing" if missing else "step-extra",
        path="steps",
        message=f"only {side.label} has this step",
        left="present" if missing else "(absent)",
        right="(absent)" if missing else "present",
    )


def _reordered(pair: Pair, left: list[str], right: list[str]) -> Finding:
    place = next(index for index, (a, b) in enumerate(zip(left, right, strict=True)) if a != b)
    return Finding(
        layer=Layer.STEPS,
        step=min(left[place], right[place]),  # whichever side is the left one
        code="step-order",
        path=f"steps[{place}]",
        message=f"the steps are in another order: {left[place]} on {pair.left.label}, {right[place]} on {pair.right.label}",
        left=", ".join(left[place : place + 5]),
        right=", ".join(right[place : place + 5]),
    )
