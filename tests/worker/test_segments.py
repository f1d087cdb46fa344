"""The spool in segments: where bytes lie, what is freed, and a disk that takes less than it is given, or nothing."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from osiris_core.worker import segments as segments_module
from osiris_core.worker.segments import Segments


@pytest.fixture
def segments(tmp_path):
    """Segments of ten bytes."""
    made = Segments(tmp_path / "spool", 10)
    yield made
    made.close()


def held(segments):
    """What is on the disk, by the name of the file."""
    return {each.name: each.read_bytes() for each in sorted(segments.directory.iterdir())}


def test_every_segment_but_the_last_is_full(segments):
    """A place follows from an offset by arithmetic, whatever the sizes of the writes were."""
    for data in (b"0123", b"45678", b"9abcdefghijKLMNOPQ"):
        segments.write(data)
    assert held(segments) == {"00000000.os1": b"0123456789", "00000001.os1": b"abcdefghij", "00000002.os1": b"KLMNOPQ"}
    assert (segments.end, segments.path_of(13).name) == (27, "00000001.os1")


def test_a_segment_begins_with_its_first_byte(segments):
    """A full last segment stays the last one until something is written behind it."""
    segments.write(b"0123456789")
    assert list(held(segments)) == ["00000000.os1"]
    segments.write(b"a")
    assert held(segments)["00000001.os1"] == b"a"


@pytest.mark.parametrize(
    ("before", "left"),
    [(0, "012"), (9, "012"), (10, "12"), (19, "12"), (20, "2"), (27, "2"), (1 << 60, "2")],
)
def test_whole_segments_before_an_offset_are_freed_and_never_the_last(segments, before, left):
    """What the host may still want stays, and so does what is being written."""
    segments.write(bytes(25))
    segments.free(before)
    assert "".join(name[7] for name in held(segments)) == left
    segments.free(0)
    segments.write(b"end")
    assert held(segments)["00000002.os1"] == bytes(5) + b"end"


@pytest.mark.parametrize("kept", [0, 4, 9, 10, 11, 20, 25])
def test_what_is_taken_back_is_gone_from_every_segment(segments, kept):
    """A batch over several segments goes as a whole, and what is written next stands in its place."""
    data = bytes(range(48, 48 + kept))
    segments.write(data)
    segments.write(b"x" * 31)
    segments.take_back(kept)
    assert b"".join(held(segments).values()) == data
    segments.write(b"yz" * 8)
    assert b"".join(held(segments).values()) == data + b"yz" * 8


def test_freed_segments_do_not_come_back(segments):
    """Taking back behind a freed beginning leaves it freed."""
    segments.write(bytes(25))
    segments.free(20)
    segments.write(b"x" * 12)
    segments.take_back(25)
    assert held(segments) == {"00000002.os1": bytes(5)}


def test_short_writes_are_gone_on_with(segments, monkeypatch):
    """A system that takes three bytes at a time gets all of them, each once."""
    write = os.write
    monkeypatch.setattr(segments_module.os, "write", lambda descriptor, data: write(descriptor, data[:3]))
    segments.write(b"0123456789abcdef")
    assert b"".join(held(segments).values()) == b"0123456789abcdef"


def test_a_system_that_fails_in_the_middle_leaves_what_can_be_taken_back(segments, monkeypatch):
    """EIO behind a few bytes: the error comes out, and the end is known to the byte."""
    segments.write(b"first")
    write, left = os.write, [2, 1]

    def failing(descriptor, data):
        if not left:
            raise OSError(errno.EIO, "Input/output error")
        return write(descriptor, data[: left.pop()])

    with monkeypatch.context() as patched:
        patched.setattr(segments_module.os, "write", failing)
        with pytest.raises(OSError, match="Input/output error"):
            segments.write(b"second, in more than one segment")
    assert segments.end == 8
    segments.take_back(5)
    assert held(segments) == {"00000000.os1": b"first"}


def test_segments_that_the_disk_keeps_are_closed(segments):
    """Descriptors do not pile up: after a sync only the last segment is open."""
    before = open_files()
    segments.write(bytes(95))
    segments.sync()
    assert open_files() == before


def open_files():
    """How many descriptors this process has open."""
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def test_a_directory_that_is_there_is_refused(segments):
    """Nobody writes over a spool, not even one whose first segments were freed."""
    with pytest.raises(FileExistsError):
        Segments(segments.directory, 10)
