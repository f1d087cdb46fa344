"""Two stable targets that differ, where neither can be given the other's environment factor by factor.

What lies between them is said, as each worker's `hello` describes it. It is called the cause in one case: where it is the distributions
alone, and the one target does as before in the very place of the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Final

from osiris_core.parity.record import Triage, TriageFactor
from osiris_core.parity.triage.environment import (
    DISTRIBUTIONS,
    OUTPUT,
    VARIABLE,
    differing,
    of_another_machine,
)
from osiris_core.parity.triage.reruns import BudgetSpentError, RerunError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from osiris_core.parity.triage.reruns import Reruns, TriageBudget
    from osiris_core.session.reader import Session

UNKNOWN: Final = "UNKNOWN"
_MOST_NAMED: Final = 5
_FIX: Final = "make the result independent of these versions, or pin the one that is right"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Version:
    """A distribution that is not the same on both sides."""

    name: str
    left: str
    right: str


def side_by_side(left: Session, right: Session, reruns: Reruns, budget: TriageBudget, *, movable: str) -> Triage:
    """Return what is between two targets that each did the same again and again.

    `movable` names the target that can be run where the other one's runs lie, and is empty where none can.
    """
    repeats = budget.repeats
    evidence = [f"each target did the same in {repeats + 1} of {repeats + 1} runs"] if repeats else []
    versions, others = tuple(_versions(left, right)), tuple(_others(left, right))
    if versions:
        named = ", ".join(f"{each.name} {each.left} | {each.right}" for each in islice(versions, _MOST_NAMED))
        evidence.append(f"distributions on {left.target} and {right.target}: {named}{_more(versions)}")
    if others:
        evidence.append(f"besides, the targets differ in {', '.join(others)}")
    if not versions and not others:
        evidence.append("nothing is known in which the targets differ")
    if versions and not others and movable and repeats:
        moved, place = (left, right) if movable == left.target else (right, left)
        found = _in_the_others_place(moved, place, reruns, budget.confirmations)
        if found is None:
            runs = budget.confirmations
            evidence.append(f"in the very place of {place.target}, {movable} did as before, in {runs} of {runs} runs")
            return Triage(cause=f"ENVIRONMENT({DISTRIBUTIONS})", factors=(_factor(versions),), evidence=tuple(evidence))
        evidence.append(found)
    why = f"it cannot be given to {left.target}: only a sandbox's environment can be imitated, and only by local"
    return Triage(cause=UNKNOWN, evidence=tuple(evidence), not_tried=(f"the environment of {right.target}: {why}",))


def _in_the_others_place(moved: Session, place: Session, reruns: Reruns, times: int) -> str | None:
    """Run a target where the other one ran; return None where it does as before every time, else what came of it."""
    try:
        for _ in range(times):
            again = reruns.run(moved.target, (OUTPUT,))
            if reruns.difference(again, moved) is not None:
                return f"in the very place of {place.target}, {moved.target} did otherwise than before"
    except (BudgetSpentError, RerunError) as error:
        return f"stopped: {error}"
    return None


def _factor(versions: tuple[_Version, ...]) -> TriageFactor:
    named = list(islice(versions, _MOST_NAMED))
    sides = [", ".join(f"{each.name} {getattr(each, side)}" for each in named) for side in ("left", "right")]
    more = _more(versions)
    return TriageFactor(name=DISTRIBUTIONS, left=f"{sides[0]}{more}", right=f"{sides[1]}{more}", fix=_FIX)


def _more(versions: tuple[_Version, ...]) -> str:
    others = len(versions) - _MOST_NAMED
    return f" and {others:,} more" if others > 0 else ""


def _others(left: Session, right: Session) -> Iterator[str]:
    """Yield what differs beside the distributions: not where each run lies, which it does for any two, and not values of variables."""
    for each in differing(left, right):
        own = [part.name for part in each.parts if part.name != f"{VARIABLE}PATH"]
        if (each.parts and own) or (not each.parts and each.name not in {DISTRIBUTIONS, OUTPUT}):
            yield each.name
    yield from of_another_machine(left, right)


def _versions(left: Session, right: Session) -> Iterator[_Version]:
    here, there = ((each.hello.get("environment") or {}).get("distributions") or {} for each in (left, right))
    for name in sorted({*here, *there}):
        if here.get(name) != there.get(name):
            yield _Version(name=name, left=str(here.get(name, "none")), right=str(there.get(name, "none")))
