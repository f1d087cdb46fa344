"""The time that the text of a run may speak of, where it is held against a baseline.

In a check both sides are there, and what is equal needs no rule. A baseline keeps a text with tokens and not what stood there, so
the same text must get the same tokens on a fast machine and on a slow one: durations count up to a round length, not up to the run's own.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from osiris_core.parity.side import Window, moment, run_window

if TYPE_CHECKING:
    from osiris_core.session.model import Session

_LENGTHS_S: Final = (60, 3_600, 86_400, 31_536_000)


def round_length_s(session: Session) -> int:
    """Return a minute, an hour, a day or a year: the first in which the run fits, with room."""
    window = run_window(session)
    longest = window.longest.total_seconds() if window else 0.0
    return next((each for each in _LENGTHS_S if longest < each), _LENGTHS_S[-1])


def text_window(session: Session, *, least_s: int, fixed_now: bool) -> Window | None:
    """Return the time that a session's text may speak of; None where the run's own cannot be told.

    It is `least_s` long at least. The logical time belongs to it, unless it was fixed: then it is a value like any other.
    """
    window = run_window(session)
    if window is None:
        return None
    now = None if fixed_now else moment(session.facts.get("logical_now"))
    start = min(window.start, now) if now else window.start
    return Window(start=start, end=max(window.end, start + timedelta(seconds=least_s)))
