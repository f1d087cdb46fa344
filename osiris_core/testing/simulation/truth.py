"""What a simulated worker knows that it wrote, apart from every file and every reader: the truth that a session is held against."""

from __future__ import annotations

import hashlib


class Truth:
    """Bytes in order; of a very long run, only the last of them and a digest over all are kept."""

    def __init__(self) -> None:
        self.end = 0
        """How many bytes there are, forgotten ones included."""
        self._digest = hashlib.sha256()
        self._start = 0
        self._kept = bytearray()

    def append(self, data: bytes) -> None:
        """Add what was written."""
        self._kept += data
        self._digest.update(data)
        self.end += len(data)

    def has(self, offset: int, data: bytes) -> bool:
        """Whether exactly these bytes were written at `offset`, which was not forgotten."""
        place = offset - self._start
        return place >= 0 and self._kept[place : place + len(data)] == data

    def forget(self, before: int) -> None:
        """Keep only what was written at `before` and behind it."""
        del self._kept[: before - self._start]
        self._start = before

    def all(self) -> bytes:
        """Return everything; ValueError where something was forgotten."""
        if self._start:
            raise ValueError(f"the first {self._start} bytes were forgotten")
        return bytes(self._kept)

    def hexdigest(self) -> str:
        """Return the SHA-256 over everything."""
        return self._digest.hexdigest()
