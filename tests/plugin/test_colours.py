"""The end of a run is as red or as green as pytest is: its sentences, its summary, its report and a merge of its records."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from osiris_core.cli.main import main
from osiris_core.parity.record import Verdict

if TYPE_CHECKING:
    from conftest import Engine, Project

REPORTS = ("--osiris-target=both", "--osiris-report=r.html", "--osiris-summary=s.md")
XFAIL = "pytest: {marks: [xfail: {reason: bug 7}]}\n"


def heading(project: Project) -> str:
    """Return the first line of the summary."""
    return (project.root / "s.md").read_text().splitlines()[0]


def signal(project: Project) -> str:
    """Return the sign that the page begins with."""
    return (project.root / "r.html").read_text().partition('class="signal" aria-hidden="true">')[2][0]


def merged(project: Project, monkeypatch: pytest.MonkeyPatch) -> int:
    """Return how a gate over the records of this run ends."""
    monkeypatch.chdir(project.root)
    return main(["merge", "r.json"])


@pytest.mark.parametrize("verdict", [Verdict.DIVERGENT, None])
def test_an_expected_failure_makes_nothing_red(
    project: Project,
    engine: Engine,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    verdict: Verdict | None,
) -> None:
    """It is told and counted, as XFAILED; in shards it does not fail the whole."""
    project.manifest("good")
    project.manifest("worse", rest=XFAIL)
    engine.gives("worse", verdict, passed=False)
    engine.gives("good", Verdict.IDENTICAL if verdict else None)

    result = project.run(*REPORTS)

    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines(["x  worse.osiris.yaml * XFAILED *", "1 of 2 manifests *"])
    assert heading(project).startswith("## ✓ ")
    assert "What failed" not in (project.root / "s.md").read_text()
    assert signal(project) == "✓"
    assert merged(project, monkeypatch) == 0
    assert "XFAILED worse.osiris.yaml local and e2b did the same" in capsys.readouterr().out.splitlines()


def test_a_target_that_could_not_run_is_no_expected_failure(project: Project, engine: Engine) -> None:
    """Not even where the test's own mark would have any exception be one."""
    project.manifest("worse")
    engine.gives("worse", Verdict.INFRA)
    project.pytester.makepyfile(
        """
        import pytest

        @pytest.mark.xfail(reason="bug 7")
        @pytest.mark.osiris("worse.osiris.yaml")
        def test_it(osiris_run): ...
        """
    )

    project.run(*REPORTS, "test_a_target_that_could_not_run_is_no_expected_failure.py")

    assert heading(project).startswith("## ✗ ")


ASSERTING = """
import pytest

@pytest.mark.osiris("good.osiris.yaml")
def test_it(osiris_run):
    assert not osiris_run.ok
"""


def test_a_test_that_fails_by_itself_makes_the_whole_red(
    project: Project, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The manifest did as it should, and the test of it did not: summary, page and merge say which test."""
    project.manifest("good")
    engine.gives("good", passed=True, directories=False)
    project.pytester.makepyfile(test_it=ASSERTING.replace("osiris_run", "osiris_parity").replace(".ok", ".passed"))

    result = project.run(*REPORTS, "test_it.py")

    assert result.ret == pytest.ExitCode.TESTS_FAILED
    sentence = "1 test failed, though no manifest that it ran did: test_it.py::test_it"
    result.stdout.fnmatch_lines([f"not as asked for: {sentence}"])
    assert heading(project).startswith("## ✗ ")
    assert f"**Not as asked for:** `{sentence}`" in (project.root / "s.md").read_text()
    assert signal(project) == "✗"
    assert json.loads((project.root / "r.json").read_text())["records"][0]["passed"] is True
    assert merged(project, monkeypatch) == 1


REFUSED = """
import pytest

@pytest.mark.osiris("gone.osiris.yaml")
def test_marked(osiris_run): ...

def test_asking(osiris):
    osiris.run("gone.osiris.yaml")
"""


def test_a_test_that_could_not_run_its_manifest_is_in_the_report(
    project: Project, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It names a file that is gone: what the others ran is not all that was asked for."""
    project.manifest("good")
    project.pytester.makepyfile(test_it=REFUSED)

    result = project.run(*REPORTS)

    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert heading(project) == ("## ✗ osiris parity: The manifest behaves the same; 2 manifests could not be started")
    found = {each["case"]: each for each in json.loads((project.root / "r.json").read_text())["records"]}
    assert (found["test_marked"]["manifest"], found["test_marked"]["line"]) == ("test_it.py", 3)
    assert found["test_marked"]["headline"].startswith(
        "the osiris marker names 'gone.osiris.yaml', but there is no file"
    )
    assert found["test_asking"]["headline"].startswith("there is no manifest ")
    assert merged(project, monkeypatch) == 2


CRASHING = """
import os
import pytest

@pytest.mark.osiris("good.osiris.yaml")
def test_crash(osiris_parity):
    os._exit(1)
"""


@pytest.mark.parametrize(("dist", "worker"), [("load", ""), ("each", "@gw0")])
def test_a_worker_that_crashes_after_the_check_makes_the_whole_red(project: Project, dist: str, worker: str) -> None:
    """The manifest has its result, and its test has none; also where each worker has records of its own."""
    project.manifest("good")
    project.pytester.makepyfile(test_it=CRASHING)

    result = project.run_alone(
        "-p", "xdist", "-n1", f"--dist={dist}", "--max-worker-restart=0", "--osiris-summary=s.md", "test_it.py"
    )

    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert heading(project) == "## ✗ osiris parity: The manifest ran as expected on local, compared with nothing"
    result.stdout.fnmatch_lines(
        [f"not as asked for: 1 test failed, though no manifest that it ran did: test_it.py::test_crash{worker}"]
    )


def test_what_is_not_the_whole_has_no_tick(project: Project, engine: Engine) -> None:
    """A test without a manifest ended the run: what was left out may be anything."""
    project.manifest("a")
    project.manifest("z")
    project.pytester.makepyfile(test_m="def test_unit(): assert False")

    result = project.run(*REPORTS, "-x", "a.osiris.yaml", "test_m.py", "z.osiris.yaml")

    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert [each for each, _ in engine.calls] == ["a"]
    assert heading(project).startswith("## ✗ osiris parity: The manifest behaves the same")
    assert signal(project) == "✗"
