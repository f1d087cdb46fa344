"""Events, step by step and in order; volatile fields by their shape.

The k-th leftover event of a name on one side is held against the k-th of that name on the other, so a
changed field is told apart from an event that is missing, extra, doubled, or in another place.
Which are left over is found in one walk through both files (`event_matching`). Steps that a declared rule covers are held in
memory: their events have keys with tokens for what may vary, and each pair is looked into, equal or not.
"""

from __future__ import annotations

from bisect import bisect
from collections import Counter, defaultdict, deque
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from osiris_core.parity.declared.plan import Difference
from osiris_core.parity.failures import error_differences
from osiris_core.parity.layers.event_keys import key_of, stable
from osiris_core.parity.layers.event_matching import Walk, first_disorder, found_keys
from osiris_core.parity.layers.event_shapes import compare_event_shapes
from osiris_core.parity.layers.event_sources import source_of
from osiris_core.parity.record import Finding, Layer
from osiris_core.parity.values import kind_of, leaf_differences, show, show_pair
from osiris_core.rules.model import RecordKind
from osiris_core.wire.records import STEP_FAILED, STEP_RETRIED

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from osiris_core.parity.declared.plan import Plan
    from osiris_core.parity.layers.event_matching import Entry, StepMatch
    from osiris_core.parity.layers.event_sources import Source
    from osiris_core.parity.pair import Pair
    from osiris_core.parity.side import Side

_WITH_ERROR: Final = frozenset({STEP_FAILED, STEP_RETRIED})

_CHANGED_FIELDS: Final = 20
"""Findings for the fields of one event; more are rarely read."""


@dataclass(frozen=True, slots=True)
class _Event:
    """One event; `key` stands for it without what may vary, and decides equality."""

    name: str
    ordinal: int  # among the events of its name in its step
    stable: dict[str, Any]
    key: bytes
    plan: Plan | None  # the declared rules that cover something in it


_Streams = dict[str | None, list[_Event]]


def compare_events(pair: Pair) -> Iterator[Finding]:
    """Yield the findings of all events: shapes of volatile fields first, then each step's stream."""
    yield from compare_event_shapes(pair.left)
    yield from compare_event_shapes(pair.right)
    names = {*pair.left.outline.counts, *pair.right.outline.counts}
    covered = {step for step, name in names if pair.rules.plan(RecordKind.EVENT, step, name) is not None}
    held = _streams(pair, pair.left, covered), _streams(pair, pair.right, covered)
    walked = _Walked(pair, covered)
    for step in sorted({step for step, _ in names}, key=pair.rank):
        if step in covered:
            yield from _compare_stream(pair, step, held[0][step], held[1][step])
        else:
            yield from walked.findings(step)


class _Walked:
    """The steps without rules: both sides are walked through once, and again only for what that found."""

    def __init__(self, pair: Pair, covered: Collection[str | None]) -> None:
        self._pair = pair
        self._sources = source_of(pair.left.session.events), source_of(pair.right.session.events)
        self._walk = Walk(*self._sources, covered)
        self._more = {step: _alone_in(match) for step, match in self._walk.steps.items()}
        left, right = ([entry for alone in self._more.values() for entry in alone[side]] for side in (0, 1))
        self._elsewhere = _elsewhere(self._sources[1], left), _elsewhere(self._sources[0], right)

    def findings(self, step: str | None) -> Iterator[Finding]:
        """Yield the findings of one step: changed events, those of one side alone, and their order."""
        match = self._walk.steps.get(step)
        if match is None:
            return
        pair, counts = self._pair, self._pair.left.outline.counts
        finding = partial(Finding, layer=Layer.EVENTS, step=step)
        changed = _same_names(match)
        for a, b in changed:
            yield from _changed(pair, finding, (self._event(0, a), self._event(1, b)), several=counts[step, a.name] > 1)
        for side, alone in enumerate(self._more[step]):
            for entry in alone:
                doubled = entry.key in self._elsewhere[side]
                yield _alone(pair, finding, self._event(side, entry), missing=not side, doubled=doubled)
        yield from self._order(step, match, changed, finding)

    def _event(self, side: int, entry: Entry) -> _Event:
        return _Event(entry.name, entry.ordinal, stable(self._sources[side].at(entry.place)), entry.key, None)

    def _order(
        self, step: str | None, match: StepMatch, changed: list[tuple[Entry, Entry]], finding: Callable[..., Finding]
    ) -> Iterator[Finding]:
        left, right = self._more[step]
        before = [entry.rank for entry in left], [entry.rank for entry in right]
        moved = any(a.rank - bisect(before[0], a.rank) != b.rank - bisect(before[1], b.rank) for a, b in changed)
        if match.disordered or moved:
            alone = {entry.place for entry in left}, {entry.place for entry in right}
            tokens = {a.place: a.key + b.key for a, b in changed}, {b.place: a.key + b.key for a, b in changed}
            found = first_disorder(self._sources, step, alone, tokens)
            if found is not None:
                yield _disordered(self._pair, finding, found.rank, found.left, found.right)


