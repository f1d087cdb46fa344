"""Starts the executor as a fork of this process, where its engines are imported already: see `serving`."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import sys
import time
import traceback
from typing import TYPE_CHECKING

from osiris_core.worker.environment import UMASK, executor_environment
from osiris_core.worker.launch import bigger, started

if TYPE_CHECKING:
    from osiris_core.worker.launch import Executor
    from osiris_core.worker.staging import Assignment

_inherited: set[int] = set()


def remember_descriptors() -> None:
    """Note what is open before the first request: an executor keeps that, and nothing that a request opened."""
    _inherited.update(_open())


def fork_executor(assignment: Assignment, secrets: bytes = b"") -> Executor:
    """Fork the executor, and tell it the line of `secrets`, if there is one; it finds what a started one finds."""
    output_fd, output_end = os.pipe()
    records_fd, records_end = bigger(*os.pipe())
    told, telling = os.pipe()
    supervisor = os.getpid()
    pid = os.fork()
    if pid == 0:
        try:
            _become_executor(assignment, told, output_end, records_end, supervisor)
        except BaseException:  # noqa: BLE001 - nothing may return into the supervisor's code
            traceback.print_exc()
        finally:
            os._exit(70)
    with contextlib.suppress(ProcessLookupError, PermissionError):  # it did so itself, or has gone already
        os.setpgid(pid, pid)
    os.close(output_end)
    os.close(records_end)
    os.close(told)
    # No guard: the server outlives this supervisor, and sweeps what it leaves behind.
    executor = started(pid, output_fd, records_fd, telling, os.open(os.devnull, os.O_RDONLY))
    if secrets:
        executor.tell(secrets)
    return executor


def _become_executor(assignment: Assignment, told: int, output_end: int, records_end: int, supervisor: int) -> None:
    """Put everything where `subprocess` and a new interpreter would have put it, and execute."""
    from osiris_core.worker.executor import execute

    os.setpgid(0, 0)
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for descriptor, target in ((told, 0), (output_end, 1), (output_end, 2)):
        os.dup2(descriptor, target)
    for descriptor in _open() - _inherited - {0, 1, 2, records_end}:
        with contextlib.suppress(OSError):  # the one that listed the others
            os.close(descriptor)
    placement = assignment.placement
    environment = executor_environment(os.environ, keep=placement.keep_variables, variables=placement.variables)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    os.chdir(placement.work_dir)
    os.umask(UMASK)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - stays open
    sys.stdout = sys.stderr = None  # made anew for the pipe, as nothing of theirs fits it
    random.seed()
    numpy_random = sys.modules.get("numpy.random")
    if numpy_random is not None:  # its global state would be the same in every run
        numpy_random.seed()
    execute(assignment.directory, records_fd=records_end, supervisor_pid=supervisor)


def _open() -> set[int]:
    """Return the open descriptors."""
    return {int(each) for each in os.listdir("/proc/self/fd")}  # noqa: PTH208 - names only
