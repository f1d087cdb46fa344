"""Two lists of lines: where they differ, in bounded time and memory.

Equal ends are cut off first; lines that occur once on both sides anchor the rest (patience); only the small
gaps between anchors go to difflib, within a budget for the whole pair of lists. What exceeds the budget is
one block that was replaced: correct, only less fine.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from osiris_core.parity.values import printable, shorten, show_pair

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

GAP_LINES: Final = 200
"""A gap with more lines on a side never goes to difflib."""

BUDGET_LINES: Final = 4_000
"""Lines that difflib may see for one pair of lists."""

DIFF_LINES: Final = 80
"""Longest unified diff that is kept."""

CONTEXT: Final = 2


@dataclass(frozen=True, slots=True)
class Block:
    """Lines `[left_start, left_end)` became lines `[right_start, right_end)`."""

    left_start: int
    left_end: int
    right_start: int
    right_end: int


def differing_blocks(left: Sequence[str], right: Sequence[str]) -> list[Block]:
    """Return the blocks where two lists differ, in order; equal lists give none.

    Of several ways to tell it, the same one is taken whichever list is the left one.
    """
    if [*left] > [*right]:
        return [
            Block(each.right_start, each.right_end, each.left_start, each.left_end) for each in _blocks(right, left)
        ]
    return _blocks(left, right)


def _blocks(left: Sequence[str], right: Sequence[str]) -> list[Block]:
    budget = BUDGET_LINES
    blocks: list[Block] = []
    for gap in _gaps(left, right, _trim(left, right, Block(0, len(left), 0, len(right)))):
        lines = gap.left_end - gap.left_start + gap.right_end - gap.right_start
        fine = gap.left_end - gap.left_start <= GAP_LINES and gap.right_end - gap.right_start <= GAP_LINES
        if fine and lines <= budget:
            budget -= lines
            blocks.extend(_difflib(left, right, gap))
        else:
            blocks.append(gap)
    return blocks


def unified(
    left: Sequence[str], right: Sequence[str], blocks: Sequence[Block], names: tuple[str, str], *, first_line: int = 1
) -> str:
    """Return a unified diff of the raw lines with a little context, cut after `DIFF_LINES` lines and saying so.

    What is cut has lines of both sides: one side of a difference alone shows none.

    `first_line` is the number of both sides' first line, where they are a piece of something longer. Headers are those of any
    unified diff: the first line of both sides, and how many there are of each where nothing is cut.
    """
    out = [f"--- {names[0]}", f"+++ {names[1]}"]
    is_cut = False
    shown = 0  # left lines before this index are in the diff already
    for block, following in zip(blocks, [*blocks[1:], None], strict=True):
        before = max(shown, block.left_start - CONTEXT)
        shown = min(block.left_end + CONTEXT, following.left_start if following else len(left))
        context = block.left_start - before, shown - block.left_end
        places = (
            (before + first_line, sum(context) + block.left_end - block.left_start),
            (block.right_start - context[0] + first_line, sum(context) + block.right_end - block.right_start),
        )
        out.append("@@ -{} +{} @@".format(*(f"{start if length else start - 1},{length}" for start, length in places)))
        out.extend(f" {line}" for line in left[before : block.left_start])
        most_gone, most_come = _shares(block, DIFF_LINES - len(out))
        gone = left[block.left_start : block.left_start + most_gone]
        come = right[block.right_start : block.right_start + most_come]
        gone, come = _around_differences(gone, come) if len(gone) == len(come) else (gone, come)
        out.extend(f"-{line}" for line in gone)
        out.extend(f"+{line}" for line in come)
        is_cut = most_gone + most_come < block.left_end - block.left_start + block.right_end - block.right_start
        if is_cut:
            break
        out.extend(f" {line}" for line in left[block.left_end : shown])
        if len(out) >= DIFF_LINES:
            break
    differing = sum(max(b.left_end - b.left_start, b.right_end - b.right_start) for b in blocks)
    if is_cut or len(out) > DIFF_LINES:
        out = [*out[:DIFF_LINES], f"… cut here; {differing:,} lines differ in all"]
    return "\n".join(shorten(printable(line.rstrip("\n"))) for line in out)


def _shares(block: Block, room: int) -> tuple[int, int]:
    """Return how many lines of each side of a block there is room for: half of it each, and what one side does not need for the other."""
    gone, come = block.left_end - block.left_start, block.right_end - block.right_start
    half = max(0, room) // 2
    return min(gone, max(half, room - come)), min(come, max(half, room - gone))


def _around_differences(left: Sequence[str], right: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return lines that stand for each other, long ones cut around what differs and not before it."""
    pairs = [show_pair(a.rstrip("\n"), b.rstrip("\n")) for a, b in zip(left, right, strict=True)]
    return [a for a, _ in pairs], [b for _, b in pairs]


