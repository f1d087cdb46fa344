"""The times of a session's records: moved, stretched, and put where no time of this run can be."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from osiris_core.testing.mutations.model import Spot
from osiris_core.testing.mutations.places import pick

if TYPE_CHECKING:
    from random import Random

    from osiris_core.testing.mutations.session_copy import SessionCopy

_FORM = "%Y-%m-%dT%H:%M:%S.%fZ"
_LONG = 40


def moment(record: dict[str, Any]) -> datetime:
    """Return a record's time."""
    return datetime.strptime(record["ts"], _FORM).replace(tzinfo=UTC)


def written(time: datetime) -> str:
    """Return a time as records have it."""
    return time.strftime(_FORM)


def shift(copy: SessionCopy, by: timedelta) -> None:
    """Move every time of a session alike."""
    for record in (*copy.events, *copy.metrics):
        record["ts"] = written(moment(record) + by)


def stretch(copy: SessionCopy, factor: float) -> None:
    """Make a run last longer: every time moves away from its start."""
    start = moment(copy.events[0])
    for record in (*copy.events, *copy.metrics):
        record["ts"] = written(start + (moment(record) - start) * factor)


def _inner(copy: SessionCopy, rng: Random) -> dict[str, Any]:
    """Return an event that does not itself say when the run began or ended."""
    return pick(rng, [event for event in copy.events if event["step"] is not None], "event of a step")


def outside(copy: SessionCopy, rng: Random) -> Spot:
    """Put an event's time before or after its run."""
    event = _inner(copy, rng)
    event["ts"] = written(moment(event) + timedelta(hours=rng.choice((-5, -1, 1, 9))))
    return Spot(step=event["step"], what=f"{event['event']} at {event['ts']}", path=f"{event['event']}.ts")


def backwards(copy: SessionCopy, rng: Random) -> Spot:
    """Let time run backwards by some seconds, within the run."""
    length = (moment(copy.events[-1]) - moment(copy.events[0])).total_seconds()
    stretch(copy, max(1.0, _LONG / max(length, 0.001)))
    end = moment(copy.events[-1])
    late = [
        n for n, each in enumerate(copy.events[1:-2], 1) if moment(each) - moment(copy.events[0]) > timedelta(seconds=5)
    ]
    at = pick(rng, late, "event that comes late enough")
    back = timedelta(seconds=rng.uniform(1.5, 4))
    following = copy.events[at + 1]
    copy.events[at]["ts"] = written(min(end, moment(copy.events[at]) + timedelta(microseconds=1)))
    following["ts"] = written(moment(copy.events[at]) - back)
    return Spot(
        step=following["step"],
        what=f"{following['event']} {back} before the event ahead of it",
        path=f"{following['event']}.ts",
    )


def no_time(copy: SessionCopy, rng: Random) -> Spot:
    """Write something that is no time."""
    event = _inner(copy, rng)
    event["ts"] = rng.choice(("noon", "", "2026-13-01T00:00:00.000000Z", event["ts"][:10] + " noon"))
    return Spot(step=event["step"], what=repr(event["ts"]), path=f"{event['event']}.ts")


def duration(copy: SessionCopy, rng: Random, values: tuple[Any, ...]) -> Spot:
    """Give a step a duration that it cannot have had."""
    ends = [event for event in copy.events if event["step"] and event["event"] in {"step_complete", "step_failed"}]
    event = pick(rng, ends, "end of a step")
    event["duration_ms"] = rng.choice(values)
    return Spot(step=event["step"], what=repr(event["duration_ms"]), path=f"{event['event']}.duration_ms")
