"""The whole rows that a difference of tables keeps for its reader, and what it says of numbers that drift."""

from __future__ import annotations

from tests.parity.table_pairs import parquets, told, unordered

WIDE = {f"c{number:02}": [number] * 4 for number in range(12)}


def rows(table):
    return [(sample.row, sample.left, sample.right) for sample in table.samples]


def test_a_differing_row_is_kept_whole_between_its_neighbours(tmp_path):
    """In order, the equal rows before and behind come along; each has its cells in the columns that are named."""
    left = b"id,city,rows\n1,Oslo,5\n2,Bergen,7\n3,Narvik,9\n4,Moss,2\n"
    (found,) = told(tmp_path, "a.csv", left, left.replace(b"Narvik,9", b"Narvik,8")).findings
    assert (found.table.shown, found.table.width) == (("id", "city", "rows"), 3)
    assert rows(found.table) == [
        ("line 3", ("'2'", "'Bergen'", "'7'"), ("'2'", "'Bergen'", "'7'")),
        ("line 4", ("'3'", "'Narvik'", "'9'"), ("'3'", "'Narvik'", "'8'")),
        ("line 5", ("'4'", "'Moss'", "'2'"), ("'4'", "'Moss'", "'2'")),
    ]


def test_of_many_rows_and_columns_a_few_are_kept_with_those_that_differ(tmp_path):
    """Five differing rows in eight columns, the differing one in the last place among them."""
    left = {"id": list(range(40)), **{name: [0] * 40 for name in WIDE}}
    (found,) = parquets(tmp_path, left, left | {"c11": list(range(1, 41))}).findings
    table = found.table
    assert table.shown == ("id", "c00", "c01", "c02", "c03", "c04", "c05", "c11")
    assert table.width == 13
    assert [row for row, _, _ in rows(table)] == ["row 1", "row 2", "row 3", "row 4", "row 5"]


def test_rows_of_one_side_are_kept_without_the_other(tmp_path):
    """A row that only one side has shows its cells there, and nothing on the other side."""
    left = {"id": [1, 2, 3], "city": ["a", "b", "c"]}
    right = {"id": [1, 3, 4], "city": ["a", "c", "d"]}
    for rules in ((), (unordered(),)):
        (found,) = parquets(tmp_path, left, right, rules).findings
        assert rows(found.table) == [("", ("2", "'b'"), ()), ("", (), ("4", "'d'"))]


def test_a_number_says_which_way_it_went(tmp_path):
    """The least and the greatest of right minus left, of the differing rows alone and of texts that spell numbers too."""
    left = {"id": [1, 2, 3], "n": [2**60, 5, 5], "t": ["1.5", "2", "2"], "word": ["a", "b", "c"]}
    right = {"id": [1, 2, 3], "n": [2**60 + 1, 5, 9], "t": ["1", "2", "4.5"], "word": ["a", "x", "c"]}
    (found,) = parquets(tmp_path, left, right).findings
    assert [(each.name, each.least, each.greatest) for each in found.table.columns] == [
        ("n", 1.0, 4.0),
        ("t", -0.5, 2.5),
        ("word", None, None),
    ]


def test_cells_are_cut_around_what_differs(tmp_path):
    """Two long texts that differ behind what is shown of one text would look the same."""
    long = "x" * 500
    (found,) = parquets(tmp_path, {"a": [f"{long}1"]}, {"a": [f"{long}2"]}).findings
    (cell,) = found.table.cells
    assert (cell.left[-2:], cell.right[-2:]) == ("1'", "2'")
    assert found.table.samples[0].left == (cell.left,)
