"""Line differences are exact and bounded, whatever the lines."""

from __future__ import annotations

import random

from osiris_core.parity.lines import DIFF_LINES, Block, differing_blocks, same_multiset, unified


def patched(left, right, blocks):
    """Return `left` with every block replaced by the right side's lines: `right`, if the blocks are true."""
    out, at = [], 0
    for block in blocks:
        out += left[at : block.left_start] + right[block.right_start : block.right_end]
        at = block.left_end
    return out + left[at:]


def test_equal_lists_have_no_block():
    """Nothing differs between equal lists, empty ones included."""
    assert differing_blocks([], []) == []
    assert differing_blocks(["a", "b"], ["a", "b"]) == []


def test_a_changed_an_added_and_a_lost_line_are_told_apart():
    """Each kind of change is a block of its own shape."""
    assert differing_blocks(["a", "b", "c"], ["a", "x", "c"]) == [Block(1, 2, 1, 2)]
    assert differing_blocks(["a", "c"], ["a", "x", "c"]) == [Block(1, 1, 1, 2)]
    assert differing_blocks(["a", "b", "c"], ["a", "c"]) == [Block(1, 2, 1, 1)]


def test_the_blocks_turn_one_list_into_the_other():
    """Replacing the blocks gives the other list: for many small lists, with repeated lines."""
    source = random.Random(7)
    for _ in range(300):
        left = [source.choice("abcde") for _ in range(source.randrange(30))]
        right = [line if source.random() < 0.8 else source.choice("abcde") for line in left if source.random() < 0.9]
        assert patched(left, right, differing_blocks(left, right)) == right


def test_large_lists_of_repeated_lines_stay_exact():
    """Beyond the budget the blocks get coarser, never wrong."""
    source = random.Random(7)
    left = [source.choice("ab") for _ in range(50_000)]
    right = [source.choice("ab") for _ in range(50_000)]
    assert patched(left, right, differing_blocks(left, right)) == right


def test_unique_lines_anchor_a_large_list():
    """Two far changes in a large list of unique lines are two small blocks."""
    left = [f"line {n}" for n in range(50_000)]
    right = left.copy()
    right[10] = "other"
    del right[49_000]
    assert differing_blocks(left, right) == [Block(10, 11, 10, 11), Block(49_000, 49_001, 49_000, 49_000)]


def test_a_diff_is_cut_and_says_so():
    """A diff stays short, and tells how much differs in all."""
    left, right = [f"l{n}\n" for n in range(1_000)], [f"r{n}\n" for n in range(1_000)]
    lines = unified(left, right, differing_blocks(left, right), ("local", "e2b")).split("\n")
    assert len(lines) <= DIFF_LINES + 1
    assert [sum(line.startswith(sign) for line in lines[2:]) for sign in "-+"] == [38, 38]
    assert lines[-1] == "… cut here; 1,000 lines differ in all"


def test_a_diff_never_shows_a_changed_line_as_context():
    """Context between two near blocks is what both sides have."""
    left, right = ["a\n", "b\n", "c\n", "d\n"], ["a\n", "x\n", "c\n", "y\n"]
    diff = unified(left, right, differing_blocks(left, right), ("l", "r"))
    assert diff == "--- l\n+++ r\n@@ -1,3 +1,3 @@\n a\n-b\n+x\n c\n@@ -4,1 +4,1 @@\n-d\n+y"


def test_a_multiset_counts():
    """The same lines as often, in any order; not merely the same set of lines."""
    assert same_multiset(["a", "b", "a"], ["a", "a", "b"])
    assert not same_multiset(["a", "b", "a"], ["a", "b", "b"])
