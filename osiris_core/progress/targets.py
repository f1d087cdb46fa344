"""Follows one run on one target: the phases of its backend, and the records of its worker as they pass.

Hundreds of thousands of records a second may pass. So a record is looked at by its name alone, which is known already; of those
that say something, only the latest is kept, and read when there is somebody to be told, ten times a second at most.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from osiris_core.progress.model import RUNNING

if TYPE_CHECKING:
    from collections.abc import Callable

    from osiris_core.progress.model import Progress

# Events of `wire.records`.
STEP_START: Final = "step_start"
STEP_SKIPPED: Final = "step_skipped"
STEP_COMPLETE: Final = "step_complete"
INPUTS_RESOLVED: Final = "inputs_resolved"
ROWS: Final = "rows"
"""How the names of metrics begin by which drivers count rows."""
EVERY_S: Final = 0.1
"""Counters are told so often at most. Phases and steps are told at once."""


class TargetWatch:
    """Is told by one thread at a time."""

    def __init__(
        self,
        start: Progress,
        tell: Callable[[Progress], None],
        *,
        mask: Callable[[str], str],
        clock: Callable[[], float],
        every_s: float = EVERY_S,
    ) -> None:
        self._now = start
        self._tell = tell
        self._mask = mask
        self._clock = clock
        self._every_s = every_s
        self._told = start.began
        self._rows = 0
        self._number = 0
        self._given: int | None = None
        self._counted: bytes | None = None
        self._records_bytes = 0
        self.bytes_down: Callable[[], int] = int
        """What the backend has counted."""

    def phase(self, name: str) -> None:
        """Tell that the backend has begun something else."""
        now = self._clock()
        heard = now if name == RUNNING else None
        self._say(now, phase=name, phase_began=now, heard=heard)

    def note(self, name: str, payload: bytes) -> None:
        """Take in an event or a metric by its name; a step that begins is told at once."""
        if name.startswith(ROWS):
            self._counted = payload
        elif name == STEP_START:
            self._number += 1
            self._given = self._counted = None
            now = self._clock()
            step = self._mask(str(_decoded(payload).get("step")))
            self._say(now, step=step, number=self._number, step_began=now, heard=now)
        elif name == STEP_SKIPPED:
            self._number += 1
        elif name == STEP_COMPLETE:
            self._rows += _rows_of(payload) or 0
            self._given = self._counted = None
        elif name == INPUTS_RESOLVED:
            self._given = (self._given or 0) + (_rows_of(payload) or 0)

    def heard(self, records_bytes: int) -> None:
        """Note that something came of the worker, whose records are so many bytes by now."""
        self._records_bytes = records_bytes
        now = self._clock()
        if now - self._told >= self._every_s:
            self._say(now, heard=now)

    def came(self) -> None:
        """Note that the backend has counted more bytes."""
        now = self._clock()
        if now - self._told >= self._every_s:
            self._say(now)

    def end(self) -> None:
        """Tell that the run is over."""
        self._say(self._clock(), heard=None, over=True)

    def _say(self, now: float, **changed: Any) -> None:
        self._told = now
        if self._counted is not None:
            self._given, self._counted = _value_of(self._counted, self._given), None
        size_bytes = max(self._records_bytes, self.bytes_down())
        self._now = replace(self._now, at=now, rows=self._rows, step_rows=self._given, size_bytes=size_bytes, **changed)
        self._tell(self._now)


def _decoded(payload: bytes) -> dict[str, Any]:
    """Return a record, or nothing where it is none: whoever judges records says so."""
    try:
        record = json.loads(payload)
    except (ValueError, RecursionError):
        return {}
    return record if isinstance(record, dict) else {}


def _rows_of(payload: bytes) -> int | None:
    data = _decoded(payload).get("data")
    rows = data.get("rows") if isinstance(data, dict) else None
    return rows if isinstance(rows, int) else None


def _value_of(payload: bytes, otherwise: int | None) -> int | None:
    value = _decoded(payload).get("value")
    return int(value) if isinstance(value, int | float) and value == value and abs(value) < 2**63 else otherwise  # noqa: PLR0124 - no NaN
