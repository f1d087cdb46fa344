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

    result = project.run(
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


LOOKING = """
import pytest

def test_asking(osiris):
    assert osiris.parity("worse.osiris.yaml").verdict == {verdict!r}

@pytest.mark.osiris("worse.osiris.yaml")
def test_marked(osiris_parity):
    assert osiris_parity.verdict == {verdict!r}
"""


@pytest.mark.parametrize("verdict", [Verdict.DIVERGENT, None])
@pytest.mark.parametrize("options", [(), ("-p", "pytest_rerunfailures", "--reruns=1")], ids=["once", "reruns"])
def test_what_a_test_looked_at_itself_is_expected(
    project: Project,
    engine: Engine,
    monkeypatch: pytest.MonkeyPatch,
    verdict: Verdict | None,
    options: tuple[str, ...],
) -> None:
    """It says by its own assertions what has to come out; run, summary, page and merge say the same of it."""
    project.manifest("worse")
    engine.gives("worse", verdict, passed=False)
    project.pytester.makepyfile(test_it=LOOKING.format(verdict=verdict and verdict.value))

    result = project.run(*REPORTS, *options, "test_it.py")

    result.assert_outcomes(passed=2)
    assert result.ret == pytest.ExitCode.OK
    assert [(each["passed"], each["expected_failure"]) for each in project.records()] == [(False, True)] * 2
    result.stdout.fnmatch_lines(["x  worse.osiris.yaml * XFAILED *"])
    assert heading(project).startswith("## ✓ ")
    assert signal(project) == "✓"
    assert merged(project, monkeypatch) == 0


def test_what_a_worker_looked_at_is_expected(project: Project) -> None:
    """Its word stands in the records that the controller reads."""
    project.manifest("worse", function="fail")
    project.pytester.makepyfile(test_it=LOOKING.format(verdict=None))

    result = project.run("-p", "xdist", "-n1", "--osiris-summary=s.md", "test_it.py")

    result.assert_outcomes(passed=2)
    assert [each["expected_failure"] for each in project.records()] == [True] * 2
    assert heading(project).startswith("## ✓ ")


OBJECTING = """
def test_it(osiris):
    record = osiris.parity("worse.osiris.yaml")
    assert {condition}
"""


@pytest.mark.parametrize(
    ("verdict", "condition", "code"),
    [(Verdict.DIVERGENT, "record.passed", 1), (Verdict.INFRA, "not record.passed", 0)],
)
def test_what_a_test_did_not_accept_is_not_expected(
    project: Project, engine: Engine, verdict: Verdict, condition: str, code: int
) -> None:
    """Its assertion failed; or a target could not run, which says nothing of the pipeline."""
    project.manifest("worse")
    engine.gives("worse", verdict)
    project.pytester.makepyfile(test_it=OBJECTING.format(condition=condition))

    result = project.run(*REPORTS, "test_it.py")

    assert result.ret == code
    assert [each.get("expected_failure", False) for each in project.records()] == [False]
    assert heading(project).startswith("## ✗ ")


SWALLOWING = """
import contextlib
import pytest

{mark}
def test_it(osiris, request):
    with contextlib.suppress(Exception):
        {call}
"""


@pytest.mark.parametrize("mark", ["", "@pytest.mark.xfail"])
@pytest.mark.parametrize(
    ("call", "told"),
    [
        ('osiris.run("worse.osiris.yaml")', "osiris.run(...) at test_it.py:7 had failed: DIVERGENT worse.osiris.yaml "),
        ('osiris.parity("gone.osiris.yaml")', "osiris.parity(...) at test_it.py:7 had failed: there is no manifest "),
        (
            'request.getfixturevalue("osiris_run")',
            "the fixture osiris_run had failed: DIVERGENT worse.osiris.yaml ",
        ),
    ],
    ids=["run", "parity", "fixture"],
)
def test_a_failure_that_the_test_kept_to_itself_fails_it(
    project: Project, engine: Engine, call: str, told: str, mark: str
) -> None:
    """Neither `suppress` nor a mark takes it off the count: the record is one of a failure."""
    project.manifest("worse")
    engine.gives("worse", Verdict.DIVERGENT)
    if "fixture" in call:
        mark += '\n@pytest.mark.osiris("worse.osiris.yaml")'
    project.pytester.makepyfile(test_it=SWALLOWING.format(call=call, mark=mark))

    result = project.run(*REPORTS, "test_it.py")

    result.assert_outcomes(failed=1)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    (sentence,) = [line for line in result.outlines if line.startswith("the test passed, though ")]
    assert sentence.startswith(f"the test passed, though {told}")
    assert sentence.endswith("; do not catch it: `osiris.parity(...)` returns the record of a check that may fail")
    assert [each.get("expected_failure", False) for each in project.records()] == [False]
    assert heading(project).startswith("## ✗ ")
