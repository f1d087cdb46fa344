"""The copy of the spool on stdout: a hint for the host, which never makes the worker wait."""

from __future__ import annotations

import os
import select


class LiveCopy:
    """Writes whole batches of frames to a descriptor without blocking; what does not fit now is left out.

    A batch once begun is finished before another is, so a reader sees whole frames with gaps, not torn ones.
    """

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self._rest = memoryview(b"")
        self._open = True
        self.skipped_bytes = 0
        os.set_blocking(descriptor, False)

    @property
    def unfinished(self) -> bool:
        """Whether a batch waits to be finished."""
        return bool(self._rest)

    def offer(self, batch: bytes) -> None:
        """Write a batch, or leave it out when the reader is behind."""
        self.push()
        if self._rest or not self._open:
            self.skipped_bytes += len(batch)
            return
        self._rest = memoryview(batch)
        self.push()

    def beat(self, heartbeat: bytes) -> None:
        """Write a heartbeat, unless a batch is unfinished or there is no room: the next one says more anyway."""
        if not self._rest:
            self._rest = memoryview(heartbeat)
            self.push()
            if len(self._rest) == len(heartbeat):
                self._rest = memoryview(b"")

    def push(self) -> None:
        """Write as much of the unfinished batch as fits."""
        try:
            while self._rest and self._open:
                self._rest = self._rest[os.write(self.descriptor, self._rest) :]
        except BlockingIOError:
            return
        except OSError:  # nobody reads any more: the spool has everything
            self._open = False
            self._rest = memoryview(b"")

    def close(self, patience_s: float) -> None:
        """Give a slow reader up to `patience_s` without progress to take the rest; then stop."""
        poller = select.poll()
        if self._rest:
            poller.register(self.descriptor, select.POLLOUT)
        while self._rest and poller.poll(patience_s * 1000):
            self.push()
        if self._open:
            os.set_blocking(self.descriptor, True)
