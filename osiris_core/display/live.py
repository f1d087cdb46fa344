"""Shows runs as a few lines below the cursor, and takes them away whenever something else is written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from osiris_core.display.region import erased, painted

if TYPE_CHECKING:
    from collections.abc import Callable

    from osiris_core.display.board import Board
    from osiris_core.display.terminal import Terminal

LEAST_COLUMNS: Final = 20
LEAST_ROWS: Final = 4
AFTER_S: Final = 0.3
"""What ends before is not worth a look."""


class Live:
    """A renderer; `at_edge` says whether the cursor stands behind the last column, where no terminal says what will be next."""

    period_s = 0.2
    redraws = True

    def __init__(
        self,
        terminal: Terminal,
        *,
        colour: bool = True,
        at_edge: Callable[[int], bool] = lambda _columns: False,
        after_s: float = AFTER_S,
    ) -> None:
        self._terminal = terminal
        self._colour = colour
        self._at_edge = at_edge
        self._after_s = after_s
        self._lines: list[str] = []
        self._drawn_for = (0, 0)
        self._is_shown = False
        self._is_gone = False

    def tick(self, board: Board, now: float) -> None:
        """Draw what runs now."""
        checks = [each for each in board.shown() if now - each.began >= self._after_s]
        columns, rows = self._terminal.size()
        if not checks or columns < LEAST_COLUMNS or rows < LEAST_ROWS:
            self.hide()
            self._lines = []
            return
        from osiris_core.display.drawing import drawn

        lines = drawn(checks, now, columns=columns, rows=rows, colour=self._colour)
        if not self._is_shown or lines != self._lines or (columns, rows) != self._drawn_for:
            self._lines, self._drawn_for = lines, (columns, rows)
            self.show()

    def hide(self) -> None:
        """Take the lines away."""
        if self._is_shown:
            self._is_shown = False
            self._write(erased())

    def show(self) -> None:
        """Put the latest lines there, again."""
        columns, rows = self._terminal.size()
        if self._lines and len(self._lines) < rows and not self._at_edge(columns):
            self._is_shown = True
            self._write(painted(self._lines))

    def close(self) -> None:
        """Leave nothing behind."""
        self.hide()
        self._terminal.close()

    def _write(self, text: str) -> None:
        if self._is_gone or not self._terminal.is_ours:
            return
        try:
            self._terminal.write(text)
        except OSError:  # whoever looked at it has closed it: there is nobody to be told
            self._is_gone = True
