"""The lines of events.jsonl and metrics.jsonl as events and metrics of ours, by the tables of `names`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from osiris_core.parity.foreign.osiris.names import (
    EVENTS,
    FIELDS,
    METRICS,
    PATHS_REASON,
    ROWS,
    ROWS_REASON,
    STEP_DURATION,
    STEP_DURATION_MS,
    STEP_FIELD,
    UNITS,
    in_run,
    is_final,
)
from osiris_core.parity.side import SKEW, moment
from osiris_core.parity.values import show
from osiris_core.wire.records import RUN_COMPLETE, RUN_FAILED, RUN_START, STEP_FAILED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from osiris_core.parity.foreign.osiris.names import (
        Name,
    )
    from osiris_core.parity.foreign.protocol import SetAside

_ENVELOPE: Final = frozenset({"ts", "session", "event", STEP_FIELD})
_METRIC_ENVELOPE: Final = frozenset({"ts", "session", "metric", "value", "unit", STEP_FIELD})
_DURATION: Final = "duration_ms"
_WITH_DURATION: Final = frozenset({RUN_COMPLETE, RUN_FAILED, STEP_FAILED})
_NO_DURATION: Final = "Osiris does not say how long a run, or a step that failed, took: no time is compared"
_LATE: Final = (
    "the host logs its last metrics after the run's last event, and others when they arrive: no time is compared"
)


def as_events(lines: Sequence[dict[str, Any]], set_aside: SetAside) -> tuple[dict[str, Any], ...]:
    """Return the lines that are events of the run, under our names, in their order."""
    events = []
    for line in lines:
        name = str(line["event"])
        known = _known_event(name, line)
        if known is not None and not known.becomes:
            told = {field: value for field, value in line.items() if field not in _ENVELOPE}
            set_aside.add(f"osiris: {name}", known.reason, f"{name} of {line.get(STEP_FIELD) or 'the run'}", show(told))
            continue
        if known is not None:
            set_aside.add(f"osiris: {name} is {known.becomes}", known.reason, name, name)
            name = known.becomes
        events.append(_event(name, line, set_aside))
    return tuple(events)


def _known_event(name: str, line: Mapping[str, Any]) -> Name | None:
    path = str(line.get("path", "")).split("/")
    told_apart = (EVENTS.get(f"{name}/{mark}") for mark in (*line, *path))
    return next((known for known in told_apart if known is not None), EVENTS.get(name))


def _event(name: str, line: Mapping[str, Any], set_aside: SetAside) -> dict[str, Any]:
    event = {"ts": line["ts"], "session": line["session"], "event": name, "step": line.get(STEP_FIELD)}
    for field, raw in line.items():
        if field in _ENVELOPE:
            continue
        known = FIELDS.get((name, field))
        value = _without_place(name, field, raw, set_aside)
        if known is None:
            event[field] = value
            continue
        rule = f"osiris: {name}.{field}" + (f" is {known.becomes}" if known.becomes else "")
        set_aside.add(rule, known.reason, f"{name}.{field}", field if known.becomes else show(value))
        if known.becomes:
            event[known.becomes] = _times(_cut(value, known, f"{name}.{field}", set_aside), known.factor)
    if name in _WITH_DURATION and _DURATION not in event:
        event[_DURATION] = 0.0
        set_aside.add("osiris: no duration", _NO_DURATION, name, name)
    return event


def _cut(value: Any, known: Name, place: str, set_aside: SetAside) -> Any:
    """Return a text without what one target says in front of it; any other value as it is."""
    if not known.prefix or not isinstance(value, str) or not value.startswith(known.prefix):
        return value
    set_aside.add(f"osiris: {place} without {known.prefix.strip()!r}", known.reason, place, known.prefix)
    return value.removeprefix(known.prefix)


def _without_place(name: str, field: str, value: Any, set_aside: SetAside) -> Any:
    """Return a path inside of the run's directory without where that lay; any other value as it is."""
    if not isinstance(value, str) or "/" not in value:
        return value
    inner = in_run(value)
    if inner != value:
        set_aside.add("osiris: run directory", PATHS_REASON, f"{name}.{field}", value[: len(value) - len(inner)])
    return inner


def as_metrics(
    lines: Sequence[dict[str, Any]], events: Sequence[dict[str, Any]], set_aside: SetAside
) -> tuple[dict[str, Any], ...]:
    """Return the lines as metrics of ours; `events` are the run's, between which every metric is taken to lie."""
    window = _window(events)
    metrics = []
    for line in lines:
        name, step = str(line["metric"]), line.get(STEP_FIELD)
        timed = STEP_DURATION.fullmatch(name)
        known = STEP_DURATION_MS if timed else METRICS.get(name)
        if known is not None and not known.becomes:
            set_aside.add(f"osiris: {name}", known.reason, f"{name} of {step or 'the run'}", show(line["value"]))
            continue
        if timed and known is not None:
            set_aside.add(f"osiris: step_<id>_duration is {known.becomes}", known.reason, name, name)
            step = timed[1]
        tags = {field: value for field, value in line.items() if field not in _METRIC_ENVELOPE}
        if name in ROWS and (step or tags):
            set_aside.add("osiris: step of rows", ROWS_REASON, name, show({STEP_FIELD: step, **tags}))
            step, tags = None, {}
        metrics.append(
            {
                "ts": _inside(line["ts"], window, set_aside),
                "session": line["session"],
                "step": step,
                "metric": known.becomes if known else name,
                "value": _times(line["value"], known.factor) if known else line["value"],
                "unit": known.unit if known else _unit(line),
                "volatile": False,
                "tags": tags,
            }
        )
    return tuple(metrics)


def _unit(line: Mapping[str, Any]) -> Any:
    unit = line.get("unit")
    return UNITS.get(unit, unit) if isinstance(unit, str) else None


def _times(value: Any, factor: float) -> Any:
    return value * factor if factor != 1 and isinstance(value, int | float) and not isinstance(value, bool) else value


def _window(events: Sequence[dict[str, Any]]) -> tuple[datetime, datetime, str] | None:
    starts = [event["ts"] for event in events if event["event"] == RUN_START]
    ends = [event["ts"] for event in events if is_final(event["event"])]
    start, end = moment(starts[0]) if starts else None, moment(ends[-1]) if ends else None
    return (start, end, ends[-1]) if start and end else None


def _inside(when: str, window: tuple[datetime, datetime, str] | None, set_aside: SetAside) -> str:
    read = moment(when)
    if window is None or read is None or window[0] - SKEW <= read <= window[1] + SKEW:
        return when
    set_aside.add("osiris: time of metrics", _LATE, "ts", "")
    return window[2]
