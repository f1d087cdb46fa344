"""Differences in `events.jsonl`: an event too few, too many, elsewhere, and another value in one."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from osiris_core.testing.mutations import times
from osiris_core.testing.mutations.leaves import at, branches, leaves, put, take_out
from osiris_core.testing.mutations.model import Difference, Spot
from osiris_core.testing.mutations.places import pick
from osiris_core.testing.mutations.seal import canonical, stable_event
from osiris_core.testing.mutations.values import SMALLEST

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from random import Random

    from osiris_core.testing.mutations.session_copy import SessionCopy

_ENVELOPE: Final = frozenset({"event", "step", "tables"})
"""Not changed as a field: a renamed event is another class, tables have classes of their own."""
_OWN: Final = frozenset(
    {"run_start", "step_start", "inputs_resolved", "artifact_created", "artifact_skipped", "step_complete"}
)
_OWN_ENDS: Final = frozenset(
    {"step_failed", "step_retried", "retry_refused", "step_skipped", "run_complete", "run_failed", "run_cancelled"}
)


def _of_steps(copy: SessionCopy) -> list[int]:
    return [place for place, event in enumerate(copy.events) if event["step"] is not None]


def _of_drivers(copy: SessionCopy) -> list[int]:
    return [place for place in _of_steps(copy) if copy.events[place]["event"] not in _OWN | _OWN_ENDS]


def _twins(copy: SessionCopy, place: int) -> int:
    """Return how many other events say the same."""
    form = canonical(stable_event(copy.events[place]))
    return sum(canonical(stable_event(each)) == form for each in copy.events) - 1


def drop(copy: SessionCopy, rng: Random) -> Spot:
    """Drop an event."""
    place = pick(rng, _of_steps(copy), "event of a step")
    codes = ("event-doubled",) if _twins(copy, place) else ()
    event = copy.events.pop(place)
    return Spot(step=event["step"], what=f"{event['event']} dropped", path=event["event"], codes=codes)


def double(copy: SessionCopy, rng: Random) -> Spot:
    """Let an event come twice."""
    place = pick(rng, _of_steps(copy), "event of a step")
    event = copy.events[place]
    copy.events.insert(place, dict(event))
    return Spot(step=event["step"], what=f"{event['event']} doubled", path=event["event"])


def add(copy: SessionCopy, rng: Random) -> Spot:
    """Add an event of a new name."""
    place = pick(rng, _of_steps(copy), "event of a step")
    event = {name: copy.events[place][name] for name in ("ts", "session", "event", "step")} | {"event": "something_new"}
    copy.events.insert(place, event)
    return Spot(step=event["step"], what="something_new added", path="something_new")


def swap(copy: SessionCopy, rng: Random) -> Spot:
    """Exchange two events of a step; the times stay where they are."""
    events = copy.events
    pairs = [
        (a, b)
        for a in _of_steps(copy)
        for b in range(a + 1, min(a + 4, len(events)))
        if events[a]["step"] == events[b]["step"] and stable_event(events[a]) != stable_event(events[b])
    ]
    a, b = pick(rng, pairs, "pair of events of one step")
    events[a], events[b] = events[b] | {"ts": events[a]["ts"]}, events[a] | {"ts": events[b]["ts"]}
    return Spot(step=events[a]["step"], what=f"events {a} and {b} exchanged", path="events[")


def rename(copy: SessionCopy, rng: Random) -> Spot:
    """Call a driver's event otherwise."""
    place = pick(rng, _of_drivers(copy), "event of a driver")
    codes = ("event-doubled",) if _twins(copy, place) else ()
    event = copy.events[place]
    name, event["event"] = event["event"], event["event"] + "s"
    return Spot(step=event["step"], what=f"{name} renamed", path=name, codes=codes)


def move(copy: SessionCopy, rng: Random) -> Spot:
    """Let an event belong to another step."""
    place = pick(rng, _of_drivers(copy), "event of a driver")
    codes = ("event-doubled",) if _twins(copy, place) else ()
    event = copy.events[place]
    step, event["step"] = event["step"], rng.choice([step for step in copy.steps if step != event["step"]])
    return Spot(step=step, what=f"{event['event']} moved to {event['step']}", path=event["event"], codes=codes)


def _fields(copy: SessionCopy) -> Iterator[tuple[int, str]]:
    for place, event in enumerate(copy.events):
        yield from ((place, name) for name in stable_event(event) if name not in _ENVELOPE)


