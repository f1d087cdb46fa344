"""Every record arrives exactly once, whatever the transport does to the bytes; what cannot be healed is refused."""

from __future__ import annotations

import io
import random

import pytest

from osiris_core.errors import SessionError, WireError
from osiris_core.session.spool import spool_range
from osiris_core.wire.frames import encode_heartbeat, session_tag
from tests.session.tape import SESSION_ID, TARGET_FACTS, Tape, begin, go_on, healthy, open_writer, outbox


def finish(writer):
    writer.adopt_artifacts(outbox(writer.host_directory / "run" / "outbox"))
    return writer.close(target_facts=TARGET_FACTS)


def journal(writer):
    return (writer.host_directory / "journal.os1").read_bytes()


def test_the_journal_is_the_spool(writer):
    """After all frames came, the journal equals the spool byte by byte, and nothing is missing."""
    tape = healthy()

    writer.feed(tape.data)

    assert journal(writer) == tape.data
    assert (writer.next_seq, writer.next_offset) == (22, len(tape.data))
    assert not writer.needs_fill
    assert writer.hello["nonce"] == "0123456789abcdef0123456789abcdef"
    assert writer.terminal["outcome"] == "succeeded"
    assert [each["path"] for each in writer.artifacts()] == ["write/out.csv", "write/deep/run.sh"]


@pytest.mark.parametrize("size", [1, 7, 64, 1000, 65536])
def test_chunk_borders_make_no_difference(writer, size):
    """Bytes may come in pieces of any size."""
    data = healthy().data

    for start in range(0, len(data), size):
        writer.feed(data[start : start + size])

    assert journal(writer) == data
    assert finish(writer).outcome == "succeeded"


def test_the_journal_is_a_prefix_of_the_spool_at_every_moment(writer):
    """However far the stream came, the journal holds whole frames from the start."""
    data = healthy().data

    for start in range(0, len(data), 333):
        writer.feed(data[start : start + 333])
        held = journal(writer)
        assert data.startswith(held)
        assert held == b"" or held.endswith(b"\n")


def test_a_doubled_frame_is_dropped_and_counted(writer):
    """A frame that comes again, at once or later, changes nothing but the count."""
    tape = healthy()

    for line in tape.lines[:10]:
        writer.feed(line + line)
    writer.feed(tape.lines[3])
    writer.feed(b"".join(tape.lines[10:]))
    session = finish(writer)

    assert session.outcome == "succeeded"
    assert session.target_facts["duplicates"] == 11
    assert len(session.events) == 10


def test_a_dropped_frame_leaves_a_gap_that_the_spool_fills(writer, tmp_path):
    """Behind a gap nothing is accepted until the spool brought what is missing."""
    tape = healthy()
    spool = tmp_path / "00000000.os1"
    spool.write_bytes(tape.data)

    writer.feed(b"".join(tape.lines[:5] + tape.lines[6:]))
    assert (writer.next_seq, writer.terminal, writer.needs_fill) == (5, None, True)
    writer.fill(spool)
    session = finish(writer)

    assert session.outcome == "succeeded"
    assert session.target_facts["gaps"] == 1
    assert session.target_facts["duplicates"] == 0


def test_a_dropped_frame_that_nothing_fills_is_a_lost_session(writer):
    """Without the missing frame there is no success, and the session says how far it can be trusted."""
    tape = healthy()

    writer.feed(b"".join(tape.lines[:5] + tape.lines[6:]))
    session = writer.close(target_facts=TARGET_FACTS)

    assert session.outcome == "lost"
    assert session.error["message"] == "no terminal record: the last verified record is 4"


@pytest.mark.parametrize("kind", ["stream", "file", "directory", "segments", "no seek"])
def test_a_spool_may_be_a_stream_a_file_or_a_directory(writer, tmp_path, kind):
    """The spool is read from where the journal ends, whatever holds it."""
    data = healthy().data
    writer.feed(data[:1500])
    size = 700 if kind == "segments" else 1 << 20
    if kind == "stream":
        spool = io.BytesIO(data)
    elif kind == "no seek":
        spool = OneWay(data)
    else:
        spool = segments(tmp_path / "spool", data, size)
        (spool / "not-a-segment").write_bytes(b"x")
        spool = spool / "00000000.os1" if kind == "file" else spool

    writer.fill(spool, segment_bytes=size)

    assert journal(writer) == data


def segments(directory, data, size):
    """A directory with `data` in segments of `size` bytes."""
    directory.mkdir()
    for start in range(0, len(data), size):
        (directory / f"{start // size:08d}.os1").write_bytes(data[start : start + size])
    return directory


