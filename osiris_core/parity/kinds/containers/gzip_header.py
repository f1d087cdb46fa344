"""The header of a gzip stream (RFC 1952): what in it says how the file was made, and what somebody wrote into it."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

GZIP: Final = b"\x1f\x8b"
_FIXED: Final = struct.Struct("<2sBBIBB")
_DEFLATE: Final = 8
_HAS_CHECKSUM, _HAS_EXTRA, _HAS_NAME, _HAS_COMMENT = 2, 4, 8, 16
_TEXT_BYTES: Final = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class GzipHeader:
    """One header; names and comments as bytes, as they stand."""

    mtime: int
    system: int
    hints: int  # what it says about the compression: XFL, and whether the content seems to be text
    name: bytes
    comment: bytes
    extra: bytes

    def content(self) -> tuple[bytes, bytes]:
        """Return what in it is no trace of how the file was made."""
        return self.comment, self.extra

    def differences(self, other: GzipHeader) -> Iterator[tuple[str, str, str]]:
        """Yield name and both values of each field that says how a file was made, and differs."""
        for name, a, b in (
            ("mtime", _time(self.mtime), _time(other.mtime)),
            ("file name", self.name.decode("latin-1"), other.name.decode("latin-1")),
            ("operating system", str(self.system), str(other.system)),
            ("compression hints", str(self.hints), str(other.hints)),
        ):
            if a != b:
                yield name, a, b


def read_header(source: BinaryIO) -> GzipHeader:
    """Read a header. ValueError where it is none."""
    data = source.read(_FIXED.size)
    if len(data) < _FIXED.size:
        raise ValueError("it ends inside a header")
    magic, method, flags, mtime, level, system = _FIXED.unpack(data)
    if magic != GZIP or method != _DEFLATE:
        raise ValueError("it has a header of no known kind")
    extra = source.read(int.from_bytes(source.read(2), "little")) if flags & _HAS_EXTRA else b""
    name = _text(source) if flags & _HAS_NAME else b""
    comment = _text(source) if flags & _HAS_COMMENT else b""
    hints = level | (flags & ~(_HAS_EXTRA | _HAS_NAME | _HAS_COMMENT)) << 8
    return GzipHeader(mtime=mtime, system=system, hints=hints, name=name, comment=comment, extra=extra)


def _text(source: BinaryIO) -> bytes:
    found = bytearray()
    while (byte := source.read(1)) not in {b"\0", b""}:
        found += byte
        if len(found) > _TEXT_BYTES:
            raise ValueError("it has a header without end")
    return bytes(found)


def _time(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat() if seconds else "(none)"
