"""An event loop in which no time passes: timers jump to their moment, and whatever would really wait is an error."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

if TYPE_CHECKING:
    from collections.abc import Coroutine

Result = TypeVar("Result")

MOST_TURNS = 200_000
"""More turns than any schedule needs: beyond them something turns in circles without time passing."""


class Standstill(Exception):  # noqa: N818 - a state of the simulated world, and no fault of the program that sees it
    """Raised when nothing is left that could ever happen, when time ran out, or when it does not pass any more."""


class _Poll:
    """Stands where a loop waits for sockets: moves its clock on instead."""

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop

    def select(self, timeout: float | None) -> list[Any]:
        """Let the loop's clock jump to its next timer."""
        self._loop.turn(timeout)
        return []

    def close(self) -> None:
        """Hold nothing."""


class VirtualLoop(asyncio.BaseEventLoop):
    """A loop without threads, sockets and waiting; `horizon_s` is the time beyond which nothing may go on."""

    def __init__(self, *, horizon_s: float = 24 * 3600.0) -> None:
        super().__init__()
        self._selector = _Poll(self)
        self._horizon_s = horizon_s
        self._now_s = 0.0
        self._turns = 0

    def time(self) -> float:
        """Return the seconds since the loop was made."""
        return self._now_s

    def jump(self, seconds: float) -> None:
        """Let time pass as it does for a process that is stopped: all timers that were due meanwhile are late."""
        self._now_s += seconds

    def turn(self, timeout: float | None) -> None:
        """Go on to the next timer, `timeout` seconds away; None where there is none. Standstill when that is no use."""
        self._turns += 1
        if timeout is None:
            raise Standstill(f"at {self._now_s:.3f} s nothing is left that could ever happen")
        if self._turns > MOST_TURNS:
            raise Standstill(f"at {self._now_s:.3f} s it turns in circles")
        self._now_s += max(0.0, timeout)
        if self._now_s > self._horizon_s:
            raise Standstill(f"it goes on after {self._horizon_s:g} s")

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Return what `work` returns; what it left running goes on in the next call."""
        return self.run_until_complete(work)

    def end(self) -> None:
        """Cancel what still runs, and close."""
        self._horizon_s, self._turns = float("inf"), 0
        tasks = asyncio.all_tasks(self)
        for task in tasks:
            task.cancel()
        if tasks:
            self.run_until_complete(asyncio.wait(tasks))
        for task in tasks:
            if not task.cancelled():
                task.exception()  # it was asked for, so that nobody complains that it never was
        self.close()

    def _process_events(self, event_list: list[Any]) -> None:
        """Do nothing: there are no sockets."""

    def _write_to_self(self) -> NoReturn:
        """Refuse what another thread asks for: it has a time of its own."""
        raise RuntimeError("no threads in virtual time")

    def run_in_executor(self, *_: Any) -> NoReturn:  # type: ignore[override]  # refused, whatever it is called with
        """Refuse, as above."""
        raise RuntimeError("no threads in virtual time")
