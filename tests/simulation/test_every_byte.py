"""One short run, cut at every byte: of the live stream, of a range of the spool, and of the journal."""

from __future__ import annotations

import pytest

from osiris_core.testing.simulation import Fault, Kind, Schedule, play, scratch
from osiris_core.testing.simulation.script import short

PARTS = 8
JOURNAL_TORN_BYTES = 800
"""The last two frames of the run, and more."""


def run(*faults):
    """Return a run of the short script that is not closed: what it ends with is in its journal."""
    with scratch() as directory:
        return play(Schedule(seed=1, script=short(), faults=faults), directory, close=False)


def whole(played):
    """Whether everything came, in a journal that was right at every moment."""
    return played.finished and not played.standstill and not played.breaks and played.journal == played.written


@pytest.fixture(scope="module")
def uncut():
    """The run to which nothing happens."""
    played = run()
    assert whole(played)
    return played


def test_the_run_is_short_and_has_everything(uncut):
    """Three records, a checkpoint, a heartbeat, the terminal record: little enough for every byte."""
    kinds = [line.partition(b'"kind":"')[2].partition(b'"')[0] for line in uncut.written.splitlines()]
    assert kinds == [b"hello", b"event", b"event", b"checkpoint", b"terminal"]
    assert len(uncut.written) < uncut.printed_bytes < 1500
    assert sum(len(line) for line in uncut.written.splitlines(keepends=True)[-2:]) < JOURNAL_TORN_BYTES


@pytest.mark.parametrize("part", range(PARTS))
def test_a_line_cut_at_every_byte_and_a_range_cut_at_every_byte(uncut, part):
    """The line breaks at byte n; of the range that is read then, only n bytes come."""
    wrong = [
        at
        for at in range(part, uncut.printed_bytes + PARTS, PARTS)
        if not whole(run(Fault(kind=Kind.SPOOL_SHORT, at=0, size=at), Fault(kind=Kind.RESET, at=at)))
    ]
    assert wrong == []


@pytest.mark.parametrize("kind", [Kind.STALL, Kind.FALSE_EXIT, Kind.GARBLE, Kind.LOSE, Kind.DOUBLE, Kind.NO_END])
def test_other_faults_of_the_line_at_many_bytes(uncut, kind):
    wrong = [
        at for at in range(0, uncut.printed_bytes, 29) if not whole(run(Fault(kind=kind, at=at, size=1 + at % 400)))
    ]
    assert wrong == []


@pytest.mark.parametrize("part", range(PARTS))
def test_a_journal_torn_at_every_byte_of_its_last_frames(uncut, part):
    """The host dies in its last write, of which the disk has all but n bytes; another one goes on."""
    at = uncut.printed_bytes - 1
    wrong = []
    for torn in range(part, JOURNAL_TORN_BYTES, PARTS):
        played = run(Fault(kind=Kind.KILL_HOST, at=at, size=torn))
        if played.lives != 2 or not whole(played):
            wrong.append(torn)
    assert wrong == []


def test_a_sandbox_killed_at_many_bytes_leaves_a_prefix_and_no_end(uncut):
    """What came is whole frames from the beginning; nothing is made up."""
    for at in range(0, uncut.printed_bytes, 29):
        played = run(Fault(kind=Kind.KILL_SANDBOX, at=at))
        assert not played.standstill
        assert uncut.written.startswith(played.journal)
        assert played.journal == b"" or played.journal.endswith(b"\n")
