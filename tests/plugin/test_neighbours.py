"""Beside other plugins: each sub-run loads those that it is about, and nothing else that is installed."""

from __future__ import annotations

import contextlib
import json
import re
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

from osiris_core.parity.record import Verdict

if TYPE_CHECKING:
    import pytest

    from conftest import Engine, Project

STEPS = """
import pathlib, sys, threading

def write(inputs, ctx):
    (ctx.output_dir / "greeting.txt").write_text("hello\\n")
    (ctx.output_dir / "coverage.txt").write_text(str(sorted(name for name in sys.modules if "coverage" in name)))

def second_time(inputs, ctx):
    tried = pathlib.Path("tried.txt")
    if not tried.exists():
        tried.write_text("")
        raise ValueError("not at the first time")

def wait(inputs, ctx):
    threading.Event().wait()
"""
TESTS = '''
import pathlib, unittest

import pytest

def add(left, right):
    """Return a sum.

    >>> add(1, 2)
    3
    """
    return left + right

@pytest.mark.flaky(reruns=1)
@pytest.mark.osiris("good.osiris.yaml")
async def test_async(osiris_run, snapshot):
    assert osiris_run.artifacts["only/greeting.txt"].text() == snapshot
    assert osiris_run.artifacts["only/coverage.txt"].text() == "[]"
    tried = pathlib.Path(__file__).with_name("tried-too.txt")
    if not tried.exists():
        tried.write_text(osiris_run.record.session_id)
        pytest.fail("not at the first time")
    assert osiris_run.record.session_id != tried.read_text()
    assert [each.became for each in osiris_run.record.earlier] == ["OK"]

class TestCase(unittest.TestCase):
    @pytest.fixture(autouse=True)
    def take(self, osiris_run):
        self.run_of_mine = osiris_run

    @pytest.mark.osiris("good.osiris.yaml")
    def test_method(self):
        self.assertTrue(self.run_of_mine.ok)
'''
SNAPSHOTS = """# serializer version: 1
# name: test_async
  '''
  hello

  '''
# ---
# name: test_that_is_gone
  'x'
# ---
"""
ALL = ("xdist", "rerunfailures", "pytest_reportlog", "metadata", "html", "html_fixtures")
ALL += ("randomly", "asyncio", "anyio", "pytest_cov", "syrupy", "timeout")


def loaded(*names: str) -> list[str]:
    """Return the options that load plugins by the names of their entry points."""
    return [word for name in names for word in ("-p", name)]


def test_all_of_them_at_once_in_another_process(project: Project) -> None:
    """Reruns, a report log, pytest-html, random order, asyncio's auto mode, coverage, snapshots, timeouts, doctests, unittest.

    Each promise is looked at in what its plugin wrote: a run that merely ends would hold for plugins that did nothing.
    """
    (project.root / "code" / "steps.py").write_text(STEPS)
    project.manifest("good")
    project.manifest("flaky", function="second_time", rest="pytest: {marks: [{flaky: {reruns: 3}}]}\n")
    project.manifest("endless", function="wait", rest="pytest: {marks: [{timeout: 2}]}\n")
    project.pytester.makepyfile(test_it=TESTS)
    (project.root / "__snapshots__").mkdir()
    (project.root / "__snapshots__" / "test_it.ambr").write_text(SNAPSHOTS.replace("\n\n", "\n  \n"))
    (project.root / ".coveragerc").write_text("[run]\npatch = subprocess\n")  # would measure the worker, too
    project.ini("asyncio_mode = auto", "asyncio_default_fixture_loop_scope = function", "strict_markers = true")

    result = project.run_alone(
        *loaded(*ALL),
        *("-n1", "--report-log=log.jsonl", "--html=page.html", "--self-contained-html", "--junitxml=junit.xml"),
        *("--cov=.", "--cov-report=json:cov.json", "--snapshot-warn-unused"),
        *(
            "--doctest-modules",
            "--import-mode=importlib",
            "--osiris-report=r.html",
            "--osiris-keep-sessions=all",
            "-rR",
        ),
    )

    printed = result.stdout.str()
    outcomes = result.parseoutcomes()
    assert (outcomes["passed"], outcomes["failed"], outcomes["rerun"]) == (5, 1, 2), printed
    assert "Using --randomly-seed=" in printed
    assert "1 snapshot passed. 1 snapshot unused." in printed
    result.stdout.fnmatch_lines(
        [
            "flaky.osiris.yaml: passed in its 2nd attempt; the 1st failed at only",
            "good.osiris.yaml: attempt 2; its check passed before, too, *",
        ]
    )
    check_the_records(project)
    check_the_report_log(project.root / "log.jsonl")
    check_the_page(project.root / "page.html")
    for case in ET.parse(project.root / "junit.xml").getroot().iter("testcase"):
        assert len([each for each in case.iter("property") if each.get("name") == "osiris"]) <= 1
    covered = json.loads((project.root / "cov.json").read_text())["files"]
    assert covered["test_it.py"]["summary"]["percent_covered"] > 90
    assert covered["code/steps.py"]["executed_lines"] == [
        2,
        4,
        8,
        14,
    ]  # the doctests' import; no step that ran in a worker
    assert workers_in(project.root) == []


