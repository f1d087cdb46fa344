"""Finds the events that only one side has, in one walk through both: what is equal costs a comparison of bytes, and no memory.

Both sides are walked in step. Where the two next events are not the same, each either has been waited for by the other side,
and is taken by itself until both are in step again, or waits. What waits at the end is what only one side has: exactly the
difference of the two multisets, since an event leaves the walk together with one of the same key, or stays. So the walk is
linear, whatever the two sides are, and holds only what is unequal or out of place.
"""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from osiris_core.parity.layers.event_keys import key_of
from osiris_core.parity.layers.event_sources import beginning, name_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from osiris_core.parity.layers.event_sources import Name, Source

_END: Final = (-1, None)


@dataclass(frozen=True, slots=True)
class Entry:
    """An event that waits: where it is, its rank in its step, and its number among the events of its name there."""

    place: int
    step: Any
    name: str
    rank: int
    ordinal: int
    key: bytes


@dataclass(slots=True)
class StepMatch:
    """One step's events after the walk: what only one side has, and whether the others may be in another order."""

    left: list[Entry] = field(default_factory=list)
    right: list[Entry] = field(default_factory=list)
    disordered: bool = False
    consumed: list[int] = field(default_factory=lambda: [0, 0])  # of left and right
    latest: list[int] = field(default_factory=lambda: [-1, -1])  # the highest rank that was matched


class Walk:
    """One walk through the events of two sides, without those of the steps in `but`; `steps` is what it finds."""

    def __init__(self, left: Source, right: Source, but: Collection[Any] = ()) -> None:
        self.steps: dict[Any, StepMatch] = defaultdict(StepMatch)
        self._sources = left, right
        self._but = but
        self._numbers: tuple[dict[Name, int], dict[Name, int]] = (defaultdict(int), defaultdict(int))
        self._waiting: tuple[dict[bytes, deque[Entry]], dict[bytes, deque[Entry]]] = ({}, {})
        self._names: dict[Name, Name] = {}
        self._run: Name | None = None
        self._run_length = 0
        self._walk()

    def _walk(self) -> None:
        left, right = (self._items(source) for source in self._sources)
        rest_left, rest_right = (source.rest for source in self._sources)
        (place, item), (other_place, other) = next(left, _END), next(right, _END)
        begins: bytes | None = None
        while item is not None and other is not None:
            rest = rest_left(item)
            if rest is not None and rest == rest_right(other):
                if begins is None or not rest.startswith(begins):
                    self._end_run()
                    self._run = name_of(self._sources[0].whole(item))
                    begins = beginning(rest, self._run)
                self._run_length += 1
                (place, item), (other_place, other) = next(left, _END), next(right, _END)
                continue
            self._end_run()
            took_left, took_right = self._unequal(place, item, other_place, other)
            if took_left:
                place, item = next(left, _END)
            if took_right:
                other_place, other = next(right, _END)
        self._end_run()
        self._drain(0, place, item, left)
        self._drain(1, other_place, other, right)
        for side, waiting in enumerate(self._waiting):
            for entries in waiting.values():
                for entry in entries:
                    match = self.steps[entry.step]
                    (match.right if side else match.left).append(entry)
        for match in self.steps.values():
            match.left.sort(key=lambda entry: entry.rank)
            match.right.sort(key=lambda entry: entry.rank)

    def _items(self, source: Source) -> Iterator[tuple[int, Any]]:
        if not self._but:
            return source.items()
        return ((place, item) for place, item in source.items() if name_of(source.whole(item))[0] not in self._but)

    def _end_run(self) -> None:
        """Count the equal events since the last unequal one: all of one name."""
        if self._run is not None and self._run_length:
            self._count(self._run, self._run_length)
        self._run_length = 0

    def _count(self, name: Name, number: int) -> None:
        """Count events that both sides have here."""
        match = self.steps[name[0]]
        for side in (0, 1):
            match.consumed[side] += number
            match.latest[side] = match.consumed[side] - 1
            self._numbers[side][name] += number

    def _unequal(self, place: int, item: Any, other_place: int, other: Any) -> tuple[bool, bool]:
        """Match or keep two events that are not the same bytes; say which of them has been dealt with."""
        events = self._sources[0].whole(item), self._sources[1].whole(other)
        keys = key_of(events[0]), key_of(events[1])
        if keys[0] == keys[1]:
            self._count(name_of(events[0]), 1)
            return True, True
        awaited = bool(self._waiting[1].get(keys[0])), bool(self._waiting[0].get(keys[1]))
        both_wait = awaited == (False, False)
        for side, at in enumerate((place, other_place)):
            if both_wait or awaited[side]:
                self._take(side, at, name_of(events[side]), keys[side])
        return both_wait or awaited[0], both_wait or awaited[1]

    def _drain(self, side: int, place: int, item: Any, rest: Iterator[tuple[int, Any]]) -> None:
        """Take what one side still has when the other is at its end."""
        while item is not None:
            event = self._sources[side].whole(item)
            self._take(side, place, name_of(event), key_of(event))
            place, item = next(rest, _END)

    def _take(self, side: int, place: int, name: Name, key: bytes) -> None:
        name = self._names.setdefault(name, name)  # one object for all entries
        match = self.steps[name[0]]
        rank = match.consumed[side]
        ordinal = self._numbers[side][name]
        match.consumed[side] += 1
        self._numbers[side][name] += 1
        twins = self._waiting[1 - side].get(key)
        if not twins:
            self._waiting[side].setdefault(key, deque()).append(Entry(place, *name, rank, ordinal, key))
            return
        twin = twins.popleft()
        if not twins:
            del self._waiting[1 - side][key]
        # The twin was passed by: out of order where a later one of its side has been matched since.
        match.disordered |= match.latest[1 - side] > twin.rank
        match.latest[1 - side] = max(match.latest[1 - side], twin.rank)
        match.latest[side] = max(match.latest[side], rank)


def found_keys(source: Source, wanted: dict[Name, set[bytes]]) -> set[bytes]:
    """Return those of the keys, given by step and name, that an event of a side has."""
    found: set[bytes] = set()
    for _, item in source.items() if wanted else ():
        event = source.whole(item)
        keys = wanted.get(name_of(event))
        if keys is not None and (key := key_of(event)) in keys:
            found.add(key)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Disorder:
    """The first place in a step where the events that both sides have are not the same, with their names."""

    rank: int
    left: str
    right: str


def first_disorder(
    sources: tuple[Source, Source],
    step: Any,
    alone: tuple[set[int], set[int]],
    changed: tuple[dict[int, bytes], dict[int, bytes]],
) -> Disorder | None:
    """Return where the events of a step that both sides have come in another order.

    Places in `alone` are passed over; an event that changed has the same key on both sides, given by its places.
    """
    left, right = (_kept(sources[side], step, alone[side], changed[side]) for side in (0, 1))
    for rank, ((a, key), (b, other)) in enumerate(zip(left, right, strict=False)):
        if key != other:
            return Disorder(rank=rank, left=a, right=b)
    return None


def _kept(source: Source, step: Any, alone: set[int], changed: dict[int, bytes]) -> Iterator[tuple[str, bytes]]:
    for place, item in source.items():
        if place in alone:
            continue
        event = source.whole(item)
        if event.get("step") == step:
            yield name_of(event)[1], changed.get(place) or key_of(event)
