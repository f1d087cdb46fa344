"""What stands in the headers of a tar file and is read by nobody: behind the end of a text, in fields of no use to its kind, in padding.

The fields are those of POSIX (`pax`, "ustar Interchange Format") and of GNU tar, which has other ones where POSIX has a prefix.
"""

from __future__ import annotations

import hashlib
import re
import tarfile
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_BLOCK_BYTES: Final = 512
_TEXTS: Final = (slice(0, 100), slice(265, 297), slice(297, 329))
_NUMBERS: Final = (slice(100, 108), slice(108, 116), slice(116, 124), slice(124, 136), slice(136, 148))
_CHECKSUM: Final = slice(148, 156)
_DEVICE: Final = (slice(329, 337), slice(337, 345))
_KIND: Final = slice(156, 157)
_LINK: Final = slice(157, 257)
_PREFIX: Final = slice(345, 500)
_REST: Final = slice(500, 512)
_GNU: Final = b"ustar  \0"
_GNU_NUMBERS: Final = (slice(345, 357), slice(357, 369), slice(369, 381), slice(483, 495))
"""When it was read and changed, where it begins in its volume, how large it is without holes."""
_GNU_REST: Final = (slice(381, 386), slice(495, 512))
_GNU_HOLES: Final = slice(386, 483)
_SIZE: Final = slice(124, 136)
_RECORD: Final = re.compile(rb"(\d+) [^=]+=")
_LONG: Final = frozenset({tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK})
_HAS_LINK: Final = frozenset({tarfile.LNKTYPE, tarfile.SYMTYPE})
_IN_FRONT: Final = frozenset(
    {
        tarfile.XHDTYPE,
        tarfile.XGLTYPE,
        tarfile.SOLARIS_XHDTYPE,
        *_LONG,
    }
)


def unread_bytes(read: Callable[[int, int], bytes], start: int, end: int) -> str:
    """Return the digest of what is unread in the headers from one place to where a member's content begins; empty where that is nothing.

    `read` gives so many bytes from a place on. ValueError where a header is none.
    """
    digest, length = hashlib.sha256(), 0
    while start < end:
        block = read(start, _BLOCK_BYTES)
        kind = block[_KIND]
        start += _BLOCK_BYTES
        unread = [*_unread(block)]
        if kind in _IN_FRONT:
            size = tarfile.nti(block[_SIZE])  # type: ignore[attr-defined]  # how `tarfile` reads it
            if size < 0:
                raise ValueError("a header says to be shorter than nothing")
            unread.append(_behind_told(read(start, size), kind))
            start += size
            unread.append(read(start, -start % _BLOCK_BYTES))
            start += -start % _BLOCK_BYTES
        for number, piece in enumerate(unread):
            if piece.strip(b"\0 "):
                digest.update(b"%d %d " % (number, len(piece)) + piece)
                length += len(piece)
        if kind not in _IN_FRONT:
            break
    return f"{length:,} bytes, sha256 {digest.hexdigest()[:16]}" if length else ""


def _unread(block: bytes) -> Iterator[bytes]:
    """Yield the bytes of one header that mean nothing, piece by piece."""
    kind, is_gnu = block[_KIND], block[257:265] == _GNU
    yield from (block[place].partition(b"\0")[2] for place in _TEXTS)
    yield block[_LINK].partition(b"\0")[2] if kind in _HAS_LINK else block[_LINK]
    yield from (_behind_number(block[place]) for place in (*_NUMBERS, _CHECKSUM, *_DEVICE))
    if is_gnu:
        yield from (_behind_number(block[place]) for place in _GNU_NUMBERS)
        yield from (block[place] for place in _GNU_REST)
        yield b"" if kind == tarfile.GNUTYPE_SPARSE else block[_GNU_HOLES]
    else:
        yield block[_PREFIX].partition(b"\0")[2]
        yield block[_REST]


def _behind_told(body: bytes, kind: bytes) -> bytes:
    """Return what follows the name or the records that a header in front of a member's own has."""
    if kind in _LONG:
        return body.partition(b"\0")[2]
    at = 0
    while (record := _RECORD.match(body, at)) and int(record.group(1)) > 0:
        at += int(record.group(1))
    return body[at:]


def _behind_number(field: bytes) -> bytes:
    """Return what follows a number: one in digits ends at a zero byte; one in bytes, which begins with a byte above 127, takes all of its field."""
    return b"" if field[0] in {0x80, 0xFF} else field.partition(b"\0")[2]
