"""The records of a session as they lie in a file, one a line: read when they are asked for, so that their number does not matter.

A file is looked through once as it is opened: every line is a record of this session, with the members that it must have.
What is kept of it is an outline, and where every 512th line begins.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, overload

import msgspec

from osiris_core.errors import SessionError
from osiris_core.session.files import open_regular, refused
from osiris_core.session.joiner import MAX_RECORD_BYTES
from osiris_core.session.json_files import check_types
from osiris_core.session.lines import are_only_lines, decode_line, decode_only_line, encode_line
from osiris_core.session.outline import KEPT, Outliner

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from pathlib import Path

    from osiris_core.session.json_files import Types
    from osiris_core.session.outline import Outline

    Take = Callable[[list[dict[str, Any]]], None]

_STRIDE: Final = 512
_BUFFER_BYTES: Final = 1 << 18
_TOGETHER: Final = 256
"""Records that are read whole together, unless they are large."""
LINE_BYTES: Final = MAX_RECORD_BYTES + 1
"""No record is as long, so a line without end is not held."""


class EventHead(msgspec.Struct, gc=False):
    """What every event has; the rest of its line is passed over."""

    ts: str
    session: str
    event: str
    step: str | None


class MetricHead(msgspec.Struct, gc=False):
    """What every metric has."""

    ts: str
    session: str
    metric: str
    step: str | None
    value: int | float
    unit: str | None
    volatile: bool
    tags: dict[str, Any]

    @property
    def event(self) -> str:
        """Return the name, as an event has one."""
        return self.metric


Head = EventHead | MetricHead


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of record: the members that a line must have, and a decoder of its head."""

    keys: Types
    decode: Callable[[bytes], Head]


EVENTS: Final = Kind(
    keys={"ts": str, "session": str, "event": str, "step": (str, type(None))},
    decode=msgspec.json.Decoder(EventHead).decode,
)
METRICS: Final = Kind(
    keys={
        "ts": str,
        "session": str,
        "step": (str, type(None)),
        "metric": str,
        "value": (int, float),
        "unit": (str, type(None)),
        "volatile": bool,
        "tags": dict,
    },
    decode=msgspec.json.Decoder(MetricHead).decode,
)


