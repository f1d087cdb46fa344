"""The executor's fd 1 and 2: one pipe to the supervisor, put back in order around every step.

A driver may close, replace or redirect them; what it prints meanwhile goes where it sent it, and the next step
starts with whole streams again. Markers travel over a private copy of the pipe, so they always arrive.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from collections.abc import Callable

_CLOSED = -1


class Streams:
    """Owns the executor's output."""

    def __init__(self) -> None:
        self._pipe = os.dup(1)
        self._stdout = _configured(sys.stdout, 1, "strict")
        self._stderr = _configured(sys.stderr, 2, "backslashreplace")
        self._flush_c = _c_flush()
        self.restore()
        os.register_at_fork(after_in_child=self._abandon)

    def restore(self) -> None:
        """Point fd 1 and 2, and Python's streams, at the pipe again."""
        os.set_blocking(self._pipe, True)
        os.dup2(self._pipe, 1)
        os.dup2(self._pipe, 2)
        self._stdout = _configured(self._stdout, 1, "strict")
        self._stderr = _configured(self._stderr, 2, "backslashreplace")
        sys.stdout = sys.__stdout__ = self._stdout  # type: ignore[misc, assignment]  # final for others, ours to restore
        sys.stderr = sys.__stderr__ = self._stderr  # type: ignore[misc, assignment]  # as above

    def flush(self) -> None:
        """Push out what Python's streams, a driver's own and the C library hold back."""
        for stream in (sys.stdout, sys.stderr, self._stdout, self._stderr):
            _flush(stream)
        self._flush_c(None)

    def mark(self, marker: bytes) -> None:
        """Write a marker behind everything that has been written so far."""
        os.set_blocking(self._pipe, True)
        left = memoryview(marker)
        while left:
            left = left[os.write(self._pipe, left) :]

    def _abandon(self) -> None:
        if self._pipe != _CLOSED:
            os.close(self._pipe)
            self._pipe = _CLOSED


def _configured(stream: TextIO | None, descriptor: int, errors: str) -> TextIO:
    """Return `stream` as UTF-8, line by line; a new one where it is gone."""
    if stream is None or stream.closed:
        return open(descriptor, "w", encoding="utf-8", errors=errors, buffering=1, closefd=False)
    stream.reconfigure(encoding="utf-8", errors=errors, line_buffering=True)  # type: ignore[attr-defined]  # a TextIOWrapper
    return stream


def _flush(stream: Any) -> None:
    with contextlib.suppress(Exception):  # a stream that a driver closed or replaced holds nothing for us
        stream.flush()


def _c_flush() -> Callable[[None], Any]:
    """Return C's `fflush`, which with NULL flushes every C stream: native libraries print through those."""
    function = ctypes.CDLL(None).fflush
    function.argtypes = [ctypes.c_void_p]
    return function
