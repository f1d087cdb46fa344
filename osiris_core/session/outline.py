"""What is asked again and again of a session's events: how many there are of which step and name, and the few that say most."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from osiris_core.wire.records import (
    ARTIFACT_SKIPPED,
    FINAL_EVENTS,
    RETRY_REFUSED,
    RUN_START,
    STEP_COMPLETE,
    STEP_FAILED,
    STEP_RETRIED,
    STEP_START,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

KEPT: Final = frozenset(
    {
        RUN_START,
        *FINAL_EVENTS,
        STEP_START,
        STEP_COMPLETE,
        STEP_FAILED,
        STEP_RETRIED,
        RETRY_REFUSED,
        ARTIFACT_SKIPPED,
    }
)
"""Events that an outline holds: beginnings and ends, with all that says how long something took, attempts that failed, and what is not there."""

_is_time: Final = re.compile(r"\d{4}-\d\d-\d\dT(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{6}Z", re.ASCII).fullmatch
_NO_STEP: Final = object()
"""No record has this step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """The events, or metrics, of a session in outline.

    `counts` are by (step, name); `first` and `last` are names; `kept` are the events of the names `KEPT`, in order. Where
    `ordered` every time has the worker's form, and none is before the one ahead of it: `earliest` and `latest` say it all.
    """

    total: int
    counts: Mapping[tuple[str | None, str], int]
    first: str
    last: str
    kept: tuple[dict[str, Any], ...]
    ordered: bool
    earliest: str
    latest: str

    def named(self, *names: str) -> list[dict[str, Any]]:
        """Return the kept events of these names, in order."""
        return [event for event in self.kept if event.get("event") in names]


class Outliner:
    """Makes an outline of the records that it is told of, in order."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[Any, str]] = Counter()
        self._kept: list[dict[str, Any]] = []
        self._first = self._last = ""
        self._earliest = self._latest = ""
        self._ordered = True
        self._step: Any = _NO_STEP
        self._run = 0

    def note(self, name: str, step: Any, ts: Any, whole: dict[str, Any] | None) -> None:
        """Take in one record: its name, step and time, and all of it where its name is in `KEPT`."""
        if name == self._last and step == self._step:
            self._run += 1
        else:
            self._turn(name, step, ts)
        if whole is not None and name in KEPT:
            self._kept.append(whole)
        if self._ordered:
            # Times of this one form are in order where their texts are.
            self._ordered = isinstance(ts, str) and ts >= self._latest and _is_time(ts) is not None
            self._latest = ts

    def _turn(self, name: str, step: Any, ts: Any) -> None:
        """Count the records of one step and name that came in a row, and begin to count these."""
        if self._step is _NO_STEP:
            self._first = name
            self._earliest = ts if isinstance(ts, str) else ""
        else:
            self._counts[self._step, self._last] += self._run
        self._step, self._last, self._run = step, name, 1

    def outline(self) -> Outline:
        """Return the outline of all that was noted."""
        if self._run:
            self._counts[self._step, self._last] += self._run
            self._run = 0
        return Outline(
            total=self._counts.total(),
            counts=self._counts,
            first=self._first,
            last=self._last,
            kept=tuple(self._kept),
            ordered=self._ordered,
            earliest=self._earliest,
            latest=self._latest,
        )


def outline_of(events: Iterable[Mapping[str, Any]]) -> Outline:
    """Return the outline of events; of those of a file it is known already."""
    known = getattr(events, "outline", None)
    if isinstance(known, Outline):
        return known
    outliner = Outliner()
    for event in events:
        outliner.note(str(event.get("event")), event.get("step"), event.get("ts"), dict(event))
    return outliner.outline()
