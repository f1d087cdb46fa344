"""The executor's life: say hello, run the steps, run the exit handlers, report, leave."""

from __future__ import annotations

import atexit
import os
import sys
import time
from typing import TYPE_CHECKING, Any

from osiris_core.wire import records
from osiris_core.wire.paths import TreeNames
from osiris_core.wire.secrets import Secrets
from osiris_core.worker.attempts import Attempts
from osiris_core.worker.capture import LogCapture
from osiris_core.worker.environment import UMASK
from osiris_core.worker.failure import describe_error
from osiris_core.worker.masking import leaks_of
from osiris_core.worker.messages import Channel
from osiris_core.worker.orders import OrderReader
from osiris_core.worker.outbox import Scan
from osiris_core.worker.outputs import Outputs
from osiris_core.worker.processes import die_with_parent, keep_memory_private, prefer_as_memory_victim
from osiris_core.worker.shipping import Shipping
from osiris_core.worker.snapshot import hello_facts
from osiris_core.worker.staging import read_assignment
from osiris_core.worker.steps import StepRunner
from osiris_core.worker.stop import StopRun, StopSignal
from osiris_core.worker.streams import Streams

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from osiris_core.worker.staging import Assignment


def execute(run_directory: Path, *, records_fd: int, supervisor_pid: int) -> int:
    """Run the request in `run_directory`, sending records to `records_fd`. Does not return: the process leaves."""
    die_with_parent(supervisor_pid)
    prefer_as_memory_victim()
    os.umask(UMASK)
    os.set_inheritable(records_fd, False)
    channel, streams = Channel(records_fd), Streams()
    orders = OrderReader()
    capture, stop = LogCapture(channel), StopSignal(channel, orders)
    capture.begin(None)
    stop.install()
    stopped = False
    result: dict[str, Any] = {"outcome": records.CRASHED, "error": None}
    try:
        assignment = read_assignment(run_directory)
        secrets = _secrets(orders) if assignment.placement.expects_secrets else Secrets()
        _enter_project(assignment)
        facts = hello_facts(assignment, supervisor_pid=supervisor_pid)
        hello = records.hello(ts=records.timestamp(), facts=facts)
        channel.control("start", record=hello, monotonic_s=time.monotonic())
        attempts = Attempts(
            assignment=assignment,
            channel=channel,
            streams=streams,
            capture=capture,
            stop=stop,
            secrets=secrets,
            outputs=_outputs(assignment),
            leaks=leaks_of(assignment, secrets),
        )
        result = _run_steps(assignment, _runner(assignment, attempts))
    except StopRun:
        stopped = True
    except Exception as error:  # noqa: BLE001 - the worker's own fault: the supervisor says so in the terminal record
        result["error"] = describe_error(error)
    _leave(channel, streams, stop, result, stopped=stopped)
    return 0


def _secrets(orders: OrderReader) -> Secrets:
    """Return what this process is told, and nobody else may read out of it."""
    keep_memory_private()
    return Secrets.from_line(orders.first_line())


def _enter_project(assignment: Assignment) -> None:
    """Put the project's code directories behind the bundle and before everything else."""
    sys.path[1:1] = assignment.placement.sys_path
    sys.argv = [assignment.placement.bundle]


def _run_steps(assignment: Assignment, runner: StepRunner) -> dict[str, Any]:
    """Run the steps in order, up to the first failure or, with `on_failure: continue`, all that need no failed one.

    Returns the result message. What did not run is the supervisor's to say.
    """
    manifest, order = assignment.request.manifest, assignment.request.order
    steps = {step["id"]: step for step in manifest["steps"]}
    goes_on = manifest.get("on_failure") == "continue"
    last_uses = _last_uses(order, steps)
    first_error: dict[str, Any] | None = None
    without_output: set[str] = set()
    for index, step_id in enumerate(order):
        step = steps[step_id]
        runs = without_output.isdisjoint(step["needs"])
        error = runner.run(step) if runs else None
        first_error = first_error or error
        if error is not None and not goes_on:
            break
        if error is not None or not runs:
            without_output.add(step_id)
        runner.forget(last_uses[index])
    return {"outcome": records.SUCCEEDED if first_error is None else records.FAILED, "error": first_error}


def _runner(assignment: Assignment, attempts: Attempts) -> StepRunner:
    """Return what runs the steps, with the whole run's share of files before it."""
    limits, travels = assignment.limits, assignment.placement.artifacts_travel
    return StepRunner(
        attempts=attempts,
        scan=Scan(limits=limits, names=TreeNames(), leaks=attempts.leaks),
        shipping=Shipping(directory=assignment.directory, limits=limits, travels=travels),
    )


def _outputs(assignment: Assignment) -> Outputs:
    """Return the place for what steps hand on."""
    needed = {need for step in assignment.request.manifest["steps"] for need in step["needs"]}
    return Outputs(directory=assignment.spill, spill_bytes=assignment.placement.spill_bytes, needed=needed)


def _last_uses(order: tuple[str, ...], steps: Mapping[str, Mapping[str, Any]]) -> list[list[str]]:
    """Return, for each place in the order, the steps whose output nobody needs after it."""
    last = {}
    for index, step_id in enumerate(order):
        last.update(dict.fromkeys([step_id, *steps[step_id]["needs"]], index))
    uses: list[list[str]] = [[] for _ in order]
    for step_id, index in last.items():
        uses[index].append(step_id)
    return uses


def _leave(channel: Channel, streams: Streams, stop: StopSignal, result: dict[str, Any], *, stopped: bool) -> None:
    """Run the exit handlers, report, and leave without waiting for what drivers left behind."""
    try:
        atexit._run_exitfuncs()  # noqa: SLF001 - the interpreter's own way to run them
    except StopRun:
        stopped = True
    streams.flush()
    if stopped:
        stop.die()
    channel.control("result", **result)
    os._exit(0)