def change_leaf(copy: SessionCopy, rng: Random, kind: str) -> Spot:
    """Change one scalar in an event, by one of `values.SMALLEST`."""
    applies, changed = SMALLEST[kind]
    found = [
        (place, name, path)
        for place, name in _fields(copy)
        for path, leaf in leaves(copy.events[place][name])
        if applies(leaf)
    ]
    place, name, path = pick(rng, found, f"field whose {kind}")
    event = copy.events[place]
    put(event, (name, *path), changed(at(event, (name, *path)), rng))
    return Spot(step=event["step"], what=f"{event['event']}.{name}", path=f"{event['event']}")


def drop_field(copy: SessionCopy, rng: Random) -> Spot:
    """Leave out a field."""
    place, name = pick(rng, _fields(copy), "field of an event")
    event = copy.events[place]
    take_out(event, (name,))
    return Spot(step=event["step"], what=f"{event['event']} without {name}", path=event["event"])


def _list(change: Callable[[list[Any], Random], None]) -> Callable[[SessionCopy, Random], Spot]:
    def plant(copy: SessionCopy, rng: Random) -> Spot:
        found = [
            (place, name, path)
            for place, name in _fields(copy)
            for path, branch in branches(copy.events[place][name])
            if isinstance(branch, list) and len({canonical(item) for item in branch}) > 1
        ]
        place, name, path = pick(rng, found, "list of several items in an event")
        event = copy.events[place]
        change(at(event, (name, *path)), rng)
        return Spot(step=event["step"], what=f"the list {event['event']}.{name}", path=event["event"])

    return plant


def _double_item(items: list[Any], rng: Random) -> None:
    items.append(rng.choice(items))


def _rotate(items: list[Any], rng: Random) -> None:
    before = list(items)
    while items == before:
        items.append(items.pop(rng.randrange(len(items))))


def reuse_id(copy: SessionCopy, rng: Random) -> Spot:
    """Let an event carry the id of another one: the ids no longer correspond one to one."""
    found = [
        (a, b, name)
        for a in _of_drivers(copy)
        for b in _of_drivers(copy)
        for name in stable_event(copy.events[a])
        if name not in _ENVELOPE and isinstance(copy.events[a][name], str)
        if name in copy.events[b] and copy.events[a][name] != copy.events[b][name]
    ]
    a, b, name = pick(rng, found, "pair of ids")
    copy.events[a][name] = copy.events[b][name]
    event = copy.events[a]
    return Spot(step=event["step"], what=f"{event['event']}.{name} is that of event {b}", path=event["event"])


_CHANGED: Final = ("event-changed",)
_SHAPE: Final = ("event-shape",)
_LAYER: Final = "events"

EVENTS: Final = (
    Difference(name="event dropped", layer=_LAYER, codes=("event-missing",), plant=drop),
    Difference(name="event doubled", layer=_LAYER, codes=("event-doubled",), plant=double),
    Difference(name="event added", layer=_LAYER, codes=("event-extra",), plant=add),
    Difference(name="events swapped", layer=_LAYER, codes=("event-order",), plant=swap),
    Difference(name="event renamed", layer=_LAYER, codes=("event-missing",), plant=rename),
    Difference(name="event moved to another step", layer=_LAYER, codes=("event-missing",), plant=move),
    Difference(name="event field dropped", layer=_LAYER, codes=_CHANGED, plant=drop_field),
    Difference(name="event list item doubled", layer=_LAYER, codes=_CHANGED, plant=_list(_double_item)),
    Difference(name="event list reordered", layer=_LAYER, codes=_CHANGED, plant=_list(_rotate)),
    Difference(name="event id reused", layer=_LAYER, codes=("event-changed", "event-order"), plant=reuse_id),
    *(
        Difference(name=f"event {kind}", layer=_LAYER, codes=_CHANGED, plant=partial(change_leaf, kind=kind))
        for kind in SMALLEST
    ),
    Difference(name="event time outside the run", layer=_LAYER, codes=_SHAPE, plant=times.outside),
    Difference(name="event time backwards", layer=_LAYER, codes=_SHAPE, plant=times.backwards),
    Difference(name="event time no time", layer=_LAYER, codes=_SHAPE, plant=times.no_time),
    Difference(
        name="duration negative", layer=_LAYER, codes=_SHAPE, plant=partial(times.duration, values=(-1, -0.001, -1e9))
    ),
    Difference(
        name="duration longer than the run",
        layer=_LAYER,
        codes=_SHAPE,
        plant=partial(times.duration, values=(1e9, 1e300)),
    ),
    Difference(
        name="duration no number",
        layer=_LAYER,
        codes=_SHAPE,
        plant=partial(times.duration, values=("12", None, True, [1])),
    ),
)
