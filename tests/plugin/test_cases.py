"""A manifest's section `pytest`: its marks are marks, its cases are tests."""

from __future__ import annotations

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
