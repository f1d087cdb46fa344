"""Declared rules over tables: statistics in place of digests where a rule covers a column, and digests everywhere else."""

from __future__ import annotations

import pytest

from osiris_core.parity.compare import compare
from osiris_core.parity.record import Verdict
from osiris_core.rules.model import Shape, Tolerance
from osiris_core.rules.reading import read_rules
from tests.parity.rules import rule
from tests.parity.sessions import healthy, pair

NEAR = rule("tolerance", "table", step="delays", path="late", tolerance=Tolerance(absolute=0.5))
ANY = rule("token", "table", step="delays", path="late", shape=Shape(least=0, greatest=100))
LEFT = {"min": 1.0, "max": 5.0, "sum": 9.0}


def compared(tmp_path, right, *rules, kind="double", left=LEFT, rows="other", also=None):
    """Compare a healthy pair whose table of `delays` differs in the column `late`, and by that in the digest of its rows."""
    drafts = healthy("local"), healthy("e2b")
    for draft, facts in zip(drafts, (left, right), strict=True):
        table = draft.table("delays")
        table["schema"][1]["type"] = kind
        table["columns"]["late"].update(facts)
    table = drafts[1].table("delays")
    table["ordered"] = table["unordered"] = rows
    table["columns"]["late"].update(ordered="other", unordered="other")
    if also:
        also(table)
    return compare(*pair(tmp_path, *drafts), rules=rules)


def test_a_column_within_its_tolerance_is_equivalent(tmp_path):
    """The largest distance is told; without the rule the table differs."""
    right = {"min": 1.25, "max": 5.0, "sum": 9.25}
    result = compared(tmp_path / "with", right, NEAR)
    assert (result.verdict, result.findings) == (Verdict.EQUIVALENT, ())
    (use,) = (each for each in result.rules if each.decided)
    assert use.note == "the largest distance seen was 0.25, 50% of what is allowed"
    assert use.examples[0][0] == "tables.df.columns.late"
    assert compared(tmp_path / "without", right).verdict is Verdict.DIVERGENT


def test_the_order_of_rows_only_locates_here_too(tmp_path):
    """Another order of the columns that no rule covers is another order of rows."""

    def reorder(table):
        table["columns"]["carrier"]["ordered"] = "elsewhere"

    result = compared(tmp_path, LEFT, NEAR, also=reorder)
    assert result.verdict is Verdict.EQUIVALENT
    assert [(finding.code, finding.locates) for finding in result.findings] == [("table-order", True)]


@pytest.mark.parametrize(
    ("right", "given"),
    [
        ({"max": 10.0}, {}),
        ({"min": -4.0}, {}),
        ({"sum": 14.0}, {}),
        ({"nulls": 1}, {}),
        ({"count": 1}, {}),
        ({"max": "nan"}, {}),
        ({"max": None}, {}),
        ({"max": 5.25}, {"kind": "int64"}),
        ({"max": 5.25}, {"also": lambda table: table["columns"]["carrier"].update(unordered="x", ordered="x")}),
        ({"max": 5.25}, {"also": lambda table: table.update(rows=3)}),
        ({"max": 5.25}, {"also": lambda table: table["schema"][1].update(type="float")}),
    ],
)
def test_a_fault_under_a_tolerance_is_found(right, given, tmp_path):
    """Ten times as far, other counts, no number, another type, another column: all are differences."""
    result = compared(tmp_path, {**LEFT, **right}, NEAR, **given)
    assert result.verdict is Verdict.DIVERGENT
    assert all(finding.code.startswith("table-") for finding in result.findings if not finding.locates)


def test_a_token_demands_its_range(tmp_path):
    """Any values within it, on both sides; smallest and largest show it."""
    assert compared(tmp_path / "a", {"min": 2.0, "max": 99.0, "sum": 0.0}, ANY).verdict is Verdict.EQUIVALENT
    result = compared(tmp_path / "b", {"min": 2.0, "max": 101.0, "sum": 0.0}, ANY)
    assert [finding.code for finding in result.findings] == ["rule-shape"]


def test_equal_tables_meet_their_rules(tmp_path):
    """A rule over a column has met it, whether it differs or not."""
    result = compare(*pair(tmp_path), rules=[rule("token", "table", path="late", source="manifest")])
    assert result.verdict is Verdict.IDENTICAL
    assert [(use.covered, use.decided, use.complaint) for use in result.rules] == [((2, 2), 0, "")]


def test_the_preset_for_floats(tmp_path):
    """It covers floats in tables, and no whole numbers."""
    rules, _ = read_rules([{"preset": "float-noise"}], "manifest")
    noisy = {**LEFT, "sum": 9.0 + 1e-12}
    assert compared(tmp_path / "a", noisy, *rules).verdict is Verdict.EQUIVALENT
    assert compared(tmp_path / "b", {**LEFT, "sum": 9.0 + 1e-6}, *rules).verdict is Verdict.DIVERGENT
    assert compared(tmp_path / "c", {**LEFT, "sum": 10}, *rules, kind="int64").verdict is Verdict.DIVERGENT
