"""Two texts made comparable for the eye: what they share and where they differ, line by line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from osiris_core.report.text import MAX_LINE_CHARACTERS, capped_line, first_lines, visible, visible_value

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_KINDS = {"+": "right", "-": "left", "@": "place"}
_SHARED_START_SHOWN = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """A piece of visible text; `changed` where it differs from the other side."""

    text: str
    changed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DiffLine:
    """One line of a unified diff: `kind` is `left`, `right`, `same`, `place` or `file`; `sign` stands before it."""

    kind: str
    sign: str
    parts: tuple[Marked, ...]


def diff_lines(diff: str) -> tuple[tuple[DiffLine, ...], int]:
    """Return the lines of a unified diff, changed parts of line pairs marked, and how many were left out."""
    texts, hidden = first_lines(diff) if diff else ([], 0)
    lines: list[DiffLine] = []
    removed: list[str] = []
    added: list[str] = []
    in_hunk = False
    for text in texts:
        in_hunk = in_hunk or text.startswith("@@")
        kind = _kind(text, in_hunk=in_hunk)
        if kind == "right":
            added.append(text[1:])
        elif kind == "left" and not added:
            removed.append(text[1:])
        else:
            lines += _changed(removed, added)
            removed, added = ([text[1:]] if kind == "left" else []), []
            lines += [] if kind == "left" else [_plain(kind, text)]
    return (*lines, *_changed(removed, added)), hidden


def marked_pair(left: str, right: str) -> tuple[tuple[Marked, ...], tuple[Marked, ...]]:
    """Return both texts in visible form, with what lies between their common start and end marked as changed.

    Long texts are cut where both are equal first, so that the difference itself stays in sight.
    """
    left, right = visible_value(left), visible_value(right)
    start = _common_start(left, right)
    longest_end = min(len(left), len(right)) - start
    end = min(_common_start(left[::-1], right[::-1]), longest_end)
    return tuple(_pieces(left, start, end)), tuple(_pieces(right, start, end))


def _kind(text: str, *, in_hunk: bool) -> str:
    if not in_hunk and text.startswith(("---", "+++")):
        return "file"
    return _KINDS.get(text[:1], "same")


def _plain(kind: str, text: str) -> DiffLine:
    body = text[1:] if kind == "same" and text[:1] == " " else text
    return DiffLine(kind=kind, sign=" ", parts=(Marked(text=capped_line(visible(body)), changed=False),))


def _changed(removed: Sequence[str], added: Sequence[str]) -> Iterator[DiffLine]:
    """Yield a run of changed lines; where as many went as came, each pair is marked against the other."""
    if len(removed) == len(added):
        pairs = [marked_pair(old, new) for old, new in zip(removed, added, strict=True)]
        lefts, rights = [old for old, _ in pairs], [new for _, new in pairs]
    else:
        lefts, rights = [_whole(text) for text in removed], [_whole(text) for text in added]
    yield from (DiffLine(kind="left", sign="-", parts=parts) for parts in lefts)
    yield from (DiffLine(kind="right", sign="+", parts=parts) for parts in rights)


def _whole(text: str) -> tuple[Marked, ...]:
    return (Marked(text=capped_line(visible_value(text)), changed=False),)


def _common_start(left: str, right: str) -> int:
    pairs = enumerate(zip(left, right, strict=False))
    return next((position for position, (a, b) in pairs if a != b), min(len(left), len(right)))


def _pieces(text: str, start: int, end: int) -> Iterator[Marked]:
    stop = len(text) - end
    before, changed, after = text[:start], text[start:stop], text[stop:]
    if len(before) > MAX_LINE_CHARACTERS:
        before = f"({start - _SHARED_START_SHOWN:,} equal characters) …{before[-_SHARED_START_SHOWN:]}"
    if before:
        yield Marked(text=before, changed=False)
    if changed:
        yield Marked(text=capped_line(changed), changed=True)
    if after:
        yield Marked(text=capped_line(after), changed=False)
