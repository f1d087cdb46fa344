"""The volatile fields of events: times lie in their run and do not run backwards, durations fit into it."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from osiris_core.parity.record import Finding, Layer
from osiris_core.parity.shapes import duration_fault, time_fault
from osiris_core.parity.side import moment
from osiris_core.parity.values import show
from osiris_core.session.outline import KEPT
from osiris_core.session.volatile import volatile_fields

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from osiris_core.parity.side import Side, Window
    from osiris_core.session.outline import Outline


@cache
def volatile_shapes(event_name: str) -> Mapping[str, str]:
    """Return the volatile fields of an event with their shapes, as the session schemas mark them."""
    return volatile_fields("events", event_name)


def volatile_names(event_name: str) -> frozenset[str]:
    """Return the names of the volatile fields of an event."""
    return frozenset(volatile_shapes(event_name))


def compare_event_shapes(side: Side) -> Iterator[Finding]:
    """Yield a finding for every volatile value of one side that does not keep its shape."""
    if _is_within(side.outline, side.window):
        for event in side.outline.kept:  # no other event has more than a time
            yield from (_finding(side, event, field, fault) for field, fault in _durations(side, event))
        return
    for event, field, fault in shape_faults(side, side.session.events):
        yield _finding(side, event, field, fault)


def shape_faults(side: Side, events: Iterable[dict[str, Any]]) -> Iterator[tuple[dict[str, Any], str, str]]:
    """Yield `(event, field, what is wrong)` for every volatile value that does not keep its shape; `events` are all of a side, in order."""
    latest: datetime | None = None
    for event in events:
        when = moment(event.get("ts"))
        fault = time_fault(event.get("ts"), when, side.window, latest)
        if fault:
            yield event, "ts", fault
        latest = when or latest
        if str(event.get("event")) in KEPT:
            yield from ((event, field, fault) for field, fault in _durations(side, event))


def _is_within(outline: Outline, window: Window | None) -> bool:
    """Whether the outline alone shows that every time is one, is in the run, and not before the one ahead of it."""
    first, last = moment(outline.earliest), moment(outline.latest)
    if not outline.ordered or first is None or last is None or first.date() != last.date():
        return False
    return window is None or (window.holds(first) and window.holds(last))


def _durations(side: Side, event: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for field, shape in volatile_shapes(str(event.get("event"))).items():
        if field != "ts" and (fault := _fault(shape, event.get(field), side)):
            yield field, fault


def _fault(shape: str, value: object, side: Side) -> str:
    if shape == "time":
        return time_fault(value, moment(value), side.window, None)
    if shape == "duration_ms":
        return duration_fault(value, side.window)
    return f"{show(value)} has the unknown shape {shape!r} in the session schema"


def _finding(side: Side, event: dict[str, object], field: str, fault: str) -> Finding:
    step = event.get("step")
    return Finding(
        layer=Layer.EVENTS,
        step=step if isinstance(step, str) else None,
        code="event-shape",
        path=f"{event.get('event')}.{field}",
        message=f"on {side.label} {fault}",
        left=show(event.get(field)) if side.is_left else "",
        right="" if side.is_left else show(event.get(field)),
    )
