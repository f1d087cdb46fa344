"""One session as the comparers see it: its label, its run's window in time, its roots and its steps."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from osiris_core.session.outline import outline_of
from osiris_core.wire.records import FINAL_EVENTS, RUN_START

if TYPE_CHECKING:
    from osiris_core.session.outline import Outline
    from osiris_core.session.reader import Session

SKEW: Final = timedelta(seconds=1)
"""How far a clock may be off its run's window, or step back, before that is a difference."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The time of a run: from its `run_start` to its last event, both by the target's clock."""

    start: datetime
    end: datetime

    def holds(self, moment: datetime) -> bool:
        """Whether `moment` (aware) lies in the window, give or take `SKEW`."""
        return self.start - SKEW <= moment <= self.end + SKEW

    @property
    def longest(self) -> timedelta:
        """The longest time anything in this run can have taken."""
        return self.end - self.start + SKEW


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One session with what the comparers look up again and again.

    `text_window` is the time that its text may speak of, `window` that of its run: the same, but for a side held against a baseline.
    """

    session: Session
    outline: Outline  # of its events
    label: str
    is_left: bool
    window: Window | None
    text_window: Window | None
    roots: tuple[tuple[str, str], ...]  # (absolute path, name of the root), longest path first
    pids: frozenset[int]


def view(session: Session, label: str, *, is_left: bool, text_window: Window | None = None) -> Side:
    """Return the session as a side called `label`."""
    outline = outline_of(session.events)
    window = _window(outline)
    return Side(
        session=session,
        outline=outline,
        label=label,
        is_left=is_left,
        window=window,
        text_window=text_window or window,
        roots=_roots(session.hello),
        pids=_pids(session.hello),
    )


def labels(left: Session, right: Session) -> tuple[str, str]:
    """Return how to call the two sides: by target, or first and second of the same target."""
    if left.target != right.target:
        return left.target, right.target
    return f"first {left.target} run", f"second {right.target} run"


def execution_order(left: Session, right: Session) -> dict[str, int]:
    """Return step ids with their place; steps that only the right side has come after those of the left."""
    order: dict[str, int] = {}
    for session in (left, right):
        for state in session.steps:
            order.setdefault(state.id, len(order))
    return order


def manifest_steps(session: Session) -> dict[str, dict[str, Any]]:
    """Return the steps of the manifest that ran, by id."""
    return {
        str(step["id"]): step for step in session.manifest.get("steps", ()) if isinstance(step, dict) and "id" in step
    }


def moment(text: Any) -> datetime | None:
    """Read an ISO-8601 time; one without an offset is taken as UTC. Return None for anything else."""
    if not isinstance(text, str):
        return None
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        return None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def run_window(session: Session) -> Window | None:
    """Return the time of the run, or None where its first or last event is missing or has no readable time."""
    return _window(outline_of(session.events))


def _window(outline: Outline) -> Window | None:
    starts, ends = outline.named(RUN_START), outline.named(*FINAL_EVENTS)
    if not starts or not ends:
        return None
    start, end = moment(starts[0].get("ts")), moment(ends[-1].get("ts"))
    return Window(start=start, end=end) if start and end else None


def _roots(hello: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    named: dict[str, str] = {}
    roots = hello.get("roots") or {}
    for name in ("project", "work", "output", "temporary", "home", "prefix", "site", "bundle"):
        value = roots.get(name)
        for path in value if isinstance(value, list) else [value]:
            trimmed = path.rstrip("/") if isinstance(path, str) else ""
            if trimmed.startswith("/"):
                named.setdefault(trimmed, name)  # of two names for one path the first in this order wins
    return tuple(sorted(named.items(), key=lambda root: (-len(root[0]), root[0])))


def _pids(hello: dict[str, Any]) -> frozenset[int]:
    return frozenset(
        value for name in ("pid", "supervisor_pid") if isinstance(value := hello.get(name), int) and value > 0
    )