class RecordLines(Sequence[dict[str, Any]]):
    """The records of one file, in order, as a sequence that is read from disk again each time.

    With `take`, which is given all records, some at a time, each line is also read whole as the file is opened: it is JSON to
    its end, and has no key twice. SessionError, naming file and line, for anything else.
    """

    __slots__ = ("_kind", "_starts", "outline", "path", "session_id")

    def __init__(self, path: Path, kind: Kind, session_id: str, take: Take | None = None) -> None:
        self.path = path
        self.session_id = session_id
        self._kind = kind
        self._starts = array("Q")
        self.outline: Outline = self._look_through(take)

    def __len__(self) -> int:
        """Return how many records there are."""
        return self.outline.total

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Yield the records in order."""
        for number, line in enumerate(self.lines(), start=1):
            yield self._decoded(line, number)

    def named(self, name: str) -> Iterator[dict[str, Any]]:
        """Yield the events of one name, in order; lines that cannot be of it are not read."""
        mark = encode_line(name)[:-1]
        for number, line in enumerate(self.lines(), start=1):
            if mark in line or b"\\" in line:  # a name may be written with escapes
                event = self._decoded(line, number)
                if event.get("event") == name:
                    yield event

    @overload
    def __getitem__(self, place: int) -> dict[str, Any]: ...

    @overload
    def __getitem__(self, place: slice) -> tuple[dict[str, Any], ...]: ...

    def __getitem__(self, place: int | slice) -> dict[str, Any] | tuple[dict[str, Any], ...]:
        """Return a record by its place, or some of them; at most 512 lines are passed over for one."""
        if isinstance(place, slice):
            return tuple(self[index] for index in range(*place.indices(len(self))))
        index = place + len(self) if place < 0 else place
        if not 0 <= index < len(self):
            raise IndexError(f"{self.path} has {len(self)} records, and none at {place}")
        lines = self.lines(self._starts[index // _STRIDE])
        return self._decoded(next(islice(lines, index % _STRIDE, None)), index + 1)

    def __eq__(self, other: object) -> bool:
        """Whether another sequence holds equal records in the same order."""
        if not isinstance(other, Sequence):
            return NotImplemented
        return len(self) == len(other) and all(a == b for a, b in zip(self, other, strict=True))

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        """Say how many records there are, and where."""
        return f"<{len(self)} records in {self.path}>"

    def lines(self, offset: int = 0, *, buffer_bytes: int = _BUFFER_BYTES) -> Generator[bytes, None, None]:
        """Yield the lines of the file as they are, each with its LF, from the line on that begins at `offset`."""
        with refused(self.path, "cannot be read"), self.path.open("rb", buffer_bytes) as source:
            source.seek(offset)
            yield from source

    def _look_through(self, take: Take | None) -> Outline:
        outliner = Outliner()
        decode, session_id, starts, note = self._kind.decode, self.session_id, self._starts, outliner.note
        number = position = 0
        line = b"\n"
        wholes = None if take is None else _Wholes(self.path, take)
        try:
            source = open_regular(self.path, _BUFFER_BYTES)
        except OSError as error:
            raise SessionError(f"{self.path} cannot be read: {error.strerror or error.args[-1]}") from error
        with source, refused(self.path, "cannot be read"):
            for number, line in enumerate(iter(partial(source.readline, LINE_BYTES), b"")):
                try:
                    head = decode(line)
                except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
                    head = self._refused(line, number + 1)
                if head.session != session_id:
                    raise SessionError(
                        f"{self.path}:{number + 1} belongs to the session {head.session!r}, not {session_id!r}"
                    )
                if not number % _STRIDE:
                    starts.append(position)
                position += len(line)
                whole = None
                if wholes is not None:
                    whole = self._decoded(line, number + 1)
                    wholes.add(line, whole)
                elif head.event in KEPT:
                    whole = self._decoded(line, number + 1)
                note(head.event, head.step, head.ts, whole)
            if wholes is not None:
                wholes.give()
        if not line.endswith(b"\n"):
            raise SessionError(f"{self.path} is cut off: its last line has no end")
        return outliner.outline()

    def _refused(self, line: bytes, number: int) -> Head:
        """Return the head of a line that the quick decoder does not take, or say what is wrong with it."""
        if len(line) == LINE_BYTES:
            raise SessionError(f"{self.path}:{number} has {LINE_BYTES:,} bytes or more: no record is that long")
        if not line.endswith(b"\n"):
            raise SessionError(f"{self.path} is cut off: its last line has no end")
        value = self._decoded(line, number)
        check_types(value, self._kind.keys, f"{self.path}:{number}")
        return _head(value)

    def _decoded(self, line: bytes, number: int) -> dict[str, Any]:
        try:
            value: dict[str, Any] = decode_line(line)
        except (ValueError, RecursionError) as error:
            raise SessionError(f"{self.path}:{number} is not JSON: {error}") from error
        return value


class _Wholes:
    """Gives whole records away, some at a time, once no key is twice in any of them."""

    __slots__ = ("_bytes", "_given", "_lines", "_path", "_take", "_values")

    def __init__(self, path: Path, take: Take) -> None:
        self._path = path
        self._take = take
        self._lines: list[bytes] = []
        self._values: list[dict[str, Any]] = []
        self._bytes = self._given = 0

    def add(self, line: bytes, value: dict[str, Any]) -> None:
        """Take in the next line, with the record on it."""
        self._lines.append(line)
        self._values.append(value)
        self._bytes += len(line)
        if len(self._lines) == _TOGETHER or self._bytes > _BUFFER_BYTES:
            self.give()

    def give(self) -> None:
        """Give away what there is. SessionError, naming file and line, where a line has a key twice."""
        if not are_only_lines(b"".join(self._lines), self._values):
            for number, line in enumerate(self._lines, start=self._given + 1):
                try:
                    decode_only_line(line)
                except (ValueError, RecursionError) as error:
                    raise SessionError(f"{self._path}:{number} is not JSON: {error}") from error
        self._take(self._values)
        self._given += len(self._lines)
        self._lines, self._values, self._bytes = [], [], 0


def _head(value: dict[str, Any]) -> Head:
    if "metric" in value:
        return MetricHead(**{name: value[name] for name in MetricHead.__struct_fields__})
    return EventHead(**{name: value[name] for name in EventHead.__struct_fields__})
