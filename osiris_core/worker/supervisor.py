"""The supervisor's loop: watches the executor, its output and records, stdin, signals and the clock.

Everything ends here: whatever happens to the executor, the spool gets a terminal record, and nothing that the
executor started is left running.
"""

from __future__ import annotations

import os
import selectors
import signal
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from osiris_core.wire import records
from osiris_core.wire.secrets import Secrets
from osiris_core.worker.control import STOPPING_SIGNALS, ControlReader
from osiris_core.worker.ending import write_ending, write_terminal
from osiris_core.worker.launch import bytes_waiting
from osiris_core.worker.masking import Masking
from osiris_core.worker.memory import MemoryWatch
from osiris_core.worker.merge import Merger
from osiris_core.worker.messages import MessageReader
from osiris_core.worker.outcome import Evidence, decide_end
from osiris_core.worker.processes import adopt_orphans, keep_memory_private
from osiris_core.worker.recorder import OUTPUT_BYTES, Recorder
from osiris_core.worker.spool import SpoolError
from osiris_core.worker.staging import read_assignment, settle, stage_workspace, write_status
from osiris_core.worker.throttle import Throttle

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from osiris_core.worker.control import Said
    from osiris_core.worker.launch import Executor, ExecutorStart
    from osiris_core.worker.ledger import Attempt
    from osiris_core.worker.staging import Assignment

LIVE_PATIENCE_S = 1.0
_SPARE_BYTES = 4 << 20
"""What a step says at its end comes behind all that waits in its pipes, a mebibyte before it is framed."""
_RECORDS_BYTES = 1 << 18
_STDIN = 0


def supervise(run_directory: Path, start: ExecutorStart) -> None:
    """Run what the directory asks for, up to the terminal record; `start` starts the executor.

    OSError or WireProtocolError when the run cannot be started, or its end not be written.
    """
    settle(run_directory)
    assignment = read_assignment(run_directory)
    placement = assignment.placement
    stage_workspace(assignment, Path(placement.project_dir), Path(placement.work_dir))
    assignment.outbox.mkdir()
    adopt_orphans()
    with _signals() as wakeup:
        control = ControlReader(_STDIN)
        told, masking = _secrets(assignment, control, wakeup)
        executor = start(assignment, told)
        try:
            supervision = Supervision(assignment, executor, control, masking)
            supervision.watch(wakeup)
        finally:
            executor.sweep()
        supervision.conclude()


