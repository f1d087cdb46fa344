"""Success is a terminal record that holds against the journal on disk; everything else has another name."""

from __future__ import annotations

import pytest

from osiris_core.errors import WireError
from osiris_core.parity.transported import transport_of
from tests.session.tape import TARGET_FACTS, Tape, begin, go_on, healthy, open_writer, outbox

SUCCEEDED = {"id": "read", "state": "succeeded", "reason": None, "cause": None}


def close_with(writer, tape, **closing):
    """Feed a tape, bring its files, and close."""
    writer.feed(tape.data)
    writer.adopt_artifacts(outbox(writer.host_directory / "run" / "outbox"))
    return writer.close(**{"target_facts": TARGET_FACTS, **closing})


def test_a_verified_run_has_the_outcome_of_its_terminal_record(writer):
    """With everything in place the worker is believed."""
    session = close_with(writer, healthy())

    assert (session.outcome, session.error) == ("succeeded", None)
    assert session.target_facts["error"] is None


def test_a_failed_run_says_which_step_and_why(writer):
    """Outcome, failed step, error and step states come from the terminal record."""
    frame = {"module": "m", "function": "f", "line": 3}
    error = {"type": "ValueError", "message": "no rows", "traceback": [frame], "data": {"step": "write"}}
    tape = begin(Tape())
    tape.event("step_start", "write", driver="filesystem.csv_writer", needs=["read"])
    tape.event("step_failed", "write", error_type="ValueError", message="no rows", traceback=[], duration_ms=1)
    tape.event("run_failed", failed_step="write", error_type="ValueError", steps_succeeded=1, duration_ms=2)
    steps = [
        {"id": "read", "state": "succeeded", "reason": None, "cause": None},
        {"id": "write", "state": "failed", "reason": None, "cause": None},
    ]
    tape.terminal(outcome="failed", failed_step="write", error=error, steps=steps)

    writer.feed(tape.data)
    session = writer.close(target_facts=TARGET_FACTS)

    assert (session.outcome, session.failed_step, session.error) == ("failed", "write", error)
    assert [step.state for step in session.steps] == ["succeeded", "failed"]
    assert not (session.directory / "artifacts").exists()


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"frames": 20}, "states frames 20, the journal has 21"),
        ({"digest": "0" * 64}, f"states digest {'0' * 64}, the journal has"),
        ({"counts": {"hello": 1}}, "states counts {'hello': 1}, the journal has"),
        ({"artifacts": 3}, "states artifacts 3, the journal has 2"),
        ({"artifact_root": "0" * 64}, f"states artifact root {'0' * 64}, the journal has"),
        ({"outcome": "splendid"}, "states the outcome 'splendid', which there is not"),
        ({"steps": []}, "does not list the steps of the request"),
        ({"steps": [SUCCEEDED, {**SUCCEEDED, "id": "write", "state": "skipped"}]}, "and that step 'write' was none"),
    ],
)
def test_a_terminal_record_that_does_not_hold_is_a_lost_session(writer, changed, words):
    """A wrong number, digest, count or root in the terminal record is found, and named, and then nothing is verified; so is an end that is none."""
    tape = go_on(begin(Tape()))
    tape.terminal(**changed)

    session = close_with(writer, tape)

    assert session.outcome == "lost"
    assert words in session.error["message"]
    assert session.error["type"] == "SessionLost"
    is_right = not changed.keys() & {"frames", "digest", "counts", "artifacts", "artifact_root"}
    assert transport_of(session).verified == (is_right or None)


@pytest.mark.parametrize("changed", [{"seq": 6}, {"offset": 1}, {"digest": "0" * 64}])
def test_a_checkpoint_that_does_not_hold_is_a_lost_session(writer, changed):
    """A checkpoint says up to which record the journal is right."""
    tape = begin(Tape())
    tape.checkpoint(**changed)
    go_on(tape)
    tape.terminal()

    session = close_with(writer, tape)

    assert session.outcome == "lost"
    assert "does not match the worker's checkpoint at record 8" in session.error["message"]


def test_a_session_without_terminal_record_is_lost(writer):
    """What looks complete but has no terminal record is no success; the steps' states are those of the events."""
    writer.feed(go_on(begin(Tape())).data)
    writer.adopt_artifacts(outbox(writer.host_directory / "run" / "outbox"))
    session = writer.close(target_facts=TARGET_FACTS)

    assert session.outcome == "lost"
    assert (
        session.error["message"]
        == "no terminal record: the last verified record is 20; 2 artifacts are in artifacts.partial/"
    )
    assert [step.state for step in session.steps] == ["succeeded", "succeeded"]
    assert list(session.artifacts) == []


def test_a_session_in_which_nothing_came_is_lost(writer):
    """Without a single record the session still says what was to run."""
    session = writer.close(target_facts=TARGET_FACTS, error={"type": "SandboxError", "message": "the sandbox is gone"})

    assert session.outcome == "lost"
    assert session.error == {
        "type": "SandboxError",
        "message": "no record came; the sandbox is gone",
        "traceback": [],
        "data": {"last_verified_seq": None},
    }
    assert [(step.id, step.state, step.reason) for step in session.steps] == [
        ("read", "skipped", "run-stopped"),
        ("write", "skipped", "run-stopped"),
    ]
    assert session.hello == {}
    assert session.events == ()


