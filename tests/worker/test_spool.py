"""The spool and its live copy under bad conditions."""

from __future__ import annotations

import errno
import json
import os

import pytest

from osiris_core.worker import segments as segments_module
from osiris_core.worker.live import LiveCopy
from osiris_core.worker.spool import Spool, SpoolError


def opened(directory, *, segment_bytes=1 << 20):
    return Spool(directory / "spool", tag="0a1b2c3d", epoch=0, checkpoint_every=1000, segment_bytes=segment_bytes)


@pytest.fixture
def spool(tmp_path):
    """An empty spool."""
    made = opened(tmp_path)
    yield made
    made.close()


def record(kind="metric", **values):
    return {"kind": kind, "ts": "t", "step": None, **values}


def test_a_batch_that_the_disk_refuses_is_taken_back_whole(spool, tmp_path, monkeypatch):
    """Half a batch on a full disk: file and tallies are as before it, and there is room for a last word."""
    spool.record(record(n=1))
    spool.record(record("artifact", path="a/b", sha256="b"))
    first = spool.flush()
    write = os.write
    room = [10]

    def full(descriptor, data):
        if not room:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(descriptor, bytes(data[: room.pop()]))

    spool.record(record(n=2))
    spool.record(record("artifact", path="a/c", sha256="c"))
    with monkeypatch.context() as patched:
        patched.setattr(segments_module.os, "write", full)
        with pytest.raises(SpoolError, match="No space left"):
            spool.flush()
    path = tmp_path / "spool" / "00000000.os1"
    assert path.read_bytes() == first
    assert dict(spool.tally.counts) == {"metric": 1, "artifact": 1}
    assert [each["path"] for each in spool.artifacts] == ["a/b"]
    assert spool.freight.recorded == {"a/b"}  # the ending looks for what was not: it would be lost without a word
    spool.record(record(n=3))
    second = spool.flush()
    assert path.read_bytes() == first + second
    last = path.read_bytes()[len(first) :].split(b" ", 7)
    assert (int(last[3]), int(last[4]), json.loads(last[7])["n"]) == (2, len(first), 3)


def test_a_batch_over_several_segments_is_taken_back_whole(tmp_path, monkeypatch):
    """The disk is full in the third segment of a batch: all three are as before, and what is known of the disk is said."""
    spool = opened(tmp_path, segment_bytes=100)
    spool.record(record(n=1))
    first = spool.flush()
    enter = segments_module.Segments._enter

    def full(segments, index):
        if index == 3:
            raise OSError(errno.ENOSPC, "No space left on device")
        enter(segments, index)

    spool.record(record(text="x" * 400))
    monkeypatch.setattr(segments_module.Segments, "_enter", full)
    with pytest.raises(SpoolError, match="No space left") as raised:
        spool.flush()
    assert (raised.value.path, raised.value.needed_bytes > 400) == ("spool/00000003.os1", True)
    assert raised.value.free_bytes > 0
    assert b"".join(each.read_bytes() for each in sorted((tmp_path / "spool").iterdir())) == first
    spool.close()


def test_the_room_that_was_kept_is_given_up_when_it_is_asked_for(spool, tmp_path):
    """A megabyte is there until the ending needs it, so that nobody else takes it before."""
    assert (tmp_path / "spool.reserve").stat().st_blocks * 512 >= 1 << 20
    spool.make_room()
    assert not (tmp_path / "spool.reserve").exists()


def test_a_disk_that_does_not_keep_what_it_took_is_a_fault(spool, monkeypatch):
    """An error of fsync is not overlooked; it is asked for once in an interval, and when it must be now."""
    asked = []

    def refused(descriptor):
        asked.append(descriptor)
        raise OSError(errno.EIO, "Input/output error")

    spool.record(record())
    spool.flush()
    monkeypatch.setattr(segments_module.os, "fsync", refused)
    spool.sync()
    assert asked == []
    with pytest.raises(SpoolError, match="Input/output error"):
        spool.sync(now=True)
    spool.sync(now=True)
    assert len(asked) == 1


def test_a_spool_is_never_written_over(spool, tmp_path):
    """A second worker in the same run directory is refused."""
    with pytest.raises(FileExistsError):
        opened(tmp_path)


@pytest.fixture
def pipe():
    """A pipe: (reading end, writing end)."""
    ends = os.pipe()
    yield ends
    os.close(ends[0])
    os.close(ends[1])


def test_a_batch_is_finished_or_left_out_never_torn(pipe):
    """With a full pipe whole batches are left out; one that was begun is finished first."""
    reading, writing = pipe
    live = LiveCopy(writing)
    big = b"a" * 100_000
    live.offer(big)
    assert live.unfinished
    live.offer(b"b" * 10)
    assert live.skipped_bytes == 10
    received = b""
    while live.unfinished:
        received += os.read(reading, 65_536)
        live.push()
    live.offer(b"c")
    assert received + os.read(reading, 200_000) == big + b"c"


def test_closing_waits_for_a_reader_only_so_long(pipe):
    """A reader that never reads is given up after the patience: the rest stays unwritten."""
    live = LiveCopy(pipe[1])
    live.offer(b"a" * 100_000)
    live.close(patience_s=0.01)
    assert live.unfinished


def test_a_reader_that_is_gone_is_no_error(pipe):
    """After EPIPE nothing is written any more, and nothing waits."""
    reading, writing = os.pipe()
    os.close(reading)
    live = LiveCopy(writing)
    live.offer(b"a")
    live.offer(b"b")
    live.close(patience_s=0.01)
    assert not live.unfinished
    os.close(writing)
