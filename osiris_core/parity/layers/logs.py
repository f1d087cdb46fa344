"""What each step logged (`.log`) and printed (`.out`): stream by stream, line by line.

Streams are never interleaved, so the order between the two says nothing. Lines go by the text rules; where declared rules
cover a stream, lines that are equal under them are settled too, one by one: that is where values are judged and counted.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import zip_longest
from typing import TYPE_CHECKING, Final

from osiris_core.parity.hints import text_hint
from osiris_core.parity.lines import Block, differing_blocks, same_multiset, unified
from osiris_core.parity.record import Finding, Layer
from osiris_core.parity.streams import lines, same_bytes, size_bytes
from osiris_core.parity.values import counted, show_pair
from osiris_core.rules.model import RecordKind

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
    record = RecordKind.LOG if kind == "log" else RecordKind.PRINTED
    rules = pair.text.under(pair.rules.covering_text(record, step, ""))
    if not rules.observes and same_bytes(left, right, step):
        return
    if max(size_bytes(left, step), size_bytes(right, step)) > ALIGNED_BYTES:
        yield from _compare_huge(rules, step, name, (lines(left, step), lines(right, step)))
        return
    left_lines, right_lines = text_lines(left, step), text_lines(right, step)
    blocks = aligned_blocks(rules, name, left_lines, right_lines)
    if rules.observes:
        yield from _settled(rules, step, name, (left_lines, right_lines), blocks)
    if blocks:
        yield _finding(pair, rules, name, (left_lines, right_lines), blocks)


def aligned_blocks(rules: TextRules, name: str, left: list[str], right: list[str]) -> list[Block]:
    """Return where two lists of lines differ under the default rules, with what these set aside counted.

    Lines outside the blocks belong together one by one; the values that declared rules claim in them are yet to be settled.
    """
    blocks = _held_by_number(rules, name, left, right)
    if blocks is None:
        blocks = _aligned(rules, left, right)
        for place, at_left, at_right in outside(blocks, left):
            a, b = left[at_left], right[at_right]
            rules.credit(f"{name}:{place}", a, b, rules.judge(a, b))
    return blocks


def _settled(
    rules: TextRules, step: str, name: str, texts: tuple[list[str], list[str]], blocks: list[Block]
) -> Iterator[Finding]:
    """Yield at most one finding: the first line that is equal but for a value which a declared rule does not let pass."""
    first: Finding | None = None
    more = 0
    for place, at_left, at_right in outside(blocks, texts[0]):
        a, b = texts[0][at_left], texts[1][at_right]
        said = rules.settle(f"{name}:{place}", a, b)
        if said is None:
            continue
        if first is not None:
            more += 1
            continue
        left, right = show_pair(a.rstrip("\n"), b.rstrip("\n"))
        first = Finding(
            layer=Layer.LOGS,
            step=step,
            code=said.code or f"{_stream(name)}-changed",
            path=f"{name}:{place}",
            message=said.fault or "a value that a rule covers differs",
            left=left,
            right=right,
        )
    if first is not None:
        yield replace(first, message=f"{first.message}; {counted(more, 'more line')} like it") if more else first


def _compare_huge(
    rules: TextRules, step: str, name: str, both: tuple[Iterator[bytes], Iterator[bytes]]
) -> Iterator[Finding]:
    first, differing = None, 0
    for number, (a, b) in enumerate(zip_longest(*both), start=1):
        if a == b and not rules.observes:
            continue
        x, y = (line.decode("utf-8", "surrogateescape") if line is not None else None for line in (a, b))
        if x is not None and y is not None and rules.same(f"{name}:{number}", x, y):
            continue
        differing += 1
        first = first or (number, *show_pair(x if x is not None else "(absent)", y if y is not None else "(absent)"))
    if first:
        yield Finding(
            layer=Layer.LOGS,
            step=step,
            code=f"{_stream(name)}-changed",
            path=f"{name}:{first[0]}",
            message=f"other text in {counted(differing, 'line')} (by line number), from line {first[0]:,} on",
            left=first[1].rstrip("\n"),
            right=first[2].rstrip("\n"),
        )


def _held_by_number(rules: TextRules, name: str, left: list[str], right: list[str]) -> list[Block] | None:
    """Return where lines of the same number differ under the rules, or None where that is no fair way to tell."""
    if len(left) != len(right):
        return None
    most = max(_FEW_PLACES, len(left) // 50)
    differing: list[int] = []
    set_aside: list[tuple[int, Judgement]] = []
    for place, (a, b) in enumerate(zip(left, right, strict=True)):
        if a != b:
            judgement = rules.judge(a, b)
            if judgement.equal:
                set_aside.append((place, judgement))
            elif len(differing) == most:
                return None
            else:
                differing.append(place)
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


def outside(blocks: list[Block], left: list[str]) -> Iterator[tuple[int, int, int]]:
    """Yield the lines between the blocks, which belong together: the left one's number, and both indices."""
    at_left, at_right = 0, 0
    for block in [*blocks, None]:
        end = len(left) if block is None else block.left_start
        while at_left < end:
            yield at_left + 1, at_left, at_right
            at_left, at_right = at_left + 1, at_right + 1
        if block is not None:
            at_left, at_right = block.left_end, block.right_end


def _stream(name: str) -> str:
    """Return how reason codes call a stream."""
    return "log" if name.endswith(".log") else "printed"


def _finding(
    pair: Pair,
    rules: TextRules,
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
    ordered = same_multiset([rules.left_key(line) for line in removed], [rules.right_key(line) for line in added])
    code, message = _wording(pair, len(removed), len(added), ordered=ordered)
    unfinished = "; one side ends without a line feed" if left == right else ""
    faults = (
        *(rules.fault(line, is_left=True) for line in removed),
        *(rules.fault(line, is_left=False) for line in added),
    )
    fault = next((each for each in faults if each), "")
    return Finding(
        layer=Layer.LOGS,
        step=name.rpartition(".")[0],
        code="rule-shape" if fault else f"{_stream(name)}-{code}",
        path=f"{name}:{first.left_start + 1}",
        message=f"{message}, from line {first.left_start + 1:,} on{unfinished}{f': {fault}' if fault else ''}",
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
