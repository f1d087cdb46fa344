"""What is said of two stable targets of which neither can be given the other's environment."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from osiris_core.parity.triage.side_by_side import side_by_side


def session(target: str, *, output: str = "/here", **environment: object) -> Any:
    """A session as far as its worker's hello goes."""
    known = {"timezone": "UTC", "variables": ["PATH"], "distributions": {}, "python": "3.11.7", **environment}
    roots = {"project": "/p", "output": output, "prefix": f"/{target}"}
    return SimpleNamespace(
        target=target, hello={"environment": known, "roots": roots}, target_facts={"network": "host"}
    )


def test_versions_come_first_and_both_are_named() -> None:
    """A distribution that only one side has is one, too; where each run lies is no difference."""
    left = session("venv:a", distributions={"numpy": "1.26", "six": "1", "pip": "25"})
    right = session("venv:b", output="/there", distributions={"numpy": "2.0", "six": "1"})

    found = side_by_side(left, right, repeats=3)

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

    found = side_by_side(left, session("b"), repeats=0)

    named = "d1 1 | none, d2 1 | none, d3 1 | none, d4 1 | none, d5 1 | none"
    assert found.evidence == (f"distributions on a and b: {named} and 3 more",)


def test_what_else_differs_is_named() -> None:
    """A backend of somebody else's may run anywhere."""
    found = side_by_side(session("local"), session("moon", timezone="LTC", python="3.11.9"), repeats=1)

    assert found.evidence == (
        "each target did the same in 2 of 2 runs",
        "besides, the targets differ in time zone, version of Python",
    )


def test_where_nothing_differs_that_is_said() -> None:
    """It leaves what nobody looks at."""
    assert side_by_side(session("a"), session("b"), repeats=0).evidence == (
        "nothing is known in which the targets differ",
    )
