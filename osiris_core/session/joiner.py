"""Puts records that were too long for one line together again."""

from __future__ import annotations

from osiris_core.errors import WireError
from osiris_core.session.records import Part, decode_object, decode_record
from osiris_core.wire.errors import WireProtocolError
from osiris_core.wire.parts import join_parts


class Joiner:
    """Takes payloads in order; returns the whole record's payload when one is complete.

    A whole record is returned as it is; parts are held until the last of them came.
    """

    __slots__ = ("_parts",)

    def __init__(self) -> None:
        self._parts: list[bytes] = []

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
        self._parts.append(payload)
        if len(self._parts) < part.of:
            return None
        parts, self._parts = self._parts, []
        try:
            return join_parts([decode_object(each) for each in parts])
        except (WireProtocolError, UnicodeEncodeError) as error:
            raise WireError(str(error)) from error
