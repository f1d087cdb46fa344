"""One record as one ASCII line that survives chunking, merged strangers' output and UTF-8 repair.

    RS "OS1" SP tag SP epoch SP seq SP offset SP length SP crc32 SP payload LF

RS (0x1E) starts a line and never occurs inside one, so a reader finds the next frame after any garbage.
`tag` names the session, `epoch` the worker's incarnation; `seq` counts from 0 without a gap; `offset` is
the place of this line in the spool; `length` is the payload's; `crc32` (8 hex digits) is that of what stands between
"OS1 " and " crc32", followed by the payload, so that no byte of a line can change unseen.

Between frames stdout, never the spool, has heartbeats, which are no records and carry what a reader must have by now:

    RS "OSB" SP tag SP epoch SP seq SP offset SP crc32 LF

`seq` and `offset` are those of the next frame, `crc32` that of what stands between "OSB " and " crc32".
"""

from __future__ import annotations

import re
import zlib
from typing import NamedTuple

from osiris_core.wire.canon import sha256_hex
from osiris_core.wire.digest import RunningDigest
from osiris_core.wire.errors import WireProtocolError

__all__ = [
    "MAX_LINE",
    "MAX_PAYLOAD",
    "Damaged",
    "Frame",
    "FrameReader",
    "Heartbeat",
    "Item",
    "RunningDigest",
    "Stray",
    "encode_frame",
    "encode_heartbeat",
    "session_tag",
]

MAX_LINE = 65536
"""Most bytes of a line, its LF included: the size of a pipe."""
MAX_PAYLOAD = MAX_LINE - 128
"""Most bytes of a payload: the line's head never needs more than 128."""

_NUMBER = rb"(0|[1-9][0-9]{0,18})"
_HEAD = re.compile(
    rb"\x1eOS1 (([0-9a-f]{8}) " + _NUMBER + rb" " + _NUMBER + rb" " + _NUMBER + rb" " + _NUMBER + rb") ([0-9a-f]{8}) "
)


_HEARTBEAT = re.compile(
    rb"\x1eOSB (([0-9a-f]{8}) " + _NUMBER + rb" " + _NUMBER + rb" " + _NUMBER + rb") ([0-9a-f]{8})\n"
)


class Frame(NamedTuple):
    """One whole, verified line (a tuple, because hundreds of thousands a second are made of it)."""

    seq: int
    epoch: int
    offset: int
    payload: bytes
    line: bytes


class Heartbeat(NamedTuple):
    """What the spool holds by now: frames before `seq`, bytes before `offset`."""

    seq: int
    epoch: int
    offset: int
    line: bytes


class Stray(NamedTuple):
    """Bytes that are no frame of this session: a stranger's print, or another session's frame."""

    data: bytes


class Damaged(NamedTuple):
    """Bytes that began as a frame of this session and are not one; `reason` says why."""

    data: bytes
    reason: str


Item = Frame | Heartbeat | Stray | Damaged
"""What a stream falls into."""


def session_tag(session_id: str) -> str:
    """Return the 8 hex digits that mark the lines of this session."""
    return sha256_hex(session_id.encode("utf-8"))[:8]


def encode_frame(*, tag: str, epoch: int, seq: int, offset: int, payload: bytes) -> bytes:
    """Return the line of one payload (printable ASCII). WireProtocolError when it would be too long."""
    if len(payload) > MAX_PAYLOAD:
        raise WireProtocolError(f"a payload of {len(payload)} bytes does not fit a line; split it into parts")
    head = b"%s %d %d %d %d" % (tag.encode("ascii"), epoch, seq, offset, len(payload))
    return b"\x1eOS1 %s %08x %s\n" % (head, zlib.crc32(payload, zlib.crc32(head)), payload)


def encode_heartbeat(*, tag: str, epoch: int, seq: int, offset: int) -> bytes:
    """Return the line that says how far the spool has come."""
    said = b"%s %d %d %d" % (tag.encode("ascii"), epoch, seq, offset)
    return b"\x1eOSB %s %08x\n" % (said, zlib.crc32(said))


class FrameReader:
    """Cuts a stream of bytes into frames, heartbeats, strays and damaged lines; chunk borders make no difference.

    What comes out, put together, is every byte that went in, in order. At most one unfinished line is held.
    """

    __slots__ = ("_held", "_tag")

    def __init__(self, tag: str) -> None:
        self._tag = tag.encode("ascii")
        self._held = bytearray()

    def feed(self, data: bytes) -> list[Item]:
        """Take the next bytes; return what is complete by now."""
        held = self._held
        held += data
        if b"\n" not in data and b"\x1e" not in data and len(held) < MAX_LINE:
            return []
        items, end = self._cut(bytes(held))
        del held[:end]
        return items

    def finish(self) -> list[Item]:
        """Return what was held back, as the stream has ended: an unfinished line is no frame."""
        rest = bytes(self._held)
        self._held.clear()
        return [self._judge(rest, "the line ends before its LF")] if rest else []

    def _cut(self, data: bytes) -> tuple[list[Item], int]:
        items: list[Item] = []
        tag, match = self._tag, _HEAD.match
        at = 0
        while True:
            head = match(data, at)
            if head is not None:
                said, line_tag, epoch, seq, offset, length, crc = head.groups()
                start = head.end()
                end = start + int(length)
                if line_tag == tag and end < at + MAX_LINE and data[end : end + 1] == b"\n":
                    payload = data[start:end]
                    if int(crc, 16) == zlib.crc32(payload, zlib.crc32(said)) and _is_printable(payload):
                        items.append(Frame(int(seq), int(epoch), int(offset), payload, data[at : end + 1]))
                        at = end + 1
                        continue
            elif (heartbeat := self._heartbeat(data, at)) is not None:
                items.append(heartbeat)
                at += len(heartbeat.line)
                continue
            open_end = _end_of_item(data, at)
            if open_end is None:
                return items, at
            reason = "it is not formed as a frame" if head is None else "its length or checksum does not match"
            items.append(self._judge(data[at:open_end], reason))
            at = open_end

    def _heartbeat(self, data: bytes, at: int) -> Heartbeat | None:
        """Return the heartbeat of this session that stands here, if one does."""
        found = _HEARTBEAT.match(data, at)
        if found is None:
            return None
        said, tag, epoch, seq, offset, crc = found.groups()
        if tag != self._tag or int(crc, 16) != zlib.crc32(said):
            return None
        return Heartbeat(int(seq), int(epoch), int(offset), found.group())

    def _judge(self, data: bytes, reason: str) -> Stray | Damaged:
        """Tell a damaged line of this session from bytes that never were one."""
        return Damaged(data, reason) if data.startswith(b"\x1eOS1 " + self._tag) else Stray(data)


def _is_printable(payload: bytes) -> bool:
    """Whether all bytes are from space to tilde."""
    return payload.isascii() and payload.decode("ascii").isprintable()


def _end_of_item(data: bytes, start: int) -> int | None:
    """Return where the item at `start` ends: behind its LF, before the next RS, or at the cap; None when open."""
    if start == len(data):
        return None
    ends = []
    line_end = data.find(b"\n", start, start + MAX_LINE)
    if line_end >= 0:
        ends.append(line_end + 1)
    next_frame = data.find(b"\x1e", start + 1, start + MAX_LINE)
    if next_frame >= 0:
        ends.append(next_frame)
    if len(data) - start >= MAX_LINE:
        ends.append(start + MAX_LINE)
    return min(ends) if ends else None
