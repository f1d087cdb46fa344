"""A stage for what is shown: an emulated terminal, a door, and other output."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import pyte

from osiris_core.display.terminal import Size
from osiris_core.progress.model import Progress

if TYPE_CHECKING:
    from osiris_core.display.door import Door


def look(**facts: Any) -> Progress:
    """Return a look at a target that began at 100."""
    given: dict[str, Any] = {
        "check": "c1",
        "name": "flights",
        "manifest": "flights.osiris.yaml",
        "target": "e2b",
        "phase": "run",
        "step": "delays",
        "number": 3,
        "steps": 7,
        "began": 100.0,
        "heard": 112.0,
    }
    return Progress(**{**given, **facts})


class Screen:
    """A terminal that remembers what has scrolled away, and a text stream that leads to it."""

    encoding = "utf-8"
    is_ours = True

    def __init__(self, columns: int = 80, rows: int = 24) -> None:
        self.emulator = pyte.HistoryScreen(columns, rows, history=10_000, ratio=0.5)
        self._stream = pyte.Stream(self.emulator)
        self.written: list[str] = []
        self.column = 0

    def size(self) -> Size:
        """Return its size."""
        return Size(self.emulator.columns, self.emulator.lines)

    def write(self, text: str) -> int:
        """Show it; the terminal's driver would make CR LF of every LF."""
        self.written.append(text)
        self._stream.feed(text.replace("\r\n", "\n").replace("\n", "\r\n"))
        return len(text)

    def flush(self) -> None:
        """Have nothing to flush."""

    def close(self) -> None:
        """Have nothing to close."""

    def text(self) -> str:
        """Return scrollback and screen, without blanks at the ends of lines and of the whole."""
        top = [
            "".join(line[column].data for column in range(self.emulator.columns)) for line in self.emulator.history.top
        ]
        return "\n".join(line.rstrip() for line in (*top, *self._rows())).rstrip()

    def _rows(self) -> list[str]:
        """Return the screen; half of a wide character that was written over is nothing."""
        columns, rows = self.size()
        return ["".join(self.emulator.buffer[row][column].data for column in range(columns)) for row in range(rows)]

    def below(self) -> list[str]:
        """Return what stands below the cursor's line."""
        return [line.rstrip() for line in self._rows()[self.emulator.cursor.y + 1 :] if line.strip()]


@dataclasses.dataclass
class Stage:
    """A screen, what shows runs on it, and other output."""

    screen: Screen
    door: Door
    now: list[float]
    out: Any
    said: list[str]

    def tick(self, at: float) -> None:
        """Show what is on the board at a time."""
        self.now[0] = at
        self.door.tick()
