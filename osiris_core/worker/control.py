"""What may be said to the supervisor on stdin: one line of secrets first (not used yet), then `CANCEL`."""

from __future__ import annotations

import os
from enum import Enum

_CHUNK_BYTES = 1 << 16
_MAX_LINE_BYTES = 1 << 20


class Said(Enum):
    """What one read of stdin amounts to."""

    NOTHING = "nothing"
    CANCEL = "cancel"
    END = "end"


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
            return Said.NOTHING
        except OSError:
            return Said.END
        if not data:
            return Said.END
        *lines, held = (self._held + data).split(b"\n")
        self._held = held[-_MAX_LINE_BYTES:]
        return Said.CANCEL if b"CANCEL" in (line.strip() for line in lines) else Said.NOTHING
