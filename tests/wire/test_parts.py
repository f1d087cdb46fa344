"""Long records: cut into parts that fit a line."""

from __future__ import annotations

import json

from osiris_core.wire.canon import canonical_json
from osiris_core.wire.frames import MAX_PAYLOAD
from osiris_core.wire.parts import split_payload

SHORT = canonical_json({"kind": "log", "message": "short"})
LONG = canonical_json({"kind": "log", "message": '"\\' * 50_000})


def parts(payload=LONG):
    return split_payload(payload, ts="2026-01-02T03:04:05.000006Z", step="a")


def test_a_short_payload_stays_one():
    """What fits a line is sent as it is."""
    assert parts(SHORT) == [SHORT]


def test_parts_fit_and_add_up():
    """Every part fits a line, is a record, and together they are the whole."""
    split = parts()
    assert len(split) > 1
    assert all(len(part) <= MAX_PAYLOAD for part in split)
    decoded = [json.loads(part) for part in split]
    assert [part["index"] for part in decoded] == list(range(len(split)))
    assert {(part["kind"], part["step"], part["of"]) for part in decoded} == {("part", "a", len(split))}
    assert "".join(part["data"] for part in decoded).encode() == LONG
