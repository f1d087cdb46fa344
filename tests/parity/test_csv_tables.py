"""Two CSV files: cells, then the writing, then what would be equal as values; each apart from the others."""

from __future__ import annotations

import pytest

from osiris_core.parity.kinds.text import READ_BYTES
from tests.parity.table_pairs import canonical, codes, told, tolerance, unordered


def test_a_quoted_empty_text_is_no_missing_cell(tmp_path):
    """Engines read both alike; here they are two values."""
    (finding,) = told(tmp_path, "x.csv", b'id,a\n1,""\n2,x\n', b"id,a\n1,\n2,x\n").findings
    assert (finding.code, finding.left, finding.right) == ("table-cells", "''", "null")
    assert codes(told(tmp_path, "x.csv", b'id,a\n1,""\n', b"id,a\n1,\n", (canonical("empty-is-null"),))) == []


@pytest.mark.parametrize(
    ("right", "way"),
    [
        pytest.param(b'"id","a"\n"1","x"\n', "quoting", id="quoted"),
        pytest.param(b"id;a\n1;x\n", "delimiter", id="other-delimiter"),
        pytest.param(b"id,a\r\n1,x\r\n", "line endings", id="line-endings"),
        pytest.param(b"\xef\xbb\xbfid,a\n1,x\n", "byte order mark", id="byte-order-mark"),
        pytest.param(b"id,a\n1,x", "final newline", id="final-newline"),
        pytest.param(b"id,a\n\n1,x\n", "empty lines", id="empty-line"),
    ],
)
def test_the_same_cells_written_another_way_differ(tmp_path, right, way):
    """How a file is written is a difference, named, unless a rule declares that it is none."""
    (finding,) = told(tmp_path, "x.csv", b"id,a\n1,x\n", right).findings
    assert (finding.code, finding.message) == ("artifact-content", f"the same cells, written another way: {way}")
    assert finding.hint


@pytest.mark.parametrize(
    ("right", "form"),
    [
        (b'"id","a"\n"1","x"\n', "csv-dialect"),
        (b"id;a\n1;x\n", "csv-dialect"),
        (b"id,a\r\n1,x\r\n", "line-endings"),
        (b"\xef\xbb\xbfid,a\n1,x\n", "byte-order-mark"),
        (b"id,a\n1,x", "final-newline"),
    ],
)
def test_a_declared_writing_is_set_aside(tmp_path, right, form):
    """Under its own form, and not under another one."""
    result = told(tmp_path, "x.csv", b"id,a\n1,x\n", right, (canonical(form),))
    assert (codes(result), [aside.rule for aside in result.set_aside]) == ([], ["form"])
    other = "case" if form == "csv-dialect" else "csv-dialect"
    assert codes(told(tmp_path, "x.csv", b"id,a\n1,x\n", right, (canonical(other),))) == ["artifact-content"]


def test_cells_that_are_equal_as_values_differ_as_texts(tmp_path):
    """`007` is not `7`; the hint says what would make them equal, and the declared form does."""
    left, right = b"id,a,b,c\n1,007,2.50,TRUE\n", b"id,a,b,c\n1,7,2.5,true\n"
    (finding,) = told(tmp_path, "x.csv", left, right).findings
    assert finding.code == "table-cells"
    assert finding.hint.startswith("equal once types are inferred")
    result = told(tmp_path, "x.csv", left, right, (canonical("type-inference"),))
    assert (codes(result), [aside.rule for aside in result.set_aside]) == ([], ["form"])
    for other in (b"id,a,b,c\n1,8,2.5,true\n", b"id,a,b,c\n1,7,2.5000000000000000000000000000001,true\n"):
        assert codes(told(tmp_path, "x.csv", left, other, (canonical("type-inference"),))) == ["table-cells"]


def test_a_tolerance_reads_texts_as_numbers(tmp_path):
    """A column that a tolerance covers is compared as numbers where its cells are some."""
    left, right = b"id,v\n1,1.50\n2,x\n", b"id,v\n1,1.5000001\n2,x\n"
    assert codes(told(tmp_path, "x.csv", left, right, (tolerance("v", absolute=1e-3),))) == []
    (finding,) = told(tmp_path, "x.csv", left, b"id,v\n1,1.6\n2,y\n", (tolerance("v", absolute=1e-3),)).findings
    assert finding.table.columns[0].differing == 2
    assert finding.table.columns[0].max_absolute == pytest.approx(0.1)


def test_quoted_line_feeds_belong_to_a_cell(tmp_path):
    """Rows are records, not lines."""
    left = b'id,a\n1,"x\ny"\n2,z\n'
    (finding,) = told(tmp_path, "x.csv", left, left.replace(b"z", b"w")).findings
    assert finding.message.startswith("row 2, column a: 'z' and 'w'")


