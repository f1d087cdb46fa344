"""The oracle is checked against the steps it speaks of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.manifest.project import WHOLE

if TYPE_CHECKING:
    from tests.manifest.project import Project


@pytest.mark.parametrize("outcome", ["succeeded", "failed", "deadline", "crashed"])
def test_outcomes_that_can_be_expected(project: Project, outcome: str):
    """Each end that a pipeline can bring about by itself."""
    assert project.load(f"{WHOLE}expect: {{outcome: {outcome}}}\n").expect.outcome == outcome


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("[]", "5:9: `expect` must be a mapping, but it is a list"),
        ("{row: {}}", "5:10: unknown key `row` in `expect` (did you mean `rows`?)"),
        ("{outcome: suceeded}", "5:19: `outcome` cannot be `suceeded` (did you mean `succeeded`?)"),
        ("{outcome: lost}", "5:19: `outcome` cannot be `lost` (known: succeeded, failed, deadline, crashed)"),
        ("{outcome: true}", "5:19: `outcome` must be text, but it is true or false (quote it)"),
        (
            "{failed_step: a}",
            "5:10: `failed_step` is named, but the expected outcome is succeeded (add `outcome: failed`)",
        ),
        (
            "{outcome: succeeded, failed_step: a}",
            "5:30: `failed_step` is named, but the expected outcome is succeeded (add `outcome: failed`)",
        ),
        ("{outcome: failed, failed_step: b}", "5:40: unknown step `b` in `expect`"),
        ("{outcome: failed, failed_step: 1}", "5:40: `failed_step` must be text, but it is a whole number (quote it)"),
        ("{rows: {b: 1}}", "5:17: unknown step `b` in `expect`"),
        ("{rows: {a: -1}}", "5:20: `a` must be at least 0, not -1"),
        ("{rows: {a: true}}", "5:20: `a` must be a whole number, but it is true or false"),
        ("{rows: {a: 1.0}}", "5:20: `a` must be a whole number, but it is a number"),
        ('{rows: {a: "1"}}', "5:20: `a` must be a whole number, but it is text"),
        ("{rows: 3}", "5:16: `rows` must be a mapping, but it is a whole number"),
        ("{artifacts: a/x.csv}", "5:21: `artifacts` must be a list, but it is text (write it in [brackets])"),
        ("{artifacts: [x.csv]}", "5:22: `x.csv` names no file of a step (write `<step>/<file>`)"),
        ("{artifacts: [a/]}", "5:22: `a/` names no file of a step (write `<step>/<file>`)"),
        ("{artifacts: [b/x.csv]}", "5:22: unknown step `b` in `expect`"),
        ("{artifacts: [a/../x]}", "5:22: `a/../x` cannot be an artifact: it has a '.' or '..' part"),
        ("{artifacts: [a/x, a/x]}", "5:27: `a/x` is listed twice in `artifacts`"),
    ],
)
def test_expectations_are_checked(project: Project, written: str, problem: str):
    """What could never hold, or never fail, is a problem at its place."""
    assert project.problems(f"{WHOLE}expect: {written}\n") == [problem]


def test_the_nearest_step_is_named(project: Project):
    """A mistyped step is a hint away."""
    text = WHOLE.replace("id: a", "id: flights") + "expect: {rows: {flihgts: 1}}\n"
    assert project.problems(text) == ["5:17: unknown step `flihgts` in `expect` (did you mean `flights`?)"]


def test_no_rows_may_be_expected(project: Project):
    """Zero is a number of rows."""
    assert project.load(WHOLE + "expect: {rows: {a: 0}}\n").expect.rows == {"a": 0}
