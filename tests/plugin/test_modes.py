"""The plugin keeps its promises in the three modes: without xdist, with `-n0`, and with `-n2`.

A run of several processes is dear, so each here proves many promises at once. What checks a manifest is a stand-in, which the
project's own `conftest.py` puts into every process; `tests/plugin/test_xdist.py` has the real engine.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Project


MODES = {"none": [], "n0": ["-p", "xdist", "-n0"], "n2": ["-p", "xdist", "-n2"]}
STAND_IN = """
import os, pathlib, threading

import pytest
from osiris_core.parity.record import ParityRecord, TargetRun
from osiris_core.session.contract import new_session_id
from pytest_osiris.checking import checks

class StandIn:
    "Runs nothing: a pipeline's name says what becomes of it."

    def __init__(self, *_, **__):
        pass

    def check(self, manifest, targets, **_):
        name = manifest.pipeline.id
        if name == "crash":
            os._exit(1)
        if name == "wait":
            threading.Event().wait()
        runs = tuple(TargetRun(target=each, provider="host", isolation="none") for each in targets)
        return ParityRecord(
            manifest=manifest.location, pipeline_id=name, passed=name != "bad", headline=f"this is {name}",
            session_id=new_session_id(), targets=runs,
        )

    def close(self):
        pass

def pytest_configure(config):
    patch = pytest.MonkeyPatch()
    patch.setattr(checks, "Checker", StandIn)
    config.add_cleanup(patch.undo)
"""
MARKED = """
import pytest

@pytest.mark.osiris("good.osiris.yaml")
def test_marked(osiris_parity):
    assert osiris_parity.passed

@pytest.mark.osiris("bad.osiris.yaml")
def test_marked_bad(osiris_run):
    pass

def test_plain():
    pass
"""


class Modes:
    """Runs pytest in one of the three modes."""

    def __init__(self, project: Project, mode: str) -> None:
        self.project = project
        self.mode = mode
        self.root = project.root
        project.pytester.makeconftest(STAND_IN)

    def run(self, *arguments: str) -> pytest.RunResult:
        """Run pytest, with its controller in this process."""
        return self.project.run(*MODES[self.mode], *arguments)

    def report(self) -> dict[str, str]:
        """Return what a report says of each manifest, sorted, a name twice where two tests ran it."""
        data = json.loads((self.root / "r.json").read_text())
        return [(each["manifest"] + each["case"] + each["worker"], became(each)) for each in data["records"]]

    def note(self) -> str:
        """Return what a report says of what is not in it."""
        return json.loads((self.root / "r.json").read_text())["note"]


def became(record: dict[str, object]) -> str:
    return str(record["verdict"] or ("OK" if record["passed"] else "FAILED"))


@pytest.fixture
def modes(project: Project, request: pytest.FixtureRequest) -> Modes:
    """One mode: the one that the test is parametrized with, or several processes."""
    return Modes(project, getattr(request, "param", "n2"))


every_mode = pytest.mark.parametrize("modes", MODES, indirect=True)


@every_mode
def test_a_whole_run_says_the_same_in_every_mode(modes: Modes) -> None:
    """Every kind of test, marks of a manifest, `-k`, `-rA`, `-vv`, `--durations`, the report, its records, and JUnit."""
    project = modes.project
    project.manifest("good")
    project.manifest("bad")
    project.manifest("broken", rest="nonsense: 1\n")
    project.manifest("left-out")
    project.manifest("skipped", rest='pytest: {marks: [{skip: "later"}]}\n')
    (modes.root / "expected").mkdir()
    project.manifest("bad", rest='pytest: {marks: [{xfail: {reason: "bug 7", strict: true}}]}\n').rename(
        modes.root / "xfailed.osiris.yaml"
    )
    project.manifest("bad")
    project.open_manifest("cases", "{carrier: AA}", rest="pytest: {parametrize: {carrier: [AA, UA]}}\n")
    project.pytester.makepyfile(test_marked=MARKED)

    result = modes.run(
        *("-rA", "-vv", "--tb=short", "--durations=2", "-k", "not left-out"),
        *("--osiris-target=local", "--osiris-report=r.html", "--junitxml=junit.xml"),
    )

    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.assert_outcomes(passed=5, failed=3, xfailed=1, skipped=1)
    result.stdout.fnmatch_lines(["osiris: target local", "*= osiris parity =*", "*broken.osiris.yaml *", "report: *"])
    result.stdout.fnmatch_lines_random(
        [
            "PASSED good.osiris.yaml::good",
            "PASSED cases.osiris.yaml::cases[[]UA]",
            "PASSED test_marked.py::test_marked",
            "SKIPPED * later",
            "XFAIL xfailed.osiris.yaml::bad - bug 7",
            "FAILED bad.osiris.yaml::bad - FAILED bad.osiris.yaml this is bad",
            "FAILED broken.osiris.yaml::unreadable - broken.osiris.yaml:*unknown key*",
            "FAILED test_marked.py::test_marked_bad - FAILED bad.osiris.yaml this is bad",
        ]
    )
    assert "Traceback" not in result.stdout.str()
    assert modes.report() == [
        ("bad.osiris.yaml", "FAILED"),
        ("bad.osiris.yaml", "FAILED"),
        ("broken.osiris.yaml", "FAILED"),
        ("cases.osiris.yamlAA", "OK"),
        ("cases.osiris.yamlUA", "OK"),
        ("good.osiris.yaml", "OK"),
        ("good.osiris.yaml", "OK"),
        ("xfailed.osiris.yaml", "FAILED"),
    ]
    assert modes.note() == ""
    assert len(list(modes.root.glob(".osiris/records/*"))) == 1
    assert properties(modes.root / "junit.xml") == {
        "bad": False,
        "bad[xfailed]": False,
        "unreadable": False,
        "cases[AA]": True,
        "cases[UA]": True,
        "good": True,
        "test_marked": True,
        "test_marked_bad": False,
    }


def properties(junit: Path) -> dict[str, bool]:
    """Return, for each test with our property in a JUnit file, whether its manifest passed."""
    found = {}
    for case in ET.parse(junit).getroot().iter("testcase"):
        values = [each.get("value", "") for each in case.iter("property") if each.get("name") == "osiris"]
        assert len(values) <= 1, "a property that came twice"
        expected = "[xfailed]" if "xfailed" in case.get("classname", "") else ""
        found |= {f"{case.get('name')}{expected}": "'passed': True" in value for value in values}
    return found


@every_mode
def test_a_run_that_stops_at_a_failure_says_what_is_missing_from_its_report(modes: Modes) -> None:
    """`-x` leaves tests out, and its report would else pass for all of them; with several processes pytest's own exit code is 2."""
    for number in range(9):
        modes.project.manifest("bad").rename(modes.root / f"bad{number}.osiris.yaml")

    fewer = ["-n1"] if modes.mode == "n2" else []

    result = modes.run("-x", "-q", "--osiris-report=r.html", *fewer)

    reported = modes.report()
    assert result.ret == (pytest.ExitCode.INTERRUPTED if modes.mode == "n2" else pytest.ExitCode.TESTS_FAILED)
    assert 1 <= len(reported) < 9
    assert re.fullmatch(rf"{9 - len(reported)} of 9 tests did not finish \(stopping after \d failures\)", modes.note())
    result.stdout.fnmatch_lines([f"not all: {modes.note()}", "report: *r.html"])
    assert f"Not all: {modes.note()}." in (modes.root / "r.html").read_text()


