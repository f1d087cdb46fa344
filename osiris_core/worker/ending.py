"""The last records of a run, whatever happened: the running step's end, the skipped steps, the final event, the terminal."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from osiris_core.wire import records
from osiris_core.wire.paths import TreeNames
from osiris_core.wire.roots import root_of_records
from osiris_core.worker.failure import plain_error
from osiris_core.worker.outbox import Scan
from osiris_core.worker.shipping import Shipping

if TYPE_CHECKING:
    from osiris_core.wire.leaks import Leaks
    from osiris_core.worker.ledger import Ledger
    from osiris_core.worker.outcome import End
    from osiris_core.worker.spool import Spool
    from osiris_core.worker.staging import Assignment


def write_ending(spool: Spool, assignment: Assignment, ledger: Ledger, end: End, *, leaks: Leaks | None = None) -> None:
    """Write every end that is still missing, up to and including the final event; `leaks` looks at what a step left."""
    interrupted = ledger.running
    if interrupted is not None:
        _end_running(spool, assignment, ledger, interrupted, end, leaks=leaks)
    stopped = end.outcome in {records.CANCELLED, records.DEADLINE}
    cause = interrupted or ledger.failed
    for skipped in ledger.skip_rest(end.outcome if stopped else records.RUN_STOPPED, cause):
        data = {"reason": skipped.reason, "cause": skipped.cause}
        spool.record(records.event(ts=records.timestamp(), step=skipped.id, name=records.STEP_SKIPPED, data=data))
    name, data = _final_event(ledger, end)
    spool.record(records.event(ts=records.timestamp(), step=None, name=name, data=data))
    spool.checkpoint()


def write_terminal(spool: Spool, ledger: Ledger, end: End, *, stray_bytes: int, interrupted: str | None) -> None:
    """Write the terminal record, which states what the spool holds before it; `interrupted` is the step that still ran."""
    tally = spool.tally
    error = end.error
    if error is not None:
        error = {**error, "data": {"step": interrupted or _failed_step(ledger, end), **error["data"]}}
    spool.record(
        records.terminal(
            ts=records.timestamp(),
            outcome=end.outcome,
            failed_step=_failed_step(ledger, end),
            error=error,
            steps=ledger.steps(),
            counts=dict(sorted(tally.counts.items())),
            frames=tally.seq,
            digest=tally.digest.hexdigest(),
            artifact_root=root_of_records(spool.artifacts),
            artifacts=tally.artifacts,
            stray_bytes=stray_bytes,
        )
    )


def _end_running(
    spool: Spool, assignment: Assignment, ledger: Ledger, step: str, end: End, *, leaks: Leaks | None
) -> None:
    """Say what the interrupted step left, and that it failed or was cancelled."""
    scan = Scan(limits=assignment.limits, names=TreeNames(), leaks=leaks)
    for artifact in spool.artifacts:
        if not artifact["path"].startswith(f"{step}/"):
            scan.names.add(artifact["path"])
            scan.count(artifact["size_bytes"])
    shipping = Shipping(
        directory=assignment.directory,
        limits=assignment.limits,
        travels=assignment.placement.artifacts_travel,
        streamed_bytes=spool.freight.streamed_bytes,
        packs=False,  # the disk may be full, and the executor may have left one that nobody was told of
    )
    found = (each for each in scan.step(assignment.outbox, step) if each.path not in spool.freight.recorded)
    for record in shipping.records(step, found):
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
