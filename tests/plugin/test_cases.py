"""A manifest's section `pytest`: its marks are marks, its cases are tests."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from osiris_core.parity.record import Verdict

if TYPE_CHECKING:
    from conftest import Engine, Project

CASES = "pytest: {parametrize: {carrier: [AA, UA], year: [1, 2]}}\n"


def test_each_case_is_an_item_with_its_own_values(project: Project, engine: Engine) -> None:
    """`name[id]`, in the order of the file; a case is selected like any other test."""
    project.open_manifest("it", rest=CASES)

    result = project.run("-v")
    result.assert_outcomes(passed=4)
    result.stdout.fnmatch_lines(
        [f"it.osiris.yaml::it[[]{each}[]] PASSED*" for each in ("AA-1", "AA-2", "UA-1", "UA-2")]
    )
    assert engine.params == [
        {"carrier": "AA", "year": 1},
        {"carrier": "AA", "year": 2},
        {"carrier": "UA", "year": 1},
        {"carrier": "UA", "year": 2},
    ]
    engine.params.clear()

    project.run("it.osiris.yaml::it[UA-1]").assert_outcomes(passed=1)
    project.run("-k", "AA and not 1").assert_outcomes(passed=1, deselected=3)

    assert engine.params == [{"carrier": "UA", "year": 1}, {"carrier": "AA", "year": 2}]


def test_collecting_cases_starts_nothing(project: Project, engine: Engine) -> None:
    """`--co` shows the cases by the ids that the file gives."""
    project.open_manifest("it", rest="pytest: {parametrize: {carrier: [AA, UA]}, ids: [american, united air]}\n")

    result = project.run("--co", "-q", "--osiris-target=both")

    assert result.outlines[:2] == ["it.osiris.yaml::it[american]", "it.osiris.yaml::it[united air]"]
    assert engine.made == 0


def test_lists_name_the_case(project: Project, engine: Engine) -> None:
    """The table and the records keep the cases of one manifest apart, and each has its own command."""
    project.open_manifest("it", rest=CASES)
    engine.gives("it", Verdict.DIVERGENT)

    result = project.run("--osiris-target=both")

    result.assert_outcomes(failed=4)
    result.stdout.fnmatch_lines(["DIVERGENT it.osiris.yaml[[]UA-2[]] first diverging step: only"])
    result.stdout.fnmatch_lines(["    reproduce: pytest 'it.osiris.yaml::it[[]UA-2[]]' --osiris-target=both"])
    assert sorted(each["case"] for each in project.records()) == ["AA-1", "AA-2", "UA-1", "UA-2"]


def test_a_case_that_does_not_fit_fails_and_the_others_run(project: Project, engine: Engine) -> None:
    """A value of the wrong type is the problem of its case alone."""
    rest = "timeout_s: '${params.year}'\npytest: {parametrize: {year: [1, soon]}}\n"
    project.open_manifest("it", rest=rest)

    result = project.run("-v")

    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["it.osiris.yaml::unreadable[[]soon[]] FAILED*"])
    result.stdout.fnmatch_lines(["it.osiris.yaml:7:12: `timeout_s` must be a number of seconds, but it is text*"])


def test_a_skipped_manifest_is_skipped_with_its_reason(project: Project, engine: Engine) -> None:
    """By the author's own word; nothing is started for it."""
    project.manifest("it", rest="pytest: {marks: [{skip: no data yet}]}\n")

    result = project.run("-rs")

    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(["SKIPPED*no data yet"])
    assert engine.made == 0


@pytest.mark.parametrize(
    ("verdict", "outcome"),
    [
        (Verdict.DIVERGENT, {"xfailed": 1}),
        (Verdict.INCONCLUSIVE, {"xfailed": 1}),
        (Verdict.IDENTICAL, {"xpassed": 1}),
        (Verdict.INFRA, {"failed": 1}),
    ],
)
def test_an_expected_failure_is_one_of_the_pipeline(
    project: Project, engine: Engine, verdict: Verdict, outcome: dict[str, int]
) -> None:
    """A target that could not run says nothing about the pipeline, so that it is no failure that was expected."""
    project.manifest("it", rest="pytest: {marks: [{xfail: bug 7}]}\n")
    engine.gives("it", verdict, headline="why")

    project.run("--osiris-target=both").assert_outcomes(**outcome)


def test_a_strict_expected_failure_fails_when_it_passes(project: Project, engine: Engine) -> None:
    """`strict` is pytest's own."""
    project.manifest("it", rest="pytest: {marks: [{xfail: {reason: bug 7, strict: true}}]}\n")

    project.run().assert_outcomes(failed=1)


def test_marks_select(project: Project, engine: Engine) -> None:
    """A registered mark is known to `-m`, beside `osiris`, which every manifest has."""
    project.ini("markers =", "    slow: takes long", "strict_markers = true")
    project.manifest("one", rest="pytest: {marks: [slow]}\n")
    project.manifest("two")

    project.run("-m", "slow").assert_outcomes(passed=1, deselected=1)
    project.run("-m", "osiris and not slow").assert_outcomes(passed=1, deselected=1)

    assert [name for name, _ in engine.calls] == ["one", "two"]


def test_an_unregistered_mark_is_a_warning(project: Project, engine: Engine) -> None:
    """As for a test function."""
    project.manifest("it", rest="pytest: {marks: [slwo]}\n")

    result = project.run("-W", "default")

    result.assert_outcomes(passed=1, warnings=1)
    result.stdout.fnmatch_lines(["*PytestUnknownMarkWarning: Unknown pytest.mark.slwo*"])


