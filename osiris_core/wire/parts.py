"""Records too long for one line travel as several `part` records and are joined again by the reader.

A part is a record like any other, with a frame and a number of its own:
`{"kind": "part", "index": i, "of": n, "sha256": hex of the whole payload, "data": a slice of its text}`.
The parts of one record follow each other without anything in between.
"""

from __future__ import annotations

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
