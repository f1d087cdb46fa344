"""Two files as bytes: the first place where they differ, found with constant memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from osiris_core.parity.kinds.protocol import FileComparison, FileFinding

if TYPE_CHECKING:
    from pathlib import Path

    from osiris_core.parity.kinds.protocol import FilePair

CHUNK_BYTES: Final = 1024 * 1024
SHOWN_BYTES: Final = 16


class BinaryComparer:
    """Compares any two files as bytes."""

    name = "bytes"

    def claims(self, path: str, head: bytes) -> bool:
        """Every file has bytes."""
        del path, head
        return True

    def compare(self, pair: FilePair) -> FileComparison:
        """Say at which offset the two files first differ."""
        return FileComparison(findings=(explain_bytes(pair.left, pair.right),))


def explain_bytes(left: Path, right: Path) -> FileFinding:
    """Say at which offset two files first differ, with the bytes from there on. OSError where one is unreadable."""
    offset = 0
    with left.open("rb") as a, right.open("rb") as b:
        while True:
            x, y = a.read(CHUNK_BYTES), b.read(CHUNK_BYTES)
            if x != y:
                break
            if not x:
                return FileFinding(message="the files are equal now, although their digests differ")
            offset += len(x)
        place = _first_difference(x, y)
    return FileFinding(
        message=f"the first differing byte is at offset {offset + place:,}",
        left=_hex(x[place : place + SHOWN_BYTES]),
        right=_hex(y[place : place + SHOWN_BYTES]),
    )


def _first_difference(left: bytes, right: bytes) -> int:
    """Bisect for the first differing index of two different byte strings; the shorter one's end counts."""
    low, high = 0, min(len(left), len(right))
    while low < high:
        middle = (low + high + 1) // 2
        if left[:middle] == right[:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _hex(data: bytes) -> str:
    return data.hex(" ") if data else "(end of file)"
