"""Whether the executor was killed for its memory, and what shows that: nothing is guessed, the evidence is named.

The kernel counts the processes that it kills for lack of memory, in the cgroup and on the whole machine. Where somebody
else kills, what the executor held at most is held against what its target allows.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

from osiris_core.wire.values import value

if TYPE_CHECKING:
    from collections.abc import Iterator

_NEARLY = 0.9
"""Who holds so much of the limit when it is killed was killed for that: the rest is the supervisor and what was shared."""
_UNLIMITED = 1 << 60


@value
class OutOfMemory:
    """What is known of a process that was killed for its memory; `limit_bytes` is None where no limit is known."""

    limit_bytes: int | None
    peak_bytes: int
    evidence: str


class MemoryWatch:
    """Made when the executor starts: remembers how often the kernel has killed by then."""

    def __init__(
        self, *, limit_mb: int | None, proc: Path = Path("/proc"), cgroups: Path = Path("/sys/fs/cgroup")
    ) -> None:
        self._proc = proc
        self._groups = list(_groups(proc, cgroups))
        self._limit_bytes = limit_mb << 20 if limit_mb is not None else self._group_limit()
        self._group_kills, self._machine_kills = self._counts()

    def verdict(self, *, peak_bytes: int) -> OutOfMemory | None:
        """Judge a process that something else than its own supervisor has killed, and that held `peak_bytes` at most."""
        group_kills, machine_kills = self._counts()
        limit = self._limit_bytes
        if group_kills > self._group_kills:
            evidence = "the kernel counts another process killed for lack of memory in this cgroup"
        elif machine_kills > self._machine_kills:
            evidence = "the kernel counts another process killed for lack of memory on this machine"
        elif limit is not None and peak_bytes >= _NEARLY * limit:
            evidence = "it was killed when it held nearly all that the limit allows"
        else:
            return None
        return OutOfMemory(limit_bytes=limit, peak_bytes=peak_bytes, evidence=evidence)

    def _counts(self) -> tuple[int, int]:
        names = ("memory.events", "memory.oom_control")
        in_group = (_number(group / name, "oom_kill") for group in self._groups for name in names)
        group = next((count for count in in_group if count is not None), 0)
        return group, _number(self._proc / "vmstat", "oom_kill") or 0

    def _group_limit(self) -> int | None:
        """Return the least that this process's cgroup or one above it allows."""
        found = []
        for group in self._groups:
            for name in ("memory.max", "memory.limit_in_bytes"):
                with contextlib.suppress(OSError, ValueError):  # not there, or "max"
                    found.append(int((group / name).read_text(encoding="ascii")))
        return min((limit for limit in found if limit < _UNLIMITED), default=None)


def _groups(proc: Path, cgroups: Path) -> Iterator[Path]:
    """Yield the directories of this process's memory cgroup and of those above it, of either version."""
    try:
        lines = (proc / "self" / "cgroup").read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return  # no Linux
    for line in lines:
        number, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        top = cgroups if number == "0" else cgroups / "memory"
        if number == "0" or "memory" in controllers.split(","):
            group = top / path.lstrip("/")
            yield from (group, *(each for each in group.parents if each.is_relative_to(top)))


def _number(path: Path, key: str) -> int | None:
    """Return the number behind a key in a file of lines `key number`; None where it is not there."""
    try:
        text = path.read_text(encoding="ascii")
    except OSError:
        return None
    for line in text.splitlines():
        name, _, value = line.partition(" ")
        if name == key and value.isdecimal():
            return int(value)
    return None
