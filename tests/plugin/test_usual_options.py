"""What people type every day means with manifests what it means with any test; without xdist, and with it loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from osiris_core.parity.record import Verdict

if TYPE_CHECKING:
    from conftest import Engine, Project

both = pytest.mark.parametrize("mode", [(), ("-p", "xdist", "-n0")], ids=["none", "n0"])


@pytest.fixture
def three(project: Project, engine: Engine) -> Project:
    """A manifest that is good, one that diverges, one that is good, and a test that runs the first, in this order."""
    for name in ("a", "bad", "c"):
        project.manifest(name)
    engine.gives("bad", Verdict.DIVERGENT)
    project.pytester.makepyfile(
        test_it="""
        import pytest

        @pytest.mark.osiris("a.osiris.yaml")
        def test_it(osiris_parity):
            print("from the body of the test")
    """
    )
    return project


def ran(engine: Engine) -> list[str]:
    """Return the pipelines that ran since the last look."""
    names = [name for name, _ in engine.calls]
    engine.calls.clear()
    return names


@both
def test_what_runs_and_in_which_order(three: Project, engine: Engine, mode: tuple[str, ...]) -> None:
    """Names, `-k`, `-x`, `--maxfail`, `--lf`, `--ff` and `--sw`, the last three from what a run before them left."""
    three.run(*mode).assert_outcomes(passed=3, failed=1)
    assert ran(engine) == ["a", "bad", "c", "a"]
    for arguments, expected in {
        ("--lf",): ["bad"],
        ("--ff",): ["bad", "a", "c", "a"],
        ("-x",): ["a", "bad"],
        ("--maxfail=2",): ["a", "bad", "c", "a"],
        ("--sw",): ["a", "bad"],
        ("-k", "c or test_it"): ["c", "a"],
        ("c.osiris.yaml::c", "test_it.py::test_it"): ["c", "a"],
        ("--deselect", "bad.osiris.yaml::bad"): ["a", "c", "a"],
        ("--ignore", "bad.osiris.yaml"): ["a", "c", "a"],
    }.items():
        three.run(*mode, *arguments)
        assert ran(engine) == expected, arguments


@pytest.mark.parametrize("option", ["--co", "--setup-plan", "--fixtures", "--markers", "--version", "--help"])
def test_what_runs_nothing(three: Project, engine: Engine, option: str) -> None:
    """Not a manifest, no directory of ours, and no section."""
    result = three.run(option, "--osiris-target=both")

    assert result.ret == 0
    assert engine.made == 0
    assert not (three.root / ".osiris").exists()
    assert "osiris parity =" not in result.stdout.str()


def test_setup_only_runs_what_fixtures_do(three: Project, engine: Engine) -> None:
    """That is a check where a fixture makes it, as of any test: no manifest by itself, and no body of a test."""
    result = three.run("--setup-only")

    assert ran(engine) == ["a"]
    assert "from the body" not in result.stdout.str()


@pytest.mark.parametrize(
    ("arguments", "shown", "hidden"),
    [
        ((), ["DIVERGENT bad.osiris.yaml *", "*hello from there*", "reproduce: *"], "from the body"),
        (("-q",), ["DIVERGENT bad.osiris.yaml *"], "manifest  "),
        (("-qq",), ["DIVERGENT bad.osiris.yaml *"], "manifest  "),
        (("-vv",), ["bad.osiris.yaml::bad FAILED*", "DIVERGENT bad.osiris.yaml *"], "from the body"),
        (("-s",), ["*from the body of the test*", "DIVERGENT bad.osiris.yaml *"], "INTERNAL"),
        (("--tb=no",), ["*hello from there*"], "= FAILURES ="),
        (("--tb=short",), ["DIVERGENT bad.osiris.yaml *"], "items.py"),
        (("--tb=native",), ["DIVERGENT bad.osiris.yaml *"], "items.py"),
        (("--tb=line",), ["*DIVERGENT bad.osiris.yaml *"], "items.py"),
        (("--showlocals", "--full-trace"), ["DIVERGENT bad.osiris.yaml *"], "items.py"),
        (("-rA",), ["PASSED a.osiris.yaml::a", "FAILED bad.osiris.yaml::bad - DIVERGENT *"], "INTERNAL"),
        (("--durations=0", "-vv"), ["*= slowest durations =*", "*s call * a.osiris.yaml::a"], "INTERNAL"),
        (("-p", "no:cacheprovider"), ["DIVERGENT bad.osiris.yaml *"], "INTERNAL"),
        (("--no-header", "--no-summary"), ["bad.osiris.yaml *DIVERGENT*only*"], "osiris: target"),
        (("--import-mode=importlib", "--strict-markers"), ["DIVERGENT bad.osiris.yaml *"], "INTERNAL"),
    ],
    ids=lambda each: " ".join(each) or "-" if isinstance(each, tuple) else "",
)
def test_what_is_shown(three: Project, arguments: tuple[str, ...], shown: list[str], hidden: str) -> None:
    """A failure is its few lines, however tracebacks are asked for; there is never one of ours."""
    result = three.run("--osiris-target=both", *arguments)

    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines_random([f"*{line}" for line in shown])
    assert hidden not in result.stdout.str()
    repeats = "-vv" in arguments  # pytest then has the whole failure in its summary, too
    assert result.stdout.str().count("hello from there") <= 1 + repeats


def test_without_a_terminal_the_report_is_written_all_the_same(three: Project) -> None:
    """`-p no:terminal`, as a program has it that runs pytest by itself."""
    result = three.run("-p", "no:terminal", "-x", "--osiris-report=r.html")

    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert result.outlines == []
    assert "some tests may not have finished (stopping after 1 failures)" in (three.root / "r.json").read_text()


def test_a_blocked_plugin_leaves_manifests_alone(three: Project) -> None:
    """`-p no:osiris`: files of manifests are no tests, and the marker is unknown."""
    result = three.pytester.runpytest_inprocess("-p", "no:osiris", "--co", "-q", "-W", "ignore")

    assert result.outlines[0] == "test_it.py::test_it"
    assert "osiris.yaml" not in result.stdout.str()