class Supervision:
    """One run, from the executor's start to the terminal record."""

    def __init__(
        self, assignment: Assignment, executor: Executor, control: ControlReader, masking: Masking | None = None
    ) -> None:
        self._assignment = assignment
        self._executor = executor
        self._control = control
        self._leaks = None if masking is None else masking.leaks
        self._recorder = Recorder(assignment, masking)
        self._merger = Merger(self._recorder)
        self._messages = MessageReader() if masking is None else masking.messages()
        self._stopped_for: str | None = None
        self._overdue: Attempt | None = None
        placement, timeout_s = assignment.placement, assignment.request.timeout_s
        spare_bytes = max(placement.segment_bytes, _SPARE_BYTES)
        self._throttle = Throttle(cap_bytes=placement.spool_cap_bytes, spare_bytes=spare_bytes)
        self._beat_due = time.monotonic() + placement.heartbeat_s
        self._run_due = None if timeout_s is None else time.monotonic() + timeout_s
        self._kill_due: float | None = None
        self._memory = MemoryWatch(limit_mb=placement.memory_mb)

    def watch(self, wakeup: int) -> None:
        """Serve all sources until the executor has ended."""
        executor = self._executor
        throttled = {executor.output_fd: self._read_output, executor.records_fd: self._read_records}
        with selectors.PollSelector() as selector:
            for descriptor, read in throttled.items():
                selector.register(descriptor, selectors.EVENT_READ, read)
            selector.register(wakeup, selectors.EVENT_READ, lambda: self._read_signals(wakeup))
            selector.register(self._control.descriptor, selectors.EVENT_READ, self._read_control)
            self._heed(self._control.held())
            while not executor.poll():
                for key, _ in selector.select(self._patience_s()):
                    if key.data() is False:
                        selector.unregister(key.fileobj)
                        throttled.pop(key.fd, None)
                self._check_clock()
                self._flush()
                self._hold_back(selector, throttled)
                self._await_reader(selector)

    def conclude(self) -> None:
        """Take what the executor left in its pipes and write the ending."""
        recorder, spool = self._recorder, self._recorder.spool
        recorder.throttled(self._throttle.release())
        self._drain()
        recorder.end_output()
        if recorder.fault is None:
            recorder.start_run()
            recorder.flush()
        try:
            batch, status = self._write_ending()
        except SpoolError as error:
            if recorder.fault is not None:  # the ending did not even fit the room that was kept for it
                raise
            recorder.refused(error)
            batch, status = self._write_ending()
        self._keep(status)
        recorder.live.offer(batch)
        recorder.live.close(LIVE_PATIENCE_S)
        spool.close()

    def _write_ending(self) -> tuple[bytes, dict[str, Any]]:
        """Write the last records; return them, and what `status.json` says."""
        recorder, spool = self._recorder, self._recorder.spool
        if recorder.fault is not None:
            spool.make_room()
            recorder.start_run()
        ledger = recorder.ledger.copy()  # should the disk refuse the ending, another one is written from the start
        end = decide_end(
            Evidence(
                ledger=ledger,
                exit_status=self._executor.exit_status or 0,
                result=recorder.result,
                stopped_for=self._stopped_for,
                overdue=self._overdue,
                fault=recorder.fault,
                memory=self._memory,
                peak_bytes=self._executor.peak_bytes,
                stray_tail=recorder.stray_tail,
            )
        )
        interrupted = ledger.running
        write_ending(spool, self._assignment, ledger, end, leaks=self._leaks)
        write_terminal(spool, ledger, end, stray_bytes=recorder.stray_bytes, interrupted=interrupted)
        batch, tally = spool.flush(), spool.tally
        session, epoch = self._assignment.request.session_id, self._assignment.placement.epoch
        return batch, {
            "outcome": end.outcome,
            "session": session,
            "epoch": epoch,
            "frames": tally.seq,
            "spool_bytes": tally.offset,
        }

    def _keep(self, status: Mapping[str, Any]) -> None:
        """Have the disk keep the ending; the host proves for itself what it gets, so one that cannot withholds nothing."""
        try:
            self._recorder.spool.sync(now=True)
            write_status(self._assignment, status)
        except OSError as error:
            sys.stderr.write(f"osiris worker: the end is written down, and may not outlast this machine: {error}\n")

    # Sources; False means that one has ended.

    def _read_records(self) -> bool:
        data = _read(self._executor.records_fd, _RECORDS_BYTES)
        self._merger.feed(self._messages.feed(data or b""), b"")
        return data != b""

    def _read_output(self) -> bool:
        """Read output, then all records sent before it was read, so that its markers are known."""
        output = _read(self._executor.output_fd, OUTPUT_BYTES)
        data = _read(self._executor.records_fd, bytes_waiting(self._executor.records_fd))
        self._merger.feed(self._messages.feed(data or b""), output or b"")
        return output != b""

    def _read_signals(self, wakeup: int) -> bool:
        numbers = os.read(wakeup, 512)
        if STOPPING_SIGNALS & set(numbers):
            self._stop(records.CANCELLED)
        return True

    def _read_control(self) -> bool:
        return self._heed(self._control.read())

    def _heed(self, said: Said) -> bool:
        if said.acknowledged:
            self._recorder.spool.acknowledge(said.acknowledged)
        if said.cancel or (said.ended and self._assignment.placement.stdin_end_cancels):
            self._stop(records.CANCELLED)
        if said.ended:
            self._throttle.lift()
        return not said.ended

    # Time.

    def _stop(self, reason: str) -> None:
        """Ask the executor to stop, once; its time to do so runs from now."""
        if self._stopped_for is None and self._recorder.result is None:
            self._stopped_for, self._run_due = reason, None
            self._executor.stop()
            self._kill_due = time.monotonic() + self._assignment.placement.cancel_grace_s

    def _interrupt(self, attempt: Attempt) -> None:
        """Ask the executor to end an attempt that takes too long; its time to do so runs from now."""
        self._overdue = attempt
        self._executor.interrupt(attempt.number)
        self._kill_due = time.monotonic() + self._assignment.placement.cancel_grace_s

    def _check_clock(self) -> None:
        """Do what is due: stop the run or an attempt, kill the executor at the end of its grace, and give a sign of life."""
        now, attempt = time.monotonic(), self._attempt()
        if now >= self._beat_due:
            self._recorder.live.beat(self._recorder.spool.heartbeat())
            self._beat_due = now + self._assignment.placement.heartbeat_s
        if self._kill_due is not None and now >= self._kill_due:
            self._kill_due = None
            self._executor.signal(signal.SIGKILL)
        elif self._run_due is not None and now >= self._run_due:
            self._run_due = None
            self._stop(records.DEADLINE)
        elif attempt is not None and now >= attempt.due:
            self._interrupt(attempt)

    def _attempt(self) -> Attempt | None:
        """Return the attempt that is timed now; one that was interrupted and has ended is forgiven its grace."""
        running = self._recorder.ledger.attempt
        if self._overdue is not None and running is not self._overdue:
            self._overdue = None
            if self._stopped_for is None:
                self._kill_due = None
        return running if self._stopped_for is None and self._overdue is None else None

    def _patience_s(self) -> float:
        """Return how long nothing needs to be done unless something comes."""
        attempt = self._attempt()
        step_due = None if attempt is None else attempt.due
        dues = (self._beat_due, self._run_due, self._kill_due, step_due, self._recorder.spool.sync_due)
        return max(0.0, min(each for each in dues if each is not None) - time.monotonic())

    # Writing.

    def _flush(self) -> None:
        """Write what was received; a full disk ends the run."""
        self._recorder.flush()
        if self._recorder.fault is not None:
            self._executor.signal(signal.SIGKILL)

    def _hold_back(self, selector: selectors.BaseSelector, throttled: Mapping[int, Callable[[], bool]]) -> None:
        """Read nothing of the executor's while the spool is at its cap; say so when it is read on."""
        before = self._throttle.holds
        ending = self._stopped_for is not None or self._overdue is not None
        self._recorder.throttled(self._throttle.judge(self._recorder.spool.unacknowledged_bytes, ending=ending))
        if before != self._throttle.holds:
            for descriptor, read in throttled.items():
                if before:
                    selector.register(descriptor, selectors.EVENT_READ, read)
                else:
                    selector.unregister(descriptor)
            self._flush()

    def _await_reader(self, selector: selectors.BaseSelector) -> None:
        """Watch stdout exactly while a batch waits for its reader."""
        watched = self._recorder.live.descriptor in selector.get_map()
        if self._recorder.live.unfinished and not watched:
            selector.register(self._recorder.live.descriptor, selectors.EVENT_WRITE, self._recorder.live.push)
        elif watched and not self._recorder.live.unfinished:
            selector.unregister(self._recorder.live.descriptor)

    def _drain(self) -> None:
        """Take what the pipes hold now that everything that wrote to them is gone."""
        executor = self._executor
        messages = self._messages.feed(_read_exactly(executor.records_fd))
        left = bytes_waiting(executor.output_fd)
        self._merger.feed(messages, b"")
        while left > 0 and (output := _read(executor.output_fd, min(left, OUTPUT_BYTES))):
            left -= len(output)
            self._merger.feed([], output)
            self._flush()
        self._merger.finish()
        executor.close()


