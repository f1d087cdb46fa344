"""The running digest: one SHA-256 over all frames, which proves that nothing is missing, added or moved."""

from __future__ import annotations

import hashlib
import struct
from typing import Any

_NUMBERS = struct.Struct(">QQ")


class RunningDigest:
    """SHA-256 over, per frame, its sequence number and payload length (8 bytes big-endian each) and its payload."""

    __slots__ = ("_hash", "frames")

    def __init__(self, _state: Any = None, _frames: int = 0) -> None:
        self._hash = hashlib.sha256() if _state is None else _state
        self.frames = _frames

    def update(self, seq: int, payload: bytes) -> None:
        """Take in the frame numbered `seq`."""
        self._hash.update(_NUMBERS.pack(seq, len(payload)) + payload)
        self.frames += 1

    def copy(self) -> RunningDigest:
        """Return a digest that goes on from here by itself."""
        return RunningDigest(self._hash.copy(), self.frames)

    def hexdigest(self) -> str:
        """Return the digest of the frames so far, as 64 hex digits."""
        return str(self._hash.hexdigest())
