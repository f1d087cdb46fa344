from __future__ import annotations

from osiris_core.report.diffs import diff_lines, marked_pair


def shown(parts) -> str:
    return "".join(f"[{part.text}]" if part.changed else part.text for part in parts)


def test_the_differing_middle_is_marked_on_both_sides():
    """The common start and end stay plain, and overlap never."""
    left, right = marked_pair("rows=120 ok", "rows=1320 ok")
    assert (shown(left), shown(right)) == ("rows=120 ok", "rows=1[3]20 ok")
    left, right = marked_pair("aaa", "aa")
    assert (shown(left), shown(right)) == ("aa[a]", "aa")
    assert shown(marked_pair("same", "same")[0]) == "same"


def test_a_difference_far_into_a_long_value_stays_in_sight():
    """What is equal is cut first: the difference behind 5,000 equal characters is shown."""
    left, right = marked_pair("x" * 5_000 + "1", "x" * 5_000 + "2")
    assert shown(left) == f"(4,800 equal characters) …{'x' * 200}[1]"
    assert shown(right).endswith("[2]")


def test_lines_are_told_apart_by_side():
    """File names, places, context and both sides are five kinds; dashes within a hunk are content."""
    lines, hidden = diff_lines("--- a\n+++ b\n@@ -1 +1 @@\n same\n--- old\n+++ new\n")
    assert [(line.kind, line.sign, shown(line.parts)) for line in lines] == [
        ("file", " ", "--- a"),
        ("file", " ", "+++ b"),
        ("place", " ", "@@ -1 +1 @@"),
        ("same", " ", "same"),
        ("left", "-", "[-- old]"),
        ("right", "+", "[++ new]"),
    ]
    assert hidden == 0


def test_uneven_runs_are_whole_lines():
    """Two lines for one are not paired: nothing is marked, nothing lost, the order is left before right."""
    lines, _ = diff_lines("@@ @@\n-a\n-b\n+c\n-d\n+e\n")
    assert [(line.sign, shown(line.parts)) for line in lines[1:]] == [
        ("-", "a"),
        ("-", "b"),
        ("+", "c"),
        ("-", "[d]"),
        ("+", "[e]"),
    ]


def test_a_long_diff_is_cut_with_a_number():
    """401 lines show 400, and one is told to be missing."""
    lines, hidden = diff_lines("\n".join(["@@ @@", *["+x"] * 400]))
    assert (len(lines), hidden) == (400, 1)


def test_no_diff_is_no_line():
    """An empty diff is not one empty line."""
    assert diff_lines("") == ((), 0)
