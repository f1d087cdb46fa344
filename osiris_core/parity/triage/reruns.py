"""Runs that are made to find something out: how one is asked for, and how many of them there may be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from osiris_core.errors import OsirisError
from osiris_core.parity.record import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from osiris_core.parity.record import Comparison
    from osiris_core.session.reader import Session

    Compare = Callable[[Session, Session], Comparison]
    """Compares two sessions by the rules of the check."""


class Rerun(Protocol):
    """Runs the check's request once more: the same session id, time, seed and inputs.

    Raises `OsirisError` where that run says nothing about the pipeline, and passes `KeyboardInterrupt` on.
    """

    def __call__(self, target: str, factors: Collection[str]) -> Session:
        """Run on `target`; on `local` with these factors of the environment as the sandbox has them."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class TriageBudget:
    """How much a triage may cost: so many reruns and seconds at most, whichever is spent first.

    Each target is held `repeats` times against itself, and `repeats_for_code` times before the code is called the cause. A set of
    factors is believed when it made the difference in `confirmations` runs after the first.
    """

    reruns: int = 60
    elapsed_s: float = 120.0
    repeats: int = 3
    repeats_for_code: int = 12
    confirmations: int = 3


class BudgetSpentError(OsirisError):
    """Raised when one more rerun would go beyond the budget; says which part of it."""


class RerunError(OsirisError):
    """Raised when a rerun says nothing: its target could not run, or the comparison with it is not conclusive."""


class Reruns:
    """Makes reruns until the budget is spent, and tells two outcomes apart; `made` counts them."""

    def __init__(
        self, rerun: Rerun, compare: Compare, budget: TriageBudget, clock: Callable[[], float], *, longest_s: float
    ) -> None:
        self._rerun = rerun
        self._compare = compare
        self._budget = budget
        self._clock = clock
        self._began = clock()
        self._longest_s = longest_s
        self.made = 0

    @property
    def elapsed_s(self) -> float:
        """Seconds since the first could have been made."""
        return self._clock() - self._began

    def run(self, target: str, factors: Collection[str] = ()) -> Session:
        """Make one. Raises BudgetSpentError where one as long as the longest so far would not fit, RerunError where it failed."""
        if self.made >= self._budget.reruns:
            raise BudgetSpentError(f"{self.made} reruns were made, and no more are allowed")
        if self.elapsed_s + self._longest_s > self._budget.elapsed_s:
            raise BudgetSpentError(
                f"after {self.made} reruns in {self.elapsed_s:.0f} s another one of about {self._longest_s:.0f} s does not fit "
                f"into {self._budget.elapsed_s:.0f} s"
            )
        started = self._clock()
        try:
            session = self._rerun(target, factors)
        except OsirisError as error:
            raise RerunError(f"a rerun on {target} says nothing: {error}") from error
        finally:
            self.made += 1
        self._longest_s = max(self._longest_s, self._clock() - started)
        return session

    def difference(self, left: Session, right: Session) -> Comparison | None:
        """Return the comparison where two sessions differ, None where they are the same. RerunError where neither is known."""
        comparison = self._compare(left, right)
        if comparison.verdict is Verdict.DIVERGENT:
            return comparison
        if comparison.verdict.passes:
            return None
        reasons = [*comparison.problems, *comparison.not_compared]
        raise RerunError(
            f"a rerun on {left.target} cannot be compared: {reasons[0] if reasons else comparison.verdict}"
        )
