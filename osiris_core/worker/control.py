"""What may be said to the supervisor on stdin: a line of secrets first, where they are expected, then `CANCEL` and `ACK`.

`ACK <offset>` says that the host has everything before this logical offset of the spool safely on its own disk.
"""

from __future__ import annotations

import os
import re
import select
import signal
import time

from osiris_core.wire.errors import WireProtocolError
from osiris_core.wire.values import value

STOPPING_SIGNALS = frozenset({signal.SIGTERM, signal.SIGINT, signal.SIGHUP})
"""Signals that ask for the end of the run."""
_CHUNK_BYTES = 1 << 16
_MAX_LINE_BYTES = 1 << 20
_CANCEL = b"CANCEL"
_ACKNOWLEDGED = re.compile(rb"ACK (0|[1-9][0-9]{0,18})")
_STOPPED = "the run was stopped before it was told its secrets"


@value
class Said:
    """What one read of stdin amounts to; `acknowledged` is the highest offset, 0 where there was none."""

    cancel: bool = False
    acknowledged: int = 0
    ended: bool = False


class ControlReader:
    """Reads stdin as it comes; lines that it does not know are ignored, so that newer hosts can be served."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self._held = b""

    def read(self) -> Said:
        """Read once, when the descriptor is readable."""
        try:
            data = os.read(self.descriptor, _CHUNK_BYTES)
        except BlockingIOError:
            return Said()
        except OSError:
            return Said(ended=True)
        return self._understood(data) if data else Said(ended=True)

    def held(self) -> Said:
        """Say what stood behind the first line and was read together with it."""
        return self._understood(b"")

    def first_line(self, *, patience_s: float, wakeup: int) -> bytes:
        """Wait for the first line and return it.

        WireProtocolError, which repeats nothing of what came, when it is not there in time or too long, when
        stdin ends, and when a signal, whose number `wakeup` brings, asks for the end.
        """
        due = time.monotonic() + patience_s
        poller = select.poll()
        poller.register(self.descriptor, select.POLLIN)
        poller.register(wakeup, select.POLLIN)
        while b"\n" not in self._held:
            ready = {descriptor for descriptor, _ in poller.poll(max(0.0, due - time.monotonic()) * 1000)}
            if not ready:
                raise WireProtocolError(f"the line of secrets did not come within {patience_s:g} s")
            if wakeup in ready and STOPPING_SIGNALS & {*os.read(wakeup, 512)}:
                raise WireProtocolError(_STOPPED)
            if self.descriptor in ready:
                data = os.read(self.descriptor, _CHUNK_BYTES)
                self._held += data
                if not data or len(self._held) > _MAX_LINE_BYTES:
                    raise WireProtocolError(
                        f"stdin {'is too long' if data else 'ended'} before the line of secrets did"
                    )
        line, _, self._held = self._held.partition(b"\n")
        if line.strip() == _CANCEL:
            raise WireProtocolError(_STOPPED)
        return line + b"\n"

    def _understood(self, data: bytes) -> Said:
        *lines, held = (self._held + data).split(b"\n")
        self._held = held[-_MAX_LINE_BYTES:]
        said = [line.strip() for line in lines]
        acknowledged = [int(found[1]) for line in said if (found := _ACKNOWLEDGED.fullmatch(line))]
        return Said(cancel=_CANCEL in said, acknowledged=max(acknowledged, default=0))
