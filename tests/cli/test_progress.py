"""`--progress`: what runs is shown on standard error, and verdict lines come whole."""

from __future__ import annotations

import fcntl
import io
import os
import pty
import struct
import termios
import time
from contextlib import redirect_stderr, redirect_stdout
from typing import TYPE_CHECKING, Any

import pyte
import pytest

from osiris_core.cli import main
from osiris_core.display.lines import Lines
from osiris_core.display.live import Live
from tests.display.stage import look

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TextIO

    from conftest import Engine, Project

COLUMNS, ROWS = 80, 10
REPORT = "a template is being built"


class Terminal:
    """A pseudo terminal, the text stream that leads to it, and what is to be seen there."""

    def __init__(self) -> None:
        self._master, slave = pty.openpty()
        self.stream: TextIO = os.fdopen(slave, "w")
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        self._screen = pyte.Screen(COLUMNS, ROWS)
        self._feed = pyte.ByteStream(self._screen)

    def until(self, beginning: str, *, reports: int) -> list[str]:
        """Read until the last line begins so, and so many reports stand above; return the lines."""
        while self.lines().count(REPORT) != reports or not self.lines()[-1].startswith(beginning):
            self._feed.feed(os.read(self._master, 4096))
        return self.lines()

    def end(self) -> list[str]:
        """Close the stream, and return what is to be seen in the end."""
        self.stream.close()
        try:
            while data := os.read(self._master, 4096):
                self._feed.feed(data)
        except OSError:  # EIO: nobody has it open any more
            pass
        return self.lines()

    def lines(self) -> list[str]:
        """Return what is to be seen."""
        return [line.rstrip() for line in self._screen.display if line.strip()] or [""]

    def close(self) -> None:
        """Let go of both ends."""
        self.stream.close()
        os.close(self._master)


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminal]:
    """A terminal, outside of CI."""
    for name in ("CI", "BUILD_NUMBER", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    terminal = Terminal()
    yield terminal
    terminal.close()


@pytest.fixture
def told(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What the command gives to its checkers: who observes, and who reports lines."""
    given: list[dict[str, Any]] = []
    monkeypatch.setattr("osiris_core.cli.checking.Checker", lambda _options, **rest: given.append(rest) or engine)
    return given


def test_on_a_terminal_it_stands_below_the_verdict_lines_and_is_gone_in_the_end(
    project: Project, engine: Engine, told: list[dict[str, Any]], terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is reported meanwhile, and verdict lines, come above."""
    monkeypatch.setattr(Live, "period_s", 0.01)
    seen: list[list[str]] = []

    def on_check(name: str, _: object) -> None:
        told[0]["progress"](look(name=name, check=name, began=time.monotonic() - 100, heard=None))
        terminal.until(f"{name} [e2b]", reports=len(seen))
        told[0]["report"](REPORT)
        seen.append(terminal.until(f"{name} [e2b]", reports=len(seen) + 1))
        told[0]["progress"](look(check=name, target="", over=True))

    engine.on_check = on_check
    for name in ("a", "b"):
        engine.gives(name, None, passed=True)
        project.manifest(name)

    with redirect_stdout(terminal.stream), redirect_stderr(terminal.stream):
        assert main(["run", "a.osiris.yaml", "b.osiris.yaml", "--target=local"]) == 0

    assert [line.partition(" 1 min")[0] for line in seen[1]] == [
        REPORT,
        "OK a.osiris.yaml",
        REPORT,
        "b [e2b] step 3/7 delays",
    ]
    assert terminal.end() == [
        REPORT,
        "OK a.osiris.yaml",
        REPORT,
        "OK b.osiris.yaml",
    ]


@pytest.mark.parametrize(("options", "said"), [([], True), (["--progress=lines"], True), (["--progress=off"], False)])
def test_where_there_is_no_terminal_a_line_is_written_when_it_takes_long(
    project: Project,
    engine: Engine,
    told: list[dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
    options: list[str],
    *,
    said: bool,
) -> None:
    """On standard error; standard output has the verdicts and nothing else."""
    monkeypatch.setattr(Lines, "period_s", 0.001)
    out, err = io.StringIO(), io.StringIO()

    def on_check(name: str, _: object) -> None:
        if told[0]["progress"] is None:
            return
        told[0]["progress"](look(name=name, began=time.monotonic() - 100, heard=None))
        while "osiris:" not in err.getvalue():
            os.sched_yield()

    engine.on_check = on_check
    engine.gives("a", None, passed=True)
    project.manifest("a")

    with redirect_stdout(out), redirect_stderr(err):
        assert main(["run", "a.osiris.yaml", "--target=local", *options]) == 0

    assert out.getvalue() == "OK a.osiris.yaml\n"
    assert err.getvalue().startswith("osiris: a [e2b] step 3/7 delays, 1 min ") is said


def test_a_project_can_settle_it(project: Project, engine: Engine, told: list[dict[str, Any]]) -> None:
    """For pytest and for the command alike."""
    (project.root / "pyproject.toml").write_text('[tool.osiris]\nprogress = "off"\n')
    engine.gives("a", None, passed=True)
    project.manifest("a")

    project.run("run", "a.osiris.yaml", "--target=local")
    project.run("run", "a.osiris.yaml", "--target=local", "--progress=lines")

    assert [each["progress"] is not None for each in told] == [False, True]
