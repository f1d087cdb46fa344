"""PNG, GIF, JPEG and WebP as their headers tell them. No pixel is decoded, and every loop goes forward through at most the bytes that are there.

A moving picture is told and not shown: thousands of frames cost a browser any amount of work, they never look alike on two sides, and
nobody who reads can stop them.

Formats: PNG 3rd edition (W3C), GIF89a (CompuServe), JPEG ITU T.81 annex B, WebP container (RFC 9649).
"""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING, Final

from osiris_core.report.images.facts import ImageFacts, too_large

if TYPE_CHECKING:
    from collections.abc import Callable

_MOVES: Final = "it is a moving picture"
_TORN_HEADER: Final = "its header is torn"
_DAMAGED: Final = "bytes of it are damaged"
_CUT: Final = "the file ends before the picture does"
_MOST_SCANS: Final = 100
"""Of a JPEG: a usual one has at most 10, and each goes over the whole picture."""

_PNG: Final = b"\x89PNG\r\n\x1a\n"
_CHUNK: Final = 12  # length, type and CRC of a chunk
_WITH_SIZE: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_ALONE: Final = frozenset({0x01, *range(0xD0, 0xD8)})
_MARK, _START_OF_SCAN, _END = 0xFF, 0xDA, b"\xff\xd9"


def read_raster(data: bytes) -> ImageFacts | None:
    """Return what the first bytes of a file say that it is; None where they are none of these formats."""
    for begins, kind, mime, read in _FORMATS:
        if begins(data):
            try:
                width, height, unfit, damage = read(data)
            except (struct.error, IndexError):
                return ImageFacts(kind=kind, mime=mime, unfit=_TORN_HEADER)
            unfit = unfit or ("" if width and height else _TORN_HEADER) or too_large(width, height)
            return ImageFacts(kind=kind, mime=mime, width=width, height=height, unfit=unfit, damage=damage)
    return None


_Read = tuple[int, int, str, str]
"""Width, height, why it is not to be shown, what is wrong with it."""


def _png(data: bytes) -> _Read:
    if data[12:16] != b"IHDR":
        return 0, 0, _TORN_HEADER, ""
    width, height = struct.unpack_from(">II", data, 16)
    place, kind, unfit, damage = len(_PNG), b"", "", ""
    while kind != b"IEND":
        if place + _CHUNK > len(data):
            return width, height, unfit, _CUT
        length, kind = struct.unpack_from(">I4s", data, place)
        end = place + _CHUNK + length
        unfit = _MOVES if kind == b"acTL" else unfit
        if end <= len(data) and zlib.crc32(data[place + 4 : end - 4]) != struct.unpack_from(">I", data, end - 4)[0]:
            damage = _DAMAGED
        place = end
    return width, height, unfit, damage


def _gif(data: bytes) -> _Read:
    width, height, flags = struct.unpack_from("<HHB", data, 6)
    place, frames = 13 + _colours(flags), 0
    while place < len(data):
        if data[place] == ord(";"):
            return width, height, "", ""
        if data[place] == ord("!"):
            place = _after_blocks(data, place + 2)
        elif data[place] == ord(","):
            frames += 1
            if frames > 1:
                return width, height, _MOVES, ""
            left, top, wide, high, flags = struct.unpack_from("<HHHHB", data, place + 1)
            width, height = max(width, left + wide), max(height, top + high)  # a browser draws a frame that is larger
            place = _after_blocks(data, place + 11 + _colours(flags))
        else:
            return width, height, "", _DAMAGED
    return width, height, "", _CUT


def _colours(flags: int) -> int:
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def _after_blocks(data: bytes, place: int) -> int:
    while place < len(data) and data[place]:
        place += 1 + data[place]
    return place + 1


def _jpeg(data: bytes) -> _Read:
    place = 2
    while True:
        if data[place] != _MARK:
            return 0, 0, _TORN_HEADER, ""
        while data[place] == _MARK:
            place += 1
        marker = data[place]
        place += 1
        if marker in _ALONE:
            continue
        if marker in _WITH_SIZE:
            height, width = struct.unpack_from(">HH", data, place + 3)
            scans = data.count(bytes([_MARK, _START_OF_SCAN]))  # in what is encoded, FF is never followed by it
            unfit = f"it is made of {scans:,} scans" if scans > _MOST_SCANS else ""
            return width, height, unfit, "" if _END in data[place:] else _CUT
        (length,) = struct.unpack_from(">H", data, place)
        if marker == _START_OF_SCAN or length < 2:  # noqa: PLR2004 - a length counts itself
            return 0, 0, _TORN_HEADER, ""
        place += length


def _webp(data: bytes) -> _Read:
    (size_bytes,) = struct.unpack_from("<I", data, 4)
    damage = "" if len(data) >= size_bytes + 8 else _CUT
    form = data[12:16]
    if form == b"VP8X":
        low_wide, top_wide, low_high, top_high = struct.unpack_from("<HBHB", data, 24)
        wide, high = 1 + low_wide + (top_wide << 16), 1 + low_high + (top_high << 16)
        return wide, high, _MOVES if data[20] & 2 else "", damage
    if form == b"VP8L":
        (bits,) = struct.unpack_from("<I", data, 21)
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1, "", damage
    if form == b"VP8 " and data[23:26] == b"\x9d\x01\x2a":
        wide, high = struct.unpack_from("<HH", data, 26)
        return wide & 0x3FFF, high & 0x3FFF, "", damage
    return 0, 0, "", ""


_FORMATS: tuple[tuple[Callable[[bytes], bool], str, str, Callable[[bytes], _Read]], ...] = (
    (lambda data: data.startswith(_PNG), "PNG", "image/png", _png),
    (lambda data: data.startswith((b"GIF87a", b"GIF89a")), "GIF", "image/gif", _gif),
    (lambda data: data.startswith(b"\xff\xd8\xff"), "JPEG", "image/jpeg", _jpeg),
    (lambda data: data.startswith(b"RIFF") and data[8:12] == b"WEBP", "WebP", "image/webp", _webp),
)
