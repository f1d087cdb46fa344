"""Says now and then, in one plain line, what runs: for a log, and so that nobody takes a long run for dead."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from osiris_core.display.words import sentence

if TYPE_CHECKING:
    from collections.abc import Callable

    from osiris_core.display.board import Board

FIRST_S: Final = 10.0
"""So long a manifest runs before a line is due."""
AGAIN_S: Final = 30.0
"""So long after a line the next one is."""


class Lines:
    """A renderer that gives `say` a line: of the check that has run longest, and how many run besides."""

    period_s = 1.0
    redraws = False

    def __init__(self, say: Callable[[str], None], *, first_s: float = FIRST_S, again_s: float = AGAIN_S) -> None:
        self._say = say
        self._first_s = first_s
        self._again_s = again_s
        self._said: float | None = None
        self._told = ""

    def tick(self, board: Board, now: float) -> None:
        """Say a line if it is time; another check than the last one said need not wait as long."""
        checks = board.shown()
        if not checks or now - checks[0].began < self._first_s:
            return
        oldest = checks[0]
        wait_s = self._again_s if self._told == oldest.slowest.check else self._first_s
        if self._said is not None and now - self._said < wait_s:
            return
        self._said, self._told = now, oldest.slowest.check
        more = f" (and {len(checks) - 1} more)" if len(checks) > 1 else ""
        look = replace(oldest.slowest, began=oldest.began)
        self._say(f"{sentence(look, now, oldest.source)}{more}")

    def hide(self) -> None:
        """Have nothing to take away."""

    def show(self) -> None:
        """Have nothing to put back."""

    def close(self) -> None:
        """Leave nothing behind."""
