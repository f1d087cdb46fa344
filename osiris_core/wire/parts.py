"""Records too long for one line travel as several `part` records and are joined again by the reader.

A part is a record like any other, with a frame and a number of its own:
`{"kind": "part", "index": i, "of": n, "sha256": hex of the whole payload, "data": a slice of its text}`.
The parts of one record follow each other without anything in between.
"""

from __future__ import annotations

import json
from typing import Any

from osiris_core.wire.canon import canonical_json, sha256_hex
from osiris_core.wire.errors import WireProtocolError
from osiris_core.wire.frames import MAX_PAYLOAD

SLICE_CHARS = (MAX_PAYLOAD - 512) // 2
"""Characters in one slice: in the worst case JSON escaping doubles them."""


def split_payload(payload: bytes, *, ts: str, step: str | None) -> list[bytes]:
    """Return the payloads to send for one record's payload: itself when it fits a line, else its parts."""
    if len(payload) <= MAX_PAYLOAD:
        return [payload]
    text = payload.decode("ascii")
    whole = sha256_hex(payload)
    slices = [text[start : start + SLICE_CHARS] for start in range(0, len(text), SLICE_CHARS)]
    common = {"kind": "part", "of": len(slices), "sha256": whole, "step": step, "ts": ts}
    return [canonical_json({**common, "index": index, "data": data}) for index, data in enumerate(slices)]


def join_parts(parts: list[dict[str, Any]]) -> bytes:
    """Return the payload whose parts these are, in order. WireProtocolError when they are not all of one whole."""
    expected = [(index, len(parts), parts[0]["sha256"]) for index in range(len(parts))]
    if [(part["index"], part["of"], part["sha256"]) for part in parts] != expected:
        raise WireProtocolError("the parts of a long record are incomplete or out of order")
    payload = "".join(part["data"] for part in parts).encode("ascii")
    if sha256_hex(payload) != parts[0]["sha256"]:
        raise WireProtocolError("the parts of a long record do not add up to its digest")
    return payload


class PartJoiner:
    """Turns payloads, in order, into records; `pending` says whether a long record is still open."""

    __slots__ = ("_parts",)

    def __init__(self) -> None:
        self._parts: list[dict[str, Any]] = []

    @property
    def pending(self) -> bool:
        """Whether parts of an unfinished record are held."""
        return bool(self._parts)

    def push(self, payload: bytes) -> dict[str, Any] | None:
        """Take one frame's payload; return the record it completes, or None. WireProtocolError for broken parts."""
        record = _decode(payload)
        if record["kind"] != "part":
            if self._parts:
                raise WireProtocolError("another record stands between the parts of a long one")
            return record
        self._parts.append(record)
        if record["index"] != len(self._parts) - 1 or record["of"] != self._parts[0]["of"]:
            raise WireProtocolError("the parts of a long record are incomplete or out of order")
        if len(self._parts) < record["of"]:
            return None
        parts, self._parts = self._parts, []
        return _decode(join_parts(parts))


def _decode(payload: bytes) -> dict[str, Any]:
    try:
        record = json.loads(payload)
    except ValueError as error:
        raise WireProtocolError(f"a payload is not JSON: {error}") from error
    if not isinstance(record, dict) or not isinstance(record.get("kind"), str):
        raise WireProtocolError("a payload is not a record: it has no kind")
    return record
