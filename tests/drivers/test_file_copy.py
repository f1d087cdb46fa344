from __future__ import annotations

import os
import stat

import pytest

from osiris_core.drivers.registry import load_driver


@pytest.fixture
def copy(ctx):
    """Copy with the given config; return where the step's artifacts are."""

    def copy_it(**config):
        assert load_driver("filesystem.copy").run(step_id="c", config=config, inputs={}, ctx=ctx) == {}
        return ctx.output_dir

    return copy_it


def mode_of(path):
    return oct(stat.S_IMODE(path.stat().st_mode))


def test_a_file_is_copied_byte_for_byte_under_its_name(copy, here, ctx):
    """Whatever is in it; its size is a metric."""
    (here / "data").mkdir()
    (here / "data" / "a.bin").write_bytes(bytes(range(256)) * 1000)
    assert (copy(path="data/a.bin") / "a.bin").read_bytes() == bytes(range(256)) * 1000
    assert ctx.metrics == [("bytes_copied", 256_000, "bytes")]


def test_another_name_may_lead_into_directories(copy, here):
    """They are made."""
    (here / "a").write_bytes(b"")
    assert (copy(path="a", to="x/y.txt") / "x" / "y.txt").read_bytes() == b""


@pytest.mark.parametrize(("given", "kept"), [(0o755, "0o755"), (0o600, "0o600"), (0o4751, "0o751"), (0o444, "0o444")])
def test_permissions_are_kept_or_plain(copy, here, given, kept):
    """Nine bits, whatever the umask; the bits that make a program run as somebody else stay behind."""
    (here / "a").write_text("#!/bin/sh\n")
    (here / "a").chmod(given)
    before = os.umask(0o077)
    try:
        assert mode_of(copy(path="a", to="kept") / "kept") == kept
        assert mode_of(copy(path="a", to="plain", mode="plain") / "plain") == "0o644"
    finally:
        os.umask(before)


def test_a_link_is_followed(copy, here):
    """The copy is a file."""
    (here / "a").write_text("a")
    (here / "link").symlink_to("a")
    made = copy(path="link") / "link"
    assert (made.is_symlink(), made.read_text()) == (False, "a")


def test_what_cannot_be_copied_is_named_as_the_manifest_names_it(copy, here):
    """Missing, a directory, something that is no file, and a place that is taken."""
    (here / "d").mkdir()
    os.mkfifo(here / "pipe")
    (here / "a").write_text("a")
    with pytest.raises(FileNotFoundError, match="'none'"):
        copy(path="none")
    with pytest.raises(IsADirectoryError, match="'d'"):
        copy(path="d")
    with pytest.raises(OSError, match="Not a regular file: 'pipe'"):
        copy(path="pipe")
    copy(path="a")
    with pytest.raises(FileExistsError):
        copy(path="a")
