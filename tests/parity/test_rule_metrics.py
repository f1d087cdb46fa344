"""Declared rules over metrics: what they set aside makes a verdict EQUIVALENT, what they may not stays a difference."""

from __future__ import annotations

import pytest

from osiris_core.parity.compare import compare
from osiris_core.parity.record import Verdict
from osiris_core.rules.model import Bounds, Shape, Tolerance
from osiris_core.rules.reading import read_rules
from tests.parity.rules import rule
from tests.parity.sessions import healthy, pair

NEAR = rule("tolerance", "metric", step="read", name="rows_read", tolerance=Tolerance(relative=0.5))


def compared(tmp_path, left, right, *rules):
    """Compare a healthy pair whose metric `rows_read` has these values."""
    drafts = healthy("local"), healthy("e2b")
    for draft, values in zip(drafts, (left, right), strict=True):
        first = draft.metric("rows_read", "read")
        place = draft.metrics.index(first)
        draft.metrics[place : place + 1] = [{**first, "value": value} for value in values]
    return compare(*pair(tmp_path, *drafts), rules=rules)


@pytest.mark.parametrize(
    ("left", "right", "code"),
    [
        ([3.0], [4.0], ""),
        ([3.0, 5.0], [5.5, 3.5], ""),
        ([3.0], [30.0], "metric-changed"),
        ([3.0], [3], "metric-changed"),
        ([3.0], [None], "metric-changed"),
        ([3.0], [3.0, 3.0], "metric-doubled"),
        ([3.0, 3.0], [3.0], "metric-doubled"),
    ],
)
def test_a_value_within_its_tolerance_is_equivalent(left, right, code, tmp_path):
    """The number may be another one; its type, and how often it is logged, may not."""
    result = compared(tmp_path, left, right, NEAR)
    assert [finding.code for finding in result.findings] == ([code] if code else [])
    assert result.verdict is (Verdict.DIVERGENT if code else Verdict.EQUIVALENT)


def test_a_metric_without_a_rule_is_not_touched(tmp_path):
    """The rule's scope ends at its step and name."""
    other = rule("tolerance", "metric", step="write", tolerance=Tolerance(relative=0.5))
    assert compared(tmp_path, [3.0], [4.0], other).verdict is Verdict.DIVERGENT


def test_a_shape_holds_on_both_sides_alike(tmp_path):
    """A value outside of it is a difference, also where it is the same on both sides."""
    shaped = rule("token", "metric", name="rows_read", shape=Shape(least=0))
    result = compared(tmp_path, [-1.0], [-1.0], shaped)
    assert [finding.code for finding in result.findings] == ["rule-shape"]
    assert "as `r` demands" in result.findings[0].message


def test_the_preset_for_floats(tmp_path):
    """It lets pass the last digits of a float, and nothing of a whole number."""
    rules, problems = read_rules([{"preset": "float-noise"}], "manifest")
    assert problems == ()
    assert compared(tmp_path / "a", [3.0], [3.0000000001], *rules).verdict is Verdict.EQUIVALENT
    assert compared(tmp_path / "b", [3.0], [3.00000003], *rules).verdict is Verdict.DIVERGENT
    assert compared(tmp_path / "c", [3_000_000_000], [3_000_000_001], *rules).verdict is Verdict.DIVERGENT


def test_bounds_decide(tmp_path):
    """A rule that hides more than it may makes the verdict DIVERGENT, and says so in the record."""
    bound = rule("token", "metric", bounds=Bounds(max_hits=0))
    result = compared(tmp_path, [3.0], [4.0], bound)
    assert [finding.code for finding in result.findings] == ["rule-bound"]
    assert result.rules[-1].complaint == "set 1 values aside, at most 0 are allowed"


def test_a_rule_that_met_nothing_is_told_and_changes_nothing(tmp_path):
    """The verdict stays IDENTICAL; the record has the complaint."""
    result = compared(tmp_path, [3.0], [3.0], rule("token", "metric", name="nothing", source="manifest"))
    assert result.verdict is Verdict.IDENTICAL
    assert result.rules[-1].complaint.startswith("never met a value")