def _same_names(match: StepMatch) -> list[tuple[Entry, Entry]]:
    """Return the k-th unmatched event of each name of the left with the k-th of that name of the right."""
    waiting: dict[str, deque[Entry]] = defaultdict(deque)
    for entry in match.right:
        waiting[entry.name].append(entry)
    return [(entry, waiting[entry.name].popleft()) for entry in match.left if waiting[entry.name]]


def _alone_in(match: StepMatch) -> tuple[list[Entry], list[Entry]]:
    """Return the unmatched events that are not the changed form of one of the other side."""
    changed = _same_names(match)
    paired = {a.place for a, _ in changed}, {b.place for _, b in changed}
    return (
        [entry for entry in match.left if entry.place not in paired[0]],
        [entry for entry in match.right if entry.place not in paired[1]],
    )


def _elsewhere(other: Source, alone: list[Entry]) -> set[bytes]:
    """Return the keys of events which the other side has as well, only not as often."""
    wanted: dict[tuple[Any, str], set[bytes]] = defaultdict(set)
    for entry in alone:
        wanted[entry.step, entry.name].add(entry.key)
    return found_keys(other, wanted)


def _streams(pair: Pair, side: Side, covered: Collection[str | None]) -> _Streams:
    streams: _Streams = defaultdict(list)
    ordinals: Counter[tuple[object, str]] = Counter()
    for event in side.session.events if covered else ():
        name, step = str(event.get("event")), event.get("step")
        if step in covered:
            plan, fields = pair.rules.plan(RecordKind.EVENT, step, name), stable(event)
            key = key_of(event) if plan is None else plan.signature_of(fields, is_left=side.is_left)
            streams[step].append(_Event(name, ordinals[step, name], fields, key, plan))
            ordinals[step, name] += 1
    return streams


def _compare_stream(pair: Pair, step: str | None, left: list[_Event], right: list[_Event]) -> Iterator[Finding]:
    left_keys, right_keys = [event.key for event in left], [event.key for event in right]
    finding = partial(Finding, layer=Layer.EVENTS, step=step)
    names = Counter(event.name for event in left)
    for a, b in _covered(left, right):
        yield from _changed(pair, finding, (a, b), several=names[a.name] > 1)
    if left_keys == right_keys:
        return
    surplus_left = _surplus(left, Counter(right_keys))
    surplus_right = _surplus(right, Counter(left_keys))
    changed = _pair_by_name(left, right, surplus_left, surplus_right)
    for x, y in changed:
        yield from _changed(pair, finding, (left[x], right[y]), several=names[left[x].name] > 1)
    paired_left, paired_right = {a for a, _ in changed}, {b for _, b in changed}
    alone_left = [index for index in surplus_left if index not in paired_left]
    alone_right = [index for index in surplus_right if index not in paired_right]
    on_left, on_right = set(left_keys), set(right_keys)
    for index in alone_left:
        yield _alone(pair, finding, left[index], missing=True, doubled=left[index].key in on_right)
    for index in alone_right:
        yield _alone(pair, finding, right[index], missing=False, doubled=right[index].key in on_left)
    yield from _order(pair, finding, (left, right), (set(alone_left), set(alone_right)), changed)


def _covered(left: list[_Event], right: list[_Event]) -> Iterator[tuple[_Event, _Event]]:
    """Yield the events that are equal but for what a declared rule may set aside, in their order."""
    waiting: dict[bytes, deque[_Event]] = defaultdict(deque)
    for event in right:
        if event.plan is not None:
            waiting[event.key].append(event)
    for event in left:
        if event.plan is not None and waiting[event.key]:
            yield event, waiting[event.key].popleft()


def _surplus(events: Sequence[_Event], others: Counter[bytes]) -> list[int]:
    """Return the places of events that the other side does not have, or not as often (the later ones)."""
    surplus = []
    for index, event in enumerate(events):
        others[event.key] -= 1
        if others[event.key] < 0:
            surplus.append(index)
    return surplus


