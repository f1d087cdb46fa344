"""SIGTERM ends a run as Ctrl-C does: what was started is stopped, what was done is kept.

CI systems and service managers ask with SIGTERM; Python's own answer to it is to die at once.
"""

from __future__ import annotations

import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class TerminatedError(KeyboardInterrupt):
    """Raised in the main thread by the first SIGTERM; like a Ctrl-C it passes `except Exception`."""


@contextmanager
def terminable() -> Iterator[None]:
    """Turn the first SIGTERM inside the block into `TerminatedError`; later ones wait for the clean-up it began."""

    def stop(*_: object) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        raise TerminatedError

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