def test_segments_that_were_freed_are_not_missed_once_they_are_taken(writer, tmp_path):
    """What lies before the journal's end may be gone; lines may lie in two segments, the first of them a freed one."""
    data = healthy().data
    writer.feed(data[:1500])
    spool = segments(tmp_path / "spool", data, 300)
    for index in range(writer.next_offset // 300):
        (spool / f"{index:08d}.os1").unlink()

    writer.fill(spool, segment_bytes=300)

    assert writer.next_offset // 300 > 1
    assert journal(writer) == data


def test_a_segment_that_is_gone_and_needed_is_no_end_of_the_spool(writer, tmp_path):
    """The session does not take silence for the end: it says which file is missing."""
    data = healthy().data
    spool = segments(tmp_path / "spool", data, 300)
    (spool / "00000001.os1").unlink()

    with pytest.raises(SessionError, match=r"does not hold 00000001.os1 any more"):
        writer.fill(spool, segment_bytes=300)


def test_a_spool_that_grows_while_it_is_read_has_no_holes(writer, tmp_path):
    """A segment that is not full yet is the end for now, even where the next one has appeared meanwhile."""
    data = healthy().data
    spool = segments(tmp_path / "spool", data, 300)
    (spool / "00000001.os1").write_bytes(data[300:450])

    assert spool_range(spool, 200, 1000, segment_bytes=300) == data[200:450]
    assert spool_range(spool, len(data), 10, segment_bytes=300) == b""
    assert spool_range(spool, len(data) + 900, 10, segment_bytes=300) == b""


class OneWay(io.BytesIO):
    """A stream that cannot go back."""

    def seekable(self):
        """Say no."""
        return False


def test_a_spool_torn_at_its_end_brings_what_is_whole(writer):
    """A worker that died in a write leaves half a line, which is no record."""
    tape = begin(Tape())

    writer.fill(io.BytesIO(tape.data[:-5]))

    assert writer.next_seq == 7
    assert writer.needs_fill


def test_a_changed_frame_is_equivocation(writer):
    """The same number with another content, checksum and all, ends the session."""
    tape = begin(Tape())
    liar = Tape(lines=tape.lines[:3], ticks=3)
    liar.log("read", "reading flightz")
    writer.feed(tape.data)

    with pytest.raises(WireError, match="equivocation: record 3 came twice"):
        writer.feed(liar.lines[3])
    with pytest.raises(WireError, match="equivocation"):
        writer.feed(b"".join(healthy().lines[8:]))
    session = writer.close(target_facts=TARGET_FACTS)

    assert session.outcome == "lost"
    assert "equivocation: record 3" in session.error["message"]


def test_a_frame_with_a_flipped_byte_is_damaged_not_believed(writer):
    """A frame whose checksum does not match is a gap, and is counted."""
    tape = healthy()
    lines = list(tape.lines)
    lines[4] = lines[4].replace(b"rows_read", b"rows_reed")

    writer.feed(b"".join(lines))
    assert writer.next_seq == 4
    writer.fill(io.BytesIO(tape.data))
    session = finish(writer)

    assert session.outcome == "succeeded"
    assert session.target_facts["damaged"] == 1
    assert session.metrics[0]["metric"] == "rows_read"


def test_strangers_output_is_kept_and_counted(writer):
    """Bytes between frames, and frames of another session, are no records."""
    tape, foreign = healthy(), Tape(session_id="20261124T120000Z-ffffffff")
    foreign.log("read", "not ours")

    writer.feed(b"warning: shadow\n" + tape.lines[0] + foreign.data + b"".join(tape.lines[1:]) + b"bye")
    session = finish(writer)

    assert session.outcome == "succeeded"
    assert session.target_facts["strays"] == 3
    assert session.target_facts["stray_bytes"] == 16 + len(foreign.data) + 3
    kept = (session.directory / ".host" / "stray.out").read_bytes()
    assert kept == b"warning: shadow\n" + foreign.data + b"bye"


def test_a_frame_at_the_wrong_place_of_the_spool_is_refused(writer):
    """The offset that a frame states must be where it stands."""
    tape = Tape()
    tape.hello()
    moved = Tape(lines=[b"x" * (len(tape.data) + 1)])
    moved.log("read", "one")

    writer.feed(tape.data)

    with pytest.raises(WireError, match="record 1 says it is at byte"):
        writer.feed(moved.lines[1])


def test_a_frame_of_a_newer_worker_is_refused(writer):
    """A worker that this host did not start is at work: two of them cannot write one session."""
    tape = Tape()
    tape.hello()
    tape.epoch = 1
    tape.log("read", "one")
    writer.feed(tape.lines[0])

    with pytest.raises(WireError, match="record 1 is of epoch 1, this session's worker is of 0"):
        writer.feed(tape.lines[1])


def test_what_an_older_worker_still_says_is_dropped_and_counted(tmp_path):
    """Its frames are no duplicates, no gaps and no equivocation, and its heartbeats promise nothing."""
    old, new = go_on(begin(Tape(epoch=1))), begin(Tape(epoch=2))
    tag = session_tag(SESSION_ID)
    writer = open_writer(tmp_path, epoch=2)
    writer.feed(old.data + encode_heartbeat(tag=tag, epoch=1, seq=1000, offset=10**6))
    assert (writer.next_seq, writer.behind) == (0, False)

    writer.feed(new.lines[0] + old.data + b"".join(new.lines[1:]))

    assert (writer.next_seq, writer.behind) == (len(new.lines), False)
    session = writer.close(target_facts=TARGET_FACTS)
    assert session.target_facts["fenced"] == 2 * len(old.lines) + 1
    assert (session.target_facts["duplicates"], session.target_facts["gaps"]) == (0, 0)


@pytest.mark.parametrize("late", ["log", "terminal"])
def test_nothing_comes_after_the_terminal_record(writer, late):
    """A record behind the end, even a second end, makes the session lost."""
    tape = healthy()
    if late == "log":
        tape.log("write", "late")
    else:
        tape.terminal()

    with pytest.raises(WireError, match="record 22 comes after the terminal record"):
        writer.feed(tape.data)
    session = finish(writer)

    assert session.outcome == "lost"
    assert "record 22 comes after the terminal record" in session.error["message"]


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"session": "20261124T120000Z-ffffffff"}, "the worker's session is"),
        ({"request_digest": "0" * 64}, "the worker's request digest is"),
        ({"protocol": 2}, "the worker's protocol is 2"),
    ],
)
def test_a_worker_of_another_run_is_refused(writer, changed, words):
    """Hello must name this session, this request and this protocol."""
    tape = Tape()
    tape.hello(**changed)

    with pytest.raises(WireError, match=words):
        writer.feed(tape.data)


