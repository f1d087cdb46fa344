"""Two text files that are too large to be held: equal ends are cut off in pieces, what lies between is diffed in a window."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import TYPE_CHECKING, Final

from osiris_core.parity.hints import CUT_OFF
from osiris_core.parity.kinds.encodings import lines_of
from osiris_core.parity.kinds.protocol import FileComparison, FileFinding, SetAside
from osiris_core.parity.kinds.text_lines import explain_lines
from osiris_core.parity.values import show_pair
from osiris_core.parity.writings import needed_forms, text_rules
from osiris_core.rules.forms import TEXT_FORMS, Form

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path
    from typing import BinaryIO, TextIO

    from osiris_core.parity.kinds.protocol import FilePair

CHUNK_BYTES: Final = 1024 * 1024
WINDOW_BYTES: Final = 256 * 1024
"""How much of the differing middle of each file is diffed."""

LINE_BYTES: Final = 1024 * 1024
"""Lines longer than this are not read as lines."""


class LongLineError(Exception):
    """A line is longer than `LINE_BYTES`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ends:
    """How many bytes two files have in common at their beginning and, besides, at their end; `lines` end in the former."""

    sizes: tuple[int, int]
    prefix: int
    suffix: int
    lines: int


def compare_large(pair: FilePair) -> FileComparison | None:
    """Say from which line on two large texts differ, or which declared rules make them equal. None where one is no UTF-8."""
    gaps: tuple[str, ...] = ()
    declared = text_rules(pair.rules)
    try:
        if needed := _needed_forms(pair, [form for form in declared if form in TEXT_FORMS]):
            rules = [declared[form] for form in needed]
            return FileComparison(set_aside=tuple(SetAside(rule=rule.id, reason=rule.reason) for rule in rules))
    except UnicodeDecodeError:
        return None
    except LongLineError:
        names = ", ".join(rule.id for rule in declared.values())
        gap = f"{pair.path} was not compared under {names}: it has a line longer than {LINE_BYTES:,} bytes"
        gaps = (gap,)
    told = _explained(pair, common_ends(pair.left, pair.right))
    return FileComparison(findings=(told,), not_compared=gaps) if told else None


def common_ends(left: Path, right: Path) -> Ends:
    """Compare two files from both ends, in pieces."""
    with left.open("rb", buffering=0) as a, right.open("rb", buffering=0) as b:
        sizes = a.seek(0, 2), b.seek(0, 2)
        a.seek(0), b.seek(0)
        prefix, lines = 0, 0
        while prefix < min(sizes):
            x, y = a.read(CHUNK_BYTES), b.read(CHUNK_BYTES)
            same = len(x) if x == y else _common_prefix(x, y)
            prefix, lines = prefix + same, lines + x[:same].count(b"\n")
            if not same or x != y:
                break
        suffix, room = 0, min(sizes) - prefix
        while suffix < room:
            step = min(CHUNK_BYTES, room - suffix)
            x, y = (_at(source, size - suffix - step, step) for source, size in zip((a, b), sizes, strict=True))
            same = step if x == y else _common_prefix(x[::-1], y[::-1])
            suffix += same
            if same < step:
                break
    return Ends(sizes=sizes, prefix=prefix, suffix=suffix, lines=lines)


