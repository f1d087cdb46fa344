"""Packs: a tree comes out as it went in, or not at all, and never anywhere else."""

from __future__ import annotations

import hashlib
import io
import json
import os

import pytest

from osiris_core.wire.errors import WireProtocolError
from osiris_core.wire.pack import MAGIC, PackEntry, PackLimits, Unpacked, unpack, write_pack
from osiris_core.wire.roots import artifact_root

HELLO = hashlib.sha256(b"hello").hexdigest()


def packed(*entries):
    out = io.BytesIO()
    write_pack(out, entries)
    return out.getvalue()


def entry(path, data=b"hello", mode=0o644, mtime_ns=None):
    return PackEntry(path=path, source=data, mode=mode, mtime_ns=mtime_ns)


def opened(data, destination, limits=None):
    return unpack(io.BytesIO(data), destination, limits or PackLimits(), keep_mtime=True)


def handmade(*members):
    """A pack written by hand: (header changes, bytes) per file, and a matching end."""
    out, rows = MAGIC, []
    for changes, data in members:
        digest = hashlib.sha256(data).hexdigest()
        head = {"path": "x", "size": len(data), "mode": "0644", "sha256": digest, "mtime_ns": None} | changes
        rows.append([head["path"], len(data), False, digest])
        encoded = json.dumps(head).encode()
        out += len(encoded).to_bytes(4, "big") + encoded + data
    root = hashlib.sha256(json.dumps(sorted(rows), separators=(",", ":")).encode()).hexdigest()
    end = json.dumps({"end": True, "members": len(rows), "root": root}).encode()
    return out + len(end).to_bytes(4, "big") + end


def test_a_tree_comes_out_as_it_went_in(tmp_path):
    """Paths, bytes, permission bits and times arrive; set-id bits and unasked times do not."""
    (tmp_path / "big").write_bytes(bytes(3_000_000))
    big = PackEntry(path="data/big.bin", source=tmp_path / "big", mode=0o600)
    data = packed(entry("run.sh", mode=0o4755, mtime_ns=1_500_000_000_123_456_789), entry("empty", b""), big)
    came = opened(data, tmp_path / "out")
    assert came == [
        Unpacked(path="run.sh", size_bytes=5, mode=0o755, sha256=HELLO),
        Unpacked(path="empty", size_bytes=0, mode=0o644, sha256=hashlib.sha256(b"").hexdigest()),
        Unpacked(
            path="data/big.bin", size_bytes=3_000_000, mode=0o600, sha256=hashlib.sha256(bytes(3_000_000)).hexdigest()
        ),
    ]
    status = (tmp_path / "out" / "run.sh").stat()
    assert (status.st_mode & 0o7777, status.st_mtime_ns) == (0o755, 1_500_000_000_123_456_789)
    assert (tmp_path / "out" / "data" / "big.bin").read_bytes() == bytes(3_000_000)


def test_a_handmade_pack_is_read(tmp_path):
    """The format is the documented one: a pack made from the description alone is accepted."""
    came = opened(handmade(({"path": "a/b"}, b"hello"), ({"path": "a/c"}, b"")), tmp_path / "out")
    assert [member.path for member in came] == ["a/b", "a/c"]


@pytest.mark.parametrize("path", ["../out.txt", "/tmp/abs", "a/../../x", "", "a\\b", "e\u0301"])
def test_no_path_leads_outside(tmp_path, path):
    """Paths that break a rule are refused by reader and writer, and nothing is written."""
    with pytest.raises(WireProtocolError, match="cannot travel"):
        packed(entry(path))
    with pytest.raises(WireProtocolError, match="cannot travel"):
        opened(handmade(({"path": path}, b"hello")), tmp_path / "out")
    assert list(tmp_path.rglob("*")) == [tmp_path / "out"]


