"""Where the bytes of a spool lie: segment k is a file that holds exactly the logical bytes [k * size, (k + 1) * size).

A line may lie in two of them. Segments before what the host has acknowledged may be gone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

SEGMENT_SUFFIX: Final = ".os1"


class Piece(NamedTuple):
    """Bytes of a spool that lie in one file: its name, where in it they begin, and how many they are."""

    name: str
    start: int
    size_bytes: int


def segment_name(index: int) -> str:
    """Return the name of a segment's file."""
    return f"{index:08d}{SEGMENT_SUFFIX}"


def segment_pieces(offset: int, size_bytes: int, segment_bytes: int) -> Iterator[Piece]:
    """Yield where the `size_bytes` bytes from logical `offset` on lie, in order."""
    end = offset + size_bytes
    while offset < end:
        index, start = divmod(offset, segment_bytes)
        size = min(end - offset, segment_bytes - start)
        yield Piece(segment_name(index), start, size)
        offset += size
