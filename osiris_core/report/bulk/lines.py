"""Rows as text: one a line, each text in its visible form."""

from __future__ import annotations

from typing import TYPE_CHECKING

from osiris_core.parity.exhibit.model import Standing
from osiris_core.report.text import LINE_FEED_MARK, capped_line, visible_value
from osiris_core.report.words import SHARED_START_SHOWN, common_start

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from osiris_core.parity.exhibit.model import Row

MAX_CHARACTERS = 10_000
"""A browser lays out a longer line so slowly that a reader notices."""

SIGNS = {Standing.SAME: "=", Standing.SET_ASIDE: "~", Standing.CHANGED: "!", Standing.LEFT: "<", Standing.RIGHT: ">"}
"""Of ASCII all of them: a browser unpacks and searches a text of nothing else several times as fast."""

_FIELDS = "\t"
_JUMP = "@"


class Numbers:
    """The numbers of rules in one manifest, in the order in which rows name them."""

    def __init__(self) -> None:
        self.names: dict[str, int] = {}

    def of(self, rules: Iterable[str]) -> str:
        """Return the numbers of `rules`, with commas between them."""
        return ",".join(str(self.names.setdefault(name, len(self.names))) for name in rules)


def encoded(rows: Iterable[Row], numbers: Numbers) -> Iterator[tuple[str, Standing]]:
    """Yield each row as a line of a block with how it stands; those after a gap say which numbers they have."""
    left, right = 1, 1
    for row in rows:
        jump = ""
        if row.left_number not in {0, left} or row.right_number not in {0, right}:
            left, right = row.left_number or left, row.right_number or right
            jump = f"{_JUMP}{left},{right}\n"
        left += row.left_number > 0
        right += row.right_number > 0
        yield jump + SIGNS[row.standing] + _fields(row, numbers), row.standing


def shown_pair(left: str, right: str) -> tuple[str, str]:
    """Return two texts in their visible form, each on one line; very long ones are cut, and say by how much.

    What both have in common at the start is cut first, so that the difference stays in the page.
    """
    left, right = _line(left), _line(right)
    if max(len(left), len(right)) <= MAX_CHARACTERS:
        return left, right
    start = 0 if left == right or not (left and right) else common_start(left, right)
    if start > MAX_CHARACTERS // 2:
        said = f"({start - SHARED_START_SHOWN:,} equal characters) …"
        left, right = (said + text[start - SHARED_START_SHOWN :] for text in (left, right))
    return capped_line(left, MAX_CHARACTERS), capped_line(right, MAX_CHARACTERS)


def _fields(row: Row, numbers: Numbers) -> str:
    raw_normal = not (row.left_normal or row.right_normal)
    if row.standing is Standing.SAME and row.left == row.right and raw_normal and not row.rules:
        return capped_line(_line(row.left), MAX_CHARACTERS)
    normal = ("", "") if raw_normal else shown_pair(row.left_normal, row.right_normal)
    return _FIELDS.join((*shown_pair(row.left, row.right), *normal, numbers.of(row.rules))).rstrip(_FIELDS)


def _line(text: str) -> str:
    if text.isascii() and text.isprintable() and text[-1:] != " ":
        return text
    return visible_value(text).replace("\n", LINE_FEED_MARK)
