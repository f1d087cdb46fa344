"""SIGTERM in the executor: the driver is interrupted, may tidy up, and then the process dies of the signal after all.

Whether the run was cancelled, out of time, or killed by somebody else is the supervisor's knowledge.
"""

from __future__ import annotations

import os
import signal
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import FrameType

    from osiris_core.worker.messages import Channel


class StopRun(KeyboardInterrupt):
    """Raised in the main thread where SIGTERM finds it; what a driver does on Ctrl-C, it does here."""


def _as_usual() -> None:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


class StopSignal:
    """Turns the first SIGTERM into `StopRun`, never in the middle of a message; later ones are ignored."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._main = threading.get_ident()
        self._came = False

    def install(self) -> None:
        """Handle SIGTERM from now on, in this process only: a child that a driver forks dies of it as usual."""
        signal.signal(signal.SIGTERM, self._handle)
        os.register_at_fork(after_in_child=_as_usual)

    def check(self) -> None:
        """Raise StopRun where the signal came, in case a driver swallowed it."""
        if self._came:
            raise StopRun

    def die(self) -> None:
        """Leave by the signal, as a process without a handler would have."""
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGTERM)

    def _handle(self, _number: int, _frame: FrameType | None) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        self._came = True
        if self._channel.writer == self._main:
            self._channel.postponed = self.check
        else:
            raise StopRun
