"""Puts records that were too long for one line together again."""

from __future__ import annotations

from osiris_core.errors import WireError
from osiris_core.session.records import Part, decode_object, decode_record
from osiris_core.wire.errors import WireProtocolError
from osiris_core.wire.parts import join_parts

MAX_RECORD_BYTES = 256 << 20
"""Most bytes of one record in parts: a sandbox must not be able to fill the host's memory with one."""


class Joiner:
    """Takes payloads in order; returns the whole record's payload when one is complete.

    A whole record is returned as it is; parts are held until the last of them came.
    """

    __slots__ = ("_held_bytes", "_max_bytes", "_parts")

    def __init__(self, *, max_bytes: int = MAX_RECORD_BYTES) -> None:
        self._parts: list[bytes] = []
        self._held_bytes = 0
        self._max_bytes = max_bytes

    @property
    def pending(self) -> bool:
        """Whether a long record is still open."""
        return bool(self._parts)

    def push(self, kind: str, payload: bytes) -> bytes | None:
        """Take the payload of a record of this kind. WireError for parts that do not belong together."""
        if kind != "part":
            if self._parts:
                raise WireError("another record stands between the parts of a long one")
            return payload
        part = decode_record(payload)
        if not isinstance(part, Part) or part.index != len(self._parts) or not part.index < part.of:
            raise WireError("the parts of a long record are incomplete or out of order")
        self._held_bytes += len(payload)
        if self._held_bytes > self._max_bytes:
            raise WireError(f"a record in parts is longer than {self._max_bytes} bytes")
        self._parts.append(payload)
        if len(self._parts) < part.of:
            return None
        parts, self._parts, self._held_bytes = self._parts, [], 0
        try:
            return join_parts([decode_object(each) for each in parts])
        except (WireProtocolError, UnicodeEncodeError) as error:
            raise WireError(str(error)) from error
