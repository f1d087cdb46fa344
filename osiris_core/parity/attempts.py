"""What is known of an attempt at a test once another took its place: its outcome, and none of its differences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from osiris_core.parity.record import AttemptTarget, EarlierAttempt

if TYPE_CHECKING:
    from osiris_core.parity.record import ParityRecord


def attempt_from(record: ParityRecord) -> EarlierAttempt:
    """Return what stays of `record` where it is one of several attempts."""
    failed = next((run.failed_step for run in record.targets if run.failed_step), None)
    return EarlierAttempt(
        became=record.verdict.value if record.verdict else "OK" if record.passed else "FAILED",
        session_id=record.session_id,
        passed=record.passed,
        step=None if record.passed else record.first_diverging_step or failed,
        headline=record.headline,
        started_at=record.started_at,
        elapsed_ms=record.elapsed_ms,
        differences=record.comparison.findings_total if record.comparison else 0,
        targets=tuple(
            AttemptTarget(
                target=run.target,
                outcome=run.outcome,
                failed_step=run.failed_step,
                error=run.error,
                elapsed_ms=run.elapsed_ms,
                session_directory=run.session_directory,
            )
            for run in record.targets
        ),
    )
