"""The oracle is checked against the steps it speaks of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from osiris_core.manifest.model import ArtifactRule, Limits
from tests.manifest.project import WHOLE

if TYPE_CHECKING:
    from tests.manifest.project import Project


@pytest.mark.parametrize("outcome", ["succeeded", "failed", "deadline", "crashed", "out_of_memory", "disk_full"])
def test_outcomes_that_can_be_expected(project: Project, outcome: str):
    """Each end that a pipeline can bring about by itself."""
    assert project.load(f"{WHOLE}expect: {{outcome: {outcome}}}\n").expect.outcome == outcome


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("[]", "5:9: `expect` must be a mapping, but it is a list"),
        ("{row: {}}", "5:10: unknown key `row` in `expect` (did you mean `rows`?)"),
        ("{outcome: suceeded}", "5:19: `outcome` cannot be `suceeded` (did you mean `succeeded`?)"),
        (
            "{outcome: lost}",
            "5:19: `outcome` cannot be `lost` (known: succeeded, failed, deadline, crashed, out_of_memory, disk_full)",
        ),
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
        ("{rows: {a: {min: 2, max: 1}}}", "5:20: `min` is more than `max` of `a`, so that nothing could fit"),
        ("{rows: {a: {}}}", "5:20: `a` is empty (give `min`, `max` or both)"),
        ("{rows: {a: {mim: 2}}}", "5:21: unknown key `mim` in `a` (did you mean `min`?)"),
        ("{rows: {a: {min: 1.5}}}", "5:26: `min` must be a whole number, but it is a number"),
        ("{metrics: 3}", "5:19: `metrics` must be a mapping, but it is a whole number"),
        ("{metrics: {b: {x: 1}}}", "5:20: unknown step `b` in `expect`"),
        ("{metrics: {a: 1}}", "5:23: `a` must be a mapping, but it is a whole number"),
        ("{metrics: {a: {x: many}}}", "5:27: `x` must be a number, but it is text"),
        ("{metrics: {a: {x: true}}}", "5:27: `x` must be a number, but it is true or false"),
        ("{metrics: {a: {x: {max: 1, least: 0}}}}", "5:36: unknown key `least` in `x` (known: min, max)"),
        ("{metrics: {a: {x: {min: 1, max: 0.5}}}}", "5:27: `min` is more than `max` of `x`, so that nothing could fit"),
        ("{artifacts: {a: {}}}", "5:22: `a` names no file of a step (write `<step>/<file>`)"),
        ("{artifacts: {b/x: {}}}", "5:22: unknown step `b` in `expect`"),
        (
            "{artifacts: {a/x: }}",
            "5:22: `a/x` must be a mapping, but it is empty (leave the key out where there is nothing to say)",
        ),
        (
            "{artifacts: {a/x: {size: 1}}}",
            "5:28: unknown key `size` in `a/x` (known: absent, sha256, size_bytes, lines, contains)",
        ),
        ("{artifacts: {a/x: {sha256: 12}}}", "5:36: `sha256` must be text, but it is a whole number (quote it)"),
        (
            "{artifacts: {a/x: {sha256: abc}}}",
            "5:36: `abc` is no SHA-256 (64 hex digits, as `sha256sum` prints them)",
        ),
        ("{artifacts: {a/x: {size_bytes: -1}}}", "5:40: `size_bytes` must be at least 0, not -1"),
        ("{artifacts: {a/x: {lines: x}}}", "5:35: `lines` must be a whole number, but it is text"),
        ("{artifacts: {a/x: {contains: 5}}}", "5:38: `contains` must be text, but it is a whole number (quote it)"),
        ("{artifacts: {a/x: {contains: ''}}}", "5:38: an empty text is in every file (write what must be in it)"),
        (
            "{artifacts: {a/x: {absent: false}}}",
            "5:28: an artifact is expected to be there anyway (leave `absent` out)",
        ),
        ("{artifacts: {a/x: {absent: true, lines: 1}}}", "5:28: `a/x` cannot be absent and have properties"),
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
    assert project.load(WHOLE + "expect: {rows: {a: 0}}\n").expect.rows == {"a": Limits(0, 0)}


def test_limits_and_rules_are_read(project: Project):
    """A number, or its least and most; an artifact with what is said of it."""
    digest = "0123456789abcdef" * 4
    written = (
        "expect:\n  rows: {a: {min: 1}}\n  metrics: {a: {x: 1.5, y: {max: 2}, z: {min: 1, max: 3}}}\n"
        f"  artifacts: {{a/b: {{}}, a/a: {{sha256: {digest.upper()}, size_bytes: 5, lines: {{max: 9}}, contains: x}},"
        " a/c: {absent: true}}\n"
    )
    manifest = project.load(WHOLE + written)
    assert manifest.expect.rows == {"a": Limits(1, None)}
    assert manifest.expect.metrics == {"a": {"x": Limits(1.5, 1.5), "y": Limits(None, 2), "z": Limits(1, 3)}}
    assert manifest.expect.artifacts == {
        "a/a": ArtifactRule(sha256=digest, size_bytes=Limits(5, 5), lines=Limits(None, 9), contains=("x",)),
        "a/b": ArtifactRule(),
        "a/c": ArtifactRule(absent=True),
    }
    assert manifest.canonical["expect"] == {
        "outcome": "succeeded",
        "failed_step": None,
        "rows": {"a": {"min": 1}},
        "metrics": {"a": {"x": 1.5, "y": {"max": 2}, "z": {"min": 1, "max": 3}}},
        "artifacts": {
            "a/a": {"sha256": digest, "size_bytes": 5, "lines": {"max": 9}, "contains": ["x"]},
            "a/b": {},
            "a/c": {"absent": True},
        },
    }
