"""What lies in a step's directory, however it was made: files are hashed, and whatever else is there is left out and said."""

from __future__ import annotations

import gzip
import hashlib
import os
import socket
import stat

import pytest

from osiris_core.session.files import remove_tree
from osiris_core.wire.limits import ArtifactLimits
from osiris_core.wire.paths import TreeNames
from osiris_core.worker import outbox
from osiris_core.worker.outbox import FoundFile, Scan, SkippedFile


@pytest.fixture
def step(tmp_path):
    """The directory of a step."""
    directory = tmp_path / "outbox" / "step"
    directory.mkdir(parents=True)
    return directory


def scan(step, limits=None):
    """Return what is found: path -> digest of a file, or the reason to leave it out."""
    found = Scan(limits=limits or ArtifactLimits(), names=TreeNames()).step(step.parent, "step")
    return {
        each.path: each.sha256 if isinstance(each, FoundFile) else each.reason if isinstance(each, SkippedFile) else ""
        for each in found
    }


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def test_links_and_special_files_are_left_out_without_waiting(step):
    """Links out, links in circles, a pipe nobody writes to, a socket, a device: each is named with what it is."""
    (step / "good").write_bytes(b"good")
    (step / "out").symlink_to("/etc/passwd")
    (step / "circle").symlink_to("circle")
    (step / "up").symlink_to("..")
    os.mkfifo(step / "pipe")
    wanted = {
        "step/circle": "it is a link",
        "step/good": sha256(b"good"),
        "step/out": "it is a link",
        "step/pipe": "it is a pipe",
        "step/socket": "it is a socket",
        "step/up": "it is a link",
    }
    if os.geteuid() == 0:
        os.mknod(step / "device", stat.S_IFCHR | 0o600, os.makedev(1, 5))
        wanted["step/device"] = "it is a device"
    with socket.socket(socket.AF_UNIX) as listener:
        here = os.open(step, os.O_RDONLY)
        listener.bind(f"/proc/self/fd/{here}/socket")
        os.close(here)

        assert scan(step) == wanted


def test_a_second_name_of_a_file_is_a_file(step):
    """Both names of a hard link have the same bytes."""
    (step / "one").write_bytes(b"x")
    (step / "two").hardlink_to(step / "one")

    assert scan(step) == {"step/one": sha256(b"x"), "step/two": sha256(b"x")}


def test_a_directory_exchanged_for_a_link_is_not_followed(step, tmp_path, monkeypatch):
    """Between the listing and the opening a directory becomes a link to elsewhere: what is there is not read."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "x").write_bytes(b"not to be read")
    (step / "inner").mkdir()
    (step / "inner" / "x").write_bytes(b"x")
    opened = os.open

    def exchanged(path, flags, *args, **kwargs):
        if path == "inner":
            (step / "inner").rename(tmp_path / "moved")
            (step / "inner").symlink_to(tmp_path / "elsewhere")
        return opened(path, flags, *args, **kwargs)

    monkeypatch.setattr(outbox.os, "open", exchanged)
    assert scan(step) == {"step/inner": "it cannot be read as a directory"}


@pytest.mark.parametrize("changes", [1, 2])
def test_a_file_that_changes_while_it_is_read_is_read_once_more(step, monkeypatch, changes):
    """A change in the first reading costs a second one; a change in both leaves it out as unstable."""
    (step / "x").write_bytes(b"0")
    hashed, left = outbox._hashed, [changes]

    def growing(source, size_bytes, **kwargs):
        if left[0]:
            left[0] -= 1
            with (step / "x").open("ab") as out:
                out.write(b"1")
        return hashed(source, size_bytes, **kwargs)

    monkeypatch.setattr(outbox, "_hashed", growing)
    wanted = sha256(b"01") if changes == 1 else "unstable: it changed while it was read"
    assert scan(step) == {"step/x": wanted}


def test_names_that_meet_elsewhere_are_kept_once_and_said(step):
    """Twins by case and by Unicode form: one of them travels, of the other it is said why not."""
    for name in ("A", "a", "\u00e9", "e\u0301", "b\u202eb", "\U0001f600", "n" * 255):
        (step / name).write_bytes(b"")

    found = scan(step)
    left_out = {path: reason for path, reason in found.items() if reason != sha256(b"")}
    assert left_out.keys() == {"step/a", "step/e\u0301"}
    assert "meet where case or form is ignored" in left_out["step/a"]
    assert "NFC" in left_out["step/e\u0301"]


def test_a_thousand_directories_are_refused_by_one_rule(step):
    """Nothing is read below the deepest level that travels; and the tree can be removed afterwards."""
    place = os.open(step, os.O_RDONLY)
    for _ in range(1000):
        os.mkdir("d" * 20, dir_fd=place)
        inner = os.open("d" * 20, os.O_RDONLY, dir_fd=place)
        os.close(place)
        place = inner
    os.close(os.open("end", os.O_CREAT | os.O_WRONLY, dir_fd=place))
    os.close(place)

    [(path, reason)] = scan(step).items()

    assert (path.count("/"), reason) == (63, "what it holds is deeper than 64 levels")
    remove_tree(step.parent)
    assert not step.exists()


def test_the_deepest_level_that_travels_is_looked_at(step):
    """A file at level 64 is an artifact."""
    (step / "/".join("d" * 62)).mkdir(parents=True)
    (step / "/".join("d" * 62) / "x").write_bytes(b"x")

    assert scan(step) == {"step/" + "/".join("d" * 62) + "/x": sha256(b"x")}


def test_modes_are_cut_to_permissions_and_times_do_not_matter(step):
    """Set-id and sticky bits go; a file of 1901 and one of 2500 are files."""
    for name, mode, time in (("old", 0o6755, -2_000_000_000), ("new", 0o1600, 16_725_225_600)):
        (step / name).write_bytes(b"x")
        (step / name).chmod(mode)
        os.utime(step / name, (time, time))

    found = Scan(limits=ArtifactLimits(), names=TreeNames()).step(step.parent, "step")
    assert {each.path: each.mode for each in found} == {"step/new": 0o600, "step/old": 0o755}


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_what_may_not_be_read_is_said(step):
    """A file and a directory without permissions are left out with a reason."""
    (step / "file").write_bytes(b"x")
    (step / "file").chmod(0)
    (step / "directory").mkdir(0)

    assert scan(step) == {
        "step/directory": "it cannot be read as a directory",
        "step/file": "it cannot be read: Permission denied",
    }


def test_an_archive_is_taken_as_it_is(step):
    """A megabyte of nothing in a kilobyte stays a kilobyte, whose digest is that of the file."""
    bomb = gzip.compress(bytes(1 << 20))
    (step / "bomb.gz").write_bytes(bomb)

    assert scan(step, ArtifactLimits(file_bytes=len(bomb))) == {"step/bomb.gz": sha256(bomb)}
