"""What is said of two stable targets of which neither can be given the other's environment."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from osiris_core.parity.triage.reruns import BudgetSpentError, TriageBudget
from osiris_core.parity.triage.side_by_side import side_by_side


def session(target: str, *, output: str = "/here", **environment: object) -> Any:
    """A session as far as its worker's hello goes."""
    known = {"timezone": "UTC", "variables": ["PATH"], "distributions": {}, "python": "3.11.7", **environment}
    roots = {"project": "/p", "output": output, "prefix": f"/{target}"}
    return SimpleNamespace(
        target=target, hello={"environment": known, "roots": roots}, target_facts={"network": "host"}
    )


class Again:
    """Stands in for reruns: says what each is as compared with the first run, and remembers what was asked for."""

    def __init__(self, *outcomes: object) -> None:
        self.outcomes = list(outcomes)
        self.asked: list[tuple[str, tuple[str, ...]]] = []

    def run(self, target: str, factors: tuple[str, ...]) -> object:
        """Make one, or be spent."""
        self.asked.append((target, factors))
        if not self.outcomes:
            raise BudgetSpentError("no more are allowed")
        return self.outcomes.pop(0)

    def difference(self, rerun: object, _session: object) -> object:
        """Say that a rerun is what it is."""
        return rerun


def again(repeats: int, *outcomes: object) -> tuple[Any, TriageBudget]:
    return Again(*outcomes), TriageBudget(repeats=repeats, confirmations=2)


def test_versions_come_first_and_both_are_named() -> None:
    """A distribution that only one side has is one, too; where each run lies is no difference."""
    left = session("venv:a", distributions={"numpy": "1.26", "six": "1", "pip": "25"})
    right = session("venv:b", output="/there", distributions={"numpy": "2.0", "six": "1"})

    found = side_by_side(left, right, *again(3), movable="")

    assert found.cause == "UNKNOWN"
    assert found.evidence == (
        "each target did the same in 4 of 4 runs",
        "distributions on venv:a and venv:b: numpy 1.26 | 2.0, pip 25 | none",
    )
    assert found.not_tried == (
        (
            "the environment of venv:b: it cannot be given to venv:a: only a sandbox's environment can be imitated, and only by "
            "local"
        ),
    )


def test_many_versions_are_counted() -> None:
    """Five are enough to see what kind of difference it is."""
    left = session("a", distributions={f"d{number}": "1" for number in range(1, 9)})

    found = side_by_side(left, session("b"), *again(0), movable="")

    named = "d1 1 | none, d2 1 | none, d3 1 | none, d4 1 | none, d5 1 | none"
    assert found.evidence == (f"distributions on a and b: {named} and 3 more",)


def test_what_else_differs_is_named() -> None:
    """A backend of somebody else's may run anywhere."""
    found = side_by_side(session("local"), session("moon", timezone="LTC", python="3.11.9"), *again(1), movable="")

    assert found.evidence == (
        "each target did the same in 2 of 2 runs",
        "besides, the targets differ in time zone, version of Python",
    )


def test_where_nothing_differs_that_is_said() -> None:
    """It leaves what nobody looks at."""
    assert side_by_side(session("a"), session("b"), *again(0), movable="").evidence == (
        "nothing is known in which the targets differ",
    )


OLD, NEW = session("venv:a", distributions={"numpy": "1.26"}), session("venv:b", distributions={"numpy": "2.0"})


@pytest.mark.parametrize(("movable", "place"), [("venv:b", "venv:a"), ("venv:a", "venv:b")])
def test_versions_are_the_cause_where_the_place_is_seen_not_to_be(movable: str, place: str) -> None:
    """All that is left between a run in the other's place and the other's own is what is installed."""
    reruns, budget = again(1, None, None)

    found = side_by_side(OLD, NEW, reruns, budget, movable=movable)

    assert found.cause == "ENVIRONMENT(distributions)"
    assert found.evidence[-1] == f"in the very place of {place}, {movable} did as before, in 2 of 2 runs"
    assert [(each.name, each.left, each.right) for each in found.factors] == [
        ("distributions", "numpy 1.26", "numpy 2.0")
    ]
    assert reruns.asked == [(movable, ("output directory",))] * 2


@pytest.mark.parametrize(
    ("outcomes", "sentence"),
    [
        ([None, "differs"], "in the very place of venv:a, venv:b did otherwise than before"),
        ([None], "stopped: no more are allowed"),
    ],
)
def test_a_place_that_matters_or_was_not_tried_leaves_the_cause_unknown(outcomes: list[object], sentence: str) -> None:
    """Once is enough."""
    reruns, budget = again(1, *outcomes)

    found = side_by_side(OLD, NEW, reruns, budget, movable="venv:b")

    assert (found.cause, found.evidence[-1]) == ("UNKNOWN", sentence)


@pytest.mark.parametrize(
    ("right", "repeats", "movable"),
    [
        (session("venv:b", distributions={"numpy": "2.0"}, python="3.11.9"), 1, "venv:b"),
        (session("venv:b", distributions={"numpy": "2.0"}, variables=["PATH", "REGION"]), 1, "venv:b"),
        (session("venv:b", distributions={"numpy": "1.26"}), 1, "venv:b"),
        (NEW, 0, "venv:b"),
        (NEW, 1, ""),
    ],
)
def test_nothing_is_tried_where_more_than_versions_could_be_the_cause(right: Any, repeats: int, movable: str) -> None:
    """Another build of Python, a variable, nothing at all; targets that were not seen to be stable; one that cannot be moved."""
    reruns, budget = again(repeats)

    assert side_by_side(OLD, right, reruns, budget, movable=movable).cause == "UNKNOWN"
    assert reruns.asked == []
