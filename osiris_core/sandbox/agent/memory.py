"""Keeps the commands of a sandbox below its memory: one is killed, chosen and counted as the kernel's killer would.

Resident size is what counts. An address-space limit would be simpler and break engines that reserve much and use little.
"""

# The agent's start is part of every sandbox's: pathlib alone would make it a third longer.
# ruff: noqa: PTH123, PTH208

from __future__ import annotations

import contextlib
import os
import signal

EVENTS = "/sys/fs/cgroup/memory.events"
"""Where a control group of the kernel counts the processes that it killed, and this agent does."""
EVENTS_TEXT = "oom 0\noom_kill 0\n"
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


def resident_bytes(skip: int) -> dict[int, int]:
    """Return the resident size of every process seen in /proc but `skip`, in bytes."""
    sizes = {}
    for name in os.listdir("/proc"):
        if not name.isdigit() or int(name) == skip:
            continue
        with contextlib.suppress(FileNotFoundError, ProcessLookupError), open(f"/proc/{name}/statm", "rb") as statm:
            sizes[int(name)] = int(statm.read().split()[1]) * _PAGE_BYTES
    return sizes


def kill_largest_over(limit_bytes: int) -> tuple[int, int] | None:
    """SIGKILL a process when all together hold more than `limit_bytes`; return its (pid, total bytes) then.

    It is chosen as the kernel does: by its size, to which `oom_score_adj` adds or takes away thousandths of the limit.
    """
    sizes = resident_bytes(skip=os.getpid())
    total = sum(sizes.values())
    if total <= limit_bytes:
        return None
    victim = max(sizes, key=lambda pid: sizes[pid] + _adjustment(pid) * limit_bytes // 1000)
    _count_kill()  # before it dies, so that whoever looks why finds it
    with contextlib.suppress(ProcessLookupError):
        os.kill(victim, signal.SIGKILL)
    return victim, total


def _adjustment(pid: int) -> int:
    try:
        with open(f"/proc/{pid}/oom_score_adj", "rb") as adjustment:
            return int(adjustment.read())
    except (FileNotFoundError, ProcessLookupError):
        return 0


def _count_kill() -> None:
    """Count a kill where programs look for the kernel's own count; a sandbox without a namespace has no such place."""
    try:
        events = open(EVENTS, "r+b")  # noqa: SIM115 - closed below; whether it is there is the question here
    except OSError:
        return
    with events:
        killed = int(events.read().rpartition(b" ")[2]) + 1
        events.seek(0)
        events.write(EVENTS_TEXT.replace("0", str(killed)).encode("ascii"))
