from __future__ import annotations

from osiris_core.report.diffs import read_diff

DIFF = """--- local/a.txt
+++ e2b/a.txt
@@ -10,3 +12,3 @@
 before
-INFO first day is 2026-02-01
+INFO first day is 2026-01-31
 after
@@ -39,0 +43,1 @@
+new
… cut here; 99 lines differ in all"""


def shown(line) -> str:
    if line is None:
        return ""
    return f"{line.number} " + "".join(f"[{part.text}]" if part.changed else part.text for part in line.parts)


def rows(block) -> list[tuple[str, str]]:
    return [(shown(row.left), shown(row.right)) for row in block.rows]


def test_both_sides_have_their_line_numbers_and_stand_beside_each_other():
    """Names, headers, numbers counted on from a header, equal lines on both sides, words marked, and what is left out between."""
    diff = read_diff(DIFF)
    assert diff.names == ("local/a.txt", "e2b/a.txt")
    assert [(hunk.header, hunk.equal_before) for hunk in diff.hunks] == [
        ("@@ -10,3 +12,3 @@", 9),
        ("@@ -39,0 +43,1 @@", 27),
    ]
    first, second = diff.hunks
    assert [(block.changed, rows(block)) for block in first.blocks] == [
        (False, [("10 before", "12 before")]),
        (True, [("11 INFO first day is 2026-[02-01]", "13 INFO first day is 2026-[01-31]")]),
        (False, [("12 after", "14 after")]),
    ]
    assert rows(second.blocks[0]) == [("", "43 new")]
    assert diff.notes == ("The diff is cut here: 99 lines differ in all",)


def test_lines_that_look_like_file_names_are_content_within_a_hunk():
    """Dashes and pluses of the content itself are kept, and a header with lengths is read as well."""
    (hunk,) = read_diff("--- a\n+++ b\n@@ -1,2 +1,2 @@\n same\n--- old\n+++ new\n").hunks
    assert rows(hunk.blocks[1]) == [("2 [-- old]", "2 [++ new]")]


def test_runs_of_another_length_are_paired_by_their_words():
    """A line that came in front does not push all others beside lines that they have nothing to do with."""
    diff = read_diff("@@ -1 +1 @@\n-total of carrier AA is 12\n-gone\n+new\n+total of carrier AA is 13\n+more\n")
    assert rows(diff.hunks[0].blocks[0]) == [
        ("", "1 new"),
        ("1 total of carrier AA is [12]", "2 total of carrier AA is [13]"),
        ("2 gone", ""),
        ("", "3 more"),
    ]


def test_two_lines_that_look_the_same_say_where_they_differ():
    """A Cyrillic letter in a Latin word is named below the pair."""
    (hunk,) = read_diff("@@ -1 +1 @@\n-paypal\n+p\u0430ypal\n").hunks
    assert (
        "U+0061 LATIN SMALL LETTER A and U+0430 CYRILLIC SMALL LETTER A at character 2" in hunk.blocks[0].rows[0].note
    )


def test_a_long_diff_is_cut_with_a_number():
    """401 lines show 400, and one is told to be missing."""
    diff = read_diff("\n".join(["@@ @@", *["+x"] * 400]))
    assert (len(diff.hunks[0].blocks[0].rows), diff.hidden_lines) == (399, 1)


def test_text_that_is_no_diff_is_shown_as_it_is():
    """Whatever a comparer of others writes there is told; nothing at all is nothing."""
    assert read_diff("see elsewhere").notes == ("see elsewhere",)
    assert read_diff("").hunks == ()


def test_a_header_without_lengths_names_the_first_lines_that_differ():
    """As records of the first version have it: the equal lines before are counted back from there."""
    (hunk,) = read_diff("@@ -3 +4 @@\n a\n b\n-c\n+d\n").hunks
    assert [rows(block) for block in hunk.blocks] == [[("1 a", "2 a"), ("2 b", "3 b")], [("3 [c]", "4 [d]")]]
    assert hunk.equal_before == 0
