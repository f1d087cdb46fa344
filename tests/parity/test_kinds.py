"""A differing file is explained by its kind: the line, the column, the path, or the byte where it differs."""

from __future__ import annotations

import pytest

from osiris_core.parity.hints import text_hint
from osiris_core.parity.kinds.protocol import FilePair
from osiris_core.parity.kinds.registry import compare_files
from osiris_core.parity.kinds.text import READ_BYTES

LABELS = ("local", "e2b")


def told(folder, name, left, right):
    """Return the one finding about two contents of one file name."""
    (finding,) = findings(folder, name, left, right)
    return finding


def findings(folder, name, left, right):
    """Return all findings about two contents of one file name."""
    for side, data in (("a", left), ("b", right)):
        (folder / side).mkdir(exist_ok=True)
        (folder / side / name).write_bytes(data)
    pair = FilePair(path=name, left=folder / "a" / name, right=folder / "b" / name, labels=LABELS)
    return compare_files(pair).findings


def test_a_csv_names_line_and_column(tmp_path):
    """The first differing cell is named by its line and its header, with both values."""
    result = told(tmp_path, "x.csv", b"id,late\n1,10\n2,20\n", b"id,late\n1,10\n2,21\n")
    assert result.message == "line 3, column late: '20' and '21'; 1 cell in 1 row differs, in late"
    assert (result.code, result.path, result.left, result.right) == ("table-cells", "", "'20'", "'21'")
    assert result.diff == "--- local/x.csv\n+++ e2b/x.csv\n@@ -1,3 +1,3 @@\n id,late\n 1,10\n-2,20\n+2,21"


def test_a_csv_with_semicolons_names_its_column(tmp_path):
    """The delimiter is the one that the header uses most."""
    result = told(tmp_path, "x.csv", b"id;a,b;c\n1;2;3\n", b"id;a,b;c\n1;9;3\n")
    assert result.message.startswith("line 2, column a,b: '2' and '9'")


def test_a_csv_with_another_header_says_so(tmp_path):
    """A renamed column is one that is gone, and another."""
    gone, new = findings(tmp_path, "x.csv", b"id,a\n1,2\n", b"id,b\n1,2\n")
    assert (gone.code, gone.message) == ("table-schema", "only local has the column a")
    assert (new.code, new.message) == ("table-schema", "only e2b has the column b")


def test_a_shorter_csv_tells_the_rows(tmp_path):
    """Where one file goes on after the other's end, the rows are counted."""
    result = told(tmp_path, "x.csv", b"id\n1\n2\n", b"id\n1\n")
    assert (result.code, result.message, result.left) == ("table-rows", "1 row only on local, of 2 and 1", "id='2'")


def test_a_csv_in_another_order_says_so(tmp_path):
    """The same lines elsewhere are a matter of order."""
    result = told(tmp_path, "x.csv", b"id\n1\n2\n3\n", b"id\n3\n1\n2\n")
    assert result.hint == "rows in another order: add an ORDER BY"


def test_a_lost_row_is_not_taken_for_another_order(tmp_path):
    """A row that comes twice on one side and once on the other is no matter of order."""
    result = told(tmp_path, "x.csv", b"id\n1\n1\n2\n", b"id\n1\n2\n2\n")
    assert result.hint == ""


def test_line_endings_are_seen(tmp_path):
    """Where nothing but line endings differs, the hint says so and the diff shows them."""
    result = told(tmp_path, "x.csv", b"id\r\n1\r\n", b"id\n1\n")
    assert result.hint.startswith("only the line endings differ")
    assert "-id\\r" in result.diff


@pytest.mark.parametrize(
    ("right", "shift"),
    [
        (["Tue 10:00", "Wed 04:00"], "+05:00"),  # over midnight, as a zone does
        (["Tue 04:30", "Tue 22:30"], "-00:30"),
        (["Tue 10:00", "Wed 05:00"], ""),
        (["Tue 05:01", "Tue 23:01"], ""),
        (["Tue 10:00"], ""),
    ],
)
def test_clock_times_without_a_date_may_be_shifted_too(right, shift):
    """All of them alike, by quarters of an hour; a single one says nothing."""
    found = text_hint(["Tue 05:00", "Tue 23:00"], right)
    assert (f"shifted by {shift}:" in found) if shift else found == ""
    assert text_hint(["05:00"], ["10:00"]) == ""


def test_a_constant_shift_of_all_times_is_a_time_zone(tmp_path):
    """Times that all differ by the same quarter hours point to the time zone."""
    left = b"2026-11-24 12:00:00\n2026-11-24 18:30:00\n"
    right = b"2026-11-24 10:00:00\n2026-11-24 16:30:00\n"
    assert "shifted by -02:00" in told(tmp_path, "x.txt", left, right).hint


def test_times_that_differ_by_chance_are_no_time_zone(tmp_path):
    """Different shifts, or one of some seconds, are no hint."""
    assert told(tmp_path, "x.txt", b"2026-11-24 12:00:00\n", b"2026-11-24 12:00:07\n").hint == ""
    left = b"2026-11-24 12:00:00\n2026-11-24 18:30:00\n"
    right = b"2026-11-24 10:00:00\n2026-11-24 15:30:00\n"
    assert told(tmp_path, "x.txt", left, right).hint == ""


def test_a_decimal_comma_is_a_locale(tmp_path):
    """A comma for a point is named."""
    assert told(tmp_path, "x.txt", b"mean 1,5\n", b"mean 1.5\n").hint.startswith("decimal comma")


def test_broken_json_falls_back_to_its_text(tmp_path):
    """A file that only claims to be JSON is compared as text, however deep it is nested."""
    assert told(tmp_path, "x.json", b"{", b"[").message.startswith("other text in 1 line,")
    assert told(tmp_path, "x.json", b"[" * 100_000, b"[" * 99_999).message.startswith("other text in 1 line,")


def test_binary_names_the_offset(tmp_path):
    """The first differing byte is found, also at the end of the shorter file and past one chunk."""
    result = told(tmp_path, "x.bin", b"\0abc", b"\0abd")
    assert (result.message, result.left, result.right) == ("the first differing byte is at offset 3", "63", "64")
    assert told(tmp_path, "x.bin", b"\0abc", b"\0ab").right == "(end of file)"
    long = b"\0" * (READ_BYTES + 10)
    result = told(tmp_path, "x.csv", long + b"a", long + b"b")
    assert result.message == "the first differing byte is at offset 2,097,162"


def test_a_file_that_is_gone_is_said_to_be(tmp_path):
    """An artifact that cannot be opened any more still differs by digest, and that it was not opened is told."""
    result = compare_files(FilePair(path="x.txt", left=tmp_path / "none", right=tmp_path / "none", labels=LABELS))
    (finding,) = result.findings
    assert finding.message.startswith("the digests differ; the files cannot be opened any more")
    assert result.not_compared == ("x.txt was compared by digest only: No such file or directory",)


def test_files_that_became_equal_are_said_to_be(tmp_path):
    """A file that changed after its digest was taken is told apart from a real difference."""
    assert "equal now" in told(tmp_path, "x.txt", b"same\n", b"same\n").message
