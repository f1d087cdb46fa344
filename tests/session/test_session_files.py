"""What a closed session's directory holds, file by file."""

from __future__ import annotations

import json
import stat
from datetime import UTC, datetime

import pytest

from osiris_core.session.contract import new_session_id, session_directory
from osiris_core.session.reader import StepState, open_session
from tests.session.tape import MANIFEST, SESSION_ID, Tape, begin, go_on


def lines(path):
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def test_a_session_lies_below_its_id_and_target(record_session, tmp_path):
    """The directory is `.osiris/runs/<id>/<target>` below the root."""
    session = record_session()

    assert session.directory == tmp_path / ".osiris" / "runs" / SESSION_ID / "local"
    assert session_directory(tmp_path, SESSION_ID, "local") == session.directory


@pytest.mark.parametrize("name", ["", "..", ".hidden", "a/b", "a b", "x" * 129, "é"])
def test_a_name_that_is_no_plain_name_is_refused(tmp_path, name):
    """A session id cannot lead out of the runs directory."""
    with pytest.raises(ValueError, match="cannot name a directory"):
        session_directory(tmp_path, name, "local")


@pytest.mark.parametrize(
    ("target", "directory"),
    [
        ("local", "local"),
        ("venv:envs/old", "venv-envs-old-ebfbfd61"),
        ("venv:envs-old", "venv-envs-old-be46b1ed"),
        ("ssh:é@[::1]", "ssh-1-55aab235"),
        ("../..", "target-0cfd1c96"),
        ("venv:" + "x" * 300, "venv-" + "x" * 75 + "-03e335fd"),
    ],
)
def test_a_target_with_an_argument_has_a_plain_directory_of_its_own(tmp_path, target, directory):
    """Whatever a target is told, its directory is one below the session's, and no other target's."""
    assert session_directory(tmp_path, SESSION_ID, target) == tmp_path / ".osiris" / "runs" / SESSION_ID / directory


def test_session_ids_sort_by_time_and_differ():
    """An id begins with its second, and two of one second differ."""
    early = new_session_id(lambda: datetime(2026, 11, 24, 9, 59, 59, tzinfo=UTC))
    late = {new_session_id(lambda: datetime(2026, 11, 24, 10, 0, 0, tzinfo=UTC)) for _ in range(3)}

    assert early.startswith("20261124T095959Z-")
    assert len(late) == 3
    assert all(early < each and len(each) == 25 for each in late)


def test_events_are_flat_lines_in_order(record_session):
    """Each event is one line: time, session, name, step, then its data; nothing of it is lost on the way."""
    session = record_session()

    written = lines(session.directory / "events.jsonl")
    assert [each["event"] for each in written] == [
        "run_start", "step_start", "step_complete", "step_start", "inputs_resolved", "page_made",
        "artifact_created", "artifact_created", "step_complete", "run_complete",
    ]  # fmt: skip
    assert written[5] == {
        "ts": "2026-11-24T12:00:00.011000Z",
        "session": SESSION_ID,
        "event": "page_made",
        "step": "write",
        "page": 1,
        "note": "zürich \ud800",
    }
    assert written[2]["tables"]["df"]["columns"]["n"]["sum"] == 1180591620717411303424
    assert list(session.events) == written


def test_metrics_are_lines_in_order(record_session):
    """Each metric is one line with name, value, unit, whether it may vary, and tags."""
    session = record_session()

    assert lines(session.directory / "metrics.jsonl")[1:] == [
        {
            "ts": "2026-11-24T12:00:00.006000Z",
            "session": SESSION_ID,
            "step": "read",
            "metric": "step_duration_ms",
            "value": 1.5,
            "unit": "ms",
            "volatile": True,
            "tags": {},
        },
        {
            "ts": "2026-11-24T12:00:00.014000Z",
            "session": SESSION_ID,
            "step": "write",
            "metric": "rows_written",
            "value": 2,
            "unit": None,
            "volatile": False,
            "tags": {"table": "out"},
        },
    ]


def test_each_step_has_its_streams_and_only_those_that_are_not_empty(record_session):
    """Log lines are `LEVEL logger message`, printed bytes are raw, and no empty file is made."""
    session = record_session()

    assert sorted(path.name for path in (session.directory / "logs").iterdir()) == ["read.log", "write.out"]
    assert (session.directory / "logs" / "read.log").read_bytes() == b"INFO osiris.read reading flights\n"
    assert (session.directory / "logs" / "write.out").read_bytes() == b"half a line\n\xff\x00 no text"
    assert dict(session.logs) == {"read": b"INFO osiris.read reading flights\n"}
    assert dict(session.printed) == {"write": b"half a line\n\xff\x00 no text"}


def test_nothing_printed_makes_no_file(record_session):
    """A record of no bytes leaves no stream behind."""
    tape = begin(Tape())
    tape.printed("read", b"")
    go_on(tape)
    tape.terminal()

    session = record_session(tape)

    assert list(session.printed) == ["write"]
    assert not (session.directory / "logs" / "read.out").exists()


def test_log_lines_that_alternate_between_steps_find_their_files(record_session):
    """A late line of an earlier step is appended to that step's log."""
    tape = begin(Tape())
    tape.log("write", "one")
    tape.log("read", "late \udcff")
    tape.log("write", "two")
    go_on(tape)
    tape.terminal()

    session = record_session(tape)

    assert session.logs["read"] == b"INFO osiris.read reading flights\nINFO osiris.read late \\udcff\n"
    assert session.logs["write"] == b"INFO osiris.write one\nINFO osiris.write two\n"


