"""Long records: cut into parts, joined again, or refused."""

from __future__ import annotations

import json

import pytest

from osiris_core.wire.canon import canonical_json
from osiris_core.wire.errors import WireProtocolError
from osiris_core.wire.frames import MAX_PAYLOAD
from osiris_core.wire.parts import PartJoiner, split_payload

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


def test_the_joiner_gives_whole_records():
    """Short records come through, long ones when their last part came."""
    joiner = PartJoiner()
    assert joiner.push(SHORT) == {"kind": "log", "message": "short"}
    *first, last = parts()
    assert [joiner.push(part) for part in first] == [None] * len(first)
    assert joiner.pending
    assert joiner.push(last) == {"kind": "log", "message": '"\\' * 50_000}
    assert not joiner.pending


def changed(index, **values):
    """The parts up to the first at which a change of part `index` can be noticed."""
    split = parts()
    split[index] = canonical_json(json.loads(split[index]) | values)
    return split if "data" in values or "sha256" in values else split[: index + 1]


@pytest.mark.parametrize(
    ("payloads", "message"),
    [
        (parts()[1:2], "out of order"),
        ([parts()[0], parts()[0]], "out of order"),
        ([parts()[0], SHORT], "another record stands between"),
        (changed(1, data="x"), "do not add up"),
        (changed(1, of=99), "out of order"),
        (changed(1, sha256="0" * 64), "out of order"),
        ([b"[]"], "not a record"),
        ([b"{"], "not JSON"),
    ],
)
def test_broken_parts_are_refused(payloads, message):
    """Missing, repeated, mixed or changed parts never become a record."""
    joiner = PartJoiner()
    *before, last = payloads
    for payload in before:
        if joiner.push(payload) is not None:
            pytest.fail("a record came out too early")
    with pytest.raises(WireProtocolError, match=message):
        joiner.push(last)
