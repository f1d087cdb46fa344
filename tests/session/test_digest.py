"""The session's digest is equal for runs that did the same, and differs for any other difference."""

from __future__ import annotations

import dataclasses
import hashlib
import json

import pytest

from tests.session.tape import FILES, MANIFEST, REQUEST, TARGET_FACTS, Tape, begin, go_on, healthy, open_writer, outbox


@pytest.fixture
def digest(tmp_path):
    """A function that gives the digest of a tape as a session in a directory of its own."""
    count = 0

    def of(tape=None, files=None, **opening):
        nonlocal count
        count += 1
        writer = open_writer(tmp_path / str(count), **opening)
        writer.feed((tape or healthy()).data)
        writer.adopt_artifacts(outbox(writer.host_directory / "run" / "outbox", files))
        return writer.close(target_facts=TARGET_FACTS).digest

    return of


def slower():
    """Return a tape of the same run, later and with other durations."""
    tape = Tape(ticks=500)
    quick = healthy()
    for record in quick.said[:-1]:
        again = {**record, "ts": tape.ts()}
        if record["kind"] == "event" and "duration_ms" in record["data"]:
            again["data"] = {**record["data"], "duration_ms": 99.0}
        if record["kind"] == "metric" and record["unit"] == "ms":
            again["value"] = 99.0
        if record["kind"] == "checkpoint":
            tape.checkpoint()
        else:
            tape.say(again)
    tape.terminal()
    return tape


def test_times_durations_and_targets_do_not_count(digest):
    """Two runs that differ in nothing else have one digest, on two targets as on one."""
    first = digest()

    assert digest(slower()) == first
    assert digest(target="e2b") == first


def changed(step):
    tape = begin(Tape())
    step(tape)
    go_on(tape)
    tape.terminal()
    return tape


@pytest.mark.parametrize(
    "step",
    [
        lambda tape: tape.event("page_made", "read"),
        lambda tape: tape.metric("rows_read", "read", 2),
        lambda tape: tape.log("read", "more"),
        lambda tape: tape.printed("read", b"x"),
    ],
    ids=["event", "metric", "log", "printed"],
)
def test_every_record_counts(digest, step):
    """One more event, metric, log line or printed byte is another digest."""
    assert digest(changed(step)) != digest()


def test_bytes_and_executable_bits_of_artifacts_count(digest):
    """Another content or mode of a file is another digest."""
    first = digest()
    for path, other in (
        ("write/out.csv", (b"carrier,n\nAA,3\n", 0o644)),
        ("write/deep/run.sh", (b"#!/bin/sh\n", 0o644)),
    ):
        files = {**FILES, path: other}
        tape = go_on(begin(Tape()), files)
        tape.terminal()
        assert digest(tape, files) != first


def test_the_manifest_counts(digest):
    """Another manifest is another digest, also where the records are the same."""
    assert digest(manifest_json={**MANIFEST, "more": 1}) != digest()


def test_the_seed_does_not_count(digest):
    """What a seed changes shows in what the run did."""
    tape = Tape()
    request = dataclasses.replace(REQUEST, seed=8)
    tape.hello(request_digest=request.digest)
    for record in healthy().said[1:-1]:
        if record["kind"] == "checkpoint":
            tape.checkpoint()
        else:
            tape.say({**record, "ts": tape.ts()})
    tape.terminal()

    assert digest(tape, request=request) == digest()


def test_anyone_can_compute_it(record_session):
    """The digest follows from the files by the rule in the contract, without this project's code."""
    session = record_session()
    directory = session.directory

    def canon(value):
        return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()

    def sha256(data):
        return hashlib.sha256(data).hexdigest()

    def lines(name, leave_out):
        kept = b""
        for line in (directory / name).read_bytes().splitlines():
            value = json.loads(line)
            kept += canon({key: value[key] for key in value if key not in leave_out(value)}) + b"\n"
        return sha256(kept)

    timed = {"step_complete", "step_failed", "run_complete", "run_failed", "run_cancelled"}
    facts = json.loads((directory / "session.json").read_bytes())
    content = {
        "contract": 1,
        **{name: facts[name] for name in ("outcome", "failed_step", "error", "steps", "artifact_root")},
        "manifest": sha256(canon(json.loads((directory / "manifest.json").read_bytes()))),
        "events": lines(
            "events.jsonl",
            lambda value: {"ts", "session"} | ({"duration_ms"} if value["event"] in timed else set()),
        ),
        "metrics": lines(
            "metrics.jsonl",
            lambda value: {"ts", "session"} | ({"value"} if value["volatile"] or value["unit"] == "ms" else set()),
        ),
        "logs": {"read": sha256((directory / "logs" / "read.log").read_bytes())},
        "printed": {"write": sha256((directory / "logs" / "write.out").read_bytes())},
    }

    assert facts["digest"] == sha256(canon(content))
