"""Whatever lies in a file, what can be read is read, and the rest is one sentence: nothing is waited for, held or raised."""

from __future__ import annotations

import os
import socket

import pytest

from osiris_core.session import torn_lines
from osiris_core.session.leniently import read_leniently
from osiris_core.session.torn_lines import torn_object
from osiris_core.session.trees import scan_tree

KEYS = {"event": str}


def read(path, keys=KEYS):
    said = []
    return list(torn_lines.torn_lines(path, keys, said.append)), said


@pytest.mark.parametrize(
    ("data", "events", "says"),
    [
        (b'{"event":"a"}\n{"event":"b"}\n', "ab", []),
        (b"", "", []),
        (b'{"event":"a"}\nnope\n[1]\n', "a", ["f has 2 lines that are no record, line 2"]),
        (
            b'{"event":1}\n{"event":"b"}\n',
            "b",
            ["f has 1 line that is no record, line 1: it has a 'event' of the wrong type"],
        ),
        (b'{"event":"a"}\n{"event":"b"}', "ab", ["f is cut off: its last line has no end"]),
        (b'{"event":"a"}\n{"ev', "a", ["f has 1 line that is no record, line 2", "f is cut off"]),
        (b"\n", "", ["f has 1 line that is no record"]),
        (b"[" * 200_000 + b"\n", "", ["f has 1 line that is no record"]),
        (b'\xff\xfe{"event":"a"}\n{"event":"b"}\n', "b", ["f has 1 line that is no record"]),
    ],
)
def test_lines_that_are_no_records(tmp_path, data, events, says):
    """Good lines come, bad ones are counted, with the place of the first."""
    (tmp_path / "f").write_bytes(data)
    found, said = read(tmp_path / "f")
    assert "".join(each["event"] for each in found) == events
    assert len(said) == len(says)
    assert all(a.startswith(b) for a, b in zip(said, says, strict=True)), said


def test_a_line_without_end_is_never_held(tmp_path, monkeypatch):
    """It is skipped piece by piece, and the line behind it is read."""
    monkeypatch.setattr(torn_lines, "LINE_BYTES", 64)
    (tmp_path / "f").write_bytes(b'{"event":"a"}\n' + b"x" * 1000 + b'\n{"event":"b"}\n')
    found, said = read(tmp_path / "f")
    assert [each["event"] for each in found] == ["a", "b"]
    assert said == ["f has 1 line that is no record, line 2: it is longer than 64 bytes"]


def test_what_is_no_file(tmp_path):
    """A pipe, a directory, a link, nothing at all."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("/etc/passwd")
    (tmp_path / "directory").mkdir()
    assert read(tmp_path / "pipe") == ([], ["pipe is no regular file"])
    assert read(tmp_path / "directory") == ([], ["directory is no regular file"])
    assert read(tmp_path / "none") == ([], ["there is no none"])
    assert read(tmp_path / "link")[1][0].startswith("link cannot be read: ")


@pytest.mark.parametrize("text", ["{", "[]", "1", "", "[" * 200_000, "\0"])
def test_a_file_that_is_no_object(tmp_path, text):
    """It is empty then, and that is said."""
    (tmp_path / "f").write_text(text)
    said = []
    assert torn_object(tmp_path / "f", said.append) == {}
    assert len(said) == 1


def test_an_object_too_large_to_be_read(tmp_path, monkeypatch):
    """It is not read at all."""
    monkeypatch.setattr(torn_lines, "FILE_BYTES", 10)
    (tmp_path / "f").write_text('{"a": "0123456789"}')
    said = []
    assert torn_object(tmp_path / "f", said.append) == {}
    assert said == ["f is larger than 10 bytes, and was not read"]


def test_a_tree_is_told_whole(tmp_path):
    """Files by digest, and whatever is no file in words; links are not followed, circles are none."""
    (tmp_path / "deep" / "empty").mkdir(parents=True)
    (tmp_path / "deep" / "a").write_text("a")
    (tmp_path / os.fsdecode(b"b\xff")).write_text("b")
    (tmp_path / "circle").symlink_to(".")
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as listener:
        here = os.open(tmp_path, os.O_RDONLY)
        listener.bind(f"/proc/self/fd/{here}/socket")
        os.close(here)
    tree = scan_tree(tmp_path)
    assert list(tree.files) == ["b\\xff", "deep/a"]
    assert tree.others == {
        "circle": "a link to .",
        "deep/empty": "an empty directory",
        "pipe": "a pipe",
        "socket": "a socket",
    }
    assert tree.gaps == {}
    assert scan_tree(tmp_path / "nowhere").files == {}


def test_a_directory_that_is_no_session_is_read_as_an_empty_one(tmp_path):
    """Everything that a session must have is missing, and said."""
    found = read_leniently(tmp_path)
    assert (found.session.outcome, found.closed) == ("lost", False)
    assert "it has no terminal record: its run goes on, or its owner died before the end" in found.problems
    assert {"there is no events.jsonl", "there is no metrics.jsonl", "there is no manifest.json"} <= {*found.problems}