def _pair_by_name(
    left: list[_Event], right: list[_Event], surplus_left: list[int], surplus_right: list[int]
) -> list[tuple[int, int]]:
    waiting: dict[str, deque[int]] = defaultdict(deque)
    for index in surplus_right:
        waiting[right[index].name].append(index)
    return [(index, waiting[left[index].name].popleft()) for index in surplus_left if waiting[left[index].name]]


def _changed(
    pair: Pair, finding: Callable[..., Finding], events: tuple[_Event, _Event], *, several: bool
) -> Iterator[Finding]:
    a, b = events
    path = f"{a.name}[{a.ordinal}]" if several else a.name
    for count, each in enumerate(event_differences(pair, path, a.stable, b.stable)):
        if count >= _CHANGED_FIELDS:
            continue  # every pair is looked at to its end: rules count there
        x, y = each.left, each.right
        left, right = show_pair(x, y) if isinstance(x, str) and isinstance(y, str) else (show(x), show(y))
        message = f"{each.path} is {left} on {pair.left.label} and {right} on {pair.right.label}"
        message += f": {each.fault}" if each.fault else ""
        kinds = kind_of(x), kind_of(y)
        code = each.code or "event-changed"
        yield finding(code=code, path=each.path, message=message, left=left, right=right, kinds=kinds)


def event_differences(pair: Pair, path: str, left: Mapping[str, Any], right: Mapping[str, Any]) -> Iterator[Difference]:
    """Yield the fields in which two events of one step and name differ, given without what may vary (`stable`).

    Declared rules are asked where they cover the event, the text rules for texts of errors; what they did is counted.
    """
    step, name = left.get("step"), str(left.get("event"))
    plan = pair.rules.plan(RecordKind.EVENT, step, name)
    texts_of_error = pair.text.under(pair.rules.covering_text(RecordKind.ERROR, step, ""))
    if name in _WITH_ERROR and plan is None:
        texts = error_differences(texts_of_error, path, left, right)
        yield from (Difference(place, x, y) for place, x, y in texts)
    elif plan is None:
        yield from (Difference(place, x, y) for place, x, y in leaf_differences(left, right, path))
    else:
        for each in plan.differences(left, right, path):
            of_error = name in _WITH_ERROR and isinstance(each.left, str) and isinstance(each.right, str)
            if each.code or not of_error or not texts_of_error.same(each.path, each.left, each.right):
                yield each


def _alone(pair: Pair, finding: Callable[..., Finding], event: _Event, *, missing: bool, doubled: bool) -> Finding:
    side = pair.left if missing else pair.right
    shown = show({name: value for name, value in event.stable.items() if name not in {"event", "step"}})
    if doubled:
        code, message = "event-doubled", f"{side.label} has {event.name} more often, with the same content"
    elif missing:
        code, message = "event-missing", f"{event.name} is missing on {pair.right.label}"
    else:
        code, message = "event-extra", f"{event.name} is on {pair.right.label} only"
    return finding(
        code=code,
        path=event.name,
        message=message,
        left=shown if missing else "(absent)",
        right="(absent)" if missing else shown,
    )


def _order(
    pair: Pair,
    finding: Callable[..., Finding],
    streams: tuple[list[_Event], list[_Event]],
    alone: tuple[set[int], set[int]],
    changed: list[tuple[int, int]],
) -> Iterator[Finding]:
    """Yield one finding where the events that both sides have come in another order.

    A changed event keeps its place under the form of the other side; whichever side's form is taken, the order must differ.
    """
    left = [(index, event) for index, event in enumerate(streams[0]) if index not in alone[0]]
    right = [(index, event) for index, event in enumerate(streams[1]) if index not in alone[1]]
    keys = [event.key for _, event in left], [event.key for _, event in right]
    as_left = {b: streams[0][a].key for a, b in changed}
    as_right = {a: streams[1][b].key for a, b in changed}
    places = (
        _first_difference(keys[0], [as_left.get(index, event.key) for index, event in right]),
        _first_difference([as_right.get(index, event.key) for index, event in left], keys[1]),
    )
    if places[0] is None or places[1] is None:
        return
    place = min(places[0], places[1])
    a, b = left[place][1], right[place][1]
    yield _disordered(pair, finding, place, a.name, b.name)


def _first_difference(left: list[bytes], right: list[bytes]) -> int | None:
    return next((place for place, (a, b) in enumerate(zip(left, right, strict=True)) if a != b), None)


def _disordered(pair: Pair, finding: Callable[..., Finding], place: int, left: str, right: str) -> Finding:
    return finding(
        code="event-order",
        path=f"events[{place}]",
        message=f"another order: {left} comes here on {pair.left.label}, {right} on {pair.right.label}",
        left=left,
        right=right,
    )
