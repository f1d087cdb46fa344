"""What a record's baseline said, in lines: which comparison speaks for a failure, where the baseline is, how to accept what is new."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from osiris_core.parity.record import BaselineState
from osiris_core.report.units import plural

if TYPE_CHECKING:
    from collections.abc import Sequence

    from osiris_core.parity.record import Comparison, HeldTarget, ParityRecord

SIDE: Final = "baseline"
"""How values of the stored side are called."""

_DONE: Final = {
    BaselineState.WRITTEN: "written",
    BaselineState.REWRITTEN: "rewritten",
    BaselineState.HOLDS: "held",
    BaselineState.DIFFERS: "differing",
    BaselineState.MISSING: "missing",
    BaselineState.UNREADABLE: "not readable",
    BaselineState.REFUSED: "refused",
}


def decides(record: ParityRecord) -> bool:
    """Whether it is the baseline that fails a record, which passes by itself."""
    use = record.baseline
    by_itself = (record.verdict is None or record.verdict.passes) and not record.expectation_failures
    return use is not None and not use.state.passes and not record.passed and by_itself


def differing(record: ParityRecord) -> HeldTarget | None:
    """Return the first target that differs from the baseline."""
    held = record.baseline.held if record.baseline else ()
    return next((each for each in held if not each.comparison.verdict.passes), None)


def speaking(record: ParityRecord) -> tuple[Comparison | None, list[str]]:
    """Return the comparison that a failure is told by, and what its two sides are called."""
    held = differing(record) if decides(record) else None
    if held is not None:
        return held.comparison, [SIDE, held.target]
    return record.comparison, [run.target for run in record.targets] or ["left", "right"]


def baseline_lines(record: ParityRecord) -> list[str]:
    """Return what a failing record's lines end with: the baseline, with what it says of each target, and the command that writes it."""
    use = record.baseline
    if use is None or (record.passed and use.state.passes):
        return []
    said = "; ".join(f"{each.target} {'agrees' if each.comparison.verdict.passes else 'differs'}" for each in use.held)
    lines = [f"baseline: {use.path}{f' ({said})' if said else f' ({use.state})'}"]
    if use.update:
        lines.append(f"update: {use.update}")
    return lines


def summary_line(records: Sequence[ParityRecord]) -> str:
    """Return `baselines: 3 held, 1 written`, or nothing where no record has one."""
    counts = Counter(record.baseline.state for record in records if record.baseline)
    said = [f"{counts[state]} {word}" for state, word in _DONE.items() if counts[state]]
    return f"baselines: {', '.join(said)}" if said else ""


def unused_line(paths: Sequence[str]) -> str:
    """Return the sentence about baselines that belong to no test."""
    shown = ", ".join(paths[:3]) + (f" and {len(paths) - 3} more" if len(paths) > 3 else "")  # noqa: PLR2004 - as many as are shown
    return f"{plural(len(paths), 'baseline')} of no test: {shown}; remove with --osiris-update=prune"
