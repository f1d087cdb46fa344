"""Starts the executor: its own process group, its environment, one pipe to read, two pipes to write."""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import struct
import subprocess
import sys
import termios
from typing import TYPE_CHECKING

from osiris_core.wire.values import state
from osiris_core.worker.environment import UMASK, executor_environment
from osiris_core.worker.orders import STOP, TIMEOUT, OrderWriter
from osiris_core.worker.processes import kill_descendants, kill_group, start_guard

if TYPE_CHECKING:
    from collections.abc import Callable

    from osiris_core.worker.staging import Assignment

    ExecutorStart = Callable[[Assignment, bytes], "Executor"]
    """Starts the executor of an assignment, and tells it the line of secrets, if there is one."""

_RECORDS_PIPE_BYTES = 1 << 20
_MAXRSS_BYTES = 1 if sys.platform == "darwin" else 1024


@state
class Executor:
    """The running executor, and the reading ends of its pipes (non-blocking)."""

    pid: int
    output_fd: int
    records_fd: int
    exit_status: int | None = None
    """As `os.waitstatus_to_exitcode` gives it, None while the process runs."""
    peak_bytes: int = 0
    """The most memory that it held at a time, when it has ended."""
    _orders: OrderWriter
    _lifeline: int

    def poll(self) -> bool:
        """Take note of the process's end; return whether it has ended."""
        if self.exit_status is None:
            pid, status, usage = os.wait4(self.pid, os.WNOHANG)
            if pid == self.pid:
                self.exit_status = os.waitstatus_to_exitcode(status)
                self.peak_bytes = usage.ru_maxrss * _MAXRSS_BYTES
        return self.exit_status is not None

    def tell(self, secrets: bytes) -> None:
        """Tell the line of secrets, first of all."""
        self._orders.tell(secrets)

    def stop(self) -> None:
        """Ask the executor and all of its group to end."""
        self._orders.tell(STOP)
        self.signal(signal.SIGTERM)

    def interrupt(self, attempt: int) -> None:
        """Ask the executor to end this attempt at a step, if it still runs."""
        self._orders.tell(b"%s %d" % (TIMEOUT, attempt))
        os.kill(self.pid, signal.SIGTERM)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the executor's whole group."""
        kill_group(self.pid, number)

    def sweep(self) -> None:
        """Kill whatever is left of the executor and of everything it started, daemons too."""
        self.signal(signal.SIGKILL)
        kill_descendants()
        os.close(self._lifeline)

    def close(self) -> None:
        """Close the pipes."""
        os.close(self.output_fd)
        os.close(self.records_fd)
        self._orders.close()


def start_executor(assignment: Assignment, secrets: bytes = b"") -> Executor:
    """Start the executor in the working directory, and tell it the line of `secrets`, if there is one.

    OSError when it cannot be started.
    """
    placement = assignment.placement
    output_fd, output_end = os.pipe()
    records_fd, records_end = bigger(*os.pipe())
    told, telling = os.pipe()
    command = [sys.executable, "-s", "-P", placement.bundle, "execute", str(assignment.directory)]
    try:
        process = subprocess.Popen(  # noqa: S603 - this interpreter, with the bundle as its program
            [*command, str(records_end), str(os.getpid())],
            stdin=told,
            stdout=output_end,
            stderr=output_end,
            pass_fds=[records_end],
            process_group=0,
            cwd=placement.work_dir,
            umask=UMASK,
            env=executor_environment(os.environ, keep=placement.keep_variables, variables=placement.variables),
        )
    finally:
        os.close(output_end)
        os.close(records_end)
        os.close(told)
    process.returncode = 0  # from here on `Executor.poll` waits for it
    _guard, lifeline = start_guard(process.pid)
    executor = started(process.pid, output_fd, records_fd, telling, lifeline)
    if secrets:
        executor.tell(secrets)
    return executor


def bigger(reading: int, writing: int) -> tuple[int, int]:
    """Return the ends of a pipe, made bigger where that is possible: faster, and needed by nobody."""
    with contextlib.suppress(OSError, AttributeError):
        fcntl.fcntl(reading, fcntl.F_SETPIPE_SZ, _RECORDS_PIPE_BYTES)
    return reading, writing


def started(pid: int, output_fd: int, records_fd: int, telling: int, lifeline: int) -> Executor:
    """Return the executor that has just been started, as its supervisor holds it."""
    os.set_blocking(output_fd, False)
    os.set_blocking(records_fd, False)
    return Executor(
        pid=pid, output_fd=output_fd, records_fd=records_fd, _orders=OrderWriter(telling), _lifeline=lifeline
    )


def bytes_waiting(descriptor: int) -> int:
    """Return how many bytes a pipe holds now: a process that still writes to it cannot prolong what is read."""
    answer = fcntl.ioctl(descriptor, termios.FIONREAD, struct.pack("i", 0))
    return int(struct.unpack("i", answer)[0])