def test_links_in_the_destination_are_not_followed(tmp_path):
    """A directory or file that is a link to elsewhere stops the unpacking; elsewhere stays as it was."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for number, link in enumerate(["linked", "file"]):
        destination = tmp_path / f"out{number}"
        destination.mkdir()
        (destination / link).symlink_to(elsewhere if link == "linked" else elsewhere / "new")
        with pytest.raises((WireProtocolError, FileExistsError)):
            opened(packed(entry("linked/x" if link == "linked" else "file")), destination)
    assert list(elsewhere.iterdir()) == []


def test_links_and_other_things_are_not_packed(tmp_path):
    """A link, a directory and a pipe are refused by the writer, without waiting."""
    (tmp_path / "link").symlink_to("/etc/passwd")
    os.mkfifo(tmp_path / "pipe")
    for source in (tmp_path / "link", tmp_path / "pipe", tmp_path):
        with pytest.raises(WireProtocolError, match="cannot be packed"):
            packed(PackEntry(path="x", source=source, mode=0o644))


def test_every_cut_and_every_flipped_byte_is_noticed(tmp_path):
    """No truncation and no change of one byte passes as a whole pack."""
    whole = packed(entry("a/b.txt"), entry("c", b"12345"))
    opened(whole, tmp_path / "whole")
    for place in range(len(whole)):
        flipped = whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :]
        for number, broken in enumerate((whole[:place], flipped)):
            if b"mtime_ns" in whole[place - 20 : place + 20] and number:
                continue  # times are not part of the proof
            with pytest.raises((ValueError, FileExistsError)):
                opened(broken, tmp_path / f"{place}-{number}")


def test_bytes_behind_the_end_are_refused(tmp_path):
    """A pack ends where it says it ends."""
    with pytest.raises(WireProtocolError, match="behind the pack's end"):
        opened(packed(entry("a")) + b"x", tmp_path / "out")


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        (PackLimits(members=1), "more than 1 files"),
        (PackLimits(member_bytes=4), "claims 5 bytes"),
        (PackLimits(total_bytes=9), "claims 5 bytes"),
    ],
)
def test_limits_hold(tmp_path, limits, message):
    """Too many files, a too big one, and too much together are refused; exactly the limits are not."""
    data = packed(entry("a"), entry("b"))
    with pytest.raises(WireProtocolError, match=message):
        opened(data, tmp_path / "out", limits)
    assert len(opened(data, tmp_path / "fits", PackLimits(members=2, member_bytes=5, total_bytes=10))) == 2


@pytest.mark.parametrize(
    "changes", [{"size": -1}, {"size": "x"}, {"mode": 420}, {"mode": "rw"}, {"sha256": "0" * 64}, {"size": 4}]
)
def test_lying_headers_are_refused(tmp_path, changes):
    """A header that is malformed or does not match its bytes is refused."""
    with pytest.raises(WireProtocolError):
        opened(handmade(({"path": "a"} | changes, b"hello")), tmp_path / "out")


def test_a_missing_file_is_noticed_by_the_root(tmp_path):
    """A pack whose end counts fewer files, but states the whole root, is refused."""
    two, one = handmade(({"path": "a"}, b"1"), ({"path": "b"}, b"2")), handmade(({"path": "a"}, b"1"))
    end = two[two.rindex(b'{"end"') :].replace(b'"members": 2', b'"members": 1')
    forged = one[: one.rindex(b'{"end"')] + end
    with pytest.raises(WireProtocolError, match="does not match the files"):
        opened(forged, tmp_path / "out")


def test_the_root_is_the_documented_one():
    """SHA-256 over the sorted canonical list; order, and mode but for the executable bit, do not matter."""
    text = b'[["a",1,false,"ff"],["b",2,true,"ee"]]'
    wanted = hashlib.sha256(text).hexdigest()
    assert artifact_root([("b", 2, "0755", "ee"), ("a", 1, 0o600, "ff")]) == wanted
    assert artifact_root([("a", 1, False, "ff"), ("b", 2, True, "ee")]) == wanted
    for other in (("a", 2, 0o644, "ff"), ("A", 1, 0o644, "ff"), ("a", 1, 0o744, "ff"), ("a", 1, 0o644, "f0")):
        assert artifact_root([other, ("b", 2, "0755", "ee")]) != wanted
