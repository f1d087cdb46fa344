"""Gates: what makes a run red beyond its tests, with pytest's own exit codes; what counts, and when it is held."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest

from osiris_core.parity.record import Comparison, Verdict, WaiverUse

if TYPE_CHECKING:
    from conftest import Engine, Project

OK, FAILED, INTERRUPTED, BROKEN, USAGE, EMPTY = 0, 1, 2, 3, 4, 5
BOTH = "--osiris-target=both"
UNUSED = "nothing differs there any more: remove it"


def test_the_required_verdict_reaches_the_engine(project: Project, engine: Engine) -> None:
    """And the command that repeats a failure asks for it again."""
    project.manifest("it")
    engine.gives("it", Verdict.EQUIVALENT, passed=False, headline="EQUIVALENT, where IDENTICAL is required: ...")

    result = project.run(BOTH, "--osiris-require=IDENTICAL")

    assert result.ret == FAILED
    assert [each.require for each in engine.options] == ["IDENTICAL"]
    result.stdout.fnmatch_lines(
        [
            "osiris: target both*IDENTICAL is required",
            "FAILED it.osiris.yaml EQUIVALENT, where IDENTICAL is required: ...",
            "*reproduce: *--osiris-target=both --osiris-require=IDENTICAL",
        ]
    )


@pytest.mark.parametrize("where", ["command line", "ini"])
def test_a_required_verdict_that_nothing_can_miss_is_refused(project: Project, engine: Engine, where: str) -> None:
    """With one target nothing is compared, so the gate would hold nothing: exit code 4, and what to do."""
    project.manifest("it")
    project.ini("osiris_require = EQUIVALENT" if where == "ini" else "osiris_target = local")

    result = project.run(*([] if where == "ini" else ["--osiris-require=EQUIVALENT"]))

    assert result.ret == USAGE
    result.stderr.fnmatch_lines(
        [
            "ERROR: --osiris-require=EQUIVALENT asks for a comparison, but every manifest of this run has one target; give *both*"
        ]
    )
    assert engine.calls == []
    assert project.run("--osiris-require=").ret == OK


def test_one_test_that_compares_makes_the_requirement_mean_something(project: Project, engine: Engine) -> None:
    """A marker may compare where the run does not, and the other way round."""
    project.manifest("it")
    project.pytester.makepyfile(
        "import pytest\n@pytest.mark.osiris('it.osiris.yaml', target='both')\ndef test_both(osiris_parity): pass\n"
    )

    assert project.run("--osiris-require=IDENTICAL").ret == OK
    assert sorted(targets for _, targets in engine.calls) == [("local",), ("local", "e2b")]


def test_runs_without_manifests_are_asked_for_nothing(project: Project) -> None:
    """An entry in the ini file does not concern a run of unit tests."""
    project.ini("osiris_require = IDENTICAL")
    project.pytester.makepyfile("def test_unit(): pass")

    assert project.run().ret == OK


@pytest.mark.parametrize("how", [["-q"], ["-p", "no:terminal"], ["--no-summary"]])
def test_too_few_comparisons_make_a_run_red(project: Project, engine: Engine, how: list[str]) -> None:
    """Exit code 1 although each test passed, and a sentence that says so, however quiet the run is."""
    project.manifest("good")
    project.manifest("infra", rest="pytest: {marks: [skip: not today]}\n")

    result = project.run(BOTH, "--osiris-min-manifests=2", *how)

    assert result.ret == FAILED
    assert "not as asked for: 1 manifest was compared, and at least 2 have to be" in result.outlines


def test_what_was_not_compared_does_not_count(project: Project, engine: Engine) -> None:
    """Skipped, deselected, expected not to run, of broken evidence, unreadable: a gate of one manifest is red by all of them."""
    engine.gives("infra", Verdict.INFRA, headline="no sandbox")
    engine.gives("inconclusive", Verdict.INCONCLUSIVE, headline="too few events")
    for name in ("infra", "inconclusive"):
        project.manifest(name, rest="pytest: {marks: [xfail: {reason: bug 7}]}\n")
    project.manifest("skipped", rest="pytest: {marks: [skip: not today]}\n")
    project.manifest("deselected")
    project.manifest("unreadable", rest="nonsense: 1\n")

    result = project.run(BOTH, "-k", "not deselected", "--osiris-min-manifests=1")

    result.assert_outcomes(failed=2, xfailed=1, skipped=1, deselected=1)
    result.stdout.fnmatch_lines(["not as asked for: 0 manifests were compared, and at least 1 have to be"])
    assert project.run(BOTH, "-k", "nothing", "--osiris-min-manifests=1").ret == EMPTY


def test_one_target_alone_is_no_comparison(project: Project, engine: Engine) -> None:
    """Though its test passes."""
    project.manifest("it")
    engine.gives("it", None)

    assert project.run("--osiris-target=local", "--osiris-min-manifests=1").ret == FAILED


def test_an_expected_divergence_was_compared(project: Project, engine: Engine) -> None:
    """What counts is that there was a comparison, and not what came out."""
    project.manifest("it", rest="pytest: {marks: [xfail: {reason: bug 7}]}\n")
    engine.gives("it", Verdict.DIVERGENT)

    assert project.run(BOTH, "--osiris-min-manifests=1").ret == OK


def test_a_part_of_the_tests_is_a_gate_only_where_that_is_asked_for(
    project: Project, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By hand it says that it is none; in CI, and with the option on the command line, it is one all the same."""
    project.manifest("it")
    (project.root / "test_unit.py").write_text("def test_unit(): pass")
    project.ini("osiris_min_manifests = 1", "osiris_target = both")

    by_hand = project.run("test_unit.py")
    asked = project.run("-k", "unit", "--osiris-min-manifests=1")
    monkeypatch.setenv("CI", "true")
    in_ci = project.run("test_unit.py")

    assert (by_hand.ret, asked.ret, in_ci.ret) == (OK, FAILED, FAILED)
    by_hand.stdout.fnmatch_lines(
        ["not held to osiris_min_manifests (1): what is named on the command line narrowed the run"]
    )


