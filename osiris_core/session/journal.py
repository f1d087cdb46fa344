"""The host's copy of the spool: a file that only grows, and is at every moment a prefix of what the worker wrote.

An owner that died in the middle of a write leaves a torn last line. It is cut off when the file is opened again;
damage anywhere else is no accident of writing, and is refused.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from osiris_core.errors import SessionError, WireError
from osiris_core.session.files import open_private, refused
from osiris_core.wire.frames import Frame, FrameReader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from osiris_core.wire.frames import Item

_CHUNK_BYTES = 1 << 20


class Journal:
    """The open journal; `next_seq` and `next_offset` are what the next frame must carry."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self.next_seq = 0
        self.next_offset = 0
        self._descriptor = descriptor

    @classmethod
    def open(cls, path: Path, tag: str, note: Callable[[Frame], None]) -> Journal:
        """Open or make the journal of the session with this tag; `note` is told every frame it holds already.

        SessionError where it cannot be opened, or where it is damaged before its last line.
        """
        with refused(path, "cannot be opened"):
            journal = cls(path, open_private(path, os.O_RDWR | os.O_CREAT))
        try:
            journal._recover(tag, note)
        except BaseException:
            journal.close()
            raise
        return journal

    def append(self, lines: Sequence[bytes]) -> None:
        """Append the next frames' lines. SessionError when the disk does not take all; then none is kept."""
        data = b"".join(lines)
        if not data:
            return
        with refused(self.path, f"cannot take {len(data)} more bytes", size_bytes=len(data)):
            try:
                left = memoryview(data)
                while left:
                    left = left[os.write(self._descriptor, left) :]
            except OSError:
                self._cut(self.next_offset)
                raise
        self.next_seq += len(lines)
        self.next_offset += len(data)

    def holds(self, frame: Frame) -> bool:
        """Whether exactly this frame stands where it says it stands."""
        return os.pread(self._descriptor, len(frame.line), frame.offset) == frame.line

    def sync(self) -> None:
        """Have the disk keep what was appended. SessionError when it refuses."""
        with refused(self.path, "cannot be kept"):
            os.fsync(self._descriptor)

    def close(self) -> None:
        """Have the disk keep what was written, and close; a second time is harmless."""
        if self._descriptor < 0:
            return
        descriptor, self._descriptor = self._descriptor, -1
        with refused(self.path, "cannot be closed"):
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)

    def _recover(self, tag: str, note: Callable[[Frame], None]) -> None:
        """Take in what an earlier owner wrote, and cut off a line that it did not finish."""
        torn: Item | None = None
        for item in read_items(self.path, tag):
            if not isinstance(item, Frame):
                torn = torn or item
                continue
            if torn is not None or (item.seq, item.offset) != (self.next_seq, self.next_offset):
                raise SessionError(
                    f"{self.path} is damaged at byte {self.next_offset}, before its last line",
                    hint="the records behind it cannot be trusted; run again with a new session id",
                )
            try:
                note(item)
            except WireError as error:
                raise SessionError(f"{self.path} holds what no session may: {error.message}") from error
            self.next_seq += 1
            self.next_offset += len(item.line)
        self._cut(self.next_offset)

    def _cut(self, size_bytes: int) -> None:
        os.ftruncate(self._descriptor, size_bytes)
        os.lseek(self._descriptor, size_bytes, os.SEEK_SET)


def read_items(path: Path, tag: str) -> Iterator[Item]:
    """Yield everything a journal or a spool holds, in order, without holding more than a piece of it."""
    reader = FrameReader(tag)
    with refused(path, "cannot be read"), path.open("rb") as source:
        while chunk := source.read(_CHUNK_BYTES):
            yield from reader.feed(chunk)
        yield from reader.finish()