def test_a_second_hello_is_refused(writer):
    """Two workers cannot write one session."""
    tape = begin(Tape())
    tape.hello()

    with pytest.raises(WireError, match="a second hello"):
        writer.feed(tape.data)


@pytest.mark.parametrize(
    "payload",
    [b"{}", b"[]", b'{"kind":"event",}', b'{"kind":"terminal","ts":"x"}', b'{"kind":"hello"}', b'{"kind":"artifact"}'],
)
def test_a_payload_that_is_no_record_is_refused(writer, payload):
    """A frame may be whole and still say nothing that can be understood."""
    tape = Tape()
    tape.frame(payload)

    with pytest.raises(WireError, match="a record cannot be read"):
        writer.feed(tape.data)


def test_a_long_record_is_joined(writer):
    """A record in several parts is one record, in an event and in the terminal record alike."""
    text = "0123456789" * 20_000
    tape = begin(Tape())
    tape.event("page_made", "read", text=text)
    go_on(tape)
    tape.terminal()

    writer.feed(tape.data)
    session = finish(writer)

    assert session.outcome == "succeeded"
    assert tape.counts["part"] == 7
    assert [event["text"] for event in session.events if "text" in event] == [text]


def test_a_terminal_record_in_parts_ends_the_session(writer):
    """A run of very many steps has a long terminal record; it is verified like a short one."""
    tape = go_on(begin(Tape()))
    traceback = [{"module": "m" * 100, "function": "f", "line": 1}] * 1000
    tape.terminal(outcome="failed", failed_step="write", error={"type": "E", "message": "x", "traceback": traceback})
    assert len(tape.lines) > 23

    writer.feed(tape.data)
    session = finish(writer)

    assert (session.outcome, session.failed_step, len(session.error["traceback"])) == ("failed", "write", 1000)


def test_another_record_between_parts_is_refused(writer):
    """The parts of a record follow each other."""
    tape = begin(Tape())
    tape.event("page_made", "read", text="x" * 100_000)
    cut = Tape(lines=tape.lines[:-1], digest=tape.digest)
    cut.log("read", "between")

    with pytest.raises(WireError, match="stands between the parts"):
        writer.feed(cut.data)


@pytest.mark.parametrize("seed", range(40))
def test_any_mix_of_faults_heals(writer, seed):
    """Frames dropped, doubled, cut, garbled and mixed with strangers' bytes: the spool makes the session whole."""
    rng = random.Random(seed)
    tape = healthy()
    stream = b""
    for number, line in enumerate(tape.lines):
        match rng.randrange(8):
            case 0:
                continue
            case 1:
                stream += line * rng.randint(2, 3)
            case 2:
                stream += line[: rng.randrange(len(line))] + b"\n"
            case 3:
                place = rng.randrange(len(line) - 1)
                stream += line[:place] + b"?" + line[place + 1 :]
            case 4:
                stream += rng.randbytes(rng.randrange(200)).replace(b"\x1e", b"") + b"\n" + line
            case 5:
                stream += line + tape.lines[rng.randrange(number + 1)]
            case _:
                stream += line
    while stream:
        size = rng.choice([1, 50, 500, 5000])
        writer.feed(stream[:size])
        stream = stream[size:]
        assert tape.data.startswith(journal(writer))

    writer.fill(io.BytesIO(tape.data))

    assert journal(writer) == tape.data
    session = finish(writer)
    assert session.outcome == "succeeded"
    assert [event["event"] for event in session.events] == [r["name"] for r in tape.said if r["kind"] == "event"]


def test_two_writers_of_one_process_do_not_meet(tmp_path):
    """The same session id on two targets is two directories."""
    local, e2b = open_writer(tmp_path), open_writer(tmp_path, target="e2b")
    local.feed(healthy().data)

    assert (local.next_seq, e2b.next_seq) == (22, 0)
    local.release()
    e2b.release()
