"""Two files as bytes: the same or not, and where they differ, against a reference that looks at every byte."""

from __future__ import annotations

import os
import random

import pytest

from osiris_core.parity.kinds import binary
from osiris_core.parity.kinds.binary import differing_ranges, explain_bytes, same_content

MIB = 1024 * 1024


@pytest.fixture
def files(tmp_path):
    def write(left, right):
        (tmp_path / "left").write_bytes(left)
        (tmp_path / "right").write_bytes(right)
        return tmp_path / "left", tmp_path / "right"

    return write


def slow_places(left, right):
    """Return the offset of every byte that differs; what only one side has differs."""
    both = min(len(left), len(right))
    return [i for i in range(both) if left[i] != right[i]] + list(range(both, max(len(left), len(right))))


def slow_ranges(places):
    """Return (offset, length) of the stretches: differing bytes less than 16 apart belong together."""
    ranges = []
    for place in places:
        if ranges and place - sum(ranges[-1]) < 16:
            ranges[-1] = (ranges[-1][0], place + 1 - ranges[-1][0])
        else:
            ranges.append((place, 1))
    return ranges


@pytest.mark.parametrize("seed", range(40))
def test_ranges_are_those_of_a_look_at_every_byte(seed, files, monkeypatch):
    """Whatever was changed, cut off or added, in small pieces that end anywhere, every figure is right."""
    monkeypatch.setattr(binary, "CHUNK_BYTES", 96)
    monkeypatch.setattr(binary, "BLOCK_BYTES", 32)
    rng = random.Random(seed)
    left = rng.randbytes(rng.randrange(0, 700))
    right = bytearray(left)
    for _ in range(rng.randrange(6)):
        if right:
            place = rng.randrange(len(right))
            length = rng.randrange(1, 30)
            right[place : place + length] = rng.randbytes(rng.choice([length] * 9 + [0, length + 1]))
    limit = rng.choice([1, 2, 5, 100])
    paths = files(left, bytes(right))
    places = slow_places(left, bytes(right))
    ranges = slow_ranges(places)

    found = differing_ranges(*paths, limit)
    assert same_content(*paths) is (not places)
    if not places:
        assert found is None
        return
    assert (found.first, found.last) == (places[0], places[-1])
    assert found.blocks == len({place // 32 for place in places})
    assert found.blocks_total == -(-max(len(left), len(right)) // 32)
    assert found.ranges == tuple(ranges[:limit])
    assert found.complete is (len(ranges) <= limit)
    assert found.sizes == (len(left), len(right))


@pytest.mark.parametrize(("gap", "ranges"), [(15, ((60, 21),)), (16, ((60, 5), (81, 1)))])
@pytest.mark.parametrize("block", [1 << 16, 65, 70])
def test_what_is_close_is_one_stretch(gap, ranges, block, files, monkeypatch):
    """Fifteen equal bytes between two that differ do not part them, sixteen do: inside a block and across its end."""
    monkeypatch.setattr(binary, "BLOCK_BYTES", block)
    left = bytes(200)
    right = bytearray(left)
    right[60:65] = b"abcde"
    right[65 + gap] = 1
    assert differing_ranges(*files(left, right)).ranges == ranges


def test_a_change_in_a_later_piece_is_found(files):
    """Four bytes in the third MiB: offsets and blocks of 64 KiB are told, also by the finding."""
    left = bytearray(3 * MIB + 5)
    right = bytearray(left)
    right[2 * MIB + 70_000 : 2 * MIB + 70_004] = b"abcd"
    right[-1] = 1
    paths = files(left, right)

    found = differing_ranges(*paths)
    assert (found.first, found.last) == (2_167_152, 3_145_732)
    assert (found.blocks, found.blocks_total) == (2, 49)
    assert found.ranges == ((2_167_152, 4), (3_145_732, 1))
    assert explain_bytes(*paths).message == (
        "the first differing byte is at offset 2,167,152, the last at 3,145,732; 2 of 49 blocks of 64 KiB differ"
    )
    assert not same_content(*paths)


def test_same_bytes_are_the_same(files):
    """Equal files, empty ones too, are the same; one that goes on is not."""
    assert same_content(*files(b"", b""))
    assert same_content(*files(bytes(MIB + 1), bytes(MIB + 1)))
    assert not same_content(*files(bytes(MIB), bytes(MIB + 1)))


def test_what_is_no_file_is_refused(files, tmp_path):
    """A pipe is not waited for, and a link is not followed."""
    left, right = files(b"x", b"x")
    right.unlink()
    os.mkfifo(right)
    with pytest.raises(OSError, match="not a regular file"):
        same_content(left, right)
    right.unlink()
    right.symlink_to(left)
    with pytest.raises(OSError, match="symbolic link"):
        differing_ranges(left, right)


def test_the_bytes_around_the_first_stretches_are_kept(files):
    """Whole lines of 16, one earlier where the difference is at a line's start; what is in sight already is no sample of its own."""
    left = bytes(range(256)) * 2
    right = bytearray(left)
    for place in (32, 60, 120, 200, 300, 400):
        right[place] ^= 0xFF
    found = explain_bytes(*files(left, bytes(right)))
    assert [sample.offset for sample in found.samples] == [16, 48, 112]
    first = found.samples[0]
    assert first.left == left[16:48].hex()
    assert first.right == right[16:48].hex()


def test_a_side_that_ends_has_no_bytes_to_show(files):
    """The shorter file's sample is what is left of it, or nothing."""
    found = explain_bytes(*files(b"a" * 32, b"a" * 32 + b"bc"))
    assert [(each.offset, each.left, each.right) for each in found.samples] == [(16, "61" * 16, "61" * 16 + "6263")]
