"""The outcome of the two runs: how they ended, which step failed, and with which error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from osiris_core.parity.failures import error_differences
from osiris_core.parity.record import Finding, Layer
from osiris_core.parity.values import show
from osiris_core.rules.model import RecordKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from osiris_core.parity.pair import Pair


def compare_outcome(pair: Pair) -> Iterator[Finding]:
    """Yield a finding for a differing outcome, failed step, or error; error text goes by the text rules."""
    left, right = pair.left.session, pair.right.session
    if left.outcome != right.outcome:
        yield _finding(pair, "outcome", "outcome", left.outcome, right.outcome)
    if left.failed_step != right.failed_step:
        yield _finding(pair, "failed-step", "failed_step", left.failed_step, right.failed_step)
    if left.outcome == right.outcome:
        failed = left.failed_step
        rules = pair.text.under(pair.rules.covering_text(RecordKind.ERROR, failed, ""))
        for path, a, b in error_differences(rules, "error", left.error, right.error):
            yield _finding(pair, "error", path, a, b)


def _finding(pair: Pair, code: str, path: str, left: Any, right: Any) -> Finding:
    failed = {pair.left.session.failed_step, pair.right.session.failed_step} - {None}
    step = min(failed, key=lambda step: (pair.rank(step), step or ""), default=None)  # whichever side is the left one
    return Finding(
        layer=Layer.OUTCOME,
        step=step,
        code=code,
        path=path,
        message=f"{path} is {show(left)} on {pair.left.label} and {show(right)} on {pair.right.label}",
        left=show(left),
        right=show(right),
    )
