"""pytest on a pseudo terminal, looked at while it runs: a screen with all that has scrolled away."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
from typing import TYPE_CHECKING, Self

import pyte

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

COLUMNS, ROWS = 80, 30
_DEADLINE_S = 120.0


class OnTerminal:
    """A pytest process whose terminal is an emulated one."""

    def __init__(self, directory: Path, *arguments: str, **environment: str) -> None:
        self._screen = pyte.HistoryScreen(COLUMNS, ROWS, history=1000)
        self._stream = pyte.ByteStream(self._screen)
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        environ = {**os.environ, "TERM": "xterm", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", **environment}
        for name in {"CI", "BUILD_NUMBER", "NO_COLOR", "COLUMNS", "LINES"} - set(environment):
            environ.pop(name, None)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "pytest", "-p", "osiris", "-p", "no:cacheprovider", *arguments],
            cwd=directory, stdin=slave, stdout=slave, stderr=slave, env=environ, start_new_session=True,
        )  # fmt: skip
        os.close(slave)
        self.seen = b""

    def __enter__(self) -> Self:
        """Return self."""
        return self

    def __exit__(self, *_: object) -> None:
        """Leave no process behind."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self._master)

    def until(self, there: Callable[[str], bool]) -> str:
        """Read until the screen is as asked for; return it."""
        while not there(text := self.text()):
            assert self._read(), f"it ended before:\n{text}"
        return text

    def end(self) -> str:
        """Read to the end; return scrollback and screen."""
        while self._read():
            pass
        self.process.wait()
        return self.text()

    def type(self, text: str) -> None:
        """Type on its keyboard."""
        os.write(self._master, text.encode())

    def text(self) -> str:
        """Return scrollback and screen, without blanks at the ends."""
        top = ["".join(line[column].data for column in range(COLUMNS)) for line in self._screen.history.top]
        rows = ["".join(self._screen.buffer[row][column].data for column in range(COLUMNS)) for row in range(ROWS)]
        return "\n".join(line.rstrip() for line in (*top, *rows)).rstrip()

    def _read(self) -> bool:
        ready, _, _ = select.select([self._master], [], [], _DEADLINE_S)
        assert ready, f"nothing came for {_DEADLINE_S} s:\n{self.text()}"
        try:
            data = os.read(self._master, 65536)
        except OSError:  # EIO: all its ends are closed
            return False
        self.seen += data
        self._stream.feed(data)
        return bool(data)
