"""Fixtures: a test function asks for a pipeline's run and asserts on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from osiris_core.parity.record import Verdict

if TYPE_CHECKING:
    from conftest import Engine, Project


def test_a_run_has_the_facts_of_its_session(project: Project) -> None:
    """Outcome, steps, events, metrics, logs, printed text and artifacts of a real local run."""
    project.manifest("it")
    project.pytester.makepyfile("""
        import pytest
        from pytest_osiris import Run

        @pytest.mark.osiris("it.osiris.yaml")
        def test_it(osiris_run: Run, osiris_target, osiris_session_dir):
            assert osiris_target == "local"
            assert osiris_run.ok
            assert osiris_run.outcome == "succeeded"
            assert osiris_run.failed_step is None
            assert osiris_run.targets == ("local",)
            assert list(osiris_run.steps) == ["only"]
            assert osiris_run.steps["only"].state == "succeeded"
            assert osiris_run.steps["only"].artifacts == ("only/greeting.txt", "only/numbers.json")
            assert osiris_run.events[0]["event"] == "run_start"
            assert osiris_run.events[-1]["event"] == "run_complete"
            assert "ts" in osiris_run.events[0]
            assert [m["value"] for m in osiris_run.metrics if m["metric"] == "files"] == [1]
            assert osiris_run.logs["only"] == "INFO osiris.only writing\\n"
            assert osiris_run.printed["only"] == "printed by write\\n"
            greeting = osiris_run.artifacts["only/greeting.txt"]
            assert greeting.text() == "hello\\n"
            assert greeting.bytes() == b"hello\\n"
            assert greeting.size_bytes == 6
            assert greeting.path.is_relative_to(osiris_session_dir)
            assert osiris_run.artifacts["only/numbers.json"].json() == [1, 2, 3]
            assert osiris_run.session_directories == {"local": osiris_session_dir}
            assert (osiris_session_dir / "session.json").is_file()
            with pytest.raises(AttributeError):
                osiris_run.outcome = "failed"
    """)

    project.run().assert_outcomes(passed=2)  # the function, and the manifest as an item


def test_an_expected_failure_is_a_run_that_is_not_ok(project: Project) -> None:
    """The check passes because `expect` holds; `ok` speaks of the pipeline."""
    project.manifest("it", function="fail", rest="expect: {outcome: failed, failed_step: only}\n")
    project.pytester.makepyfile("""
        import pytest

        @pytest.mark.osiris("it.osiris.yaml")
        def test_it(osiris_run):
            assert not osiris_run.ok
            assert (osiris_run.outcome, osiris_run.failed_step) == ("failed", "only")
            assert osiris_run.logs["only"] == ""
    """)

    project.run("test_an_expected_failure_is_a_run_that_is_not_ok.py").assert_outcomes(passed=1)


def test_a_real_failure_fails_the_test_and_never_enters_its_body(project: Project) -> None:
    """It counts as failed, not as an error of the test, and shows what the pipeline raised; no traceback of ours."""
    project.manifest("it", function="fail")
    project.pytester.makepyfile("""
        import pytest

        @pytest.mark.osiris("it.osiris.yaml")
        def test_it(osiris_run):
            print("the body ran")
    """)

    result = project.run("test_a_real_failure_fails_the_test_and_never_enters_its_body.py", "-rA")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["FAILED it.osiris.yaml *", "*at it.osiris.yaml:5"])
    assert "no such flight" in result.stdout.str()
    assert "the body ran" not in result.stdout.str()
    assert "fixtures.py" not in result.stdout.str()


@pytest.mark.parametrize("verdict", [Verdict.DIVERGENT, Verdict.INFRA, Verdict.INCONCLUSIVE])
def test_a_bad_verdict_fails_the_test_that_asks_for_the_run(project: Project, engine: Engine, verdict: Verdict) -> None:
    """In JUnit it is a failure, not an error."""
    project.manifest("it")
    engine.gives("it", verdict, headline="the reason")
    project.pytester.makepyfile(
        test_it="""
        import pytest

        @pytest.mark.osiris("it.osiris.yaml", target="both")
        def test_it(osiris_run):
            pass
    """
    )

    result = project.run("test_it.py", "--junitxml=junit.xml")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([f"{verdict} it.osiris.yaml *", "*reproduce: pytest test_it.py::test_it *=both"])
    assert "<failure" in (project.root / "junit.xml").read_text()
    assert "<error" not in (project.root / "junit.xml").read_text()


def test_the_record_is_handed_over_whatever_came_out(project: Project, engine: Engine) -> None:
    """`osiris_parity` judges nothing: the test does."""
    project.manifest("it")
    engine.gives("it", Verdict.DIVERGENT)
    project.pytester.makepyfile(
        test_it="""
        import pytest

        @pytest.mark.osiris("it.osiris.yaml", target="both")
        def test_it(osiris_parity):
            assert osiris_parity.verdict == "DIVERGENT"
            assert osiris_parity.first_diverging_step == "only"
            assert not osiris_parity.passed
    """
    )

    project.run("test_it.py").assert_outcomes(passed=1)


def test_both_fixtures_share_one_check(project: Project, engine: Engine) -> None:
    """A test runs its manifest once, whatever it asks for."""
    project.manifest("it")
    engine.gives("it", Verdict.DIVERGENT)
    project.pytester.makepyfile(
        test_it="""
        import pytest

        @pytest.mark.osiris("it.osiris.yaml")
        def test_it(osiris_parity, osiris_session_dir, osiris_run):
            pass
    """
    )

    project.run("test_it.py").assert_outcomes(failed=1)

    assert len(engine.calls) == 1


def test_the_marker_decides_the_target_of_its_test(project: Project, engine: Engine) -> None:
    """`target=` of the marker wins over the option, in `osiris_target` too."""
    project.manifest("it")
    project.pytester.makepyfile(
        test_it="""
        import pytest

        @pytest.mark.osiris("it.osiris.yaml", target="e2b")
        def test_own(osiris_parity, osiris_target):
            assert osiris_target == "e2b"

        @pytest.mark.osiris("it.osiris.yaml")
        def test_of_the_run(osiris_parity, osiris_target):
            assert osiris_target == "both"

        def test_without_a_marker(osiris_target):
            assert osiris_target == "both"
    """
    )

    project.run("test_it.py", "--osiris-target=both").assert_outcomes(passed=3)

    assert engine.calls == [("it", ("e2b",)), ("it", ("local", "e2b"))]


@pytest.mark.parametrize(
    ("decorator", "sentence"),
    [
        ("", "this test asks for a pipeline's run but names none; mark it with @pytest.mark.osiris*"),
        (
            '@pytest.mark.osiris("lost.osiris.yaml")',
            "the osiris marker names 'lost.osiris.yaml', but there is no file *",
        ),
        (
            "@pytest.mark.osiris()",
            "the osiris marker takes one path, and `target=`, `params=` and `normalizers=` if need be, as in *",
        ),
        ('@pytest.mark.osiris("it.osiris.yaml", tarjet="e2b")', "the osiris marker takes one path, *"),
        ('@pytest.mark.osiris("it.osiris.yaml", target="moon")', "the osiris marker: unknown target 'moon' (*"),
        ('@pytest.mark.osiris("broken.osiris.yaml")', "broken.osiris.yaml:*: *nonsense*"),
    ],
    ids=["no marker", "no file", "no path", "unknown keyword", "unknown target", "unreadable manifest"],
)
def test_a_wrong_marker_fails_the_test_with_a_sentence(
    project: Project, engine: Engine, decorator: str, sentence: str
) -> None:
    """What is wrong and what to write; no traceback, and nothing is started."""
    project.manifest("it")
    project.manifest("broken", rest="nonsense: 1\n")
    (project.root / "test_it.py").write_text(f"import pytest\n\n{decorator}\ndef test_it(osiris_run):\n    pass\n")

    result = project.run("test_it.py")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([sentence])
    assert "fixtures.py" not in result.stdout.str()
    assert engine.calls == []


def test_a_session_directory_that_never_came_to_be_is_a_sentence(project: Project, engine: Engine) -> None:
    """A target that could not run left none."""
    project.manifest("it")
    engine.gives("it", Verdict.INFRA, headline="e2b: bubblewrap is missing", directories=False)
    project.pytester.makepyfile(
        test_it="""
        import pytest

        @pytest.mark.osiris("it.osiris.yaml")
        def test_it(osiris_session_dir):
            pass
    """
    )

    result = project.run("test_it.py")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["it.osiris.yaml: there is no session, because e2b: bubblewrap is missing"])


def test_an_expected_divergence_can_be_marked_as_such(project: Project, engine: Engine) -> None:
    """`xfail` works as for any other test, also strictly."""
    project.manifest("it")
    engine.gives("it", Verdict.DIVERGENT)
    project.pytester.makepyfile(
        test_it="""
        import pytest

        @pytest.mark.xfail(strict=True)
        @pytest.mark.osiris("it.osiris.yaml", target="both")
        def test_it(osiris_run):
            pass
    """
    )

    project.run("test_it.py").assert_outcomes(xfailed=1)


def test_fixtures_explain_themselves(project: Project) -> None:
    """`pytest --fixtures` shows each with a line that says what it gives."""
    result = project.run("--fixtures")

    result.stdout.fnmatch_lines_random(
        [
            "osiris_run -- *",
            "    Run the marked manifest and return the `Run`: *",
            "osiris_parity -- *",
            "osiris_target -- *",
            "osiris_session_dir -- *",
        ]
    )


def test_the_marker_is_registered(project: Project) -> None:
    """It is listed by `pytest --markers`, so it is valid where markers are strict."""
    result = project.run("--markers")

    result.stdout.fnmatch_lines(["@pytest.mark.osiris(manifest, [*], target=None, params=None, normalizers=None): *"])
