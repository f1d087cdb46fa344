"""Where a divergence begins, what follows from it, and which findings are one thing many times over."""

from __future__ import annotations

import pytest

from osiris_core.parity.compare import compare
from osiris_core.parity.record import Verdict
from osiris_core.parity.summary import headline
from tests.parity.sessions import healthy, pair

OTHER_CSV = b"carrier,n,late\r\nAA,2,11\r\nBB,1,-3\r\n"


def test_what_follows_from_a_step_is_its_effect(tmp_path):
    """`write` takes from `delays`, so its file differs because of it."""
    right = healthy("e2b")
    right.event("inputs_resolved", "delays")["rows"] = 4
    right.files["write/delays.csv"] = OTHER_CSV
    result = compare(*pair(tmp_path, right=right))
    assert (result.causes, result.effects, result.first_diverging_step) == (("delays",), 1, "delays")
    assert [(group.step, group.effect) for group in result.groups] == [("delays", False), ("write", True)]
    assert "(1 cause, 1 effect)" in headline(result)


def test_steps_that_do_not_depend_on_each_other_are_two_causes(tmp_path):
    """`write` and `report` both take from `delays`, which is the same: neither explains the other."""
    right = healthy("e2b")
    right.files["write/delays.csv"] = OTHER_CSV
    right.printed["report"] = b"something else\n"
    result = compare(*pair(tmp_path, right=right))
    assert (result.causes, result.effects) == (("write", "report"), 0)
    assert not any(group.effect for group in result.groups)
    assert "(2 causes, 0 effects)" in headline(result)


def test_a_skipped_step_is_the_effect_of_what_failed(tmp_path):
    """A step that was skipped because of another is no cause, wherever it stands in the graph."""
    left, right = healthy("local"), healthy("e2b")
    for draft, state in ((left, "succeeded"), (right, "skipped")):
        step = next(each for each in draft.steps if each["id"] == "report")
        step.update(state=state, reason=None if state == "succeeded" else "upstream-failed")
        step["cause"] = None if state == "succeeded" else "write"
    right.files["write/delays.csv"] = OTHER_CSV
    result = compare(*pair(tmp_path, left, right))
    assert result.causes == ("write",)


def test_the_same_thing_many_times_is_one_group(tmp_path):
    """Thirty files that differ in the same way are one group of thirty; every one is counted, also beyond the kept ones."""
    left, right = healthy("local"), healthy("e2b")
    for number in range(30):
        left.files[f"report/part-{number:02}.txt"] = b"a\n"
        right.files[f"report/part-{number:02}.txt"] = b"b\n"
    result = compare(*pair(tmp_path, left, right), max_findings=5)
    (group,) = [group for group in result.groups if group.code == "artifact-content"]
    assert (group.pattern, group.count, group.step) == ("report/part-#.txt", 30, "report")
    assert (len(result.findings), result.effects) == (5, 29)


def test_groups_do_not_grow_without_bound(tmp_path):
    """A thousand kinds of difference are told in five hundred groups and one for the rest, and still counted."""
    right = healthy("e2b")
    for number in range(1000):
        name = "".join(chr(ord("a") + int(digit)) for digit in f"{number:03}")
        right.files[f"report/{name}.txt"] = b"b\n"
    result = compare(*pair(tmp_path, right=right))
    assert len(result.groups) == 501
    assert sum(group.count for group in result.groups) == 1000
    assert result.groups[-1].pattern == "…"


@pytest.mark.parametrize("steps", [("read", "delays"), ("delays", "read")])
def test_a_graph_in_a_circle_still_has_a_first_step(tmp_path, steps):
    """Where every diverging step leads to every other, the first one is named."""
    left, right = healthy("local"), healthy("e2b")
    manifest = {**left.manifest, "steps": [dict(step) for step in left.manifest["steps"]]}
    first, second = (next(step for step in manifest["steps"] if step["id"] == each) for each in steps)
    first["needs"], second["needs"] = [steps[1]], [steps[0]]
    left.manifest = right.manifest = manifest
    right.printed["read"], right.printed["delays"] = b"x\n", b"y\n"
    result = compare(*pair(tmp_path, left, right))
    assert (result.causes, result.verdict) == (("read",), Verdict.DIVERGENT)
