"""A manifest is a test: found by its name, selected like any other, run once whatever the number of targets."""

from __future__ import annotations

import shutil
import signal
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Engine, Project

UNREADABLE = "\nnonsense: bad\n"


@pytest.mark.parametrize("target", ["local", "e2b", "both"])
def test_a_manifest_is_one_item_whatever_the_target(project: Project, engine: Engine, target: str) -> None:
    """`both` runs the targets inside one test, so that nothing has to bring two tests together."""
    project.manifest("healthy")

    result = project.run(f"--osiris-target={target}", "-v")

    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["healthy.osiris.yaml::healthy PASSED*"])
    assert len(engine.calls) == 1


def test_items_are_selected_like_other_tests(project: Project, engine: Engine) -> None:
    """By node id, by `-k`, and all of them by `-m osiris`."""
    project.manifest("one")
    project.manifest("two")
    project.pytester.makepyfile("def test_unit(): pass")

    project.run("one.osiris.yaml::one").assert_outcomes(passed=1)
    project.run("-k", "two").assert_outcomes(passed=1, deselected=2)
    project.run("-m", "osiris").assert_outcomes(passed=2, deselected=1)

    assert [name for name, _ in engine.calls] == ["one", "two", "one", "two"]


def test_last_failed_runs_only_the_manifest_that_failed(project: Project, engine: Engine) -> None:
    """`--lf` knows manifests."""
    project.manifest("one")
    project.manifest("two")
    engine.raises("two", RuntimeError("boom"))
    project.run().assert_outcomes(passed=1, failed=1)
    engine.calls.clear()

    project.run("--lf")

    assert [name for name, _ in engine.calls] == ["two"]


def test_collect_only_starts_nothing_and_needs_no_key(
    project: Project, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`--co` lists manifests even with options that could not work here."""
    monkeypatch.delenv("E2B_API_KEY", raising=False)
    project.manifest("healthy")

    result = project.run("--co", "-q", "--osiris-target=both", "--osiris-e2b=cloud", "--osiris-report=r.html")

    assert result.ret == 0
    assert result.outlines[0] == "healthy.osiris.yaml::healthy"
    assert engine.made == 0
    assert not (project.root / ".osiris").exists()


def test_collect_only_imports_no_sdk_and_no_engine(project: Project) -> None:
    """In a fresh process: collecting reads YAML, and that is all."""
    project.manifest("healthy")
    project.pytester.makeconftest(
        "import sys\n"
        "def pytest_unconfigure(config):\n"
        "    heavy = {'e2b', 'httpx', 'duckdb', 'pyarrow', 'jinja2', 'asyncio', 'packaging.requirements'} & set(sys.modules)\n"
        "    print('LOADED', sorted(heavy), 'osiris_core.check' in sys.modules)\n"
    )

    result = project.run_alone("--co", "-q", "--osiris-target=both")

    assert "LOADED [] True" in result.outlines


def test_a_manifest_with_problems_is_one_failing_test_and_the_others_run(project: Project, engine: Engine) -> None:
    """It shows every problem as `file:line:column: message`, no traceback, and starts nothing."""
    project.manifest("healthy")
    project.manifest("broken", rest=UNREADABLE)

    result = project.run("-v")

    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["broken.osiris.yaml::unreadable FAILED*"])
    result.stdout.re_match_lines([r"broken\.osiris\.yaml:\d+:\d+: .*nonsense.*"])
    assert "Traceback" not in result.stdout.str()
    assert "items.py" not in result.stdout.str()
    assert [name for name, _ in engine.calls] == ["healthy"]


def test_a_manifest_with_problems_is_in_the_records(project: Project, engine: Engine) -> None:
    """A report that left it out would call the others all."""
    project.manifest("broken", rest=UNREADABLE)

    project.run()

    [record] = project.records()
    assert record["manifest"] == "broken.osiris.yaml"
    assert record["passed"] is False
    assert record["verdict"] is None
    assert "nonsense" in record["headline"]


def test_only_files_named_by_the_patterns_are_taken(project: Project, engine: Engine) -> None:
    """Foreign YAML is never touched; a pattern with a slash counts from the root directory."""
    project.manifest("healthy")
    (project.root / "docker-compose.yaml").write_text("services: {}")
    folder = project.root / "pipelines"
    folder.mkdir()
    for name in ("one", "two"):
        (folder / f"{name}.yaml").write_text(project.manifest(name).read_text())
        project.manifest(name).unlink()
    (folder / "code").mkdir()
    project.run().assert_outcomes(passed=1)
    project.ini("osiris_manifests = pipelines/o*.yaml *.osiris.yaml")

    result = project.run("-v")

    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["healthy.osiris.yaml::healthy PASSED*", "pipelines/one.yaml::one PASSED*"])


def test_a_manifest_given_by_name_is_found_from_another_directory(project: Project, engine: Engine) -> None:
    """The project of a manifest outside of the root directory is its own."""
    manifest = project.manifest("healthy")
    elsewhere = project.root / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "pytest.ini").write_text("[pytest]\n")

    result = project.run("-c", str(elsewhere / "pytest.ini"), "--rootdir", str(elsewhere), str(manifest))

    result.assert_outcomes(passed=1)


def test_setup_plan_runs_no_manifest(project: Project, engine: Engine) -> None:
    """All costly work is in the call."""
    project.manifest("healthy")

    project.run("--setup-plan")

    assert engine.made == 0


def test_one_checker_serves_a_whole_run_and_is_closed(project: Project, engine: Engine) -> None:
    """So one embedded server serves all manifests of a process, and ends with it."""
    project.manifest("one")
    project.manifest("two")

    project.run("--osiris-target=both").assert_outcomes(passed=2)

    assert (engine.made, engine.closed) == (1, 1)


def test_what_cannot_be_closed_keeps_nothing_else(
    project: Project, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two projects, and neither's checker ends as it should: sessions and signals are left as they were found."""
    outside = project.manifest("one")
    inside = project.root / "inside"
    inside.mkdir()
    (inside / "pytest.ini").write_text("[pytest]\n")
    shutil.copytree(project.root / "code", inside / "code")
    shutil.copy(outside, inside)
    removed, handler = [], signal.getsignal(signal.SIGTERM)

    def close(_: Engine) -> None:
        raise OSError(5, "the server does not answer")

    monkeypatch.setattr(type(engine), "close", close)
    monkeypatch.setattr("pytest_osiris.checking.retention.remove_session", lambda *what: removed.append(what[2]))
    try:
        result = project.run("--rootdir", str(inside), "-c", str(inside / "pytest.ini"), str(inside), str(outside))
        found = signal.getsignal(signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, handler)

    assert engine.made == len({"inside", "outside"})
    assert "the server does not answer" in result.stderr.str()
    assert sorted(removed) == ["e2b", "e2b", "local", "local"]
    assert found is handler


def test_ctrl_c_closes_what_was_started(project: Project, engine: Engine) -> None:
    """Pytest ends as it always does on Ctrl-C, exit code 2, and writes no report that would speak for all."""
    project.manifest("one")
    project.manifest("two")
    engine.raises("two", KeyboardInterrupt())

    result = project.run("--osiris-report=report.html", no_reraise_ctrlc=True)

    assert result.ret == pytest.ExitCode.INTERRUPTED
    assert (engine.made, engine.closed) == (1, 1)
    result.stdout.fnmatch_lines(["there is no report: the run was interrupted*"])
    assert not (project.root / "report.html").exists()
