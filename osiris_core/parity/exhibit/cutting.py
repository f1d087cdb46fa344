"""What of a long stream is shown: every line that is not the same with some around it, and of the rest the ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from osiris_core.parity.exhibit.model import Standing

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from osiris_core.parity.exhibit.model import Row

MOST_ROWS: Final = 100_000
"""Rows of one stream: so many are shown whole."""
MOST_BYTES: Final = 16 * 1024 * 1024
"""Text of one stream, both sides together: so much is shown whole."""
CONTEXT: Final = 3
ENDS: Final = 1_000
"""Rows kept at either end of a stream that is cut."""


def as_it_is(row: Row) -> Row:
    """Return a row that is made for being shown."""
    return row


def shortened(
    rows: Sequence[Row],
    totals: tuple[int, int],
    tells: Callable[[Row], bool],
    shown: Callable[[Row], Row] = as_it_is,
) -> tuple[tuple[Row, ...], str]:
    """Return the rows that fit, and a sentence about the others, empty where all of them fit.

    Rows that `tells` finds worth telling stay first, with those around them; so do both ends. `shown` finishes a row that stays: only these
    are worth the time.
    """
    if len(rows) <= MOST_ROWS and _bytes(rows) <= MOST_BYTES:
        rows, shown = [shown(row) for row in rows], as_it_is
        if _bytes(rows) <= MOST_BYTES:
            return tuple(rows), ""
    told = [place for place, row in enumerate(rows) if tells(row)]
    half = MOST_ROWS // 8
    chosen = {*range(ENDS), *range(len(rows) - ENDS, len(rows))}
    for place in told if len(told) <= 2 * half else (*told[:half], *told[-half:]):
        chosen.update(range(place - CONTEXT, place + CONTEXT + 1))
    kept = _within(rows, sorted(place for place in chosen if 0 <= place < len(rows)), shown)
    differing = f", {sum(map(tells, kept)):,} of the {len(told):,} that are not the same among them" if told else ""
    return kept, f"{len(kept):,} of {len(rows):,} lines are shown{differing}; the sessions have all {max(totals):,}"


def is_worth_telling(row: Row) -> bool:
    """Whether a row is not the same on both sides."""
    return row.standing is not Standing.SAME


def _within(rows: Sequence[Row], places: Sequence[int], shown: Callable[[Row], Row]) -> tuple[Row, ...]:
    """Return the rows at some places as far as they fit: from both ends towards the middle."""
    room = MOST_BYTES
    first: list[Row] = []
    last: list[Row] = []
    low, high = 0, len(places) - 1
    while low <= high:
        row = shown(rows[places[low] if len(first) <= len(last) else places[high]])
        room -= _size(row)
        if room < 0:
            break
        if len(first) <= len(last):
            first.append(row)
            low += 1
        else:
            last.append(row)
            high -= 1
    return (*first, *reversed(last))


def _bytes(rows: Sequence[Row]) -> int:
    return sum(map(_size, rows))


def _size(row: Row) -> int:
    return len(row.left) + len(row.right) + len(row.left_normal) + len(row.right_normal)