def test_log_lines_of_no_step_are_strays(record_session):
    """They are kept beside the journal, counted in target.json, and in no log."""
    tape = begin(Tape())
    tape.log(None, "before all")
    go_on(tape)
    tape.terminal(stray_bytes=100)

    session = record_session(tape)

    assert (session.directory / ".host" / "stray.out").read_bytes() == b"INFO osiris.None before all\n"
    assert session.target_facts["strays"] == 1
    assert session.target_facts["stray_bytes"] == 100 + 28
    assert list(session.logs) == ["read"]


def test_session_json_says_what_ran_and_what_the_files_hold(record_session):
    """Facts of the request, outcome, step states and counts stand in session.json."""
    session = record_session()

    facts = json.loads((session.directory / "session.json").read_bytes())
    assert facts["contract"] == 1
    assert (facts["session"], facts["target"]) == (SESSION_ID, "local")
    assert (facts["manifest_fingerprint"], facts["logical_now"], facts["seed"]) == (
        "f" * 64,
        "2026-11-24T11:59:59.000000Z",
        7,
    )
    assert (facts["outcome"], facts["failed_step"], facts["error"]) == ("succeeded", None, None)
    assert facts["steps"][0] == {"id": "read", "state": "succeeded", "reason": None, "cause": None}
    assert facts["counts"] == {
        "events": 10,
        "metrics": 3,
        "log_lines": {"read": 1},
        "printed_bytes": {"write": 22},
        "artifacts": 2,
    }
    assert session.steps[1] == StepState(id="write", state="succeeded", reason=None, cause=None)
    assert session.facts == facts


def test_manifest_json_is_the_manifest_that_ran(record_session):
    """manifest.json holds the canonical manifest."""
    session = record_session()

    assert json.loads((session.directory / "manifest.json").read_bytes()) == MANIFEST
    assert session.manifest == MANIFEST


def test_target_json_says_how_it_went(record_session):
    """Facts of the backend, hello, and the tallies and digests of transport stand in target.json."""
    session = record_session()

    facts = session.target_facts
    assert facts["provider"] == "host"
    assert facts["hello"]["nonce"] == "0123456789abcdef0123456789abcdef"
    assert session.hello == facts["hello"]
    assert (facts["frames"], facts["duplicates"], facts["gaps"], facts["strays"], facts["damaged"]) == (22, 0, 0, 0, 0)
    assert facts["artifact_root_reported"] == session.facts["artifact_root"]
    assert len(facts["worker_digest"]) == len(facts["journal_digest"]) == 64
    assert facts["worker_digest"] != facts["journal_digest"]


def test_target_json_counts_how_long_the_worker_waited_for_the_host(record_session):
    """The waits of all `throttled` records together; nothing where there was none."""
    tape = go_on(begin(Tape()))
    tape.throttled(12.5)
    tape.throttled(0.25)
    tape.terminal()

    session = record_session(tape)

    assert session.outcome == "succeeded"
    assert session.target_facts["throttled_ms"] == 12.75


def test_artifacts_lie_below_their_step_with_bytes_and_mode(record_session):
    """The tree holds every file as it was recorded."""
    session = record_session()

    script = session.directory / "artifacts" / "write" / "deep" / "run.sh"
    assert script.read_bytes() == b"#!/bin/sh\n"
    assert stat.S_IMODE(script.stat().st_mode) == 0o755
    assert list(session.artifacts) == ["write/deep/run.sh", "write/out.csv"]
    found = session.artifacts["write/out.csv"]
    assert (found.size_bytes, found.mode, found.absolute) == (
        15,
        "0644",
        session.directory / "artifacts" / "write" / "out.csv",
    )
    # printf 'carrier,n\nAA,2\n' | sha256sum
    assert found.sha256 == "976019b425a43e9cfa54f6858050099d42ad8449c6ad4f1fcadebed94cf9db92"


def test_only_the_owner_may_look_at_a_session(record_session, tmp_path):
    """Directories are 0700, files 0600; artifacts keep the mode they were recorded with."""
    session = record_session()

    for path in (tmp_path / ".osiris").rglob("*"):
        if session.directory / "artifacts" in path.parents and path.is_file():
            continue
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_what_only_the_run_needed_is_gone(record_session):
    """After the close the host's directory holds lock, handle, request and journal."""
    session = record_session()

    assert sorted(path.name for path in (session.directory / ".host").iterdir()) == [
        "handle.json",
        "journal.os1",
        "lock",
        "request.json",
    ]


def test_the_writer_returns_what_a_reader_reads(record_session):
    """Reading the directory again gives an equal session."""
    session = record_session()

    again = open_session(session.directory)

    assert dict(again.logs) == dict(session.logs)
    assert again.artifacts == session.artifacts
    assert (again.events, again.metrics, again.facts, again.target_facts, again.steps) == (
        session.events,
        session.metrics,
        session.facts,
        session.target_facts,
        session.steps,
    )


def test_streams_can_be_read_in_pieces(record_session):
    """Path, size and pieces of a stream are to be had without reading it whole."""
    session = record_session()

    assert session.printed.size_bytes("write") == 22
    assert session.printed.path("write").name == "write.out"
    assert list(session.printed.chunks("write")) == [b"half a line\n\xff\x00 no text"]
    assert session.printed.line_count("write") == 1
    with pytest.raises(KeyError):
        session.printed["read"]
