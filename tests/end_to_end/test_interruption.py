"""Whenever a run is stopped, nothing is left of it, and the partial session says so."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DEADLINE_S = 200.0
MANIFEST = """
osiris: "1"
pipeline: {id: endless}
code: [code]
steps:
  - {id: first, driver: python.callable, config: {function: "endless:first"}}
  - {id: wait, driver: python.callable, needs: [first], config: {function: "endless:wait"}}
"""
CODE = """
import signal
import threading

def first(inputs, ctx):
    (ctx.output_dir / "first.txt").write_text("first\\n")

def wait(inputs, ctx):
    ctx.log_event("waiting")
    threading.Event().wait()

def ignore(inputs, ctx):
    signal.signal(signal.SIGTERM, lambda *_: ctx.log_event("asked"))
    ctx.log_event("waiting")
    while True:
        try:
            threading.Event().wait()
        except BaseException:
            pass
"""


class Stopped:
    """A pytest run under the reaper, and what is known about it."""

    def __init__(self, root: Path, temporary: Path) -> None:
        self.root = root
        self.temporary = temporary
        reaper = Path(__file__).with_name("reaper.py")
        self.process = subprocess.Popen(
            [
                sys.executable,
                reaper,
                sys.executable,
                "-m",
                "pytest",
                "--disable-plugin-autoload",
                "-posiris",
                "-v",
                "--osiris-target=both",
                "-p",
                "no:cacheprovider",
            ],
            cwd=root,
            env={**os.environ, "TMPDIR": str(temporary), "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        self.pid = json.loads(self.process.stdout.readline())["pid"]

    def until(self, reached: Callable[[Stopped], bool]) -> None:
        """Wait for a state of the run, looking every 50 ms."""
        end = time.monotonic() + DEADLINE_S
        while not reached(self):
            assert time.monotonic() < end, "the run never got there"
            assert self.process.poll() is None, "the run ended before it got there"
            threading.Event().wait(0.05)

    def send(self, number: int) -> tuple[int, list[str], str]:
        """Send a signal to pytest; return its exit code, what it left behind, and what it printed."""
        os.kill(self.pid, number)
        *printed, last = self.process.communicate(timeout=DEADLINE_S)[0].splitlines()
        report = json.loads(last)
        return report["exit"], report["left"], "\n".join(printed)

    def sessions(self) -> dict[str, Path]:
        """Return the session directories by target."""
        return {path.name: path for path in self.root.glob(".osiris/runs/*/*") if path.is_dir()}

    def journal(self, target: str) -> bytes:
        """Return what the host has journalled of a target so far."""
        path = self.sessions().get(target)
        journal = path / ".host" / "journal.os1" if path else None
        return journal.read_bytes() if journal is not None and journal.exists() else b""


@pytest.fixture
def stopped(request: pytest.FixtureRequest, tmp_path: Path, bubblewrap: None) -> Iterator[Stopped]:
    """A pytest run of a pipeline whose second step never ends."""
    root, temporary = tmp_path / "project", tmp_path / "tmp"
    (root / "code").mkdir(parents=True)
    temporary.mkdir()
    (root / "pyproject.toml").write_text("")
    stubborn = "will_not_stop" in request.node.name
    (root / "endless.osiris.yaml").write_text(
        MANIFEST.replace("endless:wait", "endless:ignore") if stubborn else MANIFEST
    )
    (root / "code" / "endless.py").write_text(CODE)
    run = Stopped(root, temporary)
    with run.process:
        yield run
        if run.process.poll() is None:
            os.kill(run.pid, signal.SIGKILL)


def has_begun(run: Stopped) -> bool:
    """A session directory is there: the server is up, or about to be asked."""
    return bool(run.sessions())


def both_wait(run: Stopped) -> bool:
    """Both workers are inside the endless step."""
    return b'"waiting"' in run.journal("local") and b'"waiting"' in run.journal("e2b")


@pytest.mark.parametrize(
    ("moment", "number"),
    [(has_begun, signal.SIGINT), (both_wait, signal.SIGTERM)],
    ids=lambda each: getattr(each, "__name__", None) or each.name,
)
def test_a_stop_leaves_nothing_and_the_sessions_say_cancelled(stopped: Stopped, moment: Callable, number: int) -> None:
    """Ctrl-C and SIGTERM at any moment: no process, no sandbox, no temporary file; sessions are `cancelled`.

    What was done before is kept in them.
    """
    stopped.until(moment)

    code, left, printed = stopped.send(number)

    assert code == 2, printed
    assert left == []
    assert list(stopped.temporary.iterdir()) == []
    sessions = stopped.sessions()
    assert sessions
    for directory in sessions.values():
        session = json.loads((directory / "session.json").read_text())
        assert session["outcome"] == "cancelled"
        assert not (directory / ".host" / "run").exists()
    if moment is both_wait:
        require_what_was_done(sessions)


def require_what_was_done(sessions: dict[str, Path]) -> None:
    """Fail unless the step that had ended is in the cancelled session, with its artifact, on both targets."""
    assert sorted(sessions) == ["e2b", "local"]
    for directory in sessions.values():
        session = json.loads((directory / "session.json").read_text())
        assert [(step["id"], step["state"]) for step in session["steps"]] == [
            ("first", "succeeded"),
            ("wait", "cancelled"),
        ]
        assert (directory / "artifacts" / "first" / "first.txt").read_text() == "first\n"


def test_a_driver_that_will_not_stop_and_an_impatient_user_leave_nothing(stopped: Stopped) -> None:
    """A step that ignores the stop is killed; a second Ctrl-C makes it sooner, and both sessions say `cancelled`."""
    stopped.until(both_wait)
    os.kill(stopped.pid, signal.SIGINT)
    stopped.until(lambda run: b'"asked"' in run.journal("local"))  # two signals at once may come as one

    code, left, printed = stopped.send(signal.SIGINT)

    assert code == 2, printed
    assert left == []
    assert list(stopped.temporary.iterdir()) == []
    assert sorted(stopped.sessions()) == ["e2b", "local"]
    for directory in stopped.sessions().values():
        assert json.loads((directory / "session.json").read_text())["outcome"] == "cancelled"


def test_a_killed_pytest_leaves_no_process_and_no_sandbox(stopped: Stopped) -> None:
    """After `kill -9` of pytest its server, sandboxes and workers end by themselves; no session is a success."""
    stopped.until(both_wait)

    _, left, _ = stopped.send(signal.SIGKILL)

    assert left == []
    assert list(stopped.temporary.iterdir()) == []
    for directory in stopped.sessions().values():
        assert not (directory / "session.json").exists()
