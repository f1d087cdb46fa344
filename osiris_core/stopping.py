"""What signals ask of a run: the first to stop, the second to stop at once, the third whatever the system does by itself.

CI systems and service managers ask with SIGTERM, a terminal that goes away with SIGHUP; both mean what Ctrl-C means.
"""

from __future__ import annotations

import os
import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

STOP_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stoppable(Protocol):
    """What can be asked to stop, and to stop at once."""

    @property
    def requested(self) -> bool:
        """Whether it was asked to stop."""
        ...

    def request(self) -> None:
        """Ask it to stop."""
        ...

    def hurry(self) -> None:
        """Ask it to stop at once; may be called while the same thread is inside of `request`."""
        ...


@contextmanager
def escalating(stoppable: Stoppable) -> Iterator[None]:
    """Have signals ask, while the block runs, for one thing after the other; what was asked for before counts."""
    asked = 1 if stoppable.requested else 0

    def heard(number: int, _frame: FrameType | None) -> None:
        nonlocal asked
        asked += 1
        if asked == 1:
            stoppable.request()
        elif asked == 2:  # noqa: PLR2004 - the second one
            stoppable.hurry()
        else:
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)

    with handled(heard):
        yield


@contextmanager
def handled(handler: signal._HANDLER) -> Iterator[None]:
    """Have `handler` hear the signals that stop a run while the block runs; elsewhere than on the main thread, nobody."""
    if threading.current_thread() is not threading.main_thread():
        yield  # signals arrive on the main thread only
        return
    before = {each: signal.signal(each, handler) for each in STOP_SIGNALS}
    try:
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, signal.SIG_DFL if earlier is None else earlier)
