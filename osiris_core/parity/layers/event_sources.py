"""Where events come from, one after the other: lines of a file, which need not be read to be found equal, or values in memory.

Two lines of our own writing that are the same from their third member on are the same event: only `ts` and `session` stand
before it. Whatever does not look so has no such rest, and is held by its key.
"""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any, Final, Protocol

from osiris_core.session.lines import decode_line, encode_line
from osiris_core.session.record_lines import RecordLines

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_OPENING: Final = b'{"ts":"'

Name = tuple[Any, str]
"""Step and name of an event."""


class Source(Protocol):
    """The events of one side; an item is a line or a value, its place is where to find it again."""

    def items(self) -> Iterator[tuple[int, Any]]:
        """Yield every event with its place, in order."""

    def rest(self, item: Any) -> bytes | None:
        """Return bytes that are equal only for the same event, or None where there are none."""

    def whole(self, item: Any) -> dict[str, Any]:
        """Return the event as a value."""

    def at(self, place: int) -> dict[str, Any]:
        """Return the event at a place."""


class FileSource:
    """Events as lines of a file."""

    def __init__(self, records: RecordLines) -> None:
        self._records = records
        self._middle = b'","session":' + encode_line(records.session_id)[:-1] + b","

    def items(self) -> Iterator[tuple[int, bytes]]:
        """Yield every line with its offset."""
        place = 0
        for line in self._records.lines():
            yield place, line
            place += len(line)

    def rest(self, item: bytes) -> bytes | None:
        """Return the line from its third member on, where `ts` and `session` are its first two.

        A quote in the text of `ts` cannot be taken for its end: what has to follow would then be no JSON.
        """
        end = item.find(b'"', len(_OPENING))
        if item.startswith(self._middle, end) and item.startswith(_OPENING):
            return item[end + len(self._middle) :]
        return None

    def whole(self, item: bytes) -> dict[str, Any]:
        """Return the event of a line."""
        value: dict[str, Any] = decode_line(item)
        return value

    def at(self, place: int) -> dict[str, Any]:
        """Return the event whose line begins at an offset."""
        with closing(self._records.lines(place, buffer_bytes=4096)) as lines:
            return self.whole(next(lines))


class MemorySource:
    """Events as values."""

    def __init__(self, events: Sequence[dict[str, Any]]) -> None:
        self._events = events

    def items(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """Yield every event with its index."""
        yield from enumerate(self._events)

    def rest(self, item: dict[str, Any]) -> None:
        """Values are held by their keys."""
        del item

    def whole(self, item: dict[str, Any]) -> dict[str, Any]:
        """Return the event itself."""
        return item

    def at(self, place: int) -> dict[str, Any]:
        """Return the event of an index."""
        return self._events[place]


def source_of(events: Sequence[dict[str, Any]]) -> Source:
    """Return the events as a source."""
    return FileSource(events) if isinstance(events, RecordLines) else MemorySource(events)


def name_of(event: dict[str, Any]) -> Name:
    """Return the step and name of an event."""
    return event.get("step"), str(event.get("event"))


def beginning(rest: bytes, name: Name) -> bytes | None:
    """Return how the rests of all events of a step and name begin, if this one does so: they need not be read then."""
    expected = encode_line({"event": name[1], "step": name[0]})[1:-2] + b","
    return expected if rest.startswith(expected) else None
