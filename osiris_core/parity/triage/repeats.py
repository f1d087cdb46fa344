"""Each target against itself: what differs between two runs of one target says nothing about the other one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from osiris_core.parity.record import Comparison
    from osiris_core.parity.triage.reruns import Reruns
    from osiris_core.session.reader import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Instability:
    """A target that differed from itself in its rerun number `rerun`, and in what."""

    target: str
    rerun: int
    comparison: Comparison
    session: Session

    @property
    def sentence(self) -> str:
        """Where it differed first, and the two values."""
        step = self.comparison.first_diverging_step
        there = [each for each in self.comparison.findings if each.step == step and not each.locates]
        first = next(iter(there or self.comparison.findings), None)
        where = f" at step {step}" if step else ""
        what = f": {first.path}: {first.message}" if first else ""
        return f"{self.target} differs from itself in rerun {self.rerun}{where}{what}"


def held_against_itself(sessions: Sequence[Session], reruns: Reruns, numbers: range) -> Instability | None:
    """Run each target again, in turn, as the reruns of these numbers; return the first that differs from its first run.

    Raises what `Reruns` raises: until then no rerun differed.
    """
    for number in numbers:
        for first in sessions:
            again = reruns.run(first.target)
            comparison = reruns.difference(first, again)
            if comparison is not None:
                return Instability(target=first.target, rerun=number, comparison=comparison, session=again)
    return None