def same_multiset(left: Sequence[str], right: Sequence[str]) -> bool:
    """Whether both lists hold the same lines as often, in whatever order."""
    return len(left) == len(right) and Counter(left) == Counter(right)


def _trim(left: Sequence[str], right: Sequence[str], gap: Block) -> Block:
    start_left, end_left, start_right, end_right = gap.left_start, gap.left_end, gap.right_start, gap.right_end
    while start_left < end_left and start_right < end_right and left[start_left] == right[start_right]:
        start_left, start_right = start_left + 1, start_right + 1
    while start_left < end_left and start_right < end_right and left[end_left - 1] == right[end_right - 1]:
        end_left, end_right = end_left - 1, end_right - 1
    return Block(start_left, end_left, start_right, end_right)


def _gaps(left: Sequence[str], right: Sequence[str], whole: Block) -> Iterator[Block]:
    """Yield the trimmed gaps between the anchors of `whole`."""
    at_left, at_right = whole.left_start, whole.right_start
    for anchor_left, anchor_right in [*_anchors(left, right, whole), (whole.left_end, whole.right_end)]:
        gap = _trim(left, right, Block(at_left, anchor_left, at_right, anchor_right))
        if gap.left_start < gap.left_end or gap.right_start < gap.right_end:
            yield gap
        at_left, at_right = anchor_left + 1, anchor_right + 1


def _anchors(left: Sequence[str], right: Sequence[str], gap: Block) -> list[tuple[int, int]]:
    """Return the longest rising run of lines that occur exactly once on both sides."""
    once_left = _once(left, gap.left_start, gap.left_end)
    once_right = _once(right, gap.right_start, gap.right_end)
    pairs = [(index, once_right[line]) for line, index in once_left.items() if line in once_right]
    tails: list[int] = []  # smallest right index that ends a run of each length
    tail_pairs: list[int] = []
    previous: list[int] = []
    for number, (_, right_index) in enumerate(pairs):
        length = bisect_left(tails, right_index)
        previous.append(tail_pairs[length - 1] if length else -1)
        tails[length : length + 1] = [right_index]
        tail_pairs[length : length + 1] = [number]
    run: list[tuple[int, int]] = []
    number = tail_pairs[-1] if tail_pairs else -1
    while number >= 0:
        run.append(pairs[number])
        number = previous[number]
    return run[::-1]


def _once(lines: Sequence[str], start: int, end: int) -> dict[str, int]:
    counts = Counter(lines[start:end])
    return {line: index for index, line in enumerate(lines[start:end], start) if counts[line] == 1}


def _difflib(left: Sequence[str], right: Sequence[str], gap: Block) -> Iterator[Block]:
    from difflib import SequenceMatcher

    matcher = SequenceMatcher(
        None, left[gap.left_start : gap.left_end], right[gap.right_start : gap.right_end], autojunk=False
    )
    for tag, left_start, left_end, right_start, right_end in matcher.get_opcodes():
        if tag != "equal":
            yield Block(
                gap.left_start + left_start,
                gap.left_start + left_end,
                gap.right_start + right_start,
                gap.right_start + right_end,
            )
