"""Shows how far runs are while tests run: in the process that has the terminal, and for xdist workers, which have none.

A process that runs manifests itself shows them while one runs, and no longer. An xdist worker leaves what it would show in a file, and the
controller shows that of all workers while the run lasts. Everything of ours that is imported here is imported when a manifest runs.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import sys
import threading
from typing import TYPE_CHECKING, Any, Final

import pytest

from pytest_osiris.keys import RUN, SETTINGS

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from contextlib import AbstractContextManager

    from osiris_core.backends.templates import Report
    from osiris_core.display.board import Board
    from osiris_core.display.door import Door, Renderer
    from osiris_core.progress.model import Observer, Progress

PLUGIN_NAME: Final = "osiris-progress"
DIRECTORY: Final = "osiris_progress"
"""Name of the entry by which the xdist controller tells a worker where to leave what it shows."""
_WAIT_S: Final = 0.5
"""Between two looks whether a worker has begun to run a manifest."""


class Showing:
    """What one process shows of the manifests that it runs itself; as a plugin it leaves the terminal to a debugger."""

    def __init__(self, door: Door | None, report: Report, around: Callable[[], AbstractContextManager[None]]) -> None:
        self.report: Report = report if door is None else door.say
        self._door = door
        self._around = around
        self._label = ""
        self._turn = threading.Lock()
        self._running = 0
        self._shown = contextlib.ExitStack()

    @property
    def observe(self) -> Observer | None:
        """Who is told how far runs are, if anybody is."""
        return None if self._door is None else self._observe

    @contextlib.contextmanager
    def running(self, label: str = "") -> Iterator[None]:
        """Show what runs while the block lasts, under another name than the pipeline's if one is given and nothing else runs.

        A test can run several manifests at once: what runs is shown from the first one's start to the last one's end.
        """
        if self._door is None:
            yield
            return
        with self._turn:
            if not self._running:
                with contextlib.ExitStack() as opening:
                    opening.enter_context(self._around())
                    opening.enter_context(self._door.open())
                    self._shown = opening.pop_all()
            self._running += 1
            self._label = label if self._running == 1 else ""
        try:
            yield
        finally:
            with self._turn:
                self._running -= 1
                if not self._running:
                    self._shown.close()

    def close(self) -> None:
        """Let go of the terminal."""
        if self._door is not None:
            self._door.close()

    def pytest_enter_pdb(self) -> None:
        """Leave the terminal to the debugger."""
        if self._door is not None:
            self._door.pause()

    def pytest_leave_pdb(self) -> None:
        """Have it back."""
        if self._door is not None:
            self._door.go_on()

    def _observe(self, progress: Progress) -> None:
        if self._door is not None:
            self._door.observe(dataclasses.replace(progress, name=self._label) if self._label else progress)


def showing(config: pytest.Config, told: Report) -> Showing:
    """Return what this process shows; `told` is given lines for people where there is no terminal."""
    worker: dict[str, Any] | None = getattr(config, "workerinput", None)
    if worker is not None:
        return Showing(_worker_door(worker, told), told, contextlib.nullcontext)
    report = reporter_of(config)
    if report is None:
        return Showing(None, told, contextlib.nullcontext)
    door = _door(config, report)
    shown = Showing(door, report, lambda: _behind(config, door) if door is not None else contextlib.nullcontext())
    config.pluginmanager.register(shown, PLUGIN_NAME)
    return shown


class WorkersShown:
    """The controller of xdist workers: shows what they run, from the first manifest to the end of the session."""

    def __init__(self, config: pytest.Config) -> None:
        self.directory = config.rootpath / ".osiris" / "progress" / config.stash[RUN]
        self._config = config
        self._ended = threading.Event()
        self._opened = contextlib.ExitStack()
        self._door: Door | None = None
        self._waiting = threading.Thread(target=self._wait, name="osiris-progress", daemon=True)
        self._waiting.start()

    def _wait(self) -> None:
        """Wait for the first manifest: before it there is nothing to show, and nothing of ours is imported."""
        while not self._ended.wait(_WAIT_S):
            if self.directory.is_dir():
                self._open()
                return

    def _open(self) -> None:
        report = reporter_of(self._config)
        if report is None:
            return
        from osiris_core.display.mailbox import Mailboxes

        door = _door(self._config, report, gather=Mailboxes(self.directory).gather)
        if door is None:
            return
        self._opened.callback(door.close)
        self._opened.enter_context(_behind(self._config, door))
        self._door = door
        self._opened.enter_context(door.open())

    def _alone(self) -> AbstractContextManager[None]:
        """Keep what pytest writes in one hook in one piece: nothing of ours comes between."""
        return contextlib.nullcontext() if self._door is None else self._door.hidden()

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_logstart(self) -> Generator[None, object, object]:
        """Make place."""
        with self._alone():
            return (yield)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_logreport(self) -> Generator[None, object, object]:
        """Make place."""
        with self._alone():
            return (yield)

    @pytest.hookimpl(wrapper=True, tryfirst=True, optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> Generator[None, object, object]:
        """Make place, and show nothing any more of a worker that has died."""
        (self.directory / node.gateway.id).unlink(missing_ok=True)
        with self._alone():
            return (yield)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        """Show nothing any more."""
        self.close()

    def pytest_unconfigure(self) -> None:
        """Show nothing any more, also where no session came to its end."""
        self.close()

    def close(self) -> None:
        """End, and leave nothing behind; a second time is harmless."""
        self._ended.set()
        self._waiting.join()
        self._door = None
        self._opened.close()
        if self.directory.is_dir():
            from osiris_core.display.mailbox import Mailboxes

            Mailboxes(self.directory).remove()


def watch_worker(node: Any) -> None:
    """Tell a worker that is about to start where to leave what it shows, if it is on this machine and anything is to be shown."""
    config = node.config
    if not _asked(config) or not node.gateway.spec.popen:
        return
    shown: WorkersShown | None = config.pluginmanager.get_plugin(PLUGIN_NAME)
    if shown is None:
        shown = WorkersShown(config)
        config.pluginmanager.register(shown, PLUGIN_NAME)
    node.workerinput[DIRECTORY] = str(shown.directory)


def reporter_of(config: pytest.Config) -> Report | None:
    """Return what shows a line at once, while tests run: a template that is being built takes minutes.

    None in a process without a terminal, as an xdist worker is.
    """
    terminal: Any = config.pluginmanager.get_plugin("terminalreporter")

    def report(line: str) -> None:
        from osiris_core.report.text import visible_line

        with _uncaptured(config):
            terminal.ensure_newline()
            if config.get_terminal_writer().width_of_current_line:
                terminal.line("")  # dots of several files stand on one line under xdist
            terminal.write_line(f"osiris: {visible_line(line)}")
            terminal.flush()

    return None if terminal is None else report


def _asked(config: pytest.Config) -> str:
    """Return how progress is to be shown; nothing where it is not: with `-q` only what stands on the same command line."""
    settings = config.stash[SETTINGS]
    quiet = config.get_verbosity() < 0 and "progress" not in settings.on_command_line
    return "" if quiet or settings.progress == "off" else settings.progress


def _worker_door(worker: dict[str, Any], told: Report) -> Door | None:
    if DIRECTORY not in worker:
        return None
    from pathlib import Path

    from osiris_core.display.door import Door
    from osiris_core.display.mailbox import Mailbox

    return Door(Mailbox(Path(worker[DIRECTORY]) / worker["workerid"]), told)


def _door(config: pytest.Config, report: Report, *, gather: Callable[[Board], None] | None = None) -> Door | None:
    asked = _asked(config)
    if not asked:
        return None
    from osiris_core.display.choosing import LIVE, chosen
    from osiris_core.display.door import Door
    from osiris_core.display.lines import Lines
    from osiris_core.display.live import Live
    from osiris_core.display.terminal import Terminal

    reporter: Any = config.pluginmanager.get_plugin("terminalreporter")
    with _uncaptured(config):
        terminal = Terminal.of(sys.__stdout__) if sys.__stdout__ is not None and reporter.isatty else None
    renderer: Renderer = Lines(report)
    # Workers whose output is not captured write to the terminal's stderr by themselves, and nobody can make way for that.
    at_will = gather is not None and config.getoption("capture") == "no"
    if terminal is not None and not at_will and chosen(asked, terminal, os.environ) == LIVE:
        writer = config.get_terminal_writer()

        def at_edge(columns: int) -> bool:
            return writer.width_of_current_line > 0 and writer.width_of_current_line % columns == 0

        renderer = Live(terminal, colour=writer.hasmarkup, at_edge=at_edge)
    elif terminal is not None:
        terminal.close()
    return Door(renderer, report, gather=gather)


@contextlib.contextmanager
def _behind(config: pytest.Config, door: Door) -> Iterator[None]:
    """Have all that is written to the terminal while the block lasts wait for the door; without capturing that is every `print`, too."""
    writer: Any = config.get_terminal_writer()
    write = writer.write_raw

    def write_raw(text: str, *, flush: bool = False) -> None:  # noqa: ARG001 - it must be there before anything is shown again
        with door.hidden():
            write(text, flush=True)

    writer.flush()
    writer.write_raw = write_raw
    try:
        with (
            _printing_behind(door) if door.redraws and config.getoption("capture") == "no" else contextlib.nullcontext()
        ):
            yield
    finally:
        writer.write_raw = write


@contextlib.contextmanager
def _printing_behind(door: Door) -> Iterator[None]:
    from osiris_core.display.streams import behind

    sys.stdout.flush()
    streams: list[Any] = [behind(door, each) for each in (sys.stdout, sys.stderr)]
    with contextlib.redirect_stdout(streams[0]), contextlib.redirect_stderr(streams[1]):
        yield


def _uncaptured(config: pytest.Config) -> AbstractContextManager[None]:
    """Have what is written in the block reach the terminal."""
    capture: Any = config.pluginmanager.get_plugin("capturemanager")
    return capture.global_and_fixture_disabled() if capture else contextlib.nullcontext()
