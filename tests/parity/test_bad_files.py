"""Files that cannot be compared: one sentence each, never a crash, never a wait, and never green."""

from __future__ import annotations

import os
import socket

import pytest

from osiris_core.parity.kinds.protocol import FilePair
from osiris_core.parity.kinds.registry import COMPARERS, compare_files
from osiris_core.parity.kinds.text import TextComparer


def compared(left, right, path="write/x.txt"):
    return compare_files(FilePair(path=path, left=left, right=right, labels=("local", "e2b")))


@pytest.fixture
def good(tmp_path):
    """A file that can be read."""
    path = tmp_path / "good.txt"
    path.write_text("a\n")
    return path


def make_link(path):
    path.symlink_to("good.txt")


def make_circle(path):
    path.symlink_to(path.name)


def make_socket(path):
    with socket.socket(socket.AF_UNIX) as served:
        served.bind(str(path))


ODD = {
    "a pipe": (os.mkfifo, "it is a pipe on e2b"),
    "a link": (make_link, "it is a link on e2b"),
    "a link to itself": (make_circle, "it is a link on e2b"),
    "a directory": (os.mkdir, "it is a directory on e2b"),
    "a socket": (make_socket, "it is a socket on e2b"),
    "nothing": (lambda path: None, "No such file or directory"),
}


@pytest.mark.parametrize("name", ODD)
def test_what_is_no_regular_file_is_told_and_not_opened(name, good, tmp_path):
    """A pipe does not make the comparison wait, a link is not followed; that the digests differ stays said."""
    make, reason = ODD[name]
    make(tmp_path / "odd")
    result = compared(good, tmp_path / "odd")
    assert result.not_compared == (f"write/x.txt was compared by digest only: {reason}",)
    assert result.findings[0].message.startswith("the digests differ; the files cannot be opened any more")


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_file_that_must_not_be_read_is_told(good, tmp_path):
    """Without permission only the digests are left."""
    closed = tmp_path / "closed"
    closed.write_text("b\n")
    closed.chmod(0)
    assert compared(good, closed).not_compared == ("write/x.txt was compared by digest only: Permission denied",)


@pytest.mark.parametrize(
    "change", [lambda path: path.write_text("now longer\n"), os.unlink], ids=["written", "removed"]
)
def test_a_file_that_changes_while_it_is_read_is_told(change, good, tmp_path, monkeypatch):
    """What was read is not what the digest was taken of, so nothing that was said of it can be green."""
    other = tmp_path / "other"
    other.write_text("b\n")
    real = TextComparer.compare

    def meddle(self, pair):
        told = real(self, pair)
        change(other)
        return told

    monkeypatch.setattr(TextComparer, "compare", meddle)
    assert compared(good, other).not_compared == ("write/x.txt changed on e2b while it was compared",)


def test_a_comparer_of_ours_that_breaks_is_told(good, tmp_path, monkeypatch):
    """A hostile file that breaks one comparer is compared by the next."""
    other = tmp_path / "other"
    other.write_text("b\n")

    def broken(self, pair):
        raise RecursionError("too deep")

    monkeypatch.setattr(TextComparer, "compare", broken)
    result = compared(good, other)
    assert result.not_compared == ("write/x.txt was not compared as text: RecursionError: too deep",)
    assert result.findings[0].message.startswith("the first differing byte is at offset 0")


def test_bytes_come_last():
    """Whatever no other comparer takes is compared as bytes."""
    assert [comparer.name for comparer in COMPARERS][-1] == "bytes"


@pytest.mark.parametrize("name", ["x.csv.gz", "x.zip", "x.png", "x.XLSX"])
def test_a_file_that_is_not_what_its_name_says_is_told(name, good, tmp_path):
    """It is compared as what it is, and the name keeps the verdict from green."""
    other = tmp_path / "other"
    other.write_text("b\n")
    result = compared(good, other, f"write/{name}")
    assert len(result.not_compared) == 2
    assert result.not_compared[0].startswith(
        f"write/{name} is not what its name says on local: it does not begin like "
    )
    assert [finding.message for finding in result.findings] == ["other text in 1 line, from line 1 on"]
