"""The one way to a terminal while runs go on: what shows them, and what else is written, never at the same time."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from osiris_core.display.board import Board

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from osiris_core.progress.model import Progress


class Renderer(Protocol):
    """Shows a board. One thread at a time calls it."""

    @property
    def period_s(self) -> float:
        """Between two looks at the board."""
        ...

    @property
    def redraws(self) -> bool:
        """Whether it has to be hidden while other output is written."""
        ...

    def tick(self, board: Board, now: float) -> None:
        """Show what is on it now."""
        ...

    def hide(self) -> None:
        """Make place for other output."""
        ...

    def show(self) -> None:
        """Be there again behind it."""
        ...

    def close(self) -> None:
        """Leave nothing behind; a second time is harmless."""
        ...


class Door:
    """`observe` is an observer; `say` writes a line for people; `hidden` is for everything else that is written.

    `gather` brings looks of other processes to the board, before each of them is shown.
    """

    def __init__(
        self,
        renderer: Renderer,
        say: Callable[[str], None],
        *,
        gather: Callable[[Board], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._renderer = renderer
        self._say = say
        self._gather = gather
        self._clock = clock
        self._lock = threading.RLock()
        self._depth = 0
        self._is_paused = False
        self._ended = threading.Event()
        self._timer: threading.Thread | None = None
        self.board = Board()

    @property
    def redraws(self) -> bool:
        """Whether what is shown is in the way of other output."""
        return self._renderer.redraws

    def observe(self, progress: Progress) -> None:
        """Take a look; it is shown with the next tick."""
        self.board.observe(progress)

    def say(self, line: str) -> None:
        """Write a line."""
        with self.hidden():
            self._say(line)

    @contextmanager
    def hidden(self) -> Iterator[None]:
        """Show nothing while the block writes something else."""
        with self._lock:
            if not self._depth:
                self._renderer.hide()
            self._depth += 1
            try:
                yield
            finally:
                self._depth -= 1
                if self._shows and not self._depth:
                    self._renderer.show()

    def pause(self) -> None:
        """Show nothing until `go_on`: somebody has the terminal to himself, and may never give it back."""
        with self._lock:
            self._is_paused = True
            self._renderer.hide()

    def go_on(self) -> None:
        """Show again what runs."""
        self._is_paused = False

    def tick(self) -> None:
        """Show what is on the board now."""
        with self._lock:
            if self._gather is not None:
                self._gather(self.board)
            if self._shows and not self._depth:
                self._renderer.tick(self.board, self._clock())

    @property
    def _shows(self) -> bool:
        return self._timer is not None and not self._is_paused

    @contextmanager
    def open(self) -> Iterator[None]:
        """Show what runs while the block lasts; nothing of it is left afterwards. Not to be entered twice at a time."""
        self.start()
        try:
            yield
        finally:
            self.stop()

    def start(self) -> None:
        """Show from now on what runs."""
        self._ended.clear()
        self._timer = threading.Thread(target=self._tick_on, name="osiris-display", daemon=True)
        self._timer.start()

    def stop(self) -> None:
        """Show nothing any more; a second time is harmless."""
        timer, self._timer = self._timer, None
        self._ended.set()
        try:
            if timer is not None:
                timer.join()
        finally:
            with self._lock:
                self._renderer.hide()

    def close(self) -> None:
        """Stop, and let go of the terminal."""
        self.stop()
        self._renderer.close()

    def _tick_on(self) -> None:
        while not self._ended.wait(self._renderer.period_s):
            try:
                self.tick()
            except Exception as error:  # noqa: BLE001 - whatever it is, the runs have nothing to do with it
                self.say(f"progress is not shown any more, because that failed: {type(error).__name__}: {error}")
                return