def test_the_host_may_say_how_a_run_without_terminal_record_ended(writer):
    """A run that was cancelled is cancelled, also when the worker could not say so."""
    tape = begin(Tape())
    tape.event("step_start", "write", driver="filesystem.csv_writer", needs=["read"])
    writer.feed(tape.data)
    session = writer.close(target_facts=TARGET_FACTS, outcome_override="cancelled")

    assert session.outcome == "cancelled"
    assert [(step.id, step.state) for step in session.steps] == [("read", "succeeded"), ("write", "cancelled")]


def test_the_host_cannot_overrule_a_verified_terminal_record(writer):
    """A run that succeeded before the stop reached it succeeded; what the backend said stands in target.json."""
    said = {"type": "SandboxError", "message": "it may still be alive"}

    session = close_with(writer, healthy(), outcome_override="cancelled", error=said)

    assert (session.outcome, session.error) == ("succeeded", None)
    assert session.target_facts["error"] == said


@pytest.mark.parametrize("outcome", ["succeeded", "great"])
def test_the_host_cannot_make_a_success(writer, outcome):
    """Success needs a terminal record; so does every word that is no outcome."""
    writer.feed(go_on(begin(Tape())).data)

    with pytest.raises(ValueError, match="needs a terminal record"):
        writer.close(target_facts=TARGET_FACTS, outcome_override=outcome)
    assert not (writer.directory / "session.json").exists()


@pytest.mark.parametrize("damage", ["byte", "frame", "half", "end"])
def test_the_journal_is_verified_from_disk(writer, damage):
    """What is on disk counts, not what the writer saw: a journal changed behind its back is noticed."""
    tape = healthy()
    writer.feed(tape.data)
    writer.adopt_artifacts(outbox(writer.host_directory / "run" / "outbox"))
    lines = list(tape.lines)
    if damage == "byte":
        lines[3] = lines[3].replace(b"reading", b"ridding")
    elif damage == "frame":
        del lines[3]
    elif damage == "half":
        lines[-1] = lines[-1][:-10]
    else:
        tape.terminal()
        lines = tape.lines
    (writer.host_directory / "journal.os1").write_bytes(b"".join(lines))

    session = writer.close(target_facts=TARGET_FACTS)

    assert session.outcome == "lost"
    assert {
        "byte": f"the journal is damaged at byte {len(b''.join(lines[:3]))}, after 3 records",
        "frame": "the journal goes on with record 4 where record 3 must be",
        "half": "after 21 records",
        "end": "record 22 comes after the terminal record",
    }[damage] in session.error["message"]


def test_a_journal_that_ends_inside_a_long_record_says_so(writer):
    """The parts that came are no record."""
    tape = begin(Tape())
    tape.event("page_made", "read", text="x" * 100_000)
    writer.feed(b"".join(tape.lines[:-1]))

    session = writer.close(target_facts=TARGET_FACTS, outcome_override="cancelled")

    assert session.outcome == "lost"
    assert "the journal ends inside a long record" in session.error["message"]
    assert [event["event"] for event in session.events][-1] == "step_complete"


def test_a_record_of_an_unknown_step_is_refused(writer):
    """A step that the request does not have could name any file; the session is lost and the file is not made."""
    tape = begin(Tape())
    tape.printed("../../escape", b"x")
    go_on(tape)
    tape.terminal()

    session = close_with(writer, tape)

    assert session.outcome == "lost"
    assert "names the step '../../escape', which the request does not have" in session.error["message"]
    assert not list(writer.directory.parents[3].rglob("escape*"))


def test_event_data_cannot_replace_the_envelope(writer):
    """Data named like time, session, event or step would hide them."""
    tape = begin(Tape())
    tape.event("page_made", "read", ts="never", session="mine")
    go_on(tape)
    tape.terminal()

    session = close_with(writer, tape)

    assert session.outcome == "lost"
    assert "the event 'page_made' has data under reserved names: session, ts" in session.error["message"]


def test_a_log_record_of_two_lines_is_refused(writer):
    """One record is one line: a worker that does not escape cannot forge a second."""
    tape = begin(Tape())
    tape.log("read", "x")
    tape.lines.pop()
    tape.counts["log"] -= 1
    tape.say({**tape.said[-1], "message": "one\nERROR osiris.read two"})
    go_on(tape)
    tape.terminal()

    session = close_with(writer, tape)

    assert session.outcome == "lost"


def test_of_a_lost_run_what_the_worker_left_stays(writer):
    """A run directory is kept to be looked at when its session is lost."""
    (writer.host_directory / "run").mkdir()
    (writer.host_directory / "run" / "supervisor.err").write_text("why")

    writer.close(target_facts=TARGET_FACTS)

    assert (writer.host_directory / "run" / "supervisor.err").read_text() == "why"


def test_a_session_can_be_closed_by_the_next_owner(tmp_path):
    """Who takes over a dead owner's directory can close it, with what the disk has."""
    first = open_writer(tmp_path)
    first.feed(healthy().data)
    first.release()

    session = close_with(open_writer(tmp_path), Tape())

    assert session.outcome == "succeeded"
    assert len(session.events) == 10


def test_a_worker_that_is_refused_leaves_no_success(writer, tmp_path):
    """Its terminal record may have come in the same piece as its hello, whole and in good order."""
    writer.feed(healthy().data)
    writer.adopt_artifacts(outbox(tmp_path / "outbox"))
    with pytest.raises(WireError, match="another bundle"), writer.judging():
        raise WireError("the worker runs another bundle than the one it was given")
    session = writer.close(target_facts=TARGET_FACTS)
    assert session.outcome == "lost"
    assert "another bundle" in session.error["message"]
