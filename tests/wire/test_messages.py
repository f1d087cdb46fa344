"""Canonical JSON, requests, placements and record builders."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from osiris_core.wire import records
from osiris_core.wire.canon import canonical_json, sha256_hex
from osiris_core.wire.errors import WireProtocolError
from osiris_core.wire.request import Placement, RunRequest

REQUEST = RunRequest(
    session_id="s",
    manifest={"steps": [], "pipeline": {"id": "p"}},
    order=("b", "a"),
    logical_now="2026-01-02T03:04:05.000006Z",
    seed=7,
    manifest_fingerprint="f",
)
TEXT = (
    b'{"drivers":{},"logical_now":"2026-01-02T03:04:05.000006Z","manifest":{"pipeline":{"id":"p"},"steps":[]},"manifest_fingerprint":"f",'
    b'"order":["b","a"],"protocol":1,"seed":7,"session_id":"s","timeout_s":null}'
)
PLACEMENT = Placement(
    target="e2b",
    bundle="/b",
    run_dir="/r",
    project_dir="/p",
    work_dir="/p/w",
    sys_path=("/p/code",),
    variables={"A": "1"},
    keep_variables=("B",),
    artifacts_travel=True,
    stdin_end_cancels=False,
)


def test_canonical_json_is_one_text_for_one_value():
    """Keys sorted, no spaces, ASCII only."""
    assert canonical_json({"b": [1, 2.5, None], "a": "é\n"}) == b'{"a":"\\u00e9\\n","b":[1,2.5,null]}'


@pytest.mark.parametrize("value", [float("nan"), float("inf"), [{"a": float("-inf")}]])
def test_canonical_json_refuses_what_json_cannot_say(value):
    """NaN and infinities are ValueErrors."""
    with pytest.raises(ValueError, match="JSON"):
        canonical_json(value)


def test_sha256_hex_is_lower_case_hex():
    """The known digest of "abc"."""
    assert sha256_hex(b"abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_a_request_is_canonical_and_has_a_digest():
    """Its bytes are the documented ones; the digest is theirs; reading gives it back."""
    assert REQUEST.to_bytes() == TEXT
    assert REQUEST.digest == hashlib.sha256(TEXT).hexdigest()
    assert RunRequest.from_bytes(TEXT) == REQUEST
    assert replace(REQUEST, seed=8).digest != REQUEST.digest


def test_a_placement_survives_the_way():
    """Reading what was written gives it back, defaults included."""
    assert Placement.from_bytes(PLACEMENT.to_bytes()) == PLACEMENT
    assert (PLACEMENT.cancel_grace_s, PLACEMENT.checkpoint_every) == (5.0, 1000)


def test_a_cap_that_nobody_could_lift_is_refused():
    """A host acknowledges whole segments; one of them may always be under way."""
    replace(PLACEMENT, segment_bytes=10, spool_cap_bytes=20)
    with pytest.raises(WireProtocolError, match="cap of 19 bytes is less than two segments of 10"):
        replace(PLACEMENT, segment_bytes=10, spool_cap_bytes=19)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"{}",
        TEXT.replace(b'"seed":7,', b""),
        TEXT.replace(b'"seed":7', b'"seed":7,"more":1'),
        TEXT.replace(b'"seed":7', b'"seed":-1'),
        TEXT.replace(b'"seed":7', b'"seed":4294967296'),
        TEXT.replace(b'"seed":7', b'"seed":null'),
        TEXT.replace(b'"order":["b","a"]', b'"order":3'),
        TEXT.replace(b'"protocol":1', b'"protocol":2'),
        b"\xff",
    ],
)
def test_other_bytes_are_no_request(data):
    """Missing or unknown keys, another protocol, a seed out of range: refused."""
    with pytest.raises(WireProtocolError):
        RunRequest.from_bytes(data)


def test_timestamps_have_microseconds_and_z():
    """The form of `ts` is fixed."""
    before, said, after = datetime.now(UTC), records.timestamp(), datetime.now(UTC)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", said)
    assert before - timedelta(microseconds=1) <= datetime.fromisoformat(said) <= after  # both may round


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("plain žluť 🐢", "plain žluť 🐢"),
        ("a\nb\r\n\tc", "a\\nb\\r\\n\\tc"),
        ("\\n", "\\\\n"),
        ("\x00\x1b[31m\x7f\x85", "\\x00\\x1b[31m\\x7f\\x85"),
        ("\u2028\u2029", "\\u2028\\u2029"),
        ("\udc80", "\\udc80"),
    ],
)
def test_a_message_becomes_one_line(text, line):
    """Whatever would break or hide a line is escaped, and backslashes so that no two texts become one."""
    assert records.escape_line(text) == line


def test_every_record_has_kind_time_and_step():
    """The three common keys are in all of them, and all are canonical JSON."""
    common = {"ts": "t"}
    made = [
        records.hello(**common, facts={"protocol": 1}),
        records.event(**common, step="a", name="x", data={}),
        records.metric(**common, step="a", name="x", value=1, unit=None, volatile=False, tags={}),
        records.log(**common, step=None, level="INFO", logger="l", message="m\n"),
        records.stdio(**common, step="a", data=b"\xff"),
        records.artifact(**common, step="a", path="a/b", size_bytes=1, mode=0o104755, sha256="f"),
        records.checkpoint(**common, step=None, seq=1, offset=2, digest="d"),
    ]
    assert [record["kind"] for record in made] == ["hello", "event", "metric", "log", "stdio", "artifact", "checkpoint"]
    for record in made:
        assert {"kind", "ts", "step"} <= json.loads(canonical_json(record)).keys()
    assert (made[4]["data"], made[5]["mode"], made[3]["message"]) == ("/w==", "0755", "m\\n")
