"""One owner a session, and a journal that survives its owner."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from dataclasses import replace

import pytest

from osiris_core.errors import SessionError, WireError
from tests.session.tape import REQUEST, TARGET_FACTS, Tape, begin, go_on, healthy, open_writer, outbox


def journal(writer):
    return writer.host_directory / "journal.os1"


def test_a_second_owner_is_refused_and_told_the_first(writer, tmp_path):
    """Who comes second learns the pid of the owner."""
    with pytest.raises(SessionError, match=rf"being written by another owner \(pid {os.getpid()}\)"):
        open_writer(tmp_path)


def test_a_second_process_is_refused(writer):
    """The lock holds between processes, and the sentence names this one."""
    code = (
        "import sys\nfrom pathlib import Path\nfrom osiris_core.errors import SessionError\n"
        "from osiris_core.session.lock import OwnerLock\n"
        "try:\n    OwnerLock.take(Path(sys.argv[1]))\n"
        "except SessionError as error:\n    sys.exit(str(error))\n"
    )

    found = subprocess.run(
        [sys.executable, "-c", code, writer.host_directory / "lock"], capture_output=True, text=True, check=False
    )

    assert found.returncode == 1
    assert f"(pid {os.getpid()})" in found.stderr


def test_the_directory_is_free_again_after_release(tmp_path):
    """A released session can be taken over; what came before is still there."""
    first = open_writer(tmp_path)
    first.feed(begin(Tape()).data)
    first.release()

    second = open_writer(tmp_path)

    assert second.next_seq == 8
    assert second.hello["session"] == REQUEST.session_id
    second.release()


def test_a_journal_torn_anywhere_in_its_last_line_is_repaired(tmp_path):
    """At every byte of the last line: the torn line is cut off, and the run can go on from there."""
    tape = healthy()
    last = len(tape.lines[-1])
    writer = open_writer(tmp_path)
    writer.feed(tape.data)
    writer.release()

    for kept in range(last):
        journal(writer).write_bytes(tape.data[: len(tape.data) - last + kept])
        again = open_writer(tmp_path)
        assert (again.next_seq, again.next_offset) == (21, len(tape.data) - last)
        assert again.terminal is None
        assert journal(again).stat().st_size == len(tape.data) - last
        again.release()

    again = open_writer(tmp_path)
    again.feed(tape.lines[-1])
    again.adopt_artifacts(outbox(again.host_directory / "run" / "outbox"))
    assert again.close(target_facts=TARGET_FACTS).outcome == "succeeded"


@pytest.mark.parametrize("damage", ["byte", "line", "twice", "inserted"])
def test_a_journal_damaged_before_its_last_line_is_refused(tmp_path, damage):
    """A changed byte, a missing line, a doubled line and a stranger's line are no torn end."""
    tape = healthy()
    writer = open_writer(tmp_path)
    writer.feed(tape.data)
    writer.release()
    lines = list(tape.lines)
    if damage == "byte":
        lines[3] = lines[3].replace(b"reading", b"ridding")
    elif damage == "line":
        del lines[3]
    elif damage == "twice":
        lines.insert(3, lines[3])
    else:
        lines.insert(3, b"not ours\n")
    journal(writer).write_bytes(b"".join(lines))

    with pytest.raises(SessionError, match=r"journal\.os1 is damaged at byte \d+, before its last line"):
        open_writer(tmp_path)


def test_a_journal_with_two_ends_is_refused(tmp_path):
    """A journal that goes on behind its terminal record was not written by a session's owner."""
    tape = healthy()
    writer = open_writer(tmp_path)
    writer.feed(tape.data)
    writer.release()
    tape.terminal()
    journal(writer).write_bytes(tape.data)

    with pytest.raises(SessionError, match="holds what no session may: record 22 comes after the terminal record"):
        open_writer(tmp_path)


def test_a_refused_opening_leaves_the_directory_free(tmp_path):
    """Whoever could not open a session does not hold its lock."""
    writer = open_writer(tmp_path)
    writer.feed(healthy().data)
    writer.release()
    whole = journal(writer).read_bytes()
    journal(writer).write_bytes(whole.replace(b"reading", b"ridding"))
    with pytest.raises(SessionError):
        open_writer(tmp_path)
    journal(writer).write_bytes(whole)

    open_writer(tmp_path).release()


def test_a_closed_session_is_not_opened_again(record_session, tmp_path):
    """Nothing can be added to a closed session."""
    record_session()

    with pytest.raises(SessionError, match="is closed already"):
        open_writer(tmp_path)


def test_a_session_is_closed_once(writer):
    """A second close changes nothing."""
    writer.close(target_facts=TARGET_FACTS)
    before = (writer.directory / "session.json").read_bytes()

    with pytest.raises(SessionError, match="is closed already"):
        writer.close(target_facts=TARGET_FACTS, outcome_override="cancelled")
    assert (writer.directory / "session.json").read_bytes() == before


def test_the_directory_is_that_of_the_request(tmp_path):
    """A request of one session cannot be recorded as another."""
    with pytest.raises(ValueError, match="the request is of the session"):
        open_writer(tmp_path, session_id="20261124T120000Z-ffffffff")


def test_a_directory_begun_with_another_request_is_refused(tmp_path):
    """The records of one request are never continued with another."""
    open_writer(tmp_path).release()

    with pytest.raises(SessionError, match="was begun with another request"):
        open_writer(tmp_path, request=replace(REQUEST, seed=8))


def test_a_root_that_cannot_hold_directories_is_named(tmp_path):
    """Where nothing can be written, the sentence has the path and the reason."""
    (tmp_path / ".osiris").write_text("a file")

    with pytest.raises(SessionError, match=r"\.osiris cannot be made: File exists"):
        open_writer(tmp_path)


@pytest.fixture
def small_files():
    """A function that lets this process write files of so many bytes only, until the test ends."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    yield lambda size: resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_is_named_and_nothing_half_is_kept(writer, small_files, tmp_path):
    """When the journal cannot grow, the error says so, and what is on disk is still whole frames."""
    tape = go_on(begin(Tape()))
    writer.feed(tape.lines[0])

    small_files(len(tape.lines[0]) + 100)
    with pytest.raises(SessionError, match=r"journal\.os1 cannot take \d+ more bytes: File too large"):
        writer.feed(b"".join(tape.lines[1:]))
    with pytest.raises(WireError, match="cannot take"):
        writer.feed(b"".join(tape.lines[1:]))
    small_files(resource.getrlimit(resource.RLIMIT_FSIZE)[1])

    assert journal(writer).read_bytes() == tape.lines[0]
    assert writer.next_seq == 1
    session = writer.close(target_facts=TARGET_FACTS)
    assert session.outcome == "lost"
    assert "cannot take" in session.error["message"]


def test_a_disk_full_at_the_close_leaves_no_session(writer, small_files):
    """When the files cannot be written, the error names one, there is no session.json, and the lock is free."""
    writer.feed(healthy().data)

    small_files(64)
    with pytest.raises(SessionError, match="cannot be written: File too large"):
        writer.close(target_facts=TARGET_FACTS)
    small_files(resource.getrlimit(resource.RLIMIT_FSIZE)[1])

    assert not (writer.directory / "session.json").exists()
    open_writer(writer.directory.parents[3]).release()
