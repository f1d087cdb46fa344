"""The lanes of each manifest: what its sessions hold, put into the page as far as there is room."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from osiris_core.parity.exhibit.forms import VOLATILE
from osiris_core.parity.exhibit.model import Standing
from osiris_core.report.bulk.chunks import CHUNK_CHARACTERS, CHUNK_LINES, EMBEDDED_BYTES, SHARE_OF_DIFFERING, Packer
from osiris_core.report.bulk.lines import Numbers, encoded
from osiris_core.report.bulk.streams import parts_of
from osiris_core.report.text import visible_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from osiris_core.parity.exhibit.model import Exhibit, Row
    from osiris_core.parity.record import ParityRecord
    from osiris_core.report.bulk.streams import Lines, Part

BRIEF_BYTES = 1_000_000
"""Of chunks, after which manifests shown in brief have none: a page of 1,000 manifests is to stay within 3 MB."""

_WHY_VOLATILE = "the schema of session files says of this field that two good runs may differ in it"
_AROUND = 3
_DIFFERS = (Standing.CHANGED, Standing.LEFT, Standing.RIGHT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lanes:
    """Both sides of a manifest, line by line, as far as the page has them.

    `place` is the address of the directory, `chunk.block`, and empty where the page has no line of them. `lines` of the sessions are in the page and
    `left_out` are not; `differing` and `set_aside` count those in it. `unread` says that there was no room even to begin.
    `problems` are sentences about what could not be read.
    """

    place: str = ""
    lines: int = 0
    left_out: int = 0
    differing: int = 0
    set_aside: int = 0
    unread: bool = False
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Embedded:
    """What the page holds of all sessions: `chunks` for the script, and how many of how many manifests have their lines in it."""

    chunks: tuple[str, ...] = ()
    manifests: int = 0
    whole: int = 0
    unread: int = 0
    lines: int = 0
    left_out: int = 0
    size_bytes: int = 0


class Bulk:
    """Collects the lines of a page, one manifest after the other in the order of the page; what comes first has its place for sure."""

    def __init__(self, read: Callable[[ParityRecord], Exhibit]) -> None:
        self._read = read
        self._packer = Packer()
        self._all: list[Lanes] = []

    def lanes(self, record: ParityRecord, *, brief: bool = False) -> Lanes:
        """Read what the sessions of `record` hold, and put it into the page as far as there is room."""
        limit_bytes = BRIEF_BYTES if brief else EMBEDDED_BYTES
        lanes = (
            Lanes(unread=True)
            if not self._packer.has_room(0, limit_bytes=limit_bytes)
            else self._embedded(record, limit_bytes)
        )
        self._all.append(lanes)
        return lanes

    def embedded(self) -> Embedded:
        """Return everything that was put into the page; nothing is added after that."""
        chunks = self._packer.chunks()
        return Embedded(
            chunks=chunks,
            manifests=len(self._all),
            whole=sum(bool(each.place) and not each.left_out for each in self._all),
            unread=sum(each.unread for each in self._all),
            lines=sum(each.lines for each in self._all),
            left_out=sum(each.left_out for each in self._all),
            size_bytes=sum(map(len, chunks)),
        )

    def _embedded(self, record: ParityRecord, limit_bytes: int) -> Lanes:
        exhibit = self._read(record)
        problems = tuple(exhibit.problems)
        parts = [part for part in parts_of(exhibit) if part.streams]
        if not parts:
            return Lanes(problems=problems)
        numbers = Numbers()
        counts: Counter[Standing] = Counter()
        left_out = 0
        directory: list[dict[str, Any]] = [
            {"step": None if part.step is None else visible_line(part.step), "streams": []} for part in parts
        ]
        for position, stream in _differing_first(parts):
            described, held = self._stream(stream, numbers, limit_bytes)
            directory[position]["streams"].append(described)
            counts += held
            left_out += len(stream.rows) - held.total()
        place = self._packer.add(_directory_text(record, exhibit, directory, numbers), lines=0)
        return Lanes(
            place=f"{place[0]}.{place[1]}",
            lines=counts.total(),
            left_out=left_out,
            differing=sum(counts[each] for each in _DIFFERS),
            set_aside=counts[Standing.SET_ASIDE],
            problems=problems,
        )

    def _stream(self, stream: Lines, numbers: Numbers, limit_bytes: int) -> tuple[dict[str, Any], Counter[Standing]]:
        """Put the rows of a stream into the page, and return what the directory says of it with the rows that found room.

        Where the room ends, those that differ still find some, with a few lines around each.
        """
        held: Counter[Standing] = Counter()
        blocks = self._fill(stream.rows, numbers, held, limit_bytes)
        rest = stream.rows[held.total() :]
        if rest:
            blocks += self._fill(_around_differing(rest), numbers, held, limit_bytes, SHARE_OF_DIFFERING)
        return {
            "kind": stream.kind,
            "totals": stream.totals,
            "counts": [held[standing] for standing in Standing],
            "cut": visible_line(stream.cut),
            "left_out": len(stream.rows) - held.total(),
            "blocks": blocks,
        }, held

    def _fill(
        self, rows: Sequence[Row], numbers: Numbers, held: Counter[Standing], limit_bytes: int, share: float = 1.0
    ) -> list[tuple[int, int]]:
        """Put rows into the page until it is full; count them in `held`, and return the addresses of their blocks."""
        addresses = []
        for block in _blocks(encoded(rows, numbers)):
            text = "\n".join([text for text, _ in block])
            if not self._packer.has_room(len(text), limit_bytes=limit_bytes, share=share):
                break
            addresses.append(self._packer.add(text, len(block)))
            held.update([standing for _, standing in block])
        return addresses


def _around_differing(rows: Sequence[Row]) -> list[Row]:
    """Return the rows that differ and a few around each."""
    at = [position for position, row in enumerate(rows) if row.standing in _DIFFERS]
    near = sorted({each for position in at for each in range(position - _AROUND, position + _AROUND + 1)})
    return [rows[each] for each in near if 0 <= each < len(rows)]


def _differing_first(parts: list[Part]) -> Iterator[tuple[int, Lines]]:
    """Yield every stream with the position of its part, those that differ first: they are what a reader looks for."""
    streams = [(position, stream) for position, part in enumerate(parts) for stream in part.streams]
    differs = [any(row.standing in _DIFFERS for row in stream.rows) for _, stream in streams]
    yield from (each for each, yes in zip(streams, differs, strict=True) if yes)
    yield from (each for each, yes in zip(streams, differs, strict=True) if not yes)


def _blocks(rows: Iterator[tuple[str, Standing]]) -> Iterator[list[tuple[str, Standing]]]:
    """Yield rows in lists that a chunk has room for."""
    block: list[tuple[str, Standing]] = []
    characters = 0
    for row in rows:
        block.append(row)
        characters += len(row[0])
        if len(block) >= CHUNK_LINES or characters >= CHUNK_CHARACTERS:
            yield block
            block, characters = [], 0
    if block:
        yield block


def _directory_text(record: ParityRecord, exhibit: Exhibit, parts: list[dict[str, Any]], numbers: Numbers) -> str:
    declared = {use.rule: use.reason for use in record.comparison.rules} if record.comparison else {}
    reasons = {VOLATILE: _WHY_VOLATILE, **declared}
    directory = {
        "targets": [visible_line(target) for target in exhibit.targets],
        "first": visible_line(record.first_diverging_step or ""),
        "directories": [visible_line(run.session_directory) for run in record.targets],
        "rules": [[visible_line(name), visible_line(reasons.get(name, ""))] for name in numbers.names],
        "parts": parts,
    }
    return json.dumps(directory, ensure_ascii=False, separators=(",", ":"))