def test_a_check_whose_process_crashes_is_in_the_report(modes: Modes) -> None:
    """So is what was checked before and after; the crashed one is INFRA, for nobody knows what it would have been."""
    for name in ("a-good", "crash", "z-good"):
        modes.project.manifest(name.removeprefix("a-").removeprefix("z-")).rename(modes.root / f"{name}.osiris.yaml")
    modes.project.pytester.makepyfile(
        test_zz="import os\n\nimport pytest\n\n@pytest.mark.osiris('a-good.osiris.yaml')\n"
        "def test_crash(osiris_parity):\n    os._exit(1)\n\ndef test_last():\n    pass\n"
    )

    result = modes.run("-n1", "--osiris-report=r.html")

    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["worker 'gw*' crashed while running 'crash.osiris.yaml::crash'"])
    assert modes.report() == [
        ("a-good.osiris.yaml", "OK"),
        ("a-good.osiris.yaml", "OK"),
        ("crash.osiris.yaml", "INFRA"),
        ("z-good.osiris.yaml", "OK"),
    ]
    [crashed] = [each for each in modes.project.records() if each["verdict"] == "INFRA"]
    assert crashed["headline"].startswith("the check did not come to its end")
    assert crashed["reproduce"] == "pytest crash.osiris.yaml::crash --osiris-target=local"


def test_two_workers_that_run_the_same_tests_have_a_record_each(modes: Modes) -> None:
    """`--dist=each`: neither overwrites the other, and lists tell them apart."""
    modes.project.manifest("good")
    modes.project.manifest("broken", rest="nonsense: 1\n")

    result = modes.run("--dist=each", "--osiris-report=r.html")

    result.assert_outcomes(passed=2, failed=2)
    result.stdout.fnmatch_lines(["*good.osiris.yaml on gw0 *", "*good.osiris.yaml on gw1 *"])
    assert modes.report() == [
        ("broken.osiris.yamlgw0", "FAILED"),
        ("broken.osiris.yamlgw1", "FAILED"),
        ("good.osiris.yamlgw0", "OK"),
        ("good.osiris.yamlgw1", "OK"),
    ]


def test_ctrl_c_stops_workers_and_leaves_no_process_and_no_report(modes: Modes) -> None:
    """A terminal sends it to all of them; what was being checked is named, and what did not run is counted."""
    for name in ("wait", "good", "bad"):
        modes.project.manifest(name)
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "osiris",
        *MODES["n2"],
        "--osiris-report=r.html",
        "wait.osiris.yaml",
        ".",
    ]
    group = subprocess.Popen(command, cwd=modes.root, stdout=subprocess.PIPE, text=True, start_new_session=True)
    try:
        until(lambda: "INFRA" in {became(each) for each in modes.project.records()})
        os.killpg(group.pid, signal.SIGINT)
        printed, _ = group.communicate(timeout=200)

        assert group.returncode == pytest.ExitCode.INTERRUPTED
        assert "there is no report: the run was interrupted" in printed
        assert "INFRA    the check did not come to its end" in printed
        assert re.search(r"not all: \d of 3 tests did not finish", printed)
        assert not (modes.root / "r.html").exists()
        with pytest.raises(ProcessLookupError):
            os.killpg(group.pid, 0)
    finally:
        if group.poll() is None:
            os.killpg(group.pid, signal.SIGKILL)


def until(reached: Callable[[], bool]) -> None:
    """Wait for a state, looking every 20 ms."""
    end = time.monotonic() + 200
    while not reached():
        assert time.monotonic() < end, "it never got there"
        threading.Event().wait(0.02)