def test_an_unregistered_mark_is_an_error_where_marks_are_strict(project: Project, engine: Engine) -> None:
    """As for a test function: the file cannot be collected."""
    project.ini("strict_markers = true")
    project.manifest("it", rest="pytest: {marks: [slwo]}\n")

    result = project.run()

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*'slwo' not found in `markers` configuration option*"])
    assert engine.made == 0


def test_a_skip_can_have_a_condition(project: Project, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable that is not set, in the environment or the env file, or a target that the run goes to; the reason says which."""
    monkeypatch.setenv("OSIRIS_TEST_SET", "x")
    monkeypatch.setenv("OSIRIS_TEST_EMPTY", "")
    (project.root / "my.env").write_text("OSIRIS_TEST_FILED=x\n")
    conditions = {
        "set": "without: [OSIRIS_TEST_SET, OSIRIS_TEST_FILED]",
        "unset": "without: [OSIRIS_TEST_SET, OSIRIS_TEST_EMPTY, OSIRIS_TEST_GONE]",
        "sandbox": "target: e2b",
        "pair": "target: [both]",
    }
    for name, condition in conditions.items():
        project.manifest(name, rest=f"pytest: {{marks: [{{skip: {{reason: why, {condition}}}}}]}}\n")

    local = project.run("--osiris-env-file=my.env", "-rs")
    assert sorted(name for name, _ in engine.calls) == ["pair", "sandbox", "set"]
    local.assert_outcomes(passed=3, skipped=1)
    local.stdout.fnmatch_lines(
        ["SKIPPED [[]1] unset.osiris.yaml: why (OSIRIS_TEST_EMPTY, OSIRIS_TEST_GONE are not set)"]
    )

    both = project.run("--osiris-env-file=my.env", "--osiris-target=both", "-rs")
    both.assert_outcomes(passed=1, skipped=3)
    both.stdout.fnmatch_lines_random(
        [
            "SKIPPED [[]1] sandbox.osiris.yaml: why (the target is e2b)",
            "SKIPPED [[]1] pair.osiris.yaml: why (the target is both)",
        ]
    )
    project.run("--osiris-target=e2b").assert_outcomes(passed=1, skipped=3)


def test_a_case_is_told_by_its_line_and_any_name(project: Project, engine: Engine) -> None:
    """In what pytest says of it, and by node id, by `-k` with the case, the pipeline or the file."""
    cases = "pytest:\n  marks: [{skip: later}]\n  parametrize:\n  - {carrier: AA}\n  - {carrier: UA}\n  ids: [Zürich, a b]\n"
    project.open_manifest("cities", rest=cases)
    project.open_manifest("towns", rest=cases.replace("  marks: [{skip: later}]\n", ""))
    project.manifest("other")

    project.run("--junitxml=junit.xml", "-o", "junit_family=xunit1").assert_outcomes(passed=3, skipped=2)
    told = re.findall(r'file="([^"]+)" line="(\d+)"', (project.root / "junit.xml").read_text())
    assert told == [  # pytest counts lines from 0
        ("cities.osiris.yaml", "9"),
        ("cities.osiris.yaml", "10"),
        ("other.osiris.yaml", "1"),
        ("towns.osiris.yaml", "8"),
        ("towns.osiris.yaml", "9"),
    ]
    assert engine.params == [{}, {"carrier": "AA", "year": 2013}, {"carrier": "UA", "year": 2013}]

    def selected(*arguments: str) -> list[str]:
        lines = project.run("--co", "-q", *arguments).outlines
        return [line for line in lines if "::" in line]

    assert selected("towns.osiris.yaml::towns[Zürich]") == ["towns.osiris.yaml::towns[Zürich]"]
    assert selected("-k", "towns and Zürich") == ["towns.osiris.yaml::towns[Zürich]"]
    assert selected("-k", "towns.osiris.yaml") == ["towns.osiris.yaml::towns[Zürich]", "towns.osiris.yaml::towns[a b]"]
    assert selected("-k", "other") == ["other.osiris.yaml::other"]


def test_a_manifest_outside_of_the_root_has_a_name_of_its_own(project: Project, engine: Engine) -> None:
    """Two of one pipeline are two tests, with records of their own, and commands that run them again."""
    inside = project.root / "inside"
    inside.mkdir()
    for name in ("one", "two"):
        directory = project.root / name
        directory.mkdir()
        project.manifest("it").rename(directory / "it.osiris.yaml")
        (directory / "code").mkdir()
        (directory / "pyproject.toml").write_text("")

    result = project.run(f"--rootdir={inside}", "one/it.osiris.yaml", "two/it.osiris.yaml", "-v")

    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["*one/it.osiris.yaml::it *", "*two/it.osiris.yaml::it *"])
    records = [json.loads(path.read_text())["records"] for path in inside.glob(".osiris/records/*/*.json")]
    assert sorted(record["reproduce"].split()[1] for (record,) in records) == [
        "one/it.osiris.yaml::it",
        "two/it.osiris.yaml::it",
    ]


def test_a_link_to_a_manifest_is_a_manifest_and_none_that_leads_out(project: Project, engine: Engine) -> None:
    """One that leads out of the root could be shown to no target at its place: it fails with a sentence."""
    project.manifest("it")
    (project.root / "again.osiris.yaml").symlink_to("it.osiris.yaml")
    outside = project.root.parent / f"{project.root.name}-outside.osiris.yaml"
    (project.root / "it.osiris.yaml").rename(outside)
    (project.root / "it.osiris.yaml").write_text(outside.read_text())
    (project.root / "away.osiris.yaml").symlink_to(outside)

    result = project.run()

    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(["away.osiris.yaml:1:1: the manifest is outside the project root *"])
