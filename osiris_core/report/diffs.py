"""A unified diff as two columns of numbered lines, which a page shows side by side or one above the other."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING, Final

from osiris_core.report.lookalikes import looks_alike
from osiris_core.report.text import first_lines
from osiris_core.report.words import marked_pair, whole

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from osiris_core.report.words import Marked

_PLACE: Final = re.compile(r"@@ -(\d{1,15})(?:,(\d+))? \+(\d{1,15})(?:,(\d+))? @@")
_CUT: Final = "… cut here; "
_MOST_PAIRED: Final = 40
"""Runs of more lines that are not as many on both sides are not searched for pairs."""
_LEAST_ALIKE: Final = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class DiffLine:
    """A line of one side; `number` is empty where the diff does not say it."""

    number: str
    parts: tuple[Marked, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DiffRow:
    """A line of each side that stand beside one another; None where a side has none. `note` is what cannot be seen in them."""

    left: DiffLine | None
    right: DiffLine | None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Rows that are all the same on both sides, or all of a run that is not."""

    changed: bool
    rows: tuple[DiffRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hunk:
    """Lines that stand together: `header` as in the diff, `equal_before` the equal lines left out before it."""

    header: str
    equal_before: int
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Diff:
    """A whole diff: `names` are those of both files, `notes` what it says besides, `hidden_lines` how many lines of it are left out."""

    names: tuple[str, str] = ("", "")
    hunks: tuple[Hunk, ...] = ()
    notes: tuple[str, ...] = ()
    hidden_lines: int = 0


def read_diff(diff: str) -> Diff:
    """Return a unified diff, its lines numbered and the words that differ marked. Text that is no diff becomes notes."""
    texts, hidden = first_lines(diff) if diff else ([], 0)
    names, notes, hunks = ["", ""], [], []
    at = (0, 0)  # the lines that both sides have been told up to; 0 where no header has said so
    reading: _Reading | None = None
    for text in texts:
        place = _PLACE.match(text)
        if place or text.startswith("@@"):
            if reading is not None:
                hunks.append(reading.hunk())
                at = reading.next
            reading = _Reading(text, _begin(place), at[0] or 1, is_first_changed=bool(place and not place[2]))
        elif text.startswith(_CUT):
            notes.append(f"The diff is cut here: {text.removeprefix(_CUT)}")
        elif reading is not None:
            reading.add(text)
        elif text.startswith(("--- ", "+++ ")):
            names[text.startswith("+")] = text[4:]
        else:
            notes.append(text)
    if reading is not None:
        hunks.append(reading.hunk())
    return Diff(names=(names[0], names[1]), hunks=tuple(hunks), notes=tuple(notes), hidden_lines=hidden)


def _begin(place: re.Match[str] | None) -> tuple[int, int]:
    """Return the first line of both sides; a side that has none in a hunk is named by the line before."""
    if place is None:
        return 0, 0
    left, right = (int(place[n]) + (place[n + 1] is not None and not int(place[n + 1])) for n in (1, 3))
    return left, right


class _Reading:
    """One hunk, line after line.

    `told` is the line of the left side up to which everything was said before. `is_first_changed`: the header, which has no lengths,
    names the first lines that differ, as earlier records do, and not those before them.
    """

    def __init__(self, header: str, begin: tuple[int, int], told: int, *, is_first_changed: bool) -> None:
        self._header, self._told, self._is_first_changed = header, told, is_first_changed
        self._first = self.next = begin
        self._blocks: list[Block] = []
        self._same: list[str] = []
        self._gone: list[str] = []
        self._come: list[str] = []

    def add(self, text: str) -> None:
        """Take a line with the sign before it; a line without one is an equal line that was written so."""
        if text.startswith("-"):
            if self._same or self._come:
                self._close()
            self._gone.append(text[1:])
        elif text.startswith("+"):
            if self._same:
                self._close()
            self._come.append(text[1:])
        else:
            if self._gone or self._come:
                self._close()
            self._same.append(text.removeprefix(" "))

    def hunk(self) -> Hunk:
        """Return what was taken."""
        self._close()
        return Hunk(header=self._header, equal_before=max(0, self._first[0] - self._told), blocks=tuple(self._blocks))

    def _close(self) -> None:
        same, gone, come = self._same, self._gone, self._come
        if self._is_first_changed and same and not self._blocks and self.next[0] > len(same) < self.next[1]:
            self._first = self.next = self.next[0] - len(same), self.next[1] - len(same)
        left, right = self.next
        if same:
            lines = [(self._number(left, n), self._number(right, n), whole(text)) for n, text in enumerate(same)]
            rows = [
                DiffRow(left=DiffLine(number=a, parts=parts), right=DiffLine(number=b, parts=parts))
                for a, b, parts in lines
            ]
            self._blocks.append(Block(changed=False, rows=tuple(rows)))
        elif gone or come:
            self._blocks.append(Block(changed=True, rows=tuple(self._changed(gone, come))))
        taken = len(same) + len(gone), len(same) + len(come)
        self.next = (left + taken[0] if left else 0, right + taken[1] if right else 0)
        self._same, self._gone, self._come = [], [], []

    def _changed(self, gone: Sequence[str], come: Sequence[str]) -> Iterator[DiffRow]:
        left, right = self.next
        for a, b in _pairs(gone, come):
            parts: list[tuple[Marked, ...]] = [
                whole(gone[a]) if a is not None else (),
                whole(come[b]) if b is not None else (),
            ]
            note = ""
            if a is not None and b is not None:
                parts = [*marked_pair(gone[a], come[b])]
                note = looks_alike(gone[a], come[b])
            yield DiffRow(
                left=None if a is None else DiffLine(number=self._number(left, a), parts=parts[0]),
                right=None if b is None else DiffLine(number=self._number(right, b), parts=parts[1]),
                note=note,
            )

    @staticmethod
    def _number(first: int, offset: int) -> str:
        return f"{first + offset:,}" if first else ""


def _pairs(gone: Sequence[str], come: Sequence[str]) -> Iterator[tuple[int | None, int | None]]:
    """Yield which lines stand beside each other, by their places: in turn where they are as many, else those that are alike."""
    if len(gone) == len(come) or not gone or not come or max(len(gone), len(come)) > _MOST_PAIRED:
        yield from zip_longest(range(len(gone)), range(len(come)))
        return
    a = b = 0
    for left, right in _alike(gone, come):
        yield from ((place, None) for place in range(a, left))
        yield from ((None, place) for place in range(b, right))
        yield left, right
        a, b = left + 1, right + 1
    yield from ((place, None) for place in range(a, len(gone)))
    yield from ((None, place) for place in range(b, len(come)))


def _alike(gone: Sequence[str], come: Sequence[str]) -> list[tuple[int, int]]:
    """Return the pairs of lines that share most words, in their order on both sides: a table of at most 40 by 40."""
    words = [[set(re.findall(r"\w+", line[:400])) for line in lines] for lines in (gone, come)]
    best: list[list[float]] = [[0.0] * (len(come) + 1) for _ in range(len(gone) + 1)]
    shares = [[_share(a, b) for b in words[1]] for a in words[0]]
    for i in reversed(range(len(gone))):
        for j in reversed(range(len(come))):
            best[i][j] = max(best[i + 1][j], best[i][j + 1], shares[i][j] + best[i + 1][j + 1])
    found, i, j = [], 0, 0
    while i < len(gone) and j < len(come):
        if shares[i][j] and best[i][j] == shares[i][j] + best[i + 1][j + 1]:
            found.append((i, j))
            i, j = i + 1, j + 1
        elif best[i][j] == best[i + 1][j]:
            i += 1
        else:
            j += 1
    return found


def _share(a: set[str], b: set[str]) -> float:
    share = len(a & b) / len(a | b) if a | b else 0.0
    return share if share >= _LEAST_ALIKE else 0.0
