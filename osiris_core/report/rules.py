"""What declared rules did, in a line each: over all records of a run, because a rule may stand for many manifests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from osiris_core.parity.values import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from osiris_core.parity.record import ParityRecord

MOST_LINES: Final = 8
"""More lines than this nobody reads at the end of a run."""
_DEFAULT: Final = "default"


@dataclass(slots=True)
class _Sum:
    reason: str
    hits: int = 0
    covered: int = 0
    complaint: str = ""


def rule_lines(records: Sequence[ParityRecord]) -> list[str]:
    """Return a line for each declared rule: what it set aside and why, or what is wrong with it; complaints first."""
    sums: dict[tuple[str, str], _Sum] = {}
    for record in records:
        for use in record.comparison.rules if record.comparison else ():
            if use.source != _DEFAULT:
                total = sums.setdefault((use.rule, use.source), _Sum(use.reason))
                total.hits += max(use.left_hits, use.right_hits)
                total.covered += max(use.covered)
                total.complaint = total.complaint or use.complaint
    ordered = sorted(sums.items(), key=lambda each: not each[1].complaint)
    lines = [
        f"rule {name} ({source}): {_did(total)}" for (name, source), total in ordered if total.hits or total.complaint
    ]
    busy = {source for (_, source), total in sums.items() if total.covered}  # one of a preset's rules speaks for all
    idle = sum(
        not total.covered and not total.complaint and not (", preset " in source and source in busy)
        for (_, source), total in sums.items()
    )
    if len(lines) > MOST_LINES:
        lines = [*lines[:MOST_LINES], f"{len(lines) - MOST_LINES:,} more rules set values aside; the report has them"]
    return [*lines, f"{counted(idle, 'declared rule')} met no value in this run"] if idle else lines


def _did(total: _Sum) -> str:
    if total.complaint:
        return total.complaint
    return f"{total.hits:,} of {total.covered:,} values set aside, because {total.reason}"
