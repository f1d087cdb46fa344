"""Keeps the commands of a sandbox below its memory: the largest is killed, as the kernel's out-of-memory killer would.

Resident size is what counts. An address-space limit would be simpler and break engines that reserve much and use little.
"""

# The agent's start is part of every sandbox's: pathlib alone would make it a third longer.
# ruff: noqa: PTH123, PTH208

from __future__ import annotations

import contextlib
import os
import signal

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
    """SIGKILL the largest process when all together hold more than `limit_bytes`; return its (pid, total bytes) then."""
    sizes = resident_bytes(skip=os.getpid())
    total = sum(sizes.values())
    if total <= limit_bytes:
        return None
    largest = max(sizes, key=lambda pid: sizes[pid])
    with contextlib.suppress(ProcessLookupError):
        os.kill(largest, signal.SIGKILL)
    return largest, total
