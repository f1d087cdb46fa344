"""The life of one step: inputs, driver, output, artifacts, and the records of all that."""

from __future__ import annotations

import os
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from osiris_core.wire import records
from osiris_core.wire.names import table_key
from osiris_core.wire.paths import TreeNames
from osiris_core.worker.context import StepContext
from osiris_core.worker.disclosure import disclosed
from osiris_core.worker.failure import as_text, describe_error
from osiris_core.worker.outbox import artifact_records, scan_step
from osiris_core.worker.outputs import Output, Outputs, read_result
from osiris_core.worker.stop import StopRun

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from osiris_core.wire.secrets import Secrets
    from osiris_core.worker.capture import LogCapture
    from osiris_core.worker.messages import Channel
    from osiris_core.worker.staging import Assignment
    from osiris_core.worker.stop import StopSignal
    from osiris_core.worker.streams import Streams


@dataclass(slots=True, kw_only=True)
class StepRunner:
    """Runs steps one after the other in this process; holds the tables that later steps need."""

    assignment: Assignment
    channel: Channel
    streams: Streams
    capture: LogCapture
    stop: StopSignal
    secrets: Secrets
    _outputs: Outputs = field(default_factory=Outputs)
    _names: TreeNames = field(default_factory=TreeNames)
    _pid: int = field(default_factory=os.getpid)

    def run(self, step: Mapping[str, Any]) -> dict[str, Any] | None:
        """Run one step of the manifest and send all its records; return its error, None when it succeeded.

        StopRun passes through: the supervisor then writes the end of the step.
        """
        step_id = step["id"]
        data = {"driver": step["driver"], "needs": list(step["needs"])}
        self.channel.control("begin", step=step_id, record=_event(step_id, records.STEP_START, data))
        self._announce_inputs(step)
        started = time.monotonic()
        self._open_output(step_id)
        output, error = self._call(step)
        self._close_output(step_id)
        self._report(step_id, output, error, duration_ms=round((time.monotonic() - started) * 1000, 3))
        self.stop.check()
        return error

    def forget(self, steps: Iterable[str]) -> None:
        """Let go of the tables of steps that no later step needs."""
        self._outputs.forget(steps)

    def _call(self, step: Mapping[str, Any]) -> tuple[Output, dict[str, Any] | None]:
        try:
            return self._drive(step), None
        except StopRun:
            self._leave_if_forked(1)
            raise
        except BaseException as error:  # noqa: BLE001 - whatever a driver raises is the step's failure, SystemExit too
            self._leave_if_forked(1, error)
            return Output(), describe_error(error)

    def _drive(self, step: Mapping[str, Any]) -> Output:
        from osiris_core.drivers.registry import load_target

        step_id = step["id"]
        directory = self.assignment.outbox / step_id
        directory.mkdir(exist_ok=True)
        ctx = StepContext(
            request=self.assignment.request,
            step_id=step_id,
            output_dir=directory,
            logger=self.capture.begin(step_id),
            channel=self.channel,
            secrets=self.secrets,
        )
        declared = self.assignment.request.drivers[step["driver"]]
        driver = load_target(declared["target"])
        inputs = self._outputs.inputs(step["needs"], declared["frame"])
        result = driver.run(step_id=step_id, config=disclosed(step["config"], self.secrets), inputs=inputs, ctx=ctx)
        self._leave_if_forked(0)
        output = read_result(result, declared["frame"])
        self._outputs.keep(step_id, output)
        return output

    def _announce_inputs(self, step: Mapping[str, Any]) -> None:
        """Say what the step is given for every need."""
        for need in step["needs"]:
            data = {"key": table_key(need), "from_step": need, "rows": self._outputs.rows(need)}
            self.channel.record(_event(step["id"], records.INPUTS_RESOLVED, data))

    def _open_output(self, step_id: str) -> None:
        self.streams.restore()
        marker = os.urandom(16).hex()
        self.channel.control("open", step=step_id, marker=marker)
        self.streams.mark(marker.encode())

    def _close_output(self, step_id: str) -> None:
        """End the step's output; as at its start, the message goes first, so that the marker is never unknown."""
        self.streams.flush()
        self.streams.restore()
        self.capture.begin(None)
        marker = os.urandom(16).hex()
        self.channel.control("drain", step=step_id, marker=marker)
        self.streams.mark(marker.encode())

    def _report(self, step_id: str, output: Output, error: dict[str, Any] | None, *, duration_ms: float) -> None:
        self.channel.record(
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
        for record in artifact_records(step_id, scan_step(self.assignment.outbox, step_id, self._names)):
            self.channel.record(record)
        if error is None:
            name, data = records.STEP_COMPLETE, output.facts()
        else:
            name, data = records.STEP_FAILED, {"error_type": error["type"], **error}
            del data["type"]
        record = _event(step_id, name, {**data, "duration_ms": duration_ms})
        state = records.SUCCEEDED if error is None else records.FAILED
        self.channel.control("done", step=step_id, record=record, state=state, error=error)

    def _leave_if_forked(self, code: int, error: BaseException | None = None) -> None:
        """End here in a child that a driver forked and that came back from the driver: one process runs the steps."""
        if os.getpid() == self._pid:
            return
        if isinstance(error, SystemExit):
            code = error.code if isinstance(error.code, int) else int(error.code is not None)
        elif error is not None:
            sys.stderr.write(as_text(error) + "\n")
        self.streams.flush()
        os._exit(code)


def _event(step_id: str, name: str, data: Mapping[str, Any]) -> dict[str, Any]:
    return records.event(ts=records.timestamp(), step=step_id, name=name, data=data)