def _explained(pair: FilePair, ends: Ends) -> FileFinding | None:
    """Diff what lies between the equal ends, whole lines of it, as far as it fits the window."""
    if ends.sizes == (ends.prefix, ends.prefix):
        return None
    start = _line_start(pair.left, ends.prefix)
    if start is None:
        return _inside_a_line(pair, ends)
    rests = [size - ends.suffix - start for size in ends.sizes]
    pieces = [
        _piece(path, start, min(rest, WINDOW_BYTES)) for path, rest in zip((pair.left, pair.right), rests, strict=True)
    ]
    if not all(piece.endswith(b"\n") or not piece for piece in pieces):  # then the line goes on in what is equal
        pieces = [
            piece + _rest_of_line(path, start + len(piece))
            for path, piece in zip((pair.left, pair.right), pieces, strict=True)
        ]
    try:
        texts = [piece.decode("utf-8") for piece in pieces]
    except UnicodeDecodeError:
        return None
    if any("\0" in text for text in texts):
        return None
    told = explain_lines(lines_of(texts[0]), lines_of(texts[1]), pair.names, first_line=ends.lines + 1)
    if told is None:
        return _inside_a_line(pair, ends)
    if max(rests) > WINDOW_BYTES:
        place = f"from line {ends.lines + 1:,} on"
        told = replace(
            told,
            message=f"other text {place}; of the {max(rests):,} bytes that differ the first {WINDOW_BYTES:,} were held against each other line by line",
        )
    cut = ends.prefix == min(ends.sizes)
    return replace(told, hint=told.hint or (CUT_OFF if cut else ""))


def _inside_a_line(pair: FilePair, ends: Ends) -> FileFinding:
    shown = [_piece(path, ends.prefix, 100).decode("utf-8", "replace") for path in (pair.left, pair.right)]
    left, right = show_pair(*shown)
    message = (
        f"other text in line {ends.lines + 1:,}, which is longer than {LINE_BYTES:,} bytes, at offset {ends.prefix:,}"
    )
    return FileFinding(message=message, left=left or "(end of file)", right=right or "(end of file)")


def _line_start(path: Path, offset: int) -> int | None:
    """Return where the line begins that `offset` lies in, or None where that is too far ahead."""
    begin = max(0, offset - LINE_BYTES)
    found = _piece(path, begin, offset - begin).rfind(b"\n")
    if found >= 0:
        return begin + found + 1
    return 0 if begin == 0 else None


def _piece(path: Path, start: int, length: int) -> bytes:
    with path.open("rb", buffering=0) as source:
        return _at(source, start, length)


def _rest_of_line(path: Path, start: int) -> bytes:
    with path.open("rb") as source:
        source.seek(start)
        return source.readline(LINE_BYTES)


def _needed_forms(pair: FilePair, forms: Sequence[Form]) -> tuple[Form, ...]:
    """Return which forms make two texts equal; none where they do not. They are walked once more for line endings."""
    other = [form for form in forms if form not in {Form.LINE_ENDINGS, Form.JSON_IN_TEXT}]
    found = _walked(pair, other, newline="\n") if other else None
    if found is None and Form.LINE_ENDINGS in forms:
        found = _walked(pair, other, newline=None)  # which translates them
        return () if found is None else (Form.LINE_ENDINGS, *found)
    return found or ()


def _walked(pair: FilePair, forms: Sequence[Form], *, newline: str | None) -> tuple[Form, ...] | None:
    """Walk two texts line by line, and return which forms made lines equal; None where lines differ all the same."""
    used: set[Form] = set()
    with ExitStack() as stack:
        sources = [
            stack.enter_context(path.open(encoding="utf-8", newline=newline)) for path in (pair.left, pair.right)
        ]
        for number, (x, y) in enumerate(zip_longest(*map(_lines, sources), fillvalue="")):
            if x != y:
                here = [form for form in forms if number == 0 or form is not Form.BYTE_ORDER_MARK]
                needed = needed_forms(x, y, here)
                if not needed:
                    return None
                used.update(needed)
    return tuple(form for form in forms if form in used)


def _lines(source: TextIO) -> Iterator[str]:
    while line := source.readline(LINE_BYTES):
        if len(line) == LINE_BYTES and not line.endswith("\n"):
            raise LongLineError
        yield line


def _at(source: BinaryIO, offset: int, length: int) -> bytes:
    source.seek(offset)
    return source.read(length)


def _common_prefix(left: bytes, right: bytes) -> int:
    """Bisect for the first differing index of two byte strings; the shorter one's end counts."""
    low, high = 0, min(len(left), len(right))
    while low < high:
        middle = (low + high + 1) // 2
        if left[low:middle] == right[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low
