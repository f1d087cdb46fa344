"""Where everything lies in a zip file, so that no byte of it goes unseen: members, central directory, and what is between them.

`zipfile` reads what members hold; it passes over bytes before, between and behind them, where anything could be.
"""

from __future__ import annotations

import hashlib
import os
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from osiris_core.parity.kinds.expansion import NotExpandedError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import BinaryIO
    from zipfile import ZipInfo

    from osiris_core.parity.kinds.expansion import Expansion

_LOCAL: Final = struct.Struct("<4s5H3I2H")
_CENTRAL: Final = struct.Struct("<4s6H3I5H2I")
_END: Final = struct.Struct("<4s4H2IH")
_END64: Final = struct.Struct("<4sQ2H2I4Q")
_LOCATOR_BYTES: Final = 20
_TAIL_BYTES: Final = 66 * 1024
_DIRECTORY_BYTES: Final = 32 * 1024 * 1024
_LATER: Final = 0xFFFFFFFF
"""Stands for a number that is written elsewhere, because it has no room."""

HAS_DESCRIPTOR: Final = 0x08
_DESCRIPTOR_BYTES: Final = 24

TRACES: Final = frozenset({0x0001, 0x000A, 0x000D, 0x5455, 0x5855, 0x7855, 0x7875, 0xCAFE, 0xD935, 0xA220})
"""Extra fields that say how a file was made: sizes, times, owners, alignment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Local:
    """The header in front of a member, and where its bytes lie."""

    start: int
    data: int
    end: int
    extra: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The members' own headers, in the order of the central directory; `unclaimed` is a digest of what belongs to nothing."""

    locals: tuple[Local, ...]
    unclaimed: str


def check_size(path: Path, expansion: Expansion) -> None:
    """Count the members that a zip file says it has, and refuse one whose directory alone is too large to be read. NotExpandedError."""
    with path.open("rb") as source:
        size = source.seek(0, os.SEEK_END)
        source.seek(max(0, size - _TAIL_BYTES))
        tail = source.read()
    place = tail.rfind(b"PK\5\6")
    if place < 0 or len(tail) - place < _END.size:
        return  # which zipfile has a sentence for
    *_, members, directory_bytes, _start, _comment = _END.unpack_from(tail, place)
    place64 = tail.rfind(b"PK\6\6", 0, place)
    if place64 >= 0 and len(tail) - place64 >= _END64.size:
        *_, members64, bytes64, _start = _END64.unpack_from(tail, place64)
        members, directory_bytes = (
            max(members, members64),
            max(bytes64, 0 if directory_bytes == _LATER else directory_bytes),
        )
    expansion.count_members(members)
    if directory_bytes > _DIRECTORY_BYTES:
        raise NotExpandedError(f"has a directory of {directory_bytes:,} bytes, more than {_DIRECTORY_BYTES:,}")


def layout(source: BinaryIO, members: list[ZipInfo], directory_start: int) -> Layout:
    """Return where everything lies. NotExpandedError where headers contradict the directory, or members overlap."""
    found = [_local(source, member) for member in members]
    digest, length, at = hashlib.sha256(), 0, 0
    for start, end in [*sorted((each.start, each.end) for each in found), (directory_start, directory_start)]:
        if start < at:
            raise NotExpandedError("has members that overlap")
        for piece in between(source, at, start):
            digest.update(piece)
            length += len(piece)
        at = end
    end = _directory_end(source, directory_start, len(members))
    for piece in between(source, end, source.seek(0, os.SEEK_END)):
        digest.update(piece)
        length += len(piece)
    return Layout(
        locals=tuple(found), unclaimed=f"{length:,} bytes, sha256 {digest.hexdigest()[:16]}" if length else ""
    )


def unknown_fields(extra: bytes) -> bytes:
    """Return the extra fields that are no traces of how a file was made."""
    kept = b""
    while len(extra) >= 4:  # noqa: PLR2004 - two numbers of two bytes
        kind, length = struct.unpack_from("<2H", extra)
        if kind not in TRACES:
            kept += extra[: 4 + length]
        extra = extra[4 + length :]
    return kept + extra.strip(b"\0")


def _local(source: BinaryIO, member: ZipInfo) -> Local:
    source.seek(member.header_offset)
    data = source.read(_LOCAL.size)
    if len(data) < _LOCAL.size or not data.startswith(b"PK\3\4"):
        raise NotExpandedError(f"has no header where its directory says that {member.filename} begins")
    _, _, flags, method, _, _, checksum, compressed, size, name_bytes, extra_bytes = _LOCAL.unpack(data)
    source.seek(name_bytes, os.SEEK_CUR)
    extra = source.read(extra_bytes)
    told = (
        (method, member.compress_type),
        (checksum, member.CRC),
        (compressed, member.compress_size),
        (size, member.file_size),
    )
    if not flags & HAS_DESCRIPTOR and any(here not in {there, _LATER} for here, there in told):
        raise NotExpandedError(f"says two things of {member.filename}: in its directory, and in front of it")
    at = source.tell()
    end = at + member.compress_size
    if flags & HAS_DESCRIPTOR:
        end += _descriptor_bytes(source, end, member)
    return Local(start=member.header_offset, data=at, end=end, extra=extra)


def _descriptor_bytes(source: BinaryIO, start: int, member: ZipInfo) -> int:
    """Return the length of what stands behind a member whose sizes were not known in front of it."""
    source.seek(start)
    data = source.read(_DESCRIPTOR_BYTES)
    sizes = member.compress_size, member.file_size
    forms = ["<I2Q"] + (["<I2I"] if max(sizes) <= _LATER else [])
    for mark in (b"PK\7\x08", b""):
        for form in forms:
            expected = mark + struct.pack(form, member.CRC, *sizes)
            if data.startswith(expected):
                return len(expected)
    return 0


def _directory_end(source: BinaryIO, start: int, members: int) -> int:
    """Return where the central directory and its end records stop; what lies behind that, but a comment, belongs to nothing."""
    source.seek(start)
    at = start
    for _ in range(members):
        source.seek(at)
        data = source.read(_CENTRAL.size)
        name_bytes, extra_bytes, comment_bytes = _CENTRAL.unpack(data)[10:13]
        at += _CENTRAL.size + name_bytes + extra_bytes + comment_bytes
    source.seek(at)
    rest = source.read(_TAIL_BYTES * 2)
    if rest.startswith(b"PK\6\6"):
        skipped = 12 + struct.unpack_from("<Q", rest, 4)[0] + _LOCATOR_BYTES
        at, rest = at + skipped, rest[skipped:]
    if rest.startswith(b"PK\5\6") and len(rest) >= _END.size:
        return int(at + _END.size + _END.unpack_from(rest)[7])
    return at


def between(source: BinaryIO, start: int, end: int) -> Iterator[bytes]:
    """Yield what lies from one place of a file to another."""
    source.seek(start)
    while start < end and (piece := source.read(min(1 << 20, end - start))):
        start += len(piece)
        yield piece
