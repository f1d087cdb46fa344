"""What can be said of two stable targets that differ where neither can be given the other's environment: what lies between them.

Nothing is called a cause here: it is left at what differs, as each worker's `hello` describes it.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final

from osiris_core.parity.record import Triage
from osiris_core.parity.triage.environment import DISTRIBUTIONS, OUTPUT, differing, of_another_machine

if TYPE_CHECKING:
    from collections.abc import Iterator

    from osiris_core.session.reader import Session

UNKNOWN: Final = "UNKNOWN"
_MOST_NAMED: Final = 5
_OWN_PLACE: Final = {DISTRIBUTIONS, OUTPUT, "variables"}
"""Told by version, different for any two targets, and not to be known by value."""


def side_by_side(left: Session, right: Session, *, repeats: int) -> Triage:
    """Return what differs between two targets that each did the same `repeats` times more."""
    evidence = [f"each target did the same in {repeats + 1} of {repeats + 1} runs"] if repeats else []
    versions = tuple(_versions(left, right))
    if versions:
        named, others = ", ".join(islice(versions, _MOST_NAMED)), len(versions) - _MOST_NAMED
        more = f" and {others:,} more" if others > 0 else ""
        evidence.append(f"distributions on {left.target} and {right.target}: {named}{more}")
    others_differ = [each.name for each in differing(left, right) if each.name not in _OWN_PLACE]
    others_differ += of_another_machine(left, right)
    if others_differ:
        evidence.append(f"besides, the targets differ in {', '.join(others_differ)}")
    if not versions and not others_differ:
        evidence.append("nothing is known in which the targets differ")
    why = f"it cannot be given to {left.target}: only a sandbox's environment can be imitated, and only by local"
    return Triage(cause=UNKNOWN, evidence=tuple(evidence), not_tried=(f"the environment of {right.target}: {why}",))


def _versions(left: Session, right: Session) -> Iterator[str]:
    """Yield `name 1.0 | 2.0` for each distribution that is not the same on both."""
    here, there = ((each.hello.get("environment") or {}).get("distributions") or {} for each in (left, right))
    for name in sorted({*here, *there}):
        if here.get(name) != there.get(name):
            yield f"{name} {here.get(name, 'none')} | {there.get(name, 'none')}"
