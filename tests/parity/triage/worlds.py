"""Pipelines that are not run: what each of their runs would leave, as a session, by what it depends on.

A world says for each run what stands in its file, from its target, from the factors that a local run has as the sandbox has
them, and from chance. It counts its runs, and its clock goes on by a second with each of them.
"""

from __future__ import annotations

import dataclasses
import itertools
from typing import TYPE_CHECKING, Any

from osiris_core.errors import InfrastructureError
from osiris_core.parity.compare import compare
from osiris_core.parity.triage.investigation import Check, investigate
from osiris_core.parity.triage.reruns import Reruns, TriageBudget
from tests.parity.sessions import ROOTS, healthy

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from pathlib import Path

    from osiris_core.parity.record import Triage
    from osiris_core.session.reader import Session

    Content = Callable[[str, frozenset[str]], str]

ENVIRONMENTS: dict[str, dict[str, Any]] = {
    "local": {
        "timezone": "America/New_York",
        "locale": "de_DE.UTF-8",
        "cpus": 8,
        "affinity_cpus": 8,
        "home": "/home/ann",
        "cwd": "/home/ann/flights",
        "user": "ann",
        "uid": 501,
        "hostname": "laptop",
        "limits": {"open_files": 256},
        "variables": ["EDITOR", "HOME", "LC_ALL", "PATH", "REGION", "TZ", *(f"NOISE_{n}" for n in range(40))],
        "distributions": {"pandas": "2.2", "duckdb": "1.1"},
    },
    "e2b": {
        "timezone": "Etc/UTC",
        "locale": "C.UTF-8",
        "cpus": 2,
        "affinity_cpus": 2,
        "home": "/home/user",
        "cwd": "/home/user/project",
        "user": "user",
        "uid": 1000,
        "hostname": "e2b.local",
        "limits": {"open_files": 1024},
        "variables": ["E2B_SANDBOX", "HOME", "LANG", "PATH"],
        "distributions": {"duckdb": "1.1"},
    },
}


class World:
    """One pipeline: `content` is what a run on a target, with these factors imitated, writes into its file."""

    def __init__(self, root: Path, content: Content, *, environments: Mapping[str, Any] = ENVIRONMENTS) -> None:
        self.root = root
        self.content = content
        self.environments = environments
        self.asked: list[tuple[str, frozenset[str]]] = []
        self.seconds = 0.0
        self.fails_at: int | None = None
        self.imitated_from = 20  # with so many factors a local worker says what one in the sandbox says
        self._numbers = itertools.count(1)

    def clock(self) -> float:
        """A second a run."""
        return self.seconds

    def run(self, target: str, factors: Collection[str] = ()) -> Session:
        """Return what one run leaves."""
        draft = healthy(target)
        number = next(self._numbers)
        told = self.told(target, factors)
        draft.hello = {**draft.hello, **told, "nonce": f"{number:032x}"}
        draft.target_facts = {**draft.target_facts, "network": "host" if target == "local" else "none"}
        draft.files["report/page.txt"] = f"{self.content(target, frozenset(factors))}\n".encode()
        return draft.build(self.root)

    def told(self, target: str, factors: Collection[str]) -> dict[str, Any]:
        """Return what a worker says of its environment: with every factor imitated that is different, the sandbox's."""
        told = "e2b" if len(factors) >= self.imitated_from else target
        return {"environment": self.environments[told], **({"roots": ROOTS[told]} if told != target else {})}

    def rerun(self, target: str, factors: Collection[str]) -> Session:
        """Be the callable that triage is given."""
        self.asked.append((target, frozenset(factors)))
        self.seconds += 1
        if self.fails_at == len(self.asked):
            raise InfrastructureError("the sandbox was gone")
        return self.run(target, factors)

    def triage(
        self, *, budget: TriageBudget | None = None, impossible: Mapping[str, str] | None = None, only: str = ""
    ) -> Triage | None:
        """Check on both targets, or on one, and triage; None where the first two runs do not diverge."""
        budget = budget or TriageBudget()
        sessions = tuple(self.run(each) for each in ([only] if only else ["local", "e2b"]))
        comparison = None if only else compare(*sessions)
        if comparison is not None and comparison.verdict.passes and not budget.repeats:
            return None
        check = Check(sessions=sessions, comparison=comparison, impossible=impossible or {})
        return investigate(check, Reruns(self.rerun, compare, budget, self.clock, longest_s=1.0), budget)

    @property
    def local_runs(self) -> list[frozenset[str]]:
        """The factors of the local reruns, in order."""
        return [factors for target, factors in self.asked if target == "local"]


def depends_on(*names: str) -> Content:
    """Return a content that is the sandbox's where a local run has all of these factors as the sandbox has them."""
    return lambda target, factors: "there" if target == "e2b" or set(names) <= factors else "here"


def without(environments: Mapping[str, Any], *facts: str) -> dict[str, Any]:
    """Return environments in which the targets do not differ in these facts."""
    same = {each: environments["e2b"][each] for each in facts}
    return {**environments, "local": {**environments["local"], **same}}


def with_repeats(repeats: int) -> TriageBudget:
    """Return the ordinary budget with another number of repeats."""
    return dataclasses.replace(TriageBudget(), repeats=repeats)