@pytest.mark.parametrize(
    ("argument", "said"),
    [
        ("-ksome", "-k"),
        ("-mosiris", "-m"),
        ("--lf", "--lf"),
        ("--sw", "--sw"),
        ("--deselect=x", "--deselect"),
        ("--ignore=x", "--ignore"),
        ("--ignore-glob=x", "--ignore-glob"),
        ("--osiris-shard=1/2", "--osiris-shard"),
        ("--ff", ""),
        ("-x", ""),
    ],
)
def test_what_narrows_a_run_is_known(project: Project, argument: str, said: str) -> None:
    """By pytest's own options, under the names that it has for them."""
    from pytest_osiris.ending.gates import narrowed_by

    config = project.pytester.parseconfig("-p", "osiris", argument)

    assert narrowed_by(config) == said


def test_a_whole_run_is_held_to_the_files_minimum(project: Project, engine: Engine) -> None:
    """The pattern of the manifests was changed, and nobody noticed: that is what it is for."""
    project.manifest("it")
    (project.root / "test_unit.py").write_text("def test_unit(): pass")
    project.ini("osiris_min_manifests = 1", "osiris_target = both")

    assert project.run().ret == OK
    assert project.run("-o", "osiris_manifests=*.pipeline.yaml").ret == FAILED


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("good", OK),
        ("bad", FAILED),
        ("interrupted", INTERRUPTED),
        ("broken", BROKEN),
        ("wrong option", USAGE),
        ("nothing", EMPTY),
    ],
)
def test_exit_codes_are_pytests_own(project: Project, engine: Engine, kind: str, code: int) -> None:
    """A row of the table in docs/pytest.md each; the gate is missed in all of them but the first."""
    options = [BOTH, "--osiris-min-manifests=9"]
    if kind != "nothing":
        project.manifest("it")
    match kind:
        case "good":
            options = [BOTH, "--osiris-min-manifests=1"]
        case "interrupted":
            engine.raises("it", KeyboardInterrupt())
        case "broken":
            project.pytester.makeconftest("def pytest_runtest_logfinish(): raise RuntimeError('a plugin broke')")
        case "wrong option":
            options += ["--osiris-require=DIVERGENT"]

    result = project.run(*options, no_reraise_ctrlc=True)

    assert result.ret == code
    assert ("not as asked for" in result.stdout.str()) is (kind in {"bad", "nothing"})


@pytest.mark.parametrize("where", ["--osiris-min-manifests=0", "--osiris-min-manifests=many", "--osiris-require=equal"])
def test_gates_that_make_no_sense_are_refused(project: Project, where: str) -> None:
    """One sentence, exit code 4."""
    result = project.run(where)

    assert result.ret == USAGE
    assert result.errlines[0].startswith(f"ERROR: {where.partition('=')[0]}: ")


def test_a_strict_run_is_red_by_a_waiver_that_nobody_needs(project: Project, engine: Engine) -> None:
    """One that speaks of many manifests, over the whole run; a part of it cannot tell."""
    for name, hits in (("one", 0), ("two", 0)):
        project.manifest(name)
        waived(engine, name, hits)

    result = project.run(BOTH, "--osiris-strict")

    assert result.ret == FAILED
    result.stdout.fnmatch_lines([f"not as asked for: the waiver code at * (ann) {UNUSED}"])
    assert project.run(BOTH, "--osiris-strict", "one.osiris.yaml").ret == OK
    waived(engine, "two", 1)
    assert project.run(BOTH, "--osiris-strict").ret == OK


def waived(engine: Engine, name: str, hits: int) -> None:
    use = WaiverUse(
        name="code at *",
        reason="r",
        owner="ann",
        expires="2027-01-01",
        hits=hits,
        complaint="" if hits else UNUSED,
        days_left=100,
    )
    verdict = Verdict.ACCEPTED if hits else Verdict.IDENTICAL
    engine.gives(name, verdict)
    prepared = engine.outcomes[name]
    assert not isinstance(prepared, BaseException)
    engine.outcomes[name] = dataclasses.replace(prepared, comparison=Comparison(verdict=verdict, waivers=(use,)))
