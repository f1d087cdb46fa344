from __future__ import annotations

import json
import os

import pytest

from osiris_core.errors import UsageError
from osiris_core.parity.record_io import decode_records
from osiris_core.report import files
from osiris_core.report.files import write_report


def test_page_and_records_lie_side_by_side(records, tmp_path):
    """Missing directories are made; the JSON has the page's stem, and the page links to it."""
    written = write_report(records, tmp_path / "new" / "dir" / "parity.html")
    assert (written.html, written.json) == (tmp_path / "new/dir/parity.html", tmp_path / "new/dir/parity.json")
    assert 'href="./parity.json"' in written.html.read_text("utf-8")
    assert sorted(each.name for each in written.html.parent.iterdir()) == ["parity.html", "parity.json"]


def test_the_records_come_back_as_they_were(records, tmp_path):
    """The JSON beside the page loses nothing; what is read equals what was written."""
    written = write_report(records, tmp_path / "parity.html")
    assert decode_records(written.json.read_bytes()) == records
    assert json.loads(written.json.read_bytes())["records"][3]["comparison"]["first_diverging_step"] == "delays"


def test_a_report_replaces_an_older_one(records, tmp_path):
    """Writing again gives new files with the permissions of any new file."""
    (tmp_path / "parity.html").write_text("old")
    written = write_report(records, tmp_path / "parity.html")
    assert written.html.read_text("utf-8").startswith("<!DOCTYPE html>")
    fresh = tmp_path / "fresh"
    fresh.touch()
    assert written.html.stat().st_mode == fresh.stat().st_mode


@pytest.mark.parametrize("place", ["file/parity.html", "taken.html", "half.html"])
def test_a_place_that_cannot_be_written_is_one_sentence(records, tmp_path, place):
    """A file as a directory, and a directory as either file, are refused, and nothing half is left behind."""
    (tmp_path / "file").touch()
    (tmp_path / "taken.html").mkdir()
    (tmp_path / "half.json").mkdir()
    before = sorted(tmp_path.iterdir())
    with pytest.raises(UsageError, match=r"^the report cannot be written to .*: .* \(give another path\)$"):
        write_report(records, tmp_path / place)
    assert sorted(tmp_path.iterdir()) == before


def test_the_page_cannot_take_the_name_of_the_records(records, tmp_path):
    """`--report x.json` would write two files to one name."""
    with pytest.raises(UsageError, match="is no place for a page"):
        write_report(records, tmp_path / "parity.json")


def test_a_full_disk_leaves_the_old_report(records, tmp_path, monkeypatch):
    """If the new files cannot be completed, both old ones stay and no temporary one remains."""
    (tmp_path / "parity.html").write_text("old page")
    (tmp_path / "parity.json").write_text("old records")

    def full(descriptor: int, mode: str):
        os.close(descriptor)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fdopen", full)
    with pytest.raises(UsageError, match="No space left on device"):
        write_report(records, tmp_path / "parity.html")
    assert {each.name: each.read_text() for each in tmp_path.iterdir()} == {
        "parity.html": "old page",
        "parity.json": "old records",
    }
