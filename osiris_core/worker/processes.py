"""The system calls that keep a tree of processes together, so that none outlives the run."""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
import sys
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_SET_CHILD_SUBREAPER = 36
_OOM_SCORE = "500"
_MAX_ROUNDS = 1000
_MAX_DESCRIPTOR = 4096  # the supervisor itself opens a dozen


def die_with_parent(parent_pid: int) -> None:
    """Have the kernel kill this process when its parent dies; leave at once if that has happened already."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent_pid:
        os._exit(1)


def adopt_orphans() -> None:
    """Become the parent of descendants whose own parents end, so that `kill_descendants` finds them."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def prefer_as_memory_victim() -> None:
    """Offer this process, before the supervisor, to a kernel that is out of memory."""
    with contextlib.suppress(OSError):  # a system that does not let us choose chooses itself
        Path("/proc/self/oom_score_adj").write_text(_OOM_SCORE, encoding="ascii")


def keep_memory_private() -> None:
    """Keep this process's memory from other processes of its user, from debuggers, and from core files.

    What it starts by `exec` can be looked into again; the limit on core files is inherited.
    """
    _prctl(_PR_SET_DUMPABLE, 0)
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))


def start_guard(group: int) -> tuple[int, int]:
    """Fork a process into `group` that kills the group when this process ends, however it ends.

    Returns its pid and the descriptor whose end it watches: keep that one open, and inherited by nobody.
    """
    watched, lifeline = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            _guard(group, watched)
        finally:
            os._exit(0)
    os.close(watched)
    return pid, lifeline


def _guard(group: int, watched: int) -> None:
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    signal.set_wakeup_fd(-1)
    os.setpgid(0, group)
    os.closerange(0, watched)
    os.closerange(watched + 1, _MAX_DESCRIPTOR)
    os.read(watched, 1)
    os.killpg(group, signal.SIGKILL)


def kill_group(group: int, number: signal.Signals) -> None:
    """Send a signal to a process group, if there still is one."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, number)


def kill_descendants() -> None:
    """Kill and reap every child of this process, and, as they become children, theirs."""
    for _ in range(_MAX_ROUNDS):
        children = _children()
        if not children:
            return
        for pid in children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for pid in children:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, 0)


def _children() -> list[int]:
    """Return the pids of this process's children, as far as the system tells."""
    pid = os.getpid()
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()]
    except OSError:
        return [child for child, parent in _parents() if parent == pid]


def _parents() -> list[tuple[int, int]]:
    """Return (pid, parent's pid) of all processes, for kernels that list no children."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # it has just ended
            after_name = status.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
            found.append((int(status.parent.name), int(after_name[1])))
    return found


def _prctl(option: int, value: int) -> None:
    """Call prctl, which only Linux has."""
    if not sys.platform.startswith("linux"):
        return
    ctypes.CDLL(None).prctl(option, value, 0, 0, 0)  # where it is refused, the guard and the group still hold
