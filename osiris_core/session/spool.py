"""Reading a spool from where the journal ends."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from osiris_core.errors import SessionError
from osiris_core.session.files import refused
from osiris_core.wire.segments import SEGMENT_SUFFIX, segment_pieces

if TYPE_CHECKING:
    from collections.abc import Iterator

_CHUNK_BYTES = 1 << 20


def spool_chunks(spool: BinaryIO | Path, offset: int, *, segment_bytes: int) -> Iterator[bytes]:
    """Yield a spool's bytes from logical `offset` on: of a stream, a file, or a directory of segments.

    SessionError where a file cannot be read, or was freed; a stream that cannot seek is read from where it stands.
    """
    if not isinstance(spool, Path):
        yield from _chunks(spool, offset)
    elif not spool.is_dir():
        with refused(spool, "cannot be read"), spool.open("rb") as stream:
            yield from _chunks(stream, offset)
    else:
        while chunk := spool_range(spool, offset, _CHUNK_BYTES, segment_bytes=segment_bytes):
            yield chunk
            offset += len(chunk)


def spool_range(directory: Path, offset: int, size_bytes: int, *, segment_bytes: int) -> bytes:
    """Return `size_bytes` bytes of the segments in `directory`, less at the spool's end, nothing behind it.

    The worker may still write: what one segment lacks is not looked for in the next. SessionError for bytes that were
    freed, or that the disk refuses.
    """
    found = []
    for name, start, wanted in segment_pieces(offset, size_bytes, segment_bytes):
        path = directory / name
        with refused(path, "cannot be read"):
            data = _read(path, start, wanted)
        if data is None:
            _refuse_freed(directory, name)
            break
        found.append(data)
        if len(data) < wanted:
            break
    return b"".join(found)


def _read(path: Path, start: int, size_bytes: int) -> bytes | None:
    """Return the bytes of a file, as far as it has them; None where it is not there."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        chunks, left = [], size_bytes
        while left and (chunk := os.pread(descriptor, left, start)):
            chunks.append(chunk)
            start, left = start + len(chunk), left - len(chunk)
        return b"".join(chunks)
    finally:
        os.close(descriptor)


def _refuse_freed(directory: Path, name: str) -> None:
    """Raise where later segments show that this one was there once."""
    if any(path.name > name for path in directory.glob(f"*{SEGMENT_SUFFIX}")):
        raise SessionError(f"{directory} does not hold {name} any more: it was acknowledged, and freed")


def _chunks(stream: BinaryIO, start: int) -> Iterator[bytes]:
    if stream.seekable():
        stream.seek(start)
    while chunk := stream.read(_CHUNK_BYTES):
        yield chunk
