"""Decides how a session ended: as the terminal record says, if there is one and everything about it holds.

Where something was found to be wrong, the session is lost. Where the terminal record or the artifacts never came,
it ended as the host knows it did (`cancelled`, say), and is lost when the host knows nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from msgspec.structs import asdict

from osiris_core.wire import records

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from osiris_core.session.records import Event, Terminal

_STATES = {
    records.STEP_COMPLETE: records.SUCCEEDED,
    records.STEP_FAILED: records.FAILED,
    records.STEP_START: records.CANCELLED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """The end as session.json tells it; `steps` in order of execution."""

    outcome: str
    failed_step: str | None
    error: dict[str, Any] | None
    steps: list[dict[str, str | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What is known when a session is closed.

    `faults` are sentences about what contradicts the records; `absent` one about what should have come and did
    not, or nothing; `verified` is how many records hold; `said` is the backend's error, `override` the outcome it knows
    of; `last_events` has the last step event of each step.
    """

    terminal: Terminal | None
    faults: Sequence[str]
    absent: str
    verified: int
    said: Mapping[str, Any] | None
    override: str | None
    order: Sequence[str]
    last_events: Mapping[str, Event]


def decide(evidence: Evidence) -> Ending:
    """Return the ending. ValueError for an override that would make a success, or that is no outcome."""
    override = evidence.override
    if override is not None and (override == records.SUCCEEDED or override not in records.OUTCOMES):
        raise ValueError(f"the outcome {override!r} needs a terminal record")
    terminal = evidence.terminal
    if terminal is not None and not evidence.faults and not evidence.absent:
        return Ending(
            outcome=terminal.outcome,
            failed_step=terminal.failed_step,
            error=None if terminal.error is None else asdict(terminal.error),
            steps=[
                {"id": step.id, "state": step.state, "reason": step.reason, "cause": step.cause}
                for step in terminal.steps
            ],
        )
    refuted = bool(evidence.faults) and override != records.DISK_FULL  # a full disk is a fault of its own
    outcome = records.LOST if override is None or refuted else override
    steps = [_step(step, evidence.last_events.get(step), outcome) for step in evidence.order]
    return Ending(outcome=outcome, failed_step=_failed(steps), error=_error(evidence, outcome), steps=steps)


def contradiction(terminal: Terminal, order: Sequence[str]) -> str:
    """Return in what a terminal record contradicts itself or the request, or nothing: what it says must be an end of this run."""
    if terminal.outcome not in records.OUTCOMES:
        return f"the terminal record states the outcome {terminal.outcome!r}, which there is not"
    if [step.id for step in terminal.steps] != list(order):
        return "the terminal record does not list the steps of the request"
    short = [step.id for step in terminal.steps if step.state != records.SUCCEEDED]
    if terminal.outcome == records.SUCCEEDED and short:
        return f"the terminal record states a success, and that step {short[0]!r} was none"
    return ""


def _error(evidence: Evidence, outcome: str) -> dict[str, Any]:
    """Say what is wrong, and behind it what the backend said."""
    said = evidence.said or {}
    reasons = [*evidence.faults, *([evidence.absent] if evidence.absent else [])]
    message = str(said.get("message", ""))
    kind = (
        "SessionLost"
        if (evidence.faults and outcome == records.LOST) or not said
        else str(said.get("type", "SessionLost"))
    )
    if message and message not in reasons:
        reasons.append(message)
    last = {"last_verified_seq": evidence.verified - 1 if evidence.verified else None}
    return {"type": kind, "message": "; ".join(reasons), "traceback": [], "data": {**last, **said.get("data", {})}}


def _step(step: str, last: Event | None, outcome: str) -> dict[str, str | None]:
    """Return a step's state as far as its events tell; one without an end counts as cancelled."""
    if last is None:
        stopped = outcome if outcome in {records.CANCELLED, records.DEADLINE} else records.RUN_STOPPED
        return {"id": step, "state": records.SKIPPED, "reason": stopped, "cause": None}
    if last.name in _STATES:
        return {"id": step, "state": _STATES[last.name], "reason": None, "cause": None}
    reason, cause = (last.data.get(name) for name in ("reason", "cause"))
    return {"id": step, "state": records.SKIPPED, "reason": _text(reason), "cause": _text(cause)}


def _failed(steps: Sequence[Mapping[str, str | None]]) -> str | None:
    return next((step["id"] for step in steps if step["state"] == records.FAILED), None)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