def test_columns_of_one_name_are_told_apart(tmp_path):
    """Two columns may have one name: they are compared by their place."""
    (finding,) = told(tmp_path, "x.csv", b"a,a\n1,2\n", b"a,a\n1,3\n").findings
    assert finding.message.startswith("line 2, column a: '2' and '3'")


def test_empty_lines_of_one_column_are_cells(tmp_path):
    """A missing cell in the only column is an empty line."""
    (finding,) = told(tmp_path, "x.csv", b"a\n1\n\n", b"a\n1\n").findings
    assert finding.code == "table-rows"


@pytest.mark.parametrize(
    ("right", "reason"),
    [
        pytest.param(b"id,a\n1\n", "Expected 2 columns, got 1", id="ragged"),
        pytest.param(b"", "it has no header", id="empty"),
    ],
)
def test_a_file_that_is_no_table_is_compared_as_text(tmp_path, right, reason):
    """The lines are compared, and that the cells were not is told."""
    result = told(tmp_path, "x.csv", b"id,a\n1,x\n", right)
    assert codes(result) == ["artifact-content"]
    (gap,) = result.not_compared
    assert gap.startswith("x.csv was compared as text, not as a table: ")
    assert reason in gap


def test_a_file_without_rows_is_a_table(tmp_path):
    """A header alone is a table of no rows."""
    (finding,) = told(tmp_path, "x.csv", b"id,a\n", b"id,a\n1,x\n").findings
    assert (finding.code, finding.message) == ("table-rows", "1 row only on e2b, of 0 and 1")


def test_large_files_are_compared_by_cells_too(tmp_path):
    """Past what is held in memory as text, rows and cells are still found."""
    rows = [f"{n},{'x' * 90}" for n in range(READ_BYTES // 90)]
    left = "\n".join(["id,a", *rows, ""]).encode()
    right = "\n".join(["id,a", *rows[:-1], f"{len(rows) - 1},y", ""]).encode()
    (finding,) = told(tmp_path, "x.csv", left, right).findings
    assert finding.message.startswith(f"line {len(rows) + 1:,}, column a: ")
    turned = "\n".join(["id,a", *reversed(rows), ""]).encode()
    assert codes(told(tmp_path, "x.csv", left, turned)) == ["table-row-order"]
    assert codes(told(tmp_path, "x.csv", left, turned, (unordered(),))) == []


def test_lines_that_cancel_leave_what_their_cells_would_say(tmp_path, monkeypatch):
    """Of large files without order only the other lines are read as cells, and the same is told."""
    rows = [f"{n},{n % 3}" for n in range(300)]
    left = "\n".join(["id,a", *rows, ""]).encode()
    changed = "\n".join(["id,a", *reversed(rows[:-1]), "299,x", ""]).encode()
    doubled = "\n".join(["id,a", *reversed(rows), rows[5], ""]).encode()
    by_cells = [told(tmp_path, "x.csv", left, right, (unordered(),)) for right in (changed, doubled)]
    monkeypatch.setattr("osiris_core.parity.kinds.tables.csv_lines.LARGE_BYTES", 0)
    by_lines = [told(tmp_path, "x.csv", left, right, (unordered(),)) for right in (changed, doubled)]
    (cell,), (row,) = (result.findings for result in by_lines)
    assert cell == by_cells[0].findings[0]
    assert cell.message == "id='299', column a: '2' and 'x'; 1 cell in 1 row differs, in a"
    assert (row.message, row.table.rows) == ("1 row only on e2b, of 300 and 301", (300, 301))
    turned = "\n".join(["id,a", *reversed(rows), ""]).encode()
    result = told(tmp_path, "x.csv", left, turned, (unordered(),))
    assert (codes(result), [aside.rule for aside in result.set_aside]) == ([], ["any-order"])


@pytest.mark.parametrize("large", [1 << 23, 0], ids=["by-cells", "by-lines"])
def test_an_empty_line_more_is_no_matter_of_row_order(tmp_path, monkeypatch, large):
    """Rows in another order are set aside, an empty line is still told."""
    monkeypatch.setattr("osiris_core.parity.kinds.tables.csv_lines.LARGE_BYTES", large)
    for right in (b"id,a\n2,y\n\n1,x\n", b"id,a\n1,x\n\n2,y\n", b"id,a\n1,x\n2,y\n\n"):
        (finding,) = told(tmp_path, "x.csv", b"id,a\n1,x\n2,y\n", right, (unordered(),)).findings
        assert finding.message == "the same cells, written another way: empty lines"