def workers_in(root: Path) -> list[str]:
    """Return the processes that run the bundle in a directory, as a worker of this machine does; one of xdist's does not."""
    found = []
    for each in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it has ended meanwhile, or is somebody else's
            is_there = (each / "cwd").readlink().is_relative_to(root)
            found += [each.name] if is_there and b".pyz" in (each / "cmdline").read_bytes() else []
    return found


def check_the_records(project: Project) -> None:
    """The last attempt of each test, which names those before it; each ran afresh."""
    records = {}
    for record in json.loads((project.root / "r.json").read_text())["records"]:
        records.setdefault(record["manifest"], []).append(record)
    [flaky] = records["flaky.osiris.yaml"]
    assert flaky["passed"]
    [before] = flaky["earlier"]
    assert (before["became"], before["passed"], before["step"]) == ("FAILED", False, "only")
    assert before["headline"] != flaky["headline"]
    assert before["targets"][0]["session_directory"] == f".osiris/runs/{before['session_id']}/local"
    assert before["session_id"] != flaky["session_id"]
    for session in (before["session_id"], flaky["session_id"]):
        assert (project.root / ".osiris" / "runs" / session / "local" / "session.json").is_file()
    [endless] = records["endless.osiris.yaml"]
    assert (endless["verdict"], endless["passed"]) == ("INFRA", False)
    assert endless["headline"].startswith("the check did not come to its end: Timeout (>2")
    assert len(records["good.osiris.yaml"]) == 3
    assert "passed only when tried again" in (project.root / "r.html").read_text()


def check_the_report_log(path: Path) -> None:
    """Each attempt has one entry of ours, as JSON; the ids are those of a run in any order."""
    entries: dict[str, list[dict[str, Any]]] = {}
    for line in path.read_text().splitlines():
        report = json.loads(line)
        if report["$report_type"] == "TestReport" and report["when"] == "call":
            ours = [value for name, value in report["user_properties"] if name == "osiris"]
            entries.setdefault(report["nodeid"], []).extend(ours)
    assert set(entries) == {
        "endless.osiris.yaml::endless",
        "flaky.osiris.yaml::flaky",
        "good.osiris.yaml::good",
        "test_it.py::TestCase::test_method",
        "test_it.py::test_async",
        "test_it.py::test_it.add",
    }
    flaky = entries["flaky.osiris.yaml::flaky"]
    assert [(each["attempt"], each["passed"]) for each in flaky] == [(1, False), (2, True)]
    assert len({each["session"][0] for each in flaky}) == 2
    assert [each["attempt"] for each in entries["test_it.py::test_async"]] == [1, 2]
    assert entries["test_it.py::test_it.add"] == []


def check_the_page(path: Path) -> None:
    """pytest-html shows a failure as its few lines."""
    [blob] = re.findall(r'data-jsonblob="([^"]*)"', path.read_text())
    [failed] = json.loads(unescape(blob))["tests"]["endless.osiris.yaml::endless"]
    assert failed["result"] == "Failed"
    shown = unescape(failed["log"])
    assert "INFRA endless.osiris.yaml the check did not come to its end: Timeout" in shown
    assert "reproduce: pytest endless.osiris.yaml::endless" in shown
    assert "checks.py" not in shown.partition("Captured")[0]


def test_anyio_finds_a_fixture_that_is_not_async(project: Project, engine: Engine) -> None:
    """Both may stand in one test; the check has no event loop of its own to collide with."""
    project.manifest("it")
    project.pytester.makepyfile(
        test_it="""
        import pytest

        @pytest.mark.anyio
        @pytest.mark.osiris("it.osiris.yaml", target="both")
        async def test_it(osiris_parity, anyio_backend_name):
            assert osiris_parity.passed and anyio_backend_name == "asyncio"

        @pytest.fixture
        def anyio_backend():
            return "asyncio"
    """
    )

    project.run("-p", "anyio", "test_it.py").assert_outcomes(passed=1)


def test_a_failure_at_setup_has_its_entry_in_junit_too_and_no_secret(
    project: Project, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fixtures run before the test's call; what they found is written all the same, masked."""
    monkeypatch.setenv("SHOP_PASSWORD", "hunter2-of-the-shop")
    project.manifest("it", rest="secrets: [SHOP_PASSWORD]\n")
    engine.gives("it", Verdict.INFRA, headline="e2b: the key hunter2-of-the-shop was refused")
    project.pytester.makepyfile(
        test_it="""
        import pytest

        @pytest.mark.osiris("it.osiris.yaml")
        def test_it(osiris_run):
            pass
    """
    )

    project.run("test_it.py", "--junitxml=junit.xml", "-o", "junit_logging=all").assert_outcomes(failed=1)

    written = (project.root / "junit.xml").read_text()
    [case] = ET.fromstring(written).iter("testcase")
    [entry] = [each.get("value", "") for each in case.iter("property") if each.get("name") == "osiris"]
    assert "'verdict': 'INFRA'" in entry
    assert re.search(r"'record': '\.osiris/records/[^/]+/test_it\.py-test_it-\w+\.json'", entry)
    assert "hunter2" not in written
