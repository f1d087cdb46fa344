"""Everything a step has, as rows: its streams, and its config and artifacts brought into the same form."""

from __future__ import annotations

import difflib
import json
from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING

from osiris_core.parity.exhibit.model import Row, Standing
from osiris_core.report.units import size

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from osiris_core.parity.exhibit.model import Entry, Exhibit, StepExhibit, Stream

CONFIG = "config"
ARTIFACTS = "artifacts"

_MATCHED_LINES = 2_000  # the time of matching lines grows with the square of their number


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """One stream to show: `kind` names it, `totals` are the lines of each side, `cut` says why `rows` are not all of them."""

    kind: str
    rows: Sequence[Row]
    totals: tuple[int, int]
    cut: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A step with its streams, or the run as a whole, whose `step` is None."""

    step: str | None
    streams: tuple[Lines, ...]


def parts_of(exhibit: Exhibit) -> Iterator[Part]:
    """Yield the run as a whole and then each step, without streams that neither side has."""
    yield Part(step=None, streams=tuple(_given(exhibit.run)))
    for step in exhibit.steps:
        yield Part(step=step.id, streams=tuple(_step_streams(step)))


def config_rows(left: str, right: str) -> tuple[Row, ...]:
    """Return two configs, JSON texts, as rows: a key a line, matched like lines of a text."""
    lefts, rights = _indented(left), _indented(right)
    if lefts == rights:
        return tuple(Row(Standing.SAME, number, number, line, line) for number, line in enumerate(lefts, 1))
    if max(len(lefts), len(rights)) > _MATCHED_LINES:
        return tuple(_paired(lefts, rights, (1, 1)))
    rows: list[Row] = []
    for _, start, stop, other_start, other_stop in difflib.SequenceMatcher(
        None, lefts, rights, autojunk=False
    ).get_opcodes():
        rows += _paired(lefts[start:stop], rights[other_start:other_stop], (start + 1, other_start + 1))
    return tuple(rows)


def entry_rows(entries: Iterable[Entry]) -> tuple[Row, ...]:
    """Return the artifact tree as rows: path, kind, size and digest of either side."""
    rows, numbers = [], [0, 0]
    for entry in entries:
        texts = [_entry_text(entry, side) for side in (0, 1)]
        numbers = [number + bool(text) for number, text in zip(numbers, texts, strict=True)]
        at = [number if text else 0 for number, text in zip(numbers, texts, strict=True)]
        rows.append(Row(entry.standing, at[0], at[1], texts[0], texts[1]))
    return tuple(rows)


def _step_streams(step: StepExhibit) -> Iterator[Lines]:
    if any(step.configs):
        yield _lines(CONFIG, config_rows(*step.configs))
    yield from _given(step.streams)
    if step.entries:
        yield _lines(ARTIFACTS, entry_rows(step.entries))


def _given(streams: Iterable[Stream]) -> Iterator[Lines]:
    for stream in streams:
        if stream.rows or any(stream.totals) or stream.cut:
            yield Lines(kind=stream.kind.value, rows=stream.rows, totals=stream.totals, cut=stream.cut)


def _lines(kind: str, rows: tuple[Row, ...]) -> Lines:
    totals = (sum(row.left_number > 0 for row in rows), sum(row.right_number > 0 for row in rows))
    return Lines(kind=kind, rows=rows, totals=totals)


def _indented(text: str) -> list[str]:
    if not text:
        return []
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False, sort_keys=True).split("\n")
    except (ValueError, RecursionError):  # it is shown as it was written
        return text.split("\n")


def _paired(lefts: Sequence[str], rights: Sequence[str], first: tuple[int, int]) -> Iterator[Row]:
    """Yield lines of both sides in pairs, what is left over alone."""
    for number, (left, right) in enumerate(zip_longest(lefts, rights)):
        if right is None:
            yield Row(Standing.LEFT, first[0] + number, 0, left, "")
        elif left is None:
            yield Row(Standing.RIGHT, 0, first[1] + number, "", right)
        else:
            standing = Standing.SAME if left == right else Standing.CHANGED
            yield Row(standing, first[0] + number, first[1] + number, left, right)


def _entry_text(entry: Entry, side: int) -> str:
    """Return what one side has at a path, empty where it has nothing there."""
    kind = entry.kinds[side]
    if not kind:
        return ""
    size_bytes = entry.sizes_bytes[side]
    facts = [
        kind + (", executable" if entry.executable[side] else ""),
        "" if size_bytes is None else size(size_bytes) + (f" ({size_bytes:,} bytes)" if size_bytes >= 1024 else ""),  # noqa: PLR2004 - below it, the size is in bytes as it is
        f"sha256 {entry.digests[side]}" if entry.digests[side] else "",
    ]
    return " · ".join([entry.path, *filter(None, facts)])
