"""A stop at any point of a run, whatever the driver does: the session says `cancelled` and what was done, and nothing is left."""

from __future__ import annotations

import asyncio
import json
import os
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from e2b import E2B, SandboxQuery

from osiris_core.backends.attendance import Attendance
from osiris_core.backends.protocol import Cancellation, Patience
from osiris_core.check import Checker, CheckOptions, load
from osiris_core.session.writer import SessionWriter

if TYPE_CHECKING:
    from collections.abc import Callable

    from osiris_core.parity.record import ParityRecord

    from conftest import Project

MANIFEST = """
osiris: "1"
pipeline: {id: steps}
code: [code]
steps:
  - {id: first, driver: python.callable, config: {function: "act:first"}}
  - {id: act, driver: python.callable, needs: [first], config: {function: "act:FUNCTION"}}
"""
ACT = """
import subprocess, sys, threading

def first(inputs, ctx):
    (ctx.output_dir / "first.txt").write_text("first\\n")

def callable(inputs, ctx):
    ctx.log_event("waiting")
    threading.Event().wait()

def thread(inputs, ctx):
    running = threading.Event()
    thread = threading.Thread(target=lambda: (running.set(), threading.Event().wait()))
    thread.start()
    running.wait()
    ctx.log_event("waiting")
    thread.join()

def process(inputs, ctx):
    child = subprocess.Popen([sys.executable, "-c", "print('up', flush=True); import signal; signal.pause()"], stdout=subprocess.PIPE)
    child.stdout.readline()
    ctx.log_event("waiting")
    child.wait()

def stubborn(inputs, ctx):
    import signal
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    ctx.log_event("waiting")
    while True:
        try:
            threading.Event().wait()
        except BaseException:
            pass

def quick(inputs, ctx):
    (ctx.output_dir / "second.txt").write_text("second\\n")
"""
QUICK_PATIENCE = Patience(driver_stop_s=1.0, fetch_s=5.0)


@dataclass
class Stopping:
    """A stop that is asked for when both targets have come to a point, or the one that there is."""

    targets: int = 2
    cancellation: Cancellation = field(default_factory=Cancellation)
    reached: set[Path] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def at(self, session: SessionWriter) -> None:
        """Note that one has come."""
        with self.lock:
            self.reached.add(session.directory)
            last = len(self.reached) == self.targets
        if last:
            self.cancellation.request()


def before_the_start(stopping: Stopping, _: pytest.MonkeyPatch) -> None:
    """The stop is there when the run begins."""
    stopping.cancellation.request()


def in_a_step(stopping: Stopping, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both drivers have said that they wait."""
    feed = SessionWriter.feed

    def hooked(self: SessionWriter, data: bytes) -> None:
        feed(self, data)
        if b'"waiting"' in data:
            stopping.at(self)

    monkeypatch.setattr(SessionWriter, "feed", hooked)


def in_transfer(stopping: Stopping, monkeypatch: pytest.MonkeyPatch) -> None:
    """The artifacts of the sandbox are being fetched."""
    fetch = Attendance.fetch

    async def hooked(self: Attendance) -> None:
        stopping.targets = 1
        other = self._session.directory.parent / "local" / "session.json"
        while not other.exists():  # noqa: ASYNC110 - written on another thread; that run is not to be stopped
            await asyncio.sleep(0.01)
        stopping.at(self._session)
        await fetch(self)

    monkeypatch.setattr(Attendance, "fetch", hooked)


def after_the_terminal_record(stopping: Stopping, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything has come, and nothing is closed."""
    close = SessionWriter.close

    def hooked(self: SessionWriter, **facts: object) -> object:
        stopping.at(self)
        return close(self, **facts)  # type: ignore[arg-type]

    monkeypatch.setattr(SessionWriter, "close", hooked)


def processes_of(root: Path) -> list[str]:
    """Return the command lines of processes that work in a project."""
    found = []
    for each in Path("/proc").iterdir():
        if not each.name.isdigit() or int(each.name) == os.getpid():
            continue
        try:
            if Path(os.readlink(each / "cwd")).is_relative_to(root):  # noqa: PTH115 - of a process that may go away
                found.append((each / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            continue
    return found


@pytest.fixture
def stop(project: Project, monkeypatch: pytest.MonkeyPatch) -> Callable[..., ParityRecord]:
    """A function that checks a pipeline until a point; then no process, thread, sandbox or temporary file is left."""
    project.write("code/act.py", ACT)

    def run(
        function: str, point: Callable, *, hurried: bool = False, patience: Patience = QUICK_PATIENCE
    ) -> ParityRecord:
        project.write("steps.osiris.yaml", MANIFEST.replace("FUNCTION", function))
        stopping = Stopping()
        point(stopping, monkeypatch)
        options = CheckOptions(project_root=project.root, session_root=project.session_root, patience=patience)
        threads = set(threading.enumerate())
        with Checker(options, server=project.server) as checker:
            manifest = load(project.root / "steps.osiris.yaml", project_root=project.root)
            hurry = stopping.cancellation.hurry if hurried else lambda: None
            with stopping.cancellation.calling(hurry):
                record = checker.check(manifest, ["local", "e2b"], cancellation=stopping.cancellation)
        assert stopping.cancellation.requested, "the point never came"
        assert set(threading.enumerate()) <= threads
        assert processes_of(project.root) == []
        address = {"api_url": project.server.url, "sandbox_url": project.server.url}
        query = SandboxQuery(metadata={"osiris_session": record.session_id})
        assert E2B(api_key=project.server.api_key, **address).Sandbox.list(query=query).next_items() == []
        for host in project.session_root.glob(".osiris/runs/*/*/.host"):
            assert {"run", "incoming", "export"}.isdisjoint(each.name for each in host.iterdir())
        return record

    return run


@pytest.mark.parametrize(
    ("function", "point"),
    [
        ("quick", before_the_start),
        ("callable", in_a_step),
        ("thread", in_a_step),
        ("process", in_a_step),
    ],
    ids=lambda each: getattr(each, "__name__", each),
)
def test_a_stopped_run_is_cancelled_on_both_targets(stop: Callable, function: str, point: Callable) -> None:
    record = stop(function, point)

    assert [each.outcome for each in record.targets] == ["cancelled", "cancelled"], record.headline
    assert not record.passed


@pytest.mark.parametrize("point", [in_transfer, after_the_terminal_record], ids=lambda each: each.__name__)
def test_a_stop_that_comes_too_late_takes_nothing_away(stop: Callable, point: Callable) -> None:
    """The run had ended: its sessions say how, and hold every artifact."""
    record = stop("quick", point, patience=Patience(fetch_s=100.0))

    assert [each.outcome for each in record.targets] == ["succeeded", "succeeded"], record.headline


def test_a_hurry_does_not_wait_for_a_driver_that_will_not_stop(stop: Callable, project: Project) -> None:
    """The driver would have had a minute: no worker came to say how its run ended, and both sessions are `cancelled`."""
    record = stop("stubborn", in_a_step, hurried=True, patience=Patience(driver_stop_s=60.0, fetch_s=60.0))

    assert [each.outcome for each in record.targets] == ["cancelled", "cancelled"], record.headline
    for each in record.targets:
        facts = json.loads((project.session_root / each.session_directory / "target.json").read_text())
        assert facts["worker_digest"] is None
