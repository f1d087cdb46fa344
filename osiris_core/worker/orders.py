"""What the supervisor tells the executor: the line of secrets, if there is one, and later why it sends a signal.

It goes through a pipe on the executor's fd 0, which the executor keeps for itself before any driver runs.

    SECRETS {...}     first, where the placement expects secrets
    STOP              the run is to end
    TIMEOUT <number>  this attempt at a step has taken too long
"""

from __future__ import annotations

import contextlib
import os

STOP = b"STOP"
TIMEOUT = b"TIMEOUT"
_STDIN = 0
_CHUNK_BYTES = 1 << 16


class OrderReader:
    """The executor's end. In a forked child it is closed."""

    def __init__(self) -> None:
        """Take fd 0, and leave /dev/null there."""
        self._descriptor = os.dup(_STDIN)
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, _STDIN)
        os.close(nothing)
        self._held = b""
        os.register_at_fork(after_in_child=self._abandon)

    def first_line(self) -> bytes:
        """Wait for the first line; what there is of it when the supervisor has gone."""
        while b"\n" not in self._held and (chunk := os.read(self._descriptor, _CHUNK_BYTES)):
            self._held += chunk
        line, _, self._held = self._held.partition(b"\n")
        return line

    def pending(self) -> list[bytes]:
        """Return the lines that have come by now, without waiting; none where a driver closed the pipe."""
        with contextlib.suppress(OSError):
            os.set_blocking(self._descriptor, False)
            while chunk := os.read(self._descriptor, _CHUNK_BYTES):
                self._held += chunk
        *lines, self._held = self._held.split(b"\n")
        return lines

    def _abandon(self) -> None:
        with contextlib.suppress(OSError):  # a driver may have closed it
            os.close(self._descriptor)


class OrderWriter:
    """The supervisor's end; an executor that has gone is told nothing."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def tell(self, line: bytes) -> None:
        """Write a line, waiting for room."""
        left = memoryview(line.rstrip(b"\n") + b"\n")
        with contextlib.suppress(BrokenPipeError):
            while left:
                left = left[os.write(self._descriptor, left) :]

    def close(self) -> None:
        """Close the pipe."""
        os.close(self._descriptor)
