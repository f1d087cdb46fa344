"""Differences in `logs/`: what a step logged and printed. Nothing is changed that looks like a time, a duration or a path."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from osiris_core.testing.mutations.model import Difference, Spot
from osiris_core.testing.mutations.places import pick
from osiris_core.testing.mutations.values import another_letter, other_form

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from osiris_core.testing.mutations.session_copy import SessionCopy

    Edit = Callable[[bytes, Random], bytes]


def _lines(copy: SessionCopy, stream: str) -> list[bytes]:
    return copy.read(stream).splitlines(keepends=True)


def _put(copy: SessionCopy, stream: str, lines: list[bytes]) -> None:
    if lines:
        copy.write(stream, b"".join(lines))
    else:
        copy.remove(stream)  # absent when empty


def _spot(stream: str, what: str, *kinds: str) -> Spot:
    name = stream.removeprefix("logs/")
    step, _, suffix = name.rpartition(".")
    codes = tuple(f"{'log' if suffix == 'log' else 'printed'}-{kind}" for kind in kinds)
    return Spot(step=step, what=f"{name}: {what}", path=f"{name}:", codes=codes)


def _plain(line: bytes) -> bool:
    """Whether a line holds words alone: no number, and nothing that could be a path."""
    text = line.decode("utf-8", "replace")
    return not any(letter.isdigit() or letter in "/\ufffd" for letter in text) and any(map(str.isalpha, text))


def drop(copy: SessionCopy, rng: Random) -> Spot:
    """Drop a line."""
    stream = pick(rng, copy.streams(), "stream")
    lines = _lines(copy, stream)
    del lines[(place := rng.randrange(len(lines)))]
    _put(copy, stream, lines)
    return _spot(stream, f"line {place + 1} dropped", "missing")


def double(copy: SessionCopy, rng: Random) -> Spot:
    """Let a line come twice."""
    stream = pick(rng, copy.streams(), "stream")
    lines = _lines(copy, stream)
    place = rng.randrange(len(lines))
    lines.insert(place, lines[place])
    _put(copy, stream, lines)
    return _spot(stream, f"line {place + 1} doubled", "extra")


def swap(copy: SessionCopy, rng: Random) -> Spot:
    """Exchange two lines of a stream."""
    found = [
        (stream, a, b)
        for stream, lines in [(stream, _lines(copy, stream)) for stream in copy.streams()]
        for a, x in enumerate(lines)
        for b, y in enumerate(lines)
        if a < b and x != y and _plain(x) and _plain(y)
    ]
    stream, a, b = pick(rng, found, "pair of lines")
    lines = _lines(copy, stream)
    lines[a], lines[b] = lines[b], lines[a]
    _put(copy, stream, lines)
    return _spot(stream, f"lines {a + 1} and {b + 1} exchanged", "order")


def move(copy: SessionCopy, rng: Random) -> Spot:
    """Move a line to the same stream of another step."""
    stream = pick(rng, copy.streams(), "stream")
    suffix = stream.rpartition(".")[2]
    lines = _lines(copy, stream)
    line = lines.pop(place := rng.randrange(len(lines)))
    _put(copy, stream, lines)
    other = rng.choice([step for step in copy.steps if f"logs/{step}.{suffix}" != stream])
    target = f"logs/{other}.{suffix}"
    there = _lines(copy, target) if target in copy.streams() else []
    _put(copy, target, [*there, line])
    return _spot(stream, f"line {place + 1} moved to {other}", "missing")


def edit(copy: SessionCopy, rng: Random, change: Edit, kinds: tuple[str, ...] = ("changed",)) -> Spot:
    """Change one line."""
    found = [
        (stream, place)
        for stream in copy.streams()
        for place, line in enumerate(_lines(copy, stream))
        if _plain(line) and change(line, rng) != line
    ]
    stream, place = pick(rng, found, "line to change so")
    lines = _lines(copy, stream)
    lines[place] = change(lines[place], rng)
    _put(copy, stream, lines)
    return _spot(stream, f"line {place + 1}", *kinds)


def number(copy: SessionCopy, rng: Random) -> Spot:
    """Change a number that is no time and no duration."""
    found = [
        (stream, place)
        for stream in copy.streams()
        for place, line in enumerate(_lines(copy, stream))
        if b" rows" in line and any(48 <= byte < 58 for byte in line)  # noqa: PLR2004 - the digits
    ]
    stream, place = pick(rng, found, "line with a number of rows")
    lines = _lines(copy, stream)
    digit = rng.choice([index for index, byte in enumerate(lines[place]) if 48 <= byte < 58])  # noqa: PLR2004 - as above
    new = rng.choice([byte for byte in b"123456789" if byte != lines[place][digit]])
    lines[place] = lines[place][:digit] + bytes([new]) + lines[place][digit + 1 :]
    _put(copy, stream, lines)
    return _spot(stream, f"a digit of line {place + 1}", "changed")


def cut_last_end(copy: SessionCopy, rng: Random) -> Spot:
    """Leave out the last line feed of what was printed."""
    stream = pick(rng, copy.streams(".out"), "printed stream")
    copy.write(stream, copy.read(stream).removesuffix(b"\n"))
    return _spot(stream, "no line feed at the end", "changed")


def _letter(line: bytes, rng: Random) -> bytes:
    return another_letter(line.decode(), rng).encode()


def _space(line: bytes, rng: Random) -> bytes:
    gaps = [index for index, byte in enumerate(line) if byte in b" \n"]
    place = rng.choice(gaps)
    return line[:place] + rng.choice((b" ", b"\t")) + line[place:]


def _tab(line: bytes, rng: Random) -> bytes:
    del rng
    return line.replace(b" ", b"\t", 1)


def _case(line: bytes, rng: Random) -> bytes:
    del rng
    return line.decode().swapcase().encode()


def _form(line: bytes, rng: Random) -> bytes:
    del rng
    return other_form(line.decode()).encode()


def _carriage_return(line: bytes, rng: Random) -> bytes:
    del rng
    return line.replace(b"\n", b"\r\n")


def _no_text(line: bytes, rng: Random) -> bytes:
    place = rng.randrange(len(line) - 1)
    return line[:place] + b"\xff" + line[place + 1 :] if line[place] < 128 else line  # noqa: PLR2004 - ASCII


def _invisible(line: bytes, rng: Random) -> bytes:
    del rng
    return line.replace(b" ", " \u200b".encode(), 1)


_EDITS: Final = {
    "line changed by one letter": _letter,
    "line with another space": _space,
    "line with a tab for a space": _tab,
    "line in another case": _case,
    "line in another unicode form": _form,
    "line with a carriage return": _carriage_return,
    "line with a byte that is no text": _no_text,
    "line with an invisible character": _invisible,
}
_LAYER: Final = "logs"

STREAMS: Final = (
    Difference(name="line dropped", layer=_LAYER, codes=(), plant=drop),
    Difference(name="line doubled", layer=_LAYER, codes=(), plant=double),
    Difference(name="lines swapped", layer=_LAYER, codes=(), plant=swap),
    Difference(name="line moved to another step", layer=_LAYER, codes=(), plant=move),
    Difference(name="number in a line changed", layer=_LAYER, codes=(), plant=number),
    Difference(name="last line feed dropped", layer=_LAYER, codes=(), plant=cut_last_end),
    *(
        Difference(name=name, layer=_LAYER, codes=(), plant=partial(edit, change=change))
        for name, change in _EDITS.items()
    ),
)
