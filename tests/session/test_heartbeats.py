"""What a session knows of records that have not come, and how it takes them from the spool, a range at a time."""

from osiris_core.wire.frames import encode_heartbeat, session_tag
from tests.session.tape import SESSION_ID, TARGET_FACTS, healthy, outbox


def beat(lines):
    """Return the heartbeat of a worker that has written these lines."""
    offset = sum(len(line) for line in lines)
    return encode_heartbeat(tag=session_tag(SESSION_ID), epoch=0, seq=len(lines), offset=offset)


def test_a_heartbeat_that_knows_no_more_says_nothing(writer):
    tape = healthy()
    writer.feed(b"".join(tape.lines[:3]) + beat(tape.lines[:3]))
    assert not writer.behind


def test_a_lost_tail_is_noticed_by_the_next_heartbeat(writer):
    tape = healthy()
    writer.feed(b"".join(tape.lines[:3]) + beat(tape.lines[:5]))
    assert writer.behind


def test_a_lost_middle_is_noticed_by_the_next_frame(writer):
    tape = healthy()
    writer.feed(tape.lines[0] + tape.lines[2])
    assert writer.behind


def test_ranges_of_any_length_bring_what_is_missing(writer, tmp_path):
    """A range may end inside a line: the next one starts with it again."""
    tape = healthy()
    writer.feed(tape.lines[0])
    longest = max(len(line) for line in tape.lines)
    while writer.terminal is None:
        at = writer.next_offset
        writer.take_range(tape.data[at : at + longest + 7])
        assert writer.next_offset > at
    writer.adopt_artifacts(outbox(tmp_path / "outbox"))
    session = writer.close(target_facts=TARGET_FACTS)
    assert session.outcome == "succeeded"
    assert (session.target_facts["damaged"], session.target_facts["strays"]) == (0, 0)


def test_heartbeats_leave_no_trace_in_the_journal(writer):
    tape = healthy()
    for line in tape.lines[:5]:
        writer.feed(beat(tape.lines[:2]) + line)
    assert (writer.host_directory / "journal.os1").read_bytes() == b"".join(tape.lines[:5])


def test_what_is_kept_is_what_was_taken(writer):
    tape = healthy()
    writer.feed(b"".join(tape.lines[:4]))
    assert writer.keep() == sum(len(line) for line in tape.lines[:4])
