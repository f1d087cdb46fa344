"""The bytes of an artifact are shown only if they are those that were compared, lie where they should, and hold no secret that is known of."""

from __future__ import annotations

import dataclasses

import pytest

from osiris_core.parity.exhibit.contents import Contents
from osiris_core.parity.record import ByteSample
from tests.report.pictures import finding, found, put

PATH = "write-delays/a.png"
RUN = ".osiris/runs/20260203T101500Z-4f1c2a9e"


def told(root, finding, record, *, path=PATH, most_bytes=100):
    """Return of each side its bytes, or why there are none."""
    both = Contents(record, [root]).of(finding, path, most_bytes)
    return [each and (each.problem or each.data) for each in both]


@pytest.fixture
def record(tmp_path):
    return put(tmp_path, {PATH: (b"left", b"right")})


def test_both_sides_are_read(tmp_path, record):
    """With where they lie; of a large one the beginning, and a side without the file has none."""
    (given,) = record.comparison.findings
    left, right = Contents(record, [tmp_path]).of(given, PATH, 4)
    assert (left.data, left.whole, left.size_bytes, left.path) == (b"left", True, 4, f"{RUN}/local/artifacts/{PATH}")
    assert (right.data, right.whole, right.size_bytes) == (b"righ", False, 5)
    assert told(tmp_path, finding(PATH, b"left", None), record) == [b"left", None]


def test_another_file_than_the_one_that_was_compared_is_not_shown(tmp_path, record):
    """One of another size, or of the same size with another digest."""
    other = "it is not the file that was compared"
    assert told(tmp_path, finding(PATH, b"LEFT", b"longer"), record) == [other, other]


def test_nothing_is_read_through_a_link_or_from_elsewhere(tmp_path, record):
    """Neither the file, nor a directory on the way, nor a path that leads out; a pipe is not waited for."""
    (given,) = record.comparison.findings
    step = tmp_path / RUN / "local" / "artifacts" / "write-delays"
    outside = tmp_path / "outside"
    step.rename(outside)
    step.symlink_to(outside)
    assert "cannot be read" in told(tmp_path, given, record)[0]
    step.unlink()
    step.mkdir()
    (step / "a.png").symlink_to(outside / "a.png")
    assert "cannot be read" in told(tmp_path, given, record)[0]
    (step / "a.png").unlink()
    import os

    os.mkfifo(step / "a.png")
    assert "no plain file" in told(tmp_path, given, record)[0]
    for path in ("../../../../../outside/a.png", "write-delays//a.png", "write-delays/a\0.png", ""):
        assert "cannot be read" in told(tmp_path, given, record, path=path)[0]


def test_what_may_hold_a_secret_is_not_shown(tmp_path, record):
    """Where its manifest allows it, on both sides; where bytes of it were held back; and where nobody can tell."""
    (given,) = record.comparison.findings
    held = dataclasses.replace(given, samples=(ByteSample(offset=0, held_back=True),))
    assert told(tmp_path, held, record) == ["a secret is in it"] * 2
    waived = put(tmp_path, {PATH: (b"left", b"right")}, {"write-delays/*": "a key"})
    assert told(tmp_path, given, waived) == ["its manifest says that it may hold a secret"] * 2
    (tmp_path / RUN / "local" / "manifest.json").write_text("{}")
    assert told(tmp_path, given, record) == ["its manifest says that it may hold a secret"] * 2
    (tmp_path / RUN / "e2b" / "manifest.json").write_text("[]")
    assert told(tmp_path, given, record) == ["the session does not say whether it may hold a secret"] * 2


def test_a_session_that_is_gone_is_told(tmp_path, record):
    """As is a page made without them; a record that names no digests has no files to show."""
    (given,) = record.comparison.findings
    assert told(tmp_path / "elsewhere", given, record)[0] == f"its session cannot be read: {RUN}/local is not there"
    assert Contents(record, []).of(given, PATH, 9)[0].problem == "this page was made from the records alone"
    bare = dataclasses.replace(record, targets=tuple(dataclasses.replace(each, session_directory="") for each in record.targets))  # fmt: skip
    assert told(tmp_path, given, bare) == ["its session was not kept"] * 2
    assert told(tmp_path, dataclasses.replace(given, digests=("", "")), record) == [None, None]
    assert told(tmp_path, given, dataclasses.replace(found(given), targets=())) == [None, None]


def test_a_file_that_is_not_read_whole_has_the_size_that_was_compared(tmp_path, record):
    """Its digest cannot be held against the record's then; and a manifest that nests without end says nothing."""
    large = finding(PATH, b"left and more", b"right and more")
    assert [each.problem for each in Contents(record, [tmp_path]).of(large, PATH, 2)] == ["it is not the file that was compared"] * 2  # fmt: skip
    (tmp_path / RUN / "local" / "manifest.json").write_text('{"a":' * 100_000)
    (given,) = record.comparison.findings
    assert told(tmp_path, given, record) == ["the session does not say whether it may hold a secret"] * 2
