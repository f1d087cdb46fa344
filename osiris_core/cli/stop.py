"""SIGTERM ends a run as Ctrl-C does: what was started is stopped, what was done is kept.

CI systems and service managers ask with SIGTERM; Python's own answer to it is to die at once.
"""

from __future__ import annotations

import signal
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

_AGAIN_S: Final = 0.01


class TerminatedError(KeyboardInterrupt):
    """Raised in the main thread by the first SIGTERM; like a Ctrl-C it passes `except Exception`."""


@contextmanager
def terminable() -> Iterator[None]:
    """Turn the first SIGTERM inside the block into `TerminatedError`; later ones wait for the clean-up it began.

    Python drops what is raised in a callback of its garbage collector or in a `__del__`, and Hypothesis has such a
    callback. A stop that fell into one is asked for again, this one and a Ctrl-C.
    """

    def stop(*_: object) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        raise TerminatedError

    def dropped(what: Any) -> None:
        if not isinstance(what.exc_value, KeyboardInterrupt):
            unraisable(what)
            return
        number = signal.SIGINT
        if isinstance(what.exc_value, TerminatedError):
            signal.signal(signal.SIGTERM, stop)
            number = signal.SIGTERM
        main = threading.main_thread().ident or 0
        threading.Timer(_AGAIN_S, signal.pthread_kill, (main, number)).start()

    before = signal.signal(signal.SIGTERM, stop)
    unraisable, sys.unraisablehook = sys.unraisablehook, dropped
    try:
        yield
    finally:
        sys.unraisablehook = unraisable
        signal.signal(signal.SIGTERM, before)
