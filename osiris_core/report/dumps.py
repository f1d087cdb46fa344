"""The bytes of two files around a difference, as lines of 16: offset, hexadecimal digits, and what of them is ASCII."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Final

from osiris_core.report.words import Marked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from osiris_core.parity.record import ByteSample

MOST_SAMPLES: Final = 5
_LINE_BYTES: Final = 16
_MOST_BYTES: Final = 64
_PRINTABLE: Final = range(0x20, 0x7F)


@dataclass(frozen=True, slots=True, kw_only=True)
class DumpSide:
    """What one side has in a line; without `digits` it has ended before."""

    digits: tuple[Marked, ...]
    letters: tuple[Marked, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DumpLine:
    """16 bytes of each side from one offset on."""

    offset: str
    sides: tuple[DumpSide, DumpSide]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dump:
    """One place of two files; `note` says why there are no lines."""

    lines: tuple[DumpLine, ...]
    note: str = ""


def dumps(samples: Sequence[ByteSample]) -> tuple[Dump, ...]:
    """Return the first samples as lines."""
    return tuple(map(_dump, samples[:MOST_SAMPLES]))


def _dump(sample: ByteSample) -> Dump:
    if sample.held_back:
        return Dump(lines=(), note=f"The bytes from offset {sample.offset:,} on are held back: a secret is among them.")
    try:
        left, right = (bytes.fromhex(digits[: 2 * _MOST_BYTES]) for digits in (sample.left, sample.right))
    except ValueError:
        return Dump(lines=(), note=f"The record's bytes from offset {sample.offset:,} on are no hexadecimal digits.")
    length = max(len(left), len(right))
    return Dump(lines=tuple(_line(sample.offset, left, right, start) for start in range(0, length, _LINE_BYTES)))


def _line(offset: int, left: bytes, right: bytes, start: int) -> DumpLine:
    a, b = left[start : start + _LINE_BYTES], right[start : start + _LINE_BYTES]
    return DumpLine(offset=f"{offset + start:08x}", sides=(_side(a, b), _side(b, a)))


def _side(own: bytes, other: bytes) -> DumpSide:
    differs = [at >= len(other) or byte != other[at] for at, byte in enumerate(own)]
    digits = [f"{byte:02x}" for byte in own]
    letters = [chr(byte) if byte in _PRINTABLE else "." for byte in own]
    return DumpSide(digits=_runs(digits, differs, " "), letters=_runs(letters, differs, ""))


def _runs(pieces: Sequence[str], differs: Sequence[bool], between: str) -> tuple[Marked, ...]:
    """Return pieces with what stands between them, neighbours of one kind as one; what stands before a mark is not marked."""
    runs: list[Marked] = []
    for changed, group in groupby(zip(pieces, differs, strict=True), key=lambda each: each[1]):
        text = between.join(piece for piece, _ in group)
        if runs and between and changed:
            runs[-1] = Marked(text=runs[-1].text + between, changed=False)
        elif runs and between:
            text = between + text
        runs.append(Marked(text=text, changed=changed))
    return tuple(runs)
