"""One attempt at a step: the driver is loaded, given what it needs, called, and what it returned is read."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING, Any

from osiris_core.wire.names import table_names
from osiris_core.wire.values import field, state, value
from osiris_core.worker.context import StepContext
from osiris_core.worker.disclosure import disclosed, variables
from osiris_core.worker.failure import as_text, describe_error, timeout_error
from osiris_core.worker.outputs import Output, read_result
from osiris_core.worker.stop import AttemptOverdue, StopRun

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from osiris_core.wire.leaks import Leaks
    from osiris_core.wire.secrets import Secrets
    from osiris_core.worker.capture import LogCapture
    from osiris_core.worker.messages import Channel
    from osiris_core.worker.outputs import Outputs
    from osiris_core.worker.staging import Assignment
    from osiris_core.worker.stop import StopSignal
    from osiris_core.worker.streams import Streams

EXTERNAL = "external"


@value
class Tried:
    """How an attempt ended: its output or its error, and what it had changed by then, which forbids another one."""

    output: Output
    error: dict[str, Any] | None
    effect: str | None


@state
class Attempts:
    """Makes attempts in this process."""

    assignment: Assignment
    channel: Channel
    streams: Streams
    capture: LogCapture
    stop: StopSignal
    secrets: Secrets
    outputs: Outputs
    leaks: Leaks | None = None
    _pid: int = field(default_factory=os.getpid)

    def make(self, step: Mapping[str, Any]) -> Tried:
        """Try the step once. StopRun passes through; whatever else is raised is the attempt's error."""
        timeout_s = step.get("timeout_s")
        directory = self.assignment.outbox / step["id"]
        directory.mkdir(exist_ok=True)
        ctx = self._context(step["id"], directory)
        output, error = Output(), None
        number = self.stop.begin_attempt()
        try:
            if timeout_s is not None:
                self.channel.control("attempt", step=step["id"], number=number, monotonic_s=time.monotonic())
            try:
                output = self._call(step, ctx)
            except StopRun:
                self._leave_if_forked(1)
                raise
            except BaseException as raised:  # noqa: BLE001 - whatever a driver raises is the step's failure, SystemExit too
                self._leave_if_forked(1, raised)
                error = describe_error(raised)
            overdue = self.stop.end_attempt()
        except AttemptOverdue:  # it came between the driver and the line above
            overdue = self.stop.end_attempt()
        if timeout_s is not None:
            self.channel.control("attempted", step=step["id"], number=number)
            if overdue:  # also where the driver swallowed the interruption: what it returned then may be half of it
                output, error = Output(), timeout_error(timeout_s, stopped=True)
        return Tried(output=output, error=error, effect=None if error is None else self._effect(step, ctx))

    def _context(self, step_id: str, directory: Path) -> StepContext:
        return StepContext(
            request=self.assignment.request,
            step_id=step_id,
            output_dir=directory,
            logger=self.capture.begin(step_id),
            channel=self.channel,
            secrets=self.secrets,
        )

    def _call(self, step: Mapping[str, Any], ctx: StepContext) -> Output:
        from osiris_core.drivers.loading import load_target

        declared = self.assignment.request.drivers[step["driver"]]
        driver = load_target(declared["target"])
        inputs = self.outputs.inputs(table_names(step), declared["frame"])
        config = disclosed(step["config"], self.secrets, ctx.output_dir)
        with variables(declared.get("secret_variables", ()), self.secrets):
            result = driver.run(step_id=step["id"], config=config, inputs=inputs, ctx=ctx)
        self._leave_if_forked(0)
        del driver, inputs, config  # what only they hold is free before a large result is read
        return self.outputs.settled(step["id"], read_result(result, declared["frame"]))

    def _effect(self, step: Mapping[str, Any], ctx: StepContext) -> str | None:
        """Return what a failed attempt has changed, or may have; what it logged and printed is no such thing."""
        if self.assignment.request.drivers[step["driver"]]["effects"] == EXTERNAL:
            return "its driver has effects outside its artifact directory"
        if ctx.has_recorded:
            return "it has recorded a metric or an event"
        return "it has left files" if _holds_anything(ctx.output_dir) else None

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


def _holds_anything(directory: Path) -> bool:
    """Say whether there is something in a step's directory, or instead of it."""
    try:
        with os.scandir(directory) as entries:
            return directory.is_symlink() or any(True for _ in entries)
    except FileNotFoundError:
        return False
    except OSError:  # it is no directory any more
        return True
