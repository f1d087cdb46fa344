"""The last records of a run, whatever happened: the running step's end, the skipped steps, the final event, the terminal."""

from __future__ import annotations

import signal
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from osiris_core.wire import records
from osiris_core.wire.paths import TreeNames
from osiris_core.wire.roots import root_of_records
from osiris_core.worker.failure import plain_error, timeout_error
from osiris_core.worker.outbox import artifact_records, scan_step

if TYPE_CHECKING:
    from collections.abc import Mapping

    from osiris_core.worker.ledger import Attempt, Ledger
    from osiris_core.worker.spool import Spool
    from osiris_core.worker.staging import Assignment


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """How the run ended: `outcome`, and the error that says why when it is not a success.

    `running_state` is what becomes of a step that still ran.
    """

    outcome: str
    error: Mapping[str, Any] | None
    running_state: str = records.FAILED


def decide_end(
    *,
    ledger: Ledger,
    exit_status: int,
    result: Mapping[str, Any] | None,
    stopped_for: str | None,
    overdue: Attempt | None,
    spool_error: OSError | None,
    stray_tail: str,
) -> End:
    """Weigh what is known about the end; a success needs a result that says so and an orderly exit."""
    if spool_error is not None:
        return End(outcome=records.CRASHED, error=plain_error("SpoolFull", str(spool_error)))
    if (stopped := _stopped_end(ledger, stopped_for, overdue)) is not None:
        return stopped
    if result is not None and exit_status == 0 and result["outcome"] != records.CRASHED:
        return End(outcome=result["outcome"], error=result["error"])
    if result is not None and result["error"] is not None:
        return End(outcome=records.CRASHED, error=result["error"])
    tail = f"; it last printed: {stray_tail}" if stray_tail and ledger.running is None else ""
    message = f"the executor {_exit_words(exit_status)} {_when(ledger)}{tail}"
    return End(outcome=records.CRASHED, error=plain_error("ExecutorCrashed", message))


def _stopped_end(ledger: Ledger, stopped_for: str | None, overdue: Attempt | None) -> End | None:
    """Return the end of a run that was asked to end, or had a step that would not; None for any other."""
    if stopped_for == records.CANCELLED:
        error = plain_error("RunCancelled", f"the run was cancelled {_when(ledger)}")
        return End(outcome=records.CANCELLED, error=error, running_state=records.CANCELLED)
    if stopped_for == records.DEADLINE:
        message = f"the run took longer than its timeout of {ledger.request.timeout_s:g} s; it ended {_when(ledger)}"
        error = plain_error("DeadlineExceeded", message)
        return End(outcome=records.DEADLINE, error=error, running_state=records.CANCELLED)
    if overdue is not None and ledger.running == overdue.step:
        return End(outcome=records.DEADLINE, error=timeout_error(overdue.timeout_s, stopped=False))
    return None


def write_ending(spool: Spool, assignment: Assignment, ledger: Ledger, end: End) -> None:
    """Write every end that is still missing, up to and including the final event."""
    interrupted = ledger.running
    if interrupted is not None:
        _end_running(spool, assignment, ledger, interrupted, end)
    stopped = end.outcome in {records.CANCELLED, records.DEADLINE}
    cause = interrupted or ledger.failed
    for skipped in ledger.skip_rest(end.outcome if stopped else records.RUN_STOPPED, cause):
        data = {"reason": skipped.reason, "cause": skipped.cause}
        spool.record(records.event(ts=records.timestamp(), step=skipped.id, name=records.STEP_SKIPPED, data=data))
    name, data = _final_event(ledger, end)
    spool.record(records.event(ts=records.timestamp(), step=None, name=name, data=data))
    spool.checkpoint()


def write_terminal(spool: Spool, ledger: Ledger, end: End, *, stray_bytes: int) -> None:
    """Write the terminal record, which states what the spool holds before it."""
    tally = spool.tally
    spool.record(
        records.terminal(
            ts=records.timestamp(),
            outcome=end.outcome,
            failed_step=_failed_step(ledger, end),
            error=end.error,
            steps=ledger.steps(),
            counts=dict(sorted(tally.counts.items())),
            frames=tally.seq,
            digest=tally.digest.hexdigest(),
            artifact_root=root_of_records(spool.artifacts),
            artifacts=tally.artifacts,
            stray_bytes=stray_bytes,
        )
    )


def _end_running(spool: Spool, assignment: Assignment, ledger: Ledger, step: str, end: End) -> None:
    """Say what the interrupted step left, and that it failed or was cancelled."""
    names = TreeNames()
    for artifact in spool.artifacts:
        if not artifact["path"].startswith(f"{step}/"):
            names.add(artifact["path"])
    known = {artifact["path"] for artifact in spool.artifacts}
    found = [each for each in scan_step(assignment.outbox, step, names) if each.path not in known]
    for record in artifact_records(step, found):
        spool.record(record)
    error = end.error or plain_error("Interrupted", "the step did not end")
    duration_ms = round((time.monotonic() - ledger.step_started) * 1000, 3)
    data = {
        "error_type": error["type"],
        "message": error["message"],
        "traceback": error["traceback"],
        "duration_ms": duration_ms,
    }
    spool.record(records.event(ts=records.timestamp(), step=step, name=records.STEP_FAILED, data=data))
    ledger.end(step, end.running_state, error)


def _final_event(ledger: Ledger, end: End) -> tuple[str, dict[str, Any]]:
    timing = {"duration_ms": round((time.monotonic() - ledger.started) * 1000, 3)}
    if end.outcome == records.SUCCEEDED:
        return records.RUN_COMPLETE, {"steps_succeeded": ledger.succeeded, **timing}
    if end.outcome == records.CANCELLED:
        return records.RUN_CANCELLED, timing
    data = {
        "failed_step": _failed_step(ledger, end),
        "error_type": None if end.error is None else end.error["type"],
        "steps_succeeded": ledger.succeeded,
    }
    return records.RUN_FAILED, {**data, **timing}


def _failed_step(ledger: Ledger, end: End) -> str | None:
    return None if end.outcome in {records.SUCCEEDED, records.CANCELLED} else ledger.failed


def _when(ledger: Ledger) -> str:
    return f"while step '{ledger.running}' ran" if ledger.running is not None else "between two steps"


def _exit_words(exit_status: int) -> str:
    if exit_status >= 0:
        return f"left with exit code {exit_status}"
    try:
        return f"was killed by {signal.Signals(-exit_status).name}"
    except ValueError:
        return f"was killed by signal {-exit_status}"
