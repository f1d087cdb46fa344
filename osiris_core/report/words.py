"""Two texts marked word by word: what they share, and where they differ.

The cost is bounded whatever comes in: equal ends are found by comparing slices, what lies between is cut to what a page shows,
and only a few hundred words of that are aligned. Beyond it the whole of what lies between is marked: true, only less fine.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Final

from osiris_core.report.text import MAX_LINE_CHARACTERS, visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MOST_WORDS: Final = 400
"""So many words of each side are aligned: the matcher's time grows with their square."""

SHARED_START_SHOWN: Final = 200
"""Of a long start that both sides share, so many characters are shown before what differs."""
_LONG_WORD: Final = 24
"""Within a longer word only what differs is marked; a shorter one is marked as a whole, which reads better."""
_LEAST_SHARED: Final = 0.3
"""Where less than this share of the words is the same, marks between them would be confetti."""

_WORD: Final = re.compile(r"\w+|\s+|.", re.DOTALL)
_BLANK_ENDS: Final = re.compile(r" +(?=\n|\Z)")
_Run = tuple[int, int, bool]  # start, end, whether it differs


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """A piece of visible text; `changed` where it differs from the other side."""

    text: str
    changed: bool


def marked_pair(left: str, right: str) -> tuple[tuple[Marked, ...], tuple[Marked, ...]]:
    """Return both texts in visible form, the words that differ marked; blanks at the ends of lines are `·`.

    Long texts are cut where both are equal first, so that the difference itself stays in sight.
    """
    start = common_start(left, right)
    end = common_end(left, right, min(len(left), len(right)) - start)
    start, end = _at_words(left, right, start, end)
    runs = _runs(left[start : len(left) - end], right[start : len(right) - end])
    return tuple(_pieces(left, start, end, runs[0])), tuple(_pieces(right, start, end, runs[1]))


def whole(text: str) -> tuple[Marked, ...]:
    """Return a text that has no counterpart, unmarked."""
    return tuple(_pieces(text, len(text), 0, ()))


def common_start(left: str, right: str) -> int:
    """Return how many characters two texts have in common from their start, by halving: slices are compared at once."""
    low, high = 0, min(len(left), len(right))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if left[low:middle] == right[low:middle] else (low, middle - 1)
    return low


def common_end(left: str, right: str, most: int) -> int:
    """Return how many characters, `most` at most, two texts have in common before their end."""
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        same = left[len(left) - middle : len(left) - low] == right[len(right) - middle : len(right) - low]
        low, high = (middle, high) if same else (low, middle - 1)
    return low


def _at_words(left: str, right: str, start: int, end: int) -> tuple[int, int]:
    """Move both borders out of short words, so that whole words are held against each other."""
    texts = left, right

    def is_cut(shared: int, step: int) -> bool:
        """Whether a word goes on over the border that lies after so many shared characters, counted from the side of `step`."""
        other = end if step > 0 else start
        places = [shared if step > 0 else len(text) - shared - 1 for text in texts]
        before = left[places[0] - step : places[0] - step + 1] if shared else ""
        after = [text[at] for text, at in zip(texts, places, strict=True) if shared + other < len(text)]
        return before.isalnum() and any(map(str.isalnum, after))

    start -= next((n for n in range(_LONG_WORD) if not is_cut(start - n, 1)), 0)
    return start, end - next((n for n in range(_LONG_WORD) if not is_cut(end - n, -1)), 0)


def _runs(left: str, right: str) -> tuple[list[_Run], list[_Run]]:
    """Return the runs of both middles; what is cut off a long one belongs to its last run."""
    a, b = (_WORD.findall(text[:MAX_LINE_CHARACTERS]) for text in (left, right))
    everything = [(0, len(left), True)] if left else [], [(0, len(right), True)] if right else []
    if not a or not b or max(len(a), len(b)) > MOST_WORDS or max(len(left), len(right)) > MAX_LINE_CHARACTERS:
        return everything
    matcher = SequenceMatcher(None, a, b, autojunk=False)
    if matcher.ratio() < _LEAST_SHARED:
        return everything
    found: tuple[list[_Run], list[_Run]] = [], []
    for tag, *places in matcher.get_opcodes():
        is_said = tag == "equal" and any(word[0].isalnum() for word in a[places[0] : places[1]])
        for side, words, (first, last) in ((0, a, places[:2]), (1, b, places[2:])):
            begin = found[side][-1][1] if found[side] else 0
            _extend(found[side], (begin, begin + sum(map(len, words[first:last])), not is_said))
    return found


def _extend(runs: list[_Run], run: _Run) -> None:
    """Add a run, joined to the one before where both are of one kind: a blank between two marked words is marked with them."""
    if runs and runs[-1][2] == run[2]:
        runs[-1] = (runs[-1][0], run[1], run[2])
    elif run[0] < run[1]:
        runs.append(run)


def _pieces(text: str, start: int, end: int, runs: Sequence[_Run]) -> Iterator[Marked]:
    """Yield what both share, the runs between, and what both share again; each cut where it is long."""
    if start:
        yield Marked(text=_start_shown(text, start, is_whole=start == len(text)), changed=False)
    for first, last, changed in runs:
        yield Marked(text=_shown(text, start + first, start + last), changed=changed)
    if end:
        yield Marked(text=_shown(text, len(text) - end, len(text)), changed=False)


def _start_shown(text: str, end: int, *, is_whole: bool) -> str:
    if is_whole or end <= MAX_LINE_CHARACTERS:
        return _shown(text, 0, end)
    hidden = end - SHARED_START_SHOWN
    return f"({hidden:,} equal characters) …{_shown(text, hidden, end)}"


def _shown(text: str, start: int, end: int) -> str:
    """Return a stretch of a text in visible form; blanks before the end of a line are marks."""
    last = min(end, start + MAX_LINE_CHARACTERS)
    piece = text[start:last]
    if text[last : last + 1] in {"", "\n"}:
        piece = _BLANK_ENDS.sub(lambda blanks: "·" * len(blanks[0]), piece)
    else:
        kept = piece.rstrip(" ")
        piece = _BLANK_ENDS.sub(lambda blanks: "·" * len(blanks[0]), kept) + piece[len(kept) :]
    hidden = end - last
    return visible(piece) + (f"… ({hidden:,} more characters)" if hidden else "")
