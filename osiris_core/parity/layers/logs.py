"""What each step logged (`.log`) and printed (`.out`): stream by stream, line by line.

Streams are never interleaved, so the order between the two says nothing. Lines go by the text rules.
"""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING, Final

from osiris_core.parity.hints import text_hint
from osiris_core.parity.lines import Block, differing_blocks, same_multiset, unified
from osiris_core.parity.record import Finding, Layer
from osiris_core.parity.streams import lines, size_bytes
from osiris_core.parity.values import counted, show_pair

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from osiris_core.parity.pair import Pair
    from osiris_core.parity.text import Judgement, TextRules

ALIGNED_BYTES: Final = 8 * 1024 * 1024
"""Larger streams are only walked line by line, with constant memory: the first difference, and how many."""

_FEW_PLACES: Final = 20
"""Streams of equal length that differ in at most so many lines are held against each other place by place."""


def compare_logs(pair: Pair) -> Iterator[Finding]:
    """Yield at most one finding for each stream of each step."""
    left, right = pair.left.session, pair.right.session
    for step in sorted({*left.logs, *right.logs, *left.printed, *right.printed}, key=pair.rank):
        yield from _compare_stream(pair, step, "log", left.logs, right.logs)
        yield from _compare_stream(pair, step, "out", left.printed, right.printed)


def _compare_stream(
    pair: Pair, step: str, kind: str, left: Mapping[str, bytes], right: Mapping[str, bytes]
) -> Iterator[Finding]:
    name = f"{step}.{kind}"
    if max(size_bytes(left, step), size_bytes(right, step)) > ALIGNED_BYTES:
        yield from _compare_huge(pair, step, name, lines(left, step), lines(right, step))
        return
    left_lines, right_lines = text_lines(left, step), text_lines(right, step)
    if left_lines == right_lines:
        return
    blocks = _held_by_number(pair.text, name, left_lines, right_lines)
    if blocks is None:
        blocks = _aligned(pair.text, left_lines, right_lines)
        _credit_rules(pair, name, (left_lines, right_lines), blocks)
    if blocks:
        yield _finding(pair, step, name, (left_lines, right_lines), blocks)


def _compare_huge(pair: Pair, step: str, name: str, left: Iterator[bytes], right: Iterator[bytes]) -> Iterator[Finding]:
    first, differing = None, 0
    for number, (a, b) in enumerate(zip_longest(left, right), start=1):
        if a == b:
            continue
        x, y = (line.decode("utf-8", "surrogateescape") if line is not None else None for line in (a, b))
        if x is not None and y is not None and pair.text.same(f"{name}:{number}", x, y):
            continue
        differing += 1
        first = first or (number, *show_pair(x if x is not None else "(absent)", y if y is not None else "(absent)"))
    if first:
        yield Finding(
            layer=Layer.LOGS,
            step=step,
            code="log-changed" if name.endswith(".log") else "printed-changed",
            path=f"{name}:{first[0]}",
            message=f"other text in {counted(differing, 'line')} (by line number), from line {first[0]:,} on",
            left=first[1].rstrip("\n"),
            right=first[2].rstrip("\n"),
        )


def _held_by_number(rules: TextRules, name: str, left: list[str], right: list[str]) -> list[Block] | None:
    """Return where lines of the same number differ under the rules, or None where that is no fair way to tell."""
    if len(left) != len(right):
        return None
    differing: list[int] = []
    set_aside: list[tuple[int, Judgement]] = []
    for place, (a, b) in enumerate(zip(left, right, strict=True)):
        if a != b:
            judgement = rules.judge(a, b)
            if judgement.equal:
                set_aside.append((place, judgement))
            else:
                differing.append(place)
    if len(differing) > max(_FEW_PLACES, len(left) // 50):
        return None
    for place, judgement in set_aside:
        rules.credit(f"{name}:{place + 1}", left[place], right[place], judgement)
    return _runs(differing)


def _aligned(rules: TextRules, left: list[str], right: list[str]) -> list[Block]:
    return differing_blocks([rules.left_key(line) for line in left], [rules.right_key(line) for line in right])


def _runs(places: list[int]) -> list[Block]:
    blocks: list[Block] = []
    for place in places:
        if blocks and blocks[-1].left_end == place:
            start = blocks.pop().left_start
            blocks.append(Block(start, place + 1, start, place + 1))
        else:
            blocks.append(Block(place, place + 1, place, place + 1))
    return blocks


def text_lines(streams: Mapping[str, bytes], step: str) -> list[str]:
    """Return the lines of a stream with their line feeds; bytes that are no UTF-8 stay distinct as escapes."""
    return [line.decode("utf-8", "surrogateescape") for line in lines(streams, step)]


def _credit_rules(pair: Pair, name: str, texts: tuple[list[str], list[str]], blocks: list[Block]) -> None:
    """Let the text rules count the lines that only they made equal."""
    at_left, at_right = 0, 0
    for block in [*blocks, Block(len(texts[0]), len(texts[0]), len(texts[1]), len(texts[1]))]:
        while at_left < block.left_start:
            if texts[0][at_left] != texts[1][at_right]:
                pair.text.same(f"{name}:{at_left + 1}", texts[0][at_left], texts[1][at_right])
            at_left, at_right = at_left + 1, at_right + 1
        at_left, at_right = block.left_end, block.right_end


def _finding(
    pair: Pair,
    step: str,
    name: str,
    texts: tuple[list[str], list[str]],
    blocks: list[Block],
) -> Finding:
    first = blocks[0]
    removed = [line for block in blocks for line in texts[0][block.left_start : block.left_end]]
    added = [line for block in blocks for line in texts[1][block.right_start : block.right_end]]
    left, right = show_pair(
        removed[0].rstrip("\n") if first.left_start < first.left_end else "(absent)",
        added[0].rstrip("\n") if first.right_start < first.right_end else "(absent)",
    )
    ordered = same_multiset(
        [pair.text.left_key(line) for line in removed], [pair.text.right_key(line) for line in added]
    )
    code, message = _wording(pair, len(removed), len(added), ordered=ordered)
    unfinished = "; one side ends without a line feed" if left == right else ""
    return Finding(
        layer=Layer.LOGS,
        step=step,
        code=f"{'log' if name.endswith('.log') else 'printed'}-{code}",
        path=f"{name}:{first.left_start + 1}",
        message=f"{message}, from line {first.left_start + 1:,} on{unfinished}",
        left=left,
        right=right,
        diff=unified(*texts, blocks, (f"{pair.left.label}/{name}", f"{pair.right.label}/{name}")),
        hint="the step does not fix the order of what it writes" if ordered else text_hint(removed, added),
    )


def _wording(pair: Pair, removed: int, added: int, *, ordered: bool) -> tuple[str, str]:
    """Return the end of the reason code, and what happened to how many lines."""
    if ordered:
        return "order", "the same lines in another order"
    if not removed:
        return "extra", f"{counted(added, 'line')} more on {pair.right.label}"
    if not added:
        return "missing", f"{counted(removed, 'line')} missing on {pair.right.label}"
    return "changed", f"other text in {counted(max(removed, added), 'line')}"
