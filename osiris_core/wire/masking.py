"""Puts `***NAME***` in place of secrets: one table for both targets and for the host.

Where forms of secrets overlap or touch, what they cover together becomes one token, that of the form that begins first,
the longest if several do. So the same text gives the same text everywhere, in pieces of any size too: see `StreamMask`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Self

from osiris_core.wire.needles import forms, is_weak, pieces
from osiris_core.wire.values import field, value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from osiris_core.wire.secrets import Secrets

_PREFIX = 4


class Needle(NamedTuple):
    """A form of a secret, and the name of the secret."""

    data: bytes
    name: str


class _Run(NamedTuple):
    """Bytes that are masked together."""

    start: int
    end: int
    name: str


def token(name: str) -> str:
    """Return what stands in place of a secret."""
    return f"***{name}***"


@value
class MaskTable:
    """The forms of all secrets of a run, the longest first, and the values that are masked as whole values only.

    `weak` has the names of secrets with such a value. Nothing of a table is shown by `repr`.
    """

    needles: tuple[Needle, ...] = field(repr=False)
    whole: Mapping[str, str] = field(repr=False)
    weak: tuple[str, ...] = ()
    longest: int
    _beginnings: Mapping[bytes, tuple[bytes, ...]] = field(repr=False)
    _short_beginnings: frozenset[bytes] = field(repr=False)

    @classmethod
    def of(cls, secrets: Secrets) -> Self | None:
        """Return the table of what a run is told; None where there is nothing to mask."""
        return cls.of_values(secrets.named())

    @classmethod
    def of_values(cls, named: Iterable[tuple[str, str]]) -> Self | None:
        """Return the table of values with their names; where two names share a form, the first has it."""
        found: dict[bytes, str] = {}
        whole: dict[str, str] = {}
        weak: dict[str, None] = {}
        for name, text in named:
            for piece in dict.fromkeys(pieces(text)):
                if not piece:
                    continue
                if is_weak(piece):
                    whole.setdefault(piece, name)
                    if piece == text:
                        weak[name] = None
                    continue
                for form in forms(piece):
                    found.setdefault(form, name)
        if not found and not whole:
            return None
        needles = tuple(Needle(each, found[each]) for each in sorted(found, key=lambda each: (-len(each), each)))
        return cls(
            needles=needles,
            whole=whole,
            weak=tuple(weak),
            longest=len(needles[0].data) if needles else 0,
            _beginnings=_beginnings(needles),
            _short_beginnings=frozenset(
                each.data[:length] for each in needles for length in range(1, _PREFIX) if len(each.data) > length
            ),
        )

    def names_in(self, data: bytes) -> set[str]:
        """Return the names of the secrets that are in `data`."""
        return {each.name for each in self.needles if each.data in data}

    def raw(self, data: bytes) -> bytes:
        """Return `data` with tokens in place of secrets; the very same object where there are none."""
        runs = self._runs(data)
        if not runs:
            return data
        out, at = [], 0
        for run in runs:
            out += [data[at : run.start], token(run.name).encode()]
            at = run.end
        return b"".join((*out, data[at:]))

    def text(self, text: str) -> str:
        """Return `text` with tokens in place of secrets; the very same object where there are none."""
        if text in self.whole:
            return token(self.whole[text])
        return self.inside(text)

    def inside(self, text: str) -> str:
        """Return `text` as `text` does, but for a weak value, which stays even where it is the whole of it."""
        data = text.encode("utf-8", "surrogatepass")
        masked = self.raw(data)
        # A form that is no UTF-8 may be found across characters: what is left of these cannot be shown as it was.
        return text if masked is data else _text(masked)

    def value(self, value: Any) -> Any:
        """Return a JSON value with its texts and keys masked; the very same object where there is nothing to mask.

        A number becomes a token where it is one when written. Keys that become equal are told apart by a number.
        """
        return self._value(value, self.text)

    def value_inside(self, value: Any) -> Any:
        """Return a JSON value as `value` does, but for weak values, which stay."""
        return self._value(value, self.inside)

    def _value(self, value: Any, masking: Callable[[str], str]) -> Any:
        if isinstance(value, str):
            return masking(value)
        if isinstance(value, dict):
            return self._mapping(value, masking)
        if isinstance(value, (list, tuple)):
            masked = [self._value(each, masking) for each in value]
            return value if all(new is old for new, old in zip(masked, value, strict=True)) else type(value)(masked)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            written = str(value)
            masked_number = masking(written)
            return value if masked_number is written else masked_number
        return value

    def _mapping(self, value: dict[Any, Any], masking: Callable[[str], str]) -> dict[Any, Any]:
        out: dict[Any, Any] = {}
        same = True
        for key, each in value.items():
            name = self.inside(key) if isinstance(key, str) else key
            masked = self._value(each, masking)
            same = same and name is key and masked is each
            out[name if name not in out else _another(name, out)] = masked
        return value if same else out

    def _runs(self, data: bytes) -> list[_Run]:
        """Return what is to be masked, in order, merged."""
        return list(_merged(self.occurrences(data)))

    def occurrences(self, data: bytes) -> list[_Run]:
        """Return every place of every form, overlapping ones too, in no order."""
        found = []
        for needle, name in self.needles:
            at = data.find(needle)
            while at >= 0:
                found.append(_Run(at, at + len(needle), name))
                at = data.find(needle, at + 1)
        return found

    def settled(self, data: bytes) -> int:
        """Return how many bytes of `data` no form can still claim, whatever follows: it begins in none of them."""
        if not self.needles:
            return len(data)
        least = max(0, len(data) - self.longest + 1)
        settled = len(data)
        for length in range(1, min(_PREFIX, len(data) + 1)):
            if data[-length:] in self._short_beginnings:
                settled = len(data) - length
        for beginning, needles in self._beginnings.items():
            at = data.find(beginning, least)
            while 0 <= at < settled:
                if any(len(data) - at < len(each) and each.startswith(data[at:]) for each in needles):
                    settled = at
                    break
                at = data.find(beginning, at + 1)
        return settled


class StreamMask:
    """Masks a stream in pieces, with the result of masking it as a whole.

    What a form may have begun in is held back. That alone is not enough: a form that is complete may reach into what is
    held, and what was masked last may go on there. So both are carried on: how many of the held bytes are `_covered`, and
    whether the byte before them is masked (`_inside`), as then it has its token already.
    """

    __slots__ = ("_covered", "_held", "_inside", "_table")

    def __init__(self, table: MaskTable) -> None:
        self._table = table
        self._held = b""
        self._covered = 0
        self._inside = False

    def feed(self, data: bytes) -> bytes:
        """Take the next bytes; return what is certain by now."""
        data = self._held + data
        return self._emit(data, self._table.settled(data))

    def finish(self) -> bytes:
        """Return the rest: nothing follows. The next piece begins a new stream."""
        out = self._emit(self._held, len(self._held))
        self._inside = False
        return out

    def _emit(self, data: bytes, end: int) -> bytes:
        """Return the first `end` bytes, masked; hold the others."""
        out: list[bytes] = []
        reached = self._covered
        goes_on = self._inside or self._covered > 0  # what is masked before may go on at its end, under the same token
        for run in _merged(self._table.occurrences(data)):
            if run.start >= end:
                break
            if goes_on and run.start <= reached:
                reached = max(reached, run.end)
                continue
            out += [data[reached : run.start], token(run.name).encode()]
            reached, goes_on = run.end, False
        out.append(data[reached:end])
        if end > 0:
            self._inside = reached >= end
        self._covered = max(0, reached - end)
        self._held = data[end:]
        return b"".join(out)


def _merged(found: list[_Run]) -> Iterator[_Run]:
    """Yield maximal runs: what overlaps or touches is one."""
    found.sort(key=lambda each: (each.start, -each.end))
    current: _Run | None = None
    for each in found:
        if current is None or each.start > current.end:
            if current is not None:
                yield current
            current = each
        elif each.end > current.end:
            current = current._replace(end=each.end)
    if current is not None:
        yield current


def _beginnings(needles: tuple[Needle, ...]) -> dict[bytes, tuple[bytes, ...]]:
    """Return the forms by their first bytes."""
    found: dict[bytes, list[bytes]] = {}
    for each in needles:
        found.setdefault(each.data[:_PREFIX], []).append(each.data)
    return {beginning: tuple(each) for beginning, each in found.items()}


def _another(name: str, taken: Mapping[str, Any]) -> str:
    number = 2
    while f"{name} {number}" in taken:
        number += 1
    return f"{name} {number}"


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return data.decode("utf-8", "backslashreplace")
