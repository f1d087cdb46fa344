"""Two files as bytes: whether they are the same, and where they differ, with constant memory.

On one machine no digest is faster than looking: both files go through two buffers that are used again and again.
"""

from __future__ import annotations

import os
import re
import stat
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from osiris_core.parity.hints import CUT_OFF
from osiris_core.parity.kinds.protocol import FileComparison, FileFinding
from osiris_core.parity.record import ByteSample

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from io import FileIO
    from pathlib import Path

    from osiris_core.parity.kinds.protocol import FilePair

CHUNK_BYTES: Final = 128 * 1024
"""Larger buffers are mapped anew for every file: of 200 pairs of 500 KB that cost eight times as much."""
BLOCK_BYTES: Final = 64 * 1024
SHOWN_BYTES: Final = 16
KEPT_RANGES: Final = 20
"""Stretches that a finding names; the blocks say how many more there may be."""
SAMPLES: Final = 3
"""Stretches of which the bytes are shown, `SAMPLE_BYTES` each, from a line of 16 before the first that differs."""
SAMPLE_BYTES: Final = 32

_JOINED_BYTES: Final = 16
_STRETCH: Final = re.compile(rb"[^\0]+(?:\0{1,%d}[^\0]+)*" % (_JOINED_BYTES - 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranges:
    """Where two files differ: offsets of the `first` and `last` differing byte, and the first stretches as (offset, length).

    Differing bytes less than 16 apart are one stretch; what only the longer file has is the last one. `blocks` of the
    `blocks_total` blocks of 64 KiB differ.
    """

    sizes: tuple[int, int]
    first: int
    last: int
    blocks: int
    blocks_total: int
    ranges: tuple[tuple[int, int], ...]
    complete: bool  # whether there are no more stretches than `ranges`


class BinaryComparer:
    """Compares any two files as bytes."""

    name = "bytes"

    def claims(self, path: str, head: bytes) -> bool:
        """Every file has bytes."""
        del path, head
        return True

    def compare(self, pair: FilePair) -> FileComparison:
        """Say at which offsets the two files differ."""
        return FileComparison(findings=(explain_bytes(pair.left, pair.right),))


def explain_bytes(left: Path, right: Path) -> FileFinding:
    """Say where two files differ, with the first differing bytes. OSError where one is unreadable."""
    found = differing_ranges(left, right)
    if found is None:
        return FileFinding(message="the files are equal now, although their digests differ")
    more = ""
    if not found.complete or len(found.ranges) > 1:
        more = f", the last at {found.last:,}; {found.blocks:,} of {found.blocks_total:,} blocks of 64 KiB differ"
    return FileFinding(
        message=f"the first differing byte is at offset {found.first:,}{more}",
        left=_shown(left, found.first),
        right=_shown(right, found.first),
        ranges=found.ranges,
        samples=_samples(left, right, found.ranges),
        hint=CUT_OFF if 0 < found.first == min(found.sizes) else "",
    )


def same_content(left: Path, right: Path) -> bool:
    """Whether two regular files hold the same bytes; links are not followed. OSError, also for anything but a file."""
    with _opened(left) as a, _opened(right) as b:
        size = os.fstat(a.fileno()).st_size
        if size != os.fstat(b.fileno()).st_size:
            return False
        return all(x == y for x, y in _chunks(a, b, size))


def differing_ranges(left: Path, right: Path, limit: int = KEPT_RANGES) -> Ranges | None:
    """Return where two regular files differ, with at most `limit` (one or more) stretches; None where they are the same.

    Both are read to their ends. OSError as for `same_content`.
    """
    ranges: list[tuple[int, int]] = []
    blocks, last, offset, complete = 0, -1, 0, True
    with _opened(left) as a, _opened(right) as b:
        sizes = os.fstat(a.fileno()).st_size, os.fstat(b.fileno()).st_size
        for x, y in _chunks(a, b, max(sizes)):
            if x != y:
                for start in range(0, max(len(x), len(y)), BLOCK_BYTES):
                    p, q = x[start : start + BLOCK_BYTES], y[start : start + BLOCK_BYTES]
                    if p == q:
                        continue
                    blocks += 1
                    last = offset + start + _last_difference(p, q)
                    if complete:
                        complete = _add(ranges, _stretches(p, q, offset + start), limit)
            offset += max(len(x), len(y))
    if not blocks:
        return None
    return Ranges(
        sizes=sizes,
        first=ranges[0][0],
        last=last,
        blocks=blocks,
        blocks_total=-(-offset // BLOCK_BYTES),
        ranges=tuple(ranges),
        complete=complete,
    )


@contextmanager
def _opened(path: Path) -> Iterator[FileIO]:
    """Open a regular file without a buffer; never a link, and a pipe does not make us wait."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb", buffering=0) as source:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(None, "it is not a regular file", str(path))
        yield source


def _chunks(left: FileIO, right: FileIO, size_bytes: int) -> Iterator[tuple[bytearray, bytearray]]:
    """Yield both files in pieces that begin at the same offsets, until both are at their ends; the next ones overwrite these."""
    length = min(CHUNK_BYTES, size_bytes + 1)  # one more, so that a file which has grown is not taken for whole
    buffers = bytearray(length), bytearray(length)
    while True:
        read = _fill(left, buffers[0]), _fill(right, buffers[1])
        if not any(read):
            return
        if read == (length, length):
            yield buffers
        else:
            yield buffers[0][: read[0]], buffers[1][: read[1]]


def _fill(source: FileIO, buffer: bytearray) -> int:
    """Read until the buffer is full or the file at its end, and return how many bytes there are."""
    filled = source.readinto(buffer) or 0
    if filled in {0, len(buffer)}:
        return filled
    rest = memoryview(buffer)
    while more := source.readinto(rest[filled:]):
        filled += more
    return filled


def _add(ranges: list[tuple[int, int]], found: list[tuple[int, int]], limit: int) -> bool:
    """Add stretches, the first one joined to what ends close before it; say whether there was room for all."""
    for start, length in found:
        if ranges and start - sum(ranges[-1]) < _JOINED_BYTES:
            ranges[-1] = (ranges[-1][0], start + length - ranges[-1][0])
        elif len(ranges) == limit:
            return False
        else:
            ranges.append((start, length))
    return True


def _stretches(left: bytearray, right: bytearray, offset: int) -> list[tuple[int, int]]:
    both = min(len(left), len(right))
    found = [(offset + m.start(), m.end() - m.start()) for m in _STRETCH.finditer(_differing_bits(left, right))]
    surplus = max(len(left), len(right)) - both
    return [*found, (offset + both, surplus)] if surplus else found


def _last_difference(left: bytearray, right: bytearray) -> int:
    if len(left) != len(right):
        return max(len(left), len(right)) - 1
    return len(_differing_bits(left, right).rstrip(b"\0")) - 1


def _differing_bits(left: bytearray, right: bytearray) -> bytes:
    """Return the bits in which both differ, as far as both go: a byte that is the same is a zero."""
    both = min(len(left), len(right))
    bits = int.from_bytes(left[:both], "big") ^ int.from_bytes(right[:both], "big")
    return bits.to_bytes(both, "big")


def _shown(path: Path, offset: int) -> str:
    data = _read(path, offset, SHOWN_BYTES)
    return data.hex(" ") if data else "(end of file)"


def _samples(left: Path, right: Path, ranges: Sequence[tuple[int, int]]) -> tuple[ByteSample, ...]:
    """Return the bytes around the first stretches, in lines of 16 as every dump has them; one that is seen already is left out."""
    samples: list[ByteSample] = []
    for offset, _ in ranges:
        if samples and offset < samples[-1].offset + SAMPLE_BYTES:
            continue
        start = offset - offset % SHOWN_BYTES
        start -= SHOWN_BYTES if start and offset - start < SHOWN_BYTES // 2 else 0
        a, b = (_read(path, start, SAMPLE_BYTES).hex() for path in (left, right))
        samples.append(ByteSample(offset=start, left=a, right=b))
        if len(samples) == SAMPLES:
            break
    return tuple(samples)


def _read(path: Path, offset: int, length: int) -> bytes:
    with _opened(path) as source:
        source.seek(offset)
        return source.read(length)
