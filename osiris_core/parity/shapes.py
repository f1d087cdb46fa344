"""Volatile values are not ignored: each still has a shape that it must keep.

Which event fields are volatile, and of which shape, is written in the session schemas.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from osiris_core.parity.side import SKEW
from osiris_core.parity.values import show

if TYPE_CHECKING:
    from datetime import datetime

    from osiris_core.parity.side import Window

_MILLISECONDS: Final = 1000


def is_count(value: Any) -> bool:
    """Whether a value is a finite number >= 0 (a truth value is no number)."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value >= 0


def duration_fault(value: Any, window: Window | None) -> str:
    """Say what is wrong with a duration in milliseconds within a run, or return an empty string."""
    if not is_count(value):
        return f"{show(value)} is no duration (a finite number of milliseconds, not negative)"
    if window is not None and value > window.longest.total_seconds() * _MILLISECONDS:
        return f"{show(value)} ms is longer than the whole run"
    return ""


def time_fault(value: Any, when: datetime | None, window: Window | None, latest: datetime | None) -> str:
    """Say what is wrong with a time within a run, or return an empty string.

    `when` is the value as read by `moment`, `latest` the time of the record ahead of it.
    """
    if when is None:
        return f"{show(value)} is no ISO-8601 time"
    if window is not None and not window.holds(when):
        return f"{show(value)} is outside the run, {window.start.isoformat()} to {window.end.isoformat()}"
    if latest is not None and when < latest - SKEW:
        return f"{show(value)} is before the time of the record ahead of it, {latest.isoformat()}"
    return ""
