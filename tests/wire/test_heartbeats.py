"""Heartbeats between frames: they say how far the spool has come, and are no records."""

import pytest

from osiris_core.wire.frames import Damaged, FrameReader, Heartbeat, Stray, encode_frame, encode_heartbeat

TAG = "0123abcd"
BEAT = encode_heartbeat(tag=TAG, epoch=2, seq=17, offset=4711)
FRAME = encode_frame(tag=TAG, epoch=2, seq=0, offset=0, payload=b'{"kind":"log"}')


def test_a_heartbeat_is_a_line_with_its_checksum():
    """The line is written out, so that a change of format is noticed; the checksum was computed apart."""
    assert BEAT == b"\x1eOSB 0123abcd 2 17 4711 68dc1ecf\n"


def test_a_reader_finds_heartbeats_between_frames():
    items = FrameReader(TAG).feed(FRAME + BEAT + FRAME)
    assert [type(item).__name__ for item in items] == ["Frame", "Heartbeat", "Frame"]
    assert items[1] == Heartbeat(seq=17, epoch=2, offset=4711, line=BEAT)


def test_a_heartbeat_cut_anywhere_is_read_whole():
    for cut in range(len(BEAT) + 1):
        reader = FrameReader(TAG)
        assert [*reader.feed(BEAT[:cut]), *reader.feed(BEAT[cut:])] == [Heartbeat(17, 2, 4711, BEAT)]


def test_another_sessions_heartbeat_is_a_stray():
    other = encode_heartbeat(tag="ffffffff", epoch=2, seq=17, offset=4711)
    assert FrameReader(TAG).feed(other) == [Stray(other)]


@pytest.mark.parametrize("at", range(5, len(BEAT) - 1))
def test_a_changed_byte_makes_it_no_heartbeat(at):
    changed = BEAT[:at] + bytes([BEAT[at] ^ 1]) + BEAT[at + 1 :]
    assert not any(isinstance(item, Heartbeat) for item in FrameReader(TAG).feed(changed + FRAME))


def test_an_unfinished_heartbeat_is_nothing():
    reader = FrameReader(TAG)
    assert reader.feed(BEAT[:-1]) == []
    assert [type(item) for item in reader.finish()] in ([Stray], [Damaged])
