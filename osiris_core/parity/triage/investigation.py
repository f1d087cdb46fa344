"""The order of a triage, and what may be concluded from what: nothing is called a cause that was not seen to be one.

TRANSPORT needs no rerun. A target that differs from itself ends the search. A set of factors is the cause where local runs
that have it do what the sandbox did, again and again, and local runs without it never did. CODE is what remains where
every factor that differs was tried, and the divergence stayed as it was; where one could not be tried it is UNKNOWN.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from osiris_core.parity.record import Triage, TriageFactor, Verdict
from osiris_core.parity.triage.bound import bound_sentence
from osiris_core.parity.triage.environment import differing, not_reached, of_another_machine
from osiris_core.parity.triage.narrowing import smallest
from osiris_core.parity.triage.repeats import held_against_itself
from osiris_core.parity.triage.reruns import BudgetSpentError, RerunError
from osiris_core.parity.triage.side_by_side import side_by_side
from osiris_core.parity.triage.suspicion import advice, suspected
from osiris_core.parity.triage.transport import damages

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from osiris_core.parity.record import Comparison
    from osiris_core.parity.triage.environment import Factor
    from osiris_core.parity.triage.repeats import Instability
    from osiris_core.parity.triage.reruns import Reruns, TriageBudget
    from osiris_core.session.reader import Session

TRANSPORT: Final = "TRANSPORT"
CODE: Final = "CODE"
UNKNOWN: Final = "UNKNOWN"
NONDETERMINISTIC: Final = "NONDETERMINISTIC"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """What is to be explained: the sessions of the targets, and their comparison where there are two.

    `impossible` says for factors that cannot be imitated on this machine why; of a pair that is not `imitable` none can be: the
    targets are this machine and a sandbox in every other. `movable` names the target of such a pair that can be run where the runs of
    the other one lie.
    """

    sessions: tuple[Session, ...]
    comparison: Comparison | None
    impossible: Mapping[str, str]
    imitable: bool = True
    movable: str = ""


def investigate(check: Check, reruns: Reruns, budget: TriageBudget) -> Triage:
    """Return what is found out within the budget; with `budget.repeats` 0 no target is held against itself."""
    damaged = [each for session in check.sessions for each in damages(session)]
    if damaged:
        return Triage(cause=TRANSPORT, evidence=tuple(damaged), elapsed_s=reruns.elapsed_s)
    diverged = check.comparison is not None and check.comparison.verdict is Verdict.DIVERGENT
    try:
        unstable = held_against_itself(check.sessions, reruns, range(1, budget.repeats + 1))
    except (BudgetSpentError, RerunError) as error:
        bound = bound_sentence(reruns.made // len(check.sessions))
        found = Triage(cause=UNKNOWN if diverged else "", evidence=(f"stopped: {error}",), bound=bound)
        return _spent(found, reruns)
    if unstable is not None:
        return _spent(_unstable(unstable), reruns)
    bound = bound_sentence(budget.repeats)
    if not diverged:
        found = Triage(cause="")
    elif check.imitable:
        found = _Environment(check, reruns, budget).search()
    else:
        left, right = check.sessions
        found = side_by_side(left, right, reruns, budget, movable=check.movable)
    return _spent(replace(found, bound=found.bound or bound), reruns)


def _unstable(found: Instability) -> Triage:
    return Triage(
        cause=NONDETERMINISTIC,
        evidence=(found.sentence,),
        unstable=(found.target,),
        step=found.comparison.first_diverging_step,
    )


def _spent(found: Triage, reruns: Reruns) -> Triage:
    return replace(found, runs=reruns.made, elapsed_s=round(reruns.elapsed_s, 3))


class _Environment:
    """Runs locally with more and less of the sandbox's environment, until the smallest set is known that matters."""

    def __init__(self, check: Check, reruns: Reruns, budget: TriageBudget) -> None:
        if check.comparison is None:
            raise ValueError("only what was compared can have diverged")
        self._local, self._remote = check.sessions
        self._comparison = check.comparison
        self._reruns = reruns
        self._budget = budget
        self._seen: list[str] = []  # what is known, should the budget end before the search does
        known = differing(self._local, self._remote)
        self._factors = tuple(possible for each in known if (possible := _possible(each, check.impossible)) is not None)
        self._not_tried = (
            *(f"{name}: {why}" for name, why in _untried(known, check.impossible)),
            *(f"{name}: it is another machine's" for name in of_another_machine(self._local, self._remote)),
        )

    def search(self) -> Triage:
        """Return the cause, if the environment or its absence can be shown to be one."""
        try:
            found = self._smallest()
            if found is None:
                return self._not_the_environment()
            if not self._holds(found):
                return self._unknown("the divergence came and went while the same environment was tried again")
        except (BudgetSpentError, RerunError) as error:
            return self._unknown(f"stopped: {error}")
        named = tuple(self._explained(each) for each in self._by_name(found))
        names = " and ".join(each.name for each in named)
        runs = self._budget.confirmations + 1
        return Triage(
            cause=f"ENVIRONMENT({names})",
            factors=named,
            evidence=(
                (
                    f"with {names} as on {self._remote.target}, {self._local.target} did what {self._remote.target} did, in "
                    f"{runs} of {runs} runs"
                ),
                f"as it is, {self._local.target} did otherwise in {self._budget.repeats + 1} of {self._budget.repeats + 1} runs",
            ),
            not_tried=self._not_tried,
        )

    def _smallest(self) -> tuple[str, ...] | None:
        """Return the smallest set of factors that makes the difference, None where not even all of them do."""
        for name in suspected(self._comparison, self._factors):
            if self._is_remote([name]):
                return (name,)
        everything = [each.name for factor in self._factors for each in (factor.parts or (factor,))]
        if not self._is_remote(everything):
            return None
        self._seen.append(
            f"with all {len(everything)} factors as on {self._remote.target}, {self._local.target} did what "
            f"{self._remote.target} did: it is the environment, but not yet known which part of it"
        )
        groups = smallest(self._factors, lambda part: self._is_remote(_names(part)))
        alone = tuple(each.name for each in groups if not each.parts)
        for group in groups:
            if group.parts:  # there is one at most: variables
                return alone + smallest(_names([group]), lambda part: self._is_remote((*alone, *part)))
        return alone

    def _is_remote(self, names: Sequence[str]) -> bool:
        """Whether a local run with these factors does what the remote target did."""
        session = self._reruns.run(self._local.target, tuple(names))
        return self._reruns.difference(session, self._remote) is None

    def _holds(self, names: tuple[str, ...]) -> bool:
        return all(self._is_remote(names) for _ in range(self._budget.confirmations))

    def _not_the_environment(self) -> Triage:
        """Return CODE where the divergence is the same with all factors, again and again, and none was left out."""
        everything = _names(self._factors)
        untried = {each.partition(":")[0] for each in self._not_tried}
        for _ in range(self._budget.confirmations):
            session = self._reruns.run(self._local.target, everything)
            comparison = self._reruns.difference(session, self._remote)
            if comparison is None:
                return self._unknown("the divergence came and went while the same environment was tried again")
            if _shape(comparison) != _shape(self._comparison):
                return self._unknown(
                    f"with {len(everything)} factors as on {self._remote.target}, {self._local.target} differs in another way: "
                    "the imitation is not good enough to tell"
                )
            if missed := [each for each in not_reached(session, self._remote) if each not in untried]:
                return self._unknown(f"the imitation did not reach {self._remote.target} in: {', '.join(missed)}")
        stays = (
            f"with all {len(everything)} factors as on {self._remote.target} that differ and can be imitated, "
            f"{self._local.target} still did otherwise, in {self._budget.confirmations + 1} of {self._budget.confirmations + 1} runs"
        )
        if self._not_tried:
            return self._unknown(stays)
        more = range(self._budget.repeats + 1, self._budget.repeats_for_code + 1)
        unstable = held_against_itself((self._local, self._remote), self._reruns, more)
        if unstable is not None:
            return _unstable(unstable)
        times = max(self._budget.repeats, self._budget.repeats_for_code)
        return Triage(
            cause=CODE,
            evidence=(stays, f"each target did the same in {times + 1} of {times + 1} runs"),
            bound=bound_sentence(times),
        )

    def _unknown(self, why: str) -> Triage:
        return Triage(cause=UNKNOWN, evidence=(why, *self._seen), not_tried=self._not_tried)

    def _by_name(self, names: Sequence[str]) -> list[Factor]:
        known = {each.name: each for factor in self._factors for each in (factor, *factor.parts)}
        return [known[name] for name in names]

    def _explained(self, factor: Factor) -> TriageFactor:
        fix = advice(self._comparison, factor.name) or factor.fix
        return TriageFactor(name=factor.name, left=factor.left, right=factor.right, fix=fix)


def _shape(comparison: Comparison) -> tuple[str | None, frozenset[tuple[str, str]]]:
    """Return what makes two divergences the same: where they begin, and what kinds of findings there are at that step."""
    step = comparison.first_diverging_step
    kinds = frozenset((str(each.layer), each.code) for each in comparison.findings if each.step == step)
    return step, kinds


def _names(factors: Sequence[Factor]) -> tuple[str, ...]:
    return tuple(each.name for factor in factors for each in (factor.parts or (factor,)))


def _possible(factor: Factor, impossible: Mapping[str, str]) -> Factor | None:
    """Return the factor without the parts that cannot be imitated, None where nothing of it can."""
    if factor.name in impossible:
        return None
    if not factor.parts:
        return factor
    parts = tuple(each for each in factor.parts if each.name not in impossible)
    return replace(factor, parts=parts) if parts else None


def _untried(factors: Sequence[Factor], impossible: Mapping[str, str]) -> list[tuple[str, str]]:
    names = [each.name for factor in factors for each in (factor, *factor.parts)]
    return [(name, impossible[name]) for name in names if name in impossible]
