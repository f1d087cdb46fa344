"""One long file in pieces: segment k holds exactly the bytes [k * size, (k + 1) * size), so that its beginning can be freed.

Where a byte lies follows from its place by arithmetic. Lines do not matter here: one may lie in two segments.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from osiris_core.wire.segments import segment_name

if TYPE_CHECKING:
    from pathlib import Path


class Segments:
    """Appends to a new directory of segments, which must not be there yet. All methods raise OSError as the disk does."""

    def __init__(self, directory: Path, size_bytes: int) -> None:
        directory.mkdir()
        self.directory = directory
        self.size_bytes = size_bytes
        self.end = 0
        """How many bytes have been written, freed ones included."""
        self._first = 0
        self._open: dict[int, int] = {}  # descriptors by index: the last segment, and earlier ones that were not synced
        self._enter(0)

    def path_of(self, offset: int) -> Path:
        """Return the file that holds the byte at `offset`."""
        return self.directory / segment_name(offset // self.size_bytes)

    def write(self, data: bytes) -> None:
        """Append all of `data`, however little the system takes at a time."""
        left = memoryview(data)
        while left:
            index, place = divmod(self.end, self.size_bytes)
            if index not in self._open:
                self._enter(index)
            written = os.write(self._open[index], left[: self.size_bytes - place])
            self.end += written
            left = left[written:]

    def take_back(self, end: int) -> None:
        """Forget everything from `end` on, which must not have been freed."""
        last = max(0, end - 1) // self.size_bytes  # a segment that was only just begun goes, the first one stays
        for index in sorted(self._open, reverse=True):
            if index > last:
                os.close(self._open.pop(index))
                (self.directory / segment_name(index)).unlink()
        place = end - last * self.size_bytes
        os.ftruncate(self._open[last], place)
        os.lseek(self._open[last], place, os.SEEK_SET)
        self.end = end

    def free(self, before: int) -> None:
        """Remove the segments that lie wholly before `before`, but never the last one."""
        until = min(before // self.size_bytes, max(self._open))
        while self._first < until:
            if self._first in self._open:
                os.close(self._open.pop(self._first))
            (self.directory / segment_name(self._first)).unlink()
            self._first += 1

    def sync(self) -> None:
        """Have the disk keep everything that was written."""
        last = max(self._open)
        for index in sorted(self._open):
            os.fsync(self._open[index])
            if index != last:
                os.close(self._open.pop(index))

    def close(self) -> None:
        """Close the files; a second time is harmless."""
        while self._open:
            os.close(self._open.popitem()[1])

    def _enter(self, index: int) -> None:
        path = self.directory / segment_name(index)
        self._open[index] = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
