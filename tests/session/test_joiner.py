"""Parts of long records: joined again, or refused."""

from __future__ import annotations

import json

import pytest

from osiris_core.errors import WireError
from osiris_core.session.joiner import Joiner
from osiris_core.wire.canon import canonical_json
from osiris_core.wire.parts import split_payload

SHORT = canonical_json({"kind": "log", "message": "short"})
LONG = canonical_json({"kind": "log", "message": '"\\' * 50_000})


def parts(payload=LONG):
    return split_payload(payload, ts="2026-01-02T03:04:05.000006Z", step="a")


def push_all(joiner, payloads):
    """Return what came out for each payload."""
    return [joiner.push(json.loads(payload)["kind"], payload) for payload in payloads]


def test_whole_records_come_out():
    """Short records come through, long ones when their last part came."""
    joiner = Joiner()
    assert push_all(joiner, [SHORT]) == [SHORT]
    *first, last = parts()
    assert push_all(joiner, first) == [None] * len(first)
    assert joiner.pending
    assert push_all(joiner, [last]) == [LONG]
    assert not joiner.pending


def changed(part, **values):
    split = parts()
    split[part] = canonical_json(json.loads(split[part]) | values)
    return split


@pytest.mark.parametrize(
    ("payloads", "message"),
    [
        (parts()[1:2], "out of order"),
        ([parts()[0], parts()[0]], "out of order"),
        ([parts()[0], SHORT], "another record stands between"),
        (changed(1, data="x"), "do not add up"),
        (changed(1, of=99), "out of order"),
        (changed(1, sha256="0" * 64), "out of order"),
        (changed(1, index=-1), "out of order"),
    ],
)
def test_broken_parts_are_refused(payloads, message):
    """Missing, repeated, mixed or changed parts never become a record."""
    with pytest.raises(WireError, match=message):
        push_all(Joiner(), payloads)


def test_a_record_without_end_is_refused_before_it_fills_the_memory():
    """However many parts the first of them announces."""
    split = [canonical_json({**json.loads(parts()[0]), "index": each, "of": 10**9}) for each in range(40)]
    with pytest.raises(WireError, match="longer than 1000000 bytes"):
        push_all(Joiner(max_bytes=1_000_000), split)


def test_each_record_has_the_whole_room():
    """What one record took is not held against the next."""
    joiner = Joiner(max_bytes=len(b"".join(parts())))
    assert push_all(joiner, [*parts(), *parts()]).count(LONG) == 2
