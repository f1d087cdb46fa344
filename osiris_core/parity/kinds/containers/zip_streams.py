"""What a member of a zip file has behind the end of its compressed stream: inside its size, and read by nobody."""

from __future__ import annotations

import bz2
import hashlib
import lzma
import struct
import zipfile
import zlib
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
    from zipfile import ZipInfo

_FED_BYTES: Final = 4096
"""What is given to a decompressor at a time: it may come out a thousand times as large."""

_LZMA_HEAD: Final = struct.Struct("<2sHBI")


class _LZMA:
    """Reads the header that zip files put in front of LZMA's stream, then the stream."""

    def __init__(self) -> None:
        self.eof = False
        self.unused_data = b""
        self._head = b""
        self._stream: lzma.LZMADecompressor | None = None

    def decompress(self, data: bytes) -> bytes:
        """Return what comes out."""
        if self._stream is None:
            self._head += data
            if len(self._head) < _LZMA_HEAD.size:
                return b""
            _version, _length, packed, dictionary = _LZMA_HEAD.unpack_from(self._head)
            rest, lc = divmod(packed, 9)
            pb, lp = divmod(rest, 5)
            how = {"id": lzma.FILTER_LZMA1, "dict_size": dictionary, "lc": lc, "lp": lp, "pb": pb}
            self._stream = lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=[how])
            data = self._head[_LZMA_HEAD.size :]
        out = self._stream.decompress(data)
        self.eof, self.unused_data = self._stream.eof, self._stream.unused_data
        return out


def behind_the_end(pieces: Iterator[bytes], member: ZipInfo) -> str:
    """Return what is behind the stream, as a text; empty where nothing is. NotImplementedError for an unknown method."""
    if member.compress_type == zipfile.ZIP_STORED:
        return "" if member.compress_size == member.file_size else f"{member.compress_size - member.file_size:,} bytes"
    stream = _decompressor(member.compress_type)
    digest, length, expanded = hashlib.sha256(), 0, 0
    for piece in pieces:
        for start in range(0, len(piece), _FED_BYTES):
            fed = piece[start : start + _FED_BYTES]
            behind = fed
            if not stream.eof:
                expanded += len(stream.decompress(fed))
                behind = stream.unused_data if stream.eof else b""
            if expanded > member.file_size:
                return f"more than the {member.file_size:,} bytes that its directory tells"
            digest.update(behind)
            length += len(behind)
    if not stream.eof:
        return "no end of the stream"
    return f"{length:,} bytes, sha256 {digest.hexdigest()[:16]}" if length else ""


def _decompressor(method: int) -> Any:
    if method == zipfile.ZIP_DEFLATED:
        return zlib.decompressobj(-zlib.MAX_WBITS)
    if method == zipfile.ZIP_BZIP2:
        return bz2.BZ2Decompressor()
    if method == zipfile.ZIP_LZMA:
        return _LZMA()
    raise NotImplementedError(f"compression method {method}")
