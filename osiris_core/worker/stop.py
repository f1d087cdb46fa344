"""SIGTERM in the executor: the driver is interrupted and may tidy up.

Where the run is to end, the process then dies of the signal after all; whether it was cancelled, out of time, or killed
by somebody else is the supervisor's knowledge. Where only an attempt at a step took too long, the step has failed.
"""

from __future__ import annotations

import os
import signal
import threading
from typing import TYPE_CHECKING

from osiris_core.worker.orders import STOP, TIMEOUT

if TYPE_CHECKING:
    from types import FrameType

    from osiris_core.worker.messages import Channel
    from osiris_core.worker.orders import OrderReader


class StopRun(KeyboardInterrupt):
    """Raised in the main thread where SIGTERM finds it; what a driver does on Ctrl-C, it does here."""


class AttemptOverdue(KeyboardInterrupt):
    """Raised in the main thread when the attempt that runs there has taken too long."""


_forking = threading.local()


def _hold() -> None:
    """Let SIGTERM wait while this thread forks: a child hit by it before it has its own way with it would lose it."""
    _forking.mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})


def _go_on() -> None:
    signal.pthread_sigmask(signal.SIG_SETMASK, _forking.mask)


def _as_usual() -> None:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    _go_on()


class StopSignal:
    """Turns SIGTERM into `StopRun` or `AttemptOverdue`, never in the middle of a message; once stopped, it is ignored.

    An attempt is told by its number. One that has ended is not interrupted any more, however late the signal comes.
    """

    def __init__(self, channel: Channel, orders: OrderReader) -> None:
        self._channel = channel
        self._orders = orders
        self._main = threading.get_ident()
        self._came = False
        self._attempt = 0
        self._running = False
        self._overdue = False

    def install(self) -> None:
        """Handle SIGTERM from now on, in this process only: a child that a driver forks dies of it as usual."""
        signal.signal(signal.SIGTERM, self._handle)
        os.register_at_fork(before=_hold, after_in_parent=_go_on, after_in_child=_as_usual)

    def begin_attempt(self) -> int:
        """Let the next attempt be interrupted from now on; return its number."""
        self._attempt += 1
        self._overdue, self._running = False, True
        return self._attempt

    def end_attempt(self) -> bool:
        """Let nothing be interrupted but by the end of the run; return whether the attempt took too long."""
        self._running = False
        return self._overdue

    def check(self) -> None:
        """Raise StopRun where the signal came, in case a driver swallowed it."""
        if self._came:
            raise StopRun

    def die(self) -> None:
        """Leave by the signal, as a process without a handler would have."""
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGTERM)

    def _handle(self, _number: int, _frame: FrameType | None) -> None:
        orders = self._orders.pending()
        if not orders or STOP in orders:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            self._came = True
        elif self._running and b"%s %d" % (TIMEOUT, self._attempt) in orders:
            self._overdue = True
            self._tell_children()
        if self._channel.writer == self._main:
            self._channel.postponed = self._interrupt
        else:
            self._interrupt()

    def _tell_children(self) -> None:
        """Pass SIGTERM on to what the driver started; the supervisor could not know whether that is the next step's."""
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        os.killpg(0, signal.SIGTERM)
        signal.signal(signal.SIGTERM, self._handle)

    def _interrupt(self) -> None:
        self.check()
        if self._running and self._overdue:
            raise AttemptOverdue
