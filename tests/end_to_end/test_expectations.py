"""What a manifest expects is held against both targets, each by itself, on what they really left."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conftest import Project, WarmTargets

MANIFEST = """
osiris: "1"
pipeline: {id: act}
code: [code]
params: {name: report, count: 3, missing: 0}
steps:
  - {id: act, driver: python.callable, config: {function: "act:act", kwargs: {name: "${params.name}", count: "${params.count}"}}}
expect:
"""
CODE = """
def act(inputs, ctx, name, count):
    (ctx.output_dir / f"{name}.txt").write_text("one\\ntwo\\n" * count)
    ctx.log_metric("lines", 2 * count)
"""
DIGEST = "57730948ad942b6b2375ce1a672b333e4c67404b337cc8eba6956fba27cddc2f"  # of the six lines
HOLDS = """
  metrics: {act: {lines: 6}}
  artifacts:
    act/${params.name}.txt: {sha256: "57730948ad942b6b2375ce1a672b333e4c67404b337cc8eba6956fba27cddc2f", size_bytes: 24, lines: 6, contains: two}
    act/old.txt: {absent: true}
"""
BROKEN = """
  rows: {act: 1}
  metrics: {act: {lines: {max: 5}, seconds: 1}}
  artifacts:
    act/report.txt: {sha256: "0000000000000000000000000000000000000000000000000000000000000000", size_bytes: 23, lines: {min: 7}, contains: three}
    act/late.txt: {}
"""


def test_what_is_expected_holds_on_both_targets(project: Project, warm_targets: WarmTargets) -> None:
    """Metrics and every predicate of an artifact, with parameters in it; the two runs are the same run."""
    project.write("act.osiris.yaml", MANIFEST + HOLDS)
    project.write("code/act.py", CODE)

    record = project.check("act.osiris.yaml", warm=warm_targets)

    assert (record.verdict, record.expectation_failures, record.passed) == ("IDENTICAL", (), True)


def test_every_broken_expectation_is_red_on_both_targets(project: Project, warm_targets: WarmTargets) -> None:
    """Two runs that agree are not green where they are not what was expected; each predicate says so itself."""
    project.write("act.osiris.yaml", MANIFEST + BROKEN)
    project.write("code/act.py", CODE)

    record = project.check("act.osiris.yaml", warm=warm_targets)

    assert (record.verdict, record.passed) == ("IDENTICAL", False)
    for target in ("local", "e2b"):
        said = [each for each in record.expectation_failures if f" on {target}" in each]
        assert [each.split(" on ")[0] for each in said] == [
            "expected 1 rows from step `act`, got no table",
            "expected the metric `lines` of step `act` to be at most 5, got 6",
            "expected the metric `seconds` of step `act`, which was not logged",
            "expected the artifact `act/late.txt`, which is missing",
            f"expected the artifact `act/report.txt` to have the SHA-256 {'0' * 64}, got {DIGEST}",
            "expected the artifact `act/report.txt` to have 23 bytes, got 24",
            "expected the artifact `act/report.txt` to have at least 7 lines, got 6",
            "expected the artifact `act/report.txt` to contain three, which is not in it",
        ]
