"""The life of one step: inputs, attempts, output, artifacts, and the records of all that."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

from osiris_core.wire import records
from osiris_core.wire.names import table_names
from osiris_core.wire.values import state
from osiris_core.worker.outbox import fault_of
from osiris_core.worker.shipping import noted

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from osiris_core.worker.attempts import Attempts, Tried
    from osiris_core.worker.messages import Channel
    from osiris_core.worker.outbox import Scan, SkippedFile
    from osiris_core.worker.outputs import Output
    from osiris_core.worker.shipping import Shipping


@state
class StepRunner:
    """Runs steps one after the other in this process."""

    attempts: Attempts
    scan: Scan
    shipping: Shipping

    def run(self, step: Mapping[str, Any]) -> dict[str, Any] | None:
        """Run one step of the manifest and send all its records; return its error, None when it succeeded.

        StopRun passes through: the supervisor then writes the end of the step.
        """
        step_id = step["id"]
        data = {"driver": step["driver"], "needs": list(step["needs"])}
        self._channel.control("begin", step=step_id, record=_event(step_id, records.STEP_START, data))
        self._announce_inputs(step)
        started = time.monotonic()
        self._open_output(step_id)
        tried = self._try(step)
        self._close_output(step_id)
        if tried.error is None:
            self.attempts.outputs.keep(step_id, tried.output)
        duration_ms = round((time.monotonic() - started) * 1000, 3)
        error = self._report(step_id, tried.output, tried.error, duration_ms=duration_ms)
        self.attempts.stop.check()
        return error

    def forget(self, steps: Iterable[str]) -> None:
        """Let go of the tables of steps that no later step needs."""
        self.attempts.outputs.forget(steps)

    @property
    def _channel(self) -> Channel:
        return self.attempts.channel

    def _try(self, step: Mapping[str, Any]) -> Tried:
        """Try the step, and again while that fails without effect and the step may be tried again."""
        number, left = 1, int(step.get("retries", 0))
        while True:
            tried = self.attempts.make(step)
            if tried.error is None or not left:
                return tried
            if tried.effect is not None:
                data = {"attempt": number, "reason": tried.effect}
                self._channel.record(_event(step["id"], records.RETRY_REFUSED, data))
                return tried
            data = {"attempt": number, **_as_event_data(tried.error)}
            self._channel.record(_event(step["id"], records.STEP_RETRIED, data))
            self.attempts.streams.flush()
            self.attempts.streams.restore()
            number, left = number + 1, left - 1

    def _announce_inputs(self, step: Mapping[str, Any]) -> None:
        """Say what the step is given for every need."""
        for need, key in table_names(step).items():
            data = {"key": key, "from_step": need, "rows": self.attempts.outputs.rows(need)}
            self._channel.record(_event(step["id"], records.INPUTS_RESOLVED, data))

    def _open_output(self, step_id: str) -> None:
        self.attempts.streams.restore()
        marker = os.urandom(16).hex()
        self._channel.control("open", step=step_id, marker=marker)
        self.attempts.streams.mark(marker.encode())

    def _close_output(self, step_id: str) -> None:
        """End the step's output; as at its start, the message goes first, so that the marker is never unknown."""
        self.attempts.streams.flush()
        self.attempts.streams.restore()
        self.attempts.capture.begin(None)
        marker = os.urandom(16).hex()
        self._channel.control("drain", step=step_id, marker=marker)
        self.attempts.streams.mark(marker.encode())

    def _report(
        self, step_id: str, output: Output, error: dict[str, Any] | None, *, duration_ms: float
    ) -> dict[str, Any] | None:
        """Send what the step left and its end; return its error, which may be that it left a secret, or too much."""
        self._channel.record(
            records.metric(
                ts=records.timestamp(),
                step=step_id,
                name="step_duration_ms",
                value=duration_ms,
                unit="ms",
                volatile=True,
                tags={},
            )
        )
        skipped: list[SkippedFile] = []
        found = noted(self.scan.step(self.attempts.assignment.outbox, step_id), skipped)
        for record in self.shipping.records(step_id, found):
            self._channel.record(record)
        error = error or fault_of(skipped)
        name, data = records.STEP_COMPLETE, output.facts()
        if error is not None:
            name, data = records.STEP_FAILED, _as_event_data(error)
        record = _event(step_id, name, {**data, "duration_ms": duration_ms})
        state = records.SUCCEEDED if error is None else records.FAILED
        self._channel.control("done", step=step_id, record=record, state=state, error=error)
        return error


def _event(step_id: str, name: str, data: Mapping[str, Any]) -> dict[str, Any]:
    return records.event(ts=records.timestamp(), step=step_id, name=name, data=data)


def _as_event_data(error: Mapping[str, Any]) -> dict[str, Any]:
    """Return an error as events tell it: `error_type`, `message`, `traceback`."""
    return {"error_type": error["type"], "message": error["message"], "traceback": error["traceback"]}
