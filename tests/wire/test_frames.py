"""Frames: what is written is what is read, and nothing else is ever taken for it."""

from __future__ import annotations

import random
import zlib

import pytest

from osiris_core.wire.errors import WireProtocolError
from osiris_core.wire.frames import (
    MAX_LINE,
    MAX_PAYLOAD,
    Damaged,
    Frame,
    FrameReader,
    RunningDigest,
    Stray,
    encode_frame,
    session_tag,
)

TAG = "0a1b2c3d"
LINE = b'\x1eOS1 0a1b2c3d 0 7 1024 9 890329dd {"a":"b"}\n'


def frame(seq, payload=b"{}", tag=TAG):
    return encode_frame(tag=tag, epoch=0, seq=seq, offset=0, payload=payload)


def read(data, size=None):
    """Feed `data` in chunks of `size` and finish."""
    reader = FrameReader(TAG)
    items = []
    for start in range(0, len(data), size or len(data)):
        items += reader.feed(data[start : start + (size or len(data))])
    return items + reader.finish()


def test_a_frame_is_the_documented_line():
    """RS, magic, tag, epoch, sequence, offset, length, CRC-32 and payload, byte for byte."""
    assert encode_frame(tag=TAG, epoch=0, seq=7, offset=1024, payload=b'{"a":"b"}') == LINE
    assert read(LINE) == [Frame(seq=7, epoch=0, offset=1024, payload=b'{"a":"b"}', line=LINE)]


def test_the_tag_is_the_beginning_of_the_sessions_digest():
    """Eight hex digits of SHA-256 over the session id: here of "abc"."""
    assert session_tag("abc") == "ba7816bf"


@pytest.mark.parametrize("size", [1, 2, 3, 7, 40, 41, 10_000])
def test_chunk_borders_make_no_difference(size):
    """Any cut of the same bytes gives the same items, which together are those bytes."""
    data = (
        b"noise\n"
        + frame(0)
        + b"torn \x1e"
        + frame(1, b"[" + b"1," * 500 + b"1]")
        + b"\xff\x00\n\n"
        + frame(2)
        + b"rest"
    )
    items = read(data, size)
    assert items == read(data)
    assert [item.seq for item in items if isinstance(item, Frame)] == [0, 1, 2]
    assert b"".join(item.line if isinstance(item, Frame) else item.data for item in items) == data


@pytest.mark.parametrize("size", [1000, 32_768, 65_535, 65_536, 70_000])
def test_a_line_beyond_the_longest_is_cut_there_wherever_the_chunks_end(size):
    """A well-formed line that is too long is no frame, and comes in the same pieces whatever the chunks."""
    payload = b"x" * MAX_LINE
    crc = zlib.crc32(b"0a1b2c3d 0 7 1024 %d" % len(payload) + payload)
    line = LINE.replace(b" 9 890329dd ", b" %d %08x " % (len(payload), crc))
    line = line.replace(b'{"a":"b"}', payload)
    items = read(line + frame(1), size)
    assert [type(item) for item in items] == [Damaged, Stray, Frame]
    assert len(items[0].data) == MAX_LINE


@pytest.mark.parametrize("byte", [b"\x00", b"\t", b"\x1f", b"\x7f", b"\x80", b"\xff"])
def test_a_payload_is_printable_ascii_even_if_its_checksum_holds(byte):
    """A line with another byte in it was not written by a worker."""
    payload = b'{"a":"' + byte + b'"}'
    assert [type(item) for item in read(frame(0, payload))] == [Damaged]


@pytest.mark.parametrize(
    "broken",
    [
        LINE.replace(b'"b"', b'"c"'),
        LINE.replace(b" 9 ", b" 8 "),
        LINE.replace(b" 7 ", b" 07 "),
        LINE.replace(b" 7 ", b" -7 "),
        LINE.replace(b"890329dd", b"890329DD"),
        LINE.replace(b'"b"', b'"\xc3"'),
        LINE.replace(b"}\n", b"}\r\n"),
        LINE[:-1],
        LINE[:-5] + LINE,
    ],
)
def test_a_changed_line_is_damaged(broken):
    """One changed, missing or added byte, and the line is none; a whole one behind it is still read."""
    items = read(broken + LINE if broken.endswith(b"\n") and broken.count(b"OS1") == 1 else broken)
    assert isinstance(items[0], Damaged)
    assert items[0].reason
    assert all(item == Frame(7, 0, 1024, b'{"a":"b"}', LINE) for item in items[1:])


@pytest.mark.parametrize(
    "stray", [b"hello\n", frame(0, tag="ffffffff"), b"\x1eother\n", b"\n", b"OS1 0a1b2c3d 0 0 0 2 x {}\n"]
)
def test_what_never_was_a_frame_of_this_session_is_stray(stray):
    """Prints, other sessions' frames and bare separators are strays, and do not stop the reading."""
    assert read(stray + frame(1)) == [Stray(stray), *read(frame(1))]


def test_every_single_byte_change_is_noticed():
    """Whatever byte of a frame is replaced, be it of its number or its place, no frame comes out."""
    generator = random.Random(1)
    line = frame(3, b'{"value":12345}')
    for place in range(len(line)):
        changed = bytearray(line)
        changed[place] = (changed[place] + generator.randrange(1, 256)) % 256
        assert [item for item in read(bytes(changed)) if isinstance(item, Frame)] == []


def test_memory_is_bounded_without_a_line_end():
    """A stream that never ends its line is given back in pieces; the reader holds less than one line."""
    reader = FrameReader(TAG)
    given = sum(len(item.data) for _ in range(64) for item in reader.feed(b"x" * 10_000))
    assert 640_000 - given < MAX_LINE


def test_a_payload_that_fits_makes_a_line_that_fits():
    """The longest payload with the longest numbers stays within the longest line; one byte more is refused."""
    line = encode_frame(tag=TAG, epoch=10**9, seq=10**18, offset=10**18, payload=b"x" * MAX_PAYLOAD)
    assert len(line) <= MAX_LINE
    assert isinstance(read(line)[0], Frame)
    with pytest.raises(WireProtocolError, match="split it into parts"):
        encode_frame(tag=TAG, epoch=0, seq=0, offset=0, payload=b"x" * (MAX_PAYLOAD + 1))


def test_the_running_digest_is_the_documented_one():
    """SHA-256 over 8-byte numbers and payload; the value for one frame 0 with payload `{}` was computed with openssl."""
    digest = RunningDigest()
    digest.update(0, b"{}")
    assert digest.hexdigest() == "9293134d2f3453708cb9b5f1264504d96eb154dee855f5d511a0a96b12393c11"


def test_the_running_digest_notices_order_number_and_border():
    """Swapped, renumbered or differently cut payloads have other digests; a copy goes its own way."""
    wanted = digest_of((0, b"ab"), (1, b"c"))
    others = [((0, b"c"), (1, b"ab")), ((0, b"ab"), (2, b"c")), ((0, b"a"), (1, b"bc")), ((0, b"ab"),)]
    assert all(digest_of(*other).hexdigest() != wanted.hexdigest() for other in others)
    copy = wanted.copy()
    copy.update(2, b"d")
    assert (wanted.frames, copy.frames) == (2, 3)
    assert wanted.hexdigest() == digest_of((0, b"ab"), (1, b"c")).hexdigest()


def digest_of(*frames):
    digest = RunningDigest()
    for seq, payload in frames:
        digest.update(seq, payload)
    return digest
