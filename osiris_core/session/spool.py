"""Reading a spool from where the journal ends."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from osiris_core.session.files import refused

if TYPE_CHECKING:
    from collections.abc import Iterator

SEGMENT_SUFFIX = ".os1"
_CHUNK_BYTES = 1 << 20


def spool_chunks(spool: BinaryIO | Path, offset: int) -> Iterator[bytes]:
    """Yield a spool's bytes from logical `offset` on: of a stream, a file, or a directory of segments in name order.

    SessionError where a file cannot be read; a stream that cannot seek is read from where it stands.
    """
    if not isinstance(spool, Path):
        yield from _chunks(spool, offset)
        return
    for path, start in _segments(spool, offset):
        with refused(path, "cannot be read"), path.open("rb") as stream:
            yield from _chunks(stream, start)


def _segments(spool: Path, offset: int) -> Iterator[tuple[Path, int]]:
    """Yield (file, where in it the wanted bytes start)."""
    if not spool.is_dir():
        yield spool, offset
        return
    begin = 0
    for path in sorted(spool.glob(f"*{SEGMENT_SUFFIX}")):
        end = begin + path.stat().st_size
        if end > offset:
            yield path, max(0, offset - begin)
        begin = end


def _chunks(stream: BinaryIO, start: int) -> Iterator[bytes]:
    if stream.seekable():
        stream.seek(start)
    while chunk := stream.read(_CHUNK_BYTES):
        yield chunk