def _secrets(assignment: Assignment, control: ControlReader, wakeup: int) -> tuple[bytes, Masking | None]:
    """Return the line of secrets, which is passed on, and what masks them; nothing where none is expected."""
    placement = assignment.placement
    if not placement.expects_secrets:
        return b"", None
    keep_memory_private()
    line = control.first_line(patience_s=placement.secrets_patience_s, wakeup=wakeup)
    return line, Masking.of(assignment, Secrets.from_line(line))


@contextmanager
def _signals() -> Iterator[int]:
    """Have signals write their number to a pipe; yield its reading end."""
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    os.set_blocking(writing, False)
    numbers = (*STOPPING_SIGNALS, signal.SIGCHLD)
    before: dict[int, Any] = {number: signal.signal(number, _noted) for number in numbers}
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    try:
        yield reading
    finally:
        signal.set_wakeup_fd(-1)
        for number, handler in before.items():
            signal.signal(number, handler)


def _noted(_number: int, _frame: object) -> None:
    """Do nothing: the number is in the pipe by now."""


def _read(descriptor: int, size_bytes: int) -> bytes | None:
    """Return what is there, b"" at the end, None when there is nothing now."""
    if size_bytes == 0:
        return None
    try:
        return os.read(descriptor, size_bytes)
    except BlockingIOError:
        return None


def _read_exactly(descriptor: int) -> bytes:
    """Return what a pipe holds now."""
    left, chunks = bytes_waiting(descriptor), []
    while left > 0 and (data := _read(descriptor, left)):
        chunks.append(data)
        left -= len(data)
    return b"".join(chunks)
