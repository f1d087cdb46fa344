"""What signals ask of a run: the first to stop, the second to stop at once, the third whatever the system does by itself.

CI systems and service managers ask with SIGTERM, a terminal that goes away with SIGHUP; both mean what Ctrl-C means, where
Python's own answer to them is to die at once. A signal that this process was told to ignore, as by `nohup`, stays ignored.
"""

from __future__ import annotations

import _thread
import os
import signal
import sys
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator
    from concurrent.futures import Future
    from types import FrameType
    from typing import Any

_ENDING: Final = (signal.SIGTERM, signal.SIGHUP)
_STOPPING: Final = (signal.SIGINT, *_ENDING)
_AGAIN_S: Final = 0.05
_NAP_S: Final = 0.2
_AT_ONCE: Final = 2


class TerminatedError(KeyboardInterrupt):
    """Raised in the main thread by the first SIGTERM or SIGHUP; like a Ctrl-C it passes `except Exception`."""

    def __init__(self, number: int = signal.SIGTERM) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number


class Stoppable(Protocol):
    """What can be asked to stop, and to stop at once."""

    def hurry(self) -> None:
        """Ask it to stop at once; may be called while the same thread is inside of any other method."""
        ...


def wait_for(futures: Collection[Future[Any]]) -> None:
    """Wait until all of them are done, and hear signals meanwhile.

    Python handles a signal between two of its instructions. One that comes when the main thread is past the last of them,
    and not yet asleep, wakes nobody: so it never sleeps for long.
    """
    from concurrent.futures import wait

    while wait(futures, timeout=_NAP_S).not_done:
        pass


@contextmanager
def terminable() -> Iterator[None]:
    """Turn the first SIGTERM or SIGHUP inside the block into `TerminatedError`; later ones wait for the clean-up it began.

    Python drops what is raised in a callback of its garbage collector or in a `__del__`, and Hypothesis has such a
    callback. A stop that fell into one is asked for again, this one and a Ctrl-C.
    """

    def stop(number: int, _frame: FrameType | None) -> None:
        signal.signal(number, signal.SIG_IGN)
        raise TerminatedError(number)

    def dropped(what: Any) -> None:
        if not isinstance(what.exc_value, KeyboardInterrupt):
            unraisable(what)
            return
        number = signal.SIGINT
        if isinstance(what.exc_value, TerminatedError):
            number = signal.Signals(what.exc_value.number)
            signal.signal(number, stop)
        # Not threading.Thread: its start waits for the thread, and what is raised in here is dropped as well.
        _thread.start_new_thread(_ask_again, (threading.main_thread().ident or 0, number))

    with _heard(_ENDING, stop):
        unraisable, sys.unraisablehook = sys.unraisablehook, dropped
        try:
            yield
        finally:
            sys.unraisablehook = unraisable


def _ask_again(thread: int, number: int) -> None:
    time.sleep(_AGAIN_S)
    signal.pthread_kill(thread, number)


@contextmanager
def escalating(stoppable: Stoppable) -> Iterator[None]:
    """Have further signals mean more while the block runs: one has asked already, the next one hurries what it stops.

    The one after that does what the system does by itself: it ends this process.
    """
    asked = 1

    def hear(number: int, _frame: FrameType | None) -> None:
        nonlocal asked
        asked += 1
        if asked == _AT_ONCE:
            stoppable.hurry()
        else:
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)

    with _heard(_STOPPING, hear):
        yield


@contextmanager
def held() -> Iterator[None]:
    """Have the signals that stop a run wait until the block has ended, which has to be soon.

    For what must not be torn in two: work that was begun, and the note of it that those who clean up go by.
    """
    came: list[int] = []
    try:
        with _heard(_STOPPING, lambda number, _frame: came.append(number)):
            yield
    finally:
        if came:
            signal.raise_signal(came[0])


@contextmanager
def deaf() -> Iterator[None]:
    """Ignore the signals that stop a run: the stop was asked for already, and what follows it is bounded."""
    with _heard(_STOPPING, signal.SIG_IGN):
        yield


@contextmanager
def _heard(
    numbers: tuple[signal.Signals, ...], handler: Callable[[int, FrameType | None], Any] | signal.Handlers
) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield  # signals arrive on the main thread only
        return
    before = {
        number: signal.signal(number, handler)
        for number in numbers
        if signal.getsignal(number) is not _IGNORED.get(number)
    }
    try:
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, signal.SIG_DFL if earlier is None else earlier)


_IGNORED: Final = {signal.SIGHUP: signal.SIG_IGN}
"""What is left alone where it has this handler: `nohup` says so. A Ctrl-C is never meant to be."""
