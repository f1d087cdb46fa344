"""Who owns what a run leaves: a process of one machine, told apart from a later one that got the same number."""

from __future__ import annotations

import functools
import os
import socket
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Mapping

_UNKNOWN = "-"
_STATE_FIELD, _START_FIELD = 0, 19  # of /proc/<pid>/stat behind the program's name: proc_pid_stat(5), fields 3 and 22
_DEAD_STATES = {"Z", "X"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """A process: `machine` is where its pid means something, `started` what the kernel says of its start."""

    machine: str
    pid: int
    started: str

    @classmethod
    def this_process(cls) -> Self:
        """Return the process that asks."""
        return cls(machine=this_machine(), pid=os.getpid(), started=_started(os.getpid()) or _UNKNOWN)

    @classmethod
    def of_process(cls, pid: int) -> Self:
        """Return a process of this machine; one that is gone is never alive again."""
        return cls(machine=this_machine(), pid=pid, started=_started(pid) or "gone")

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Read what `to_json` gave. ValueError for anything else."""
        try:
            return cls(machine=str(value["machine"]), pid=int(value["pid"]), started=str(value["started"]))
        except (KeyError, TypeError) as error:
            raise ValueError(f"{value!r:.80} names no owner") from error

    @classmethod
    def from_text(cls, text: str) -> Self | None:
        """Read what `to_text` gave; None for anything else."""
        machine, _, process = text.rpartition(" ")
        pid, dot, started = process.partition(".")
        return cls(machine=machine, pid=int(pid), started=started) if machine and dot and pid.isdigit() else None

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        return asdict(self)

    def to_text(self) -> str:
        """Return it in one line, as metadata of a sandbox holds it."""
        return f"{self.machine} {self.pid}.{self.started}"

    @property
    def is_elsewhere(self) -> bool:
        """Whether it is of another machine, or of this one before it was started anew: nothing is known of it here."""
        return self.machine != this_machine()

    @property
    def is_alive(self) -> bool:
        """Whether it still runs; one of another machine is taken to."""
        if self.is_elsewhere:
            return True
        started = _started(self.pid)
        return started is not None and self.started in {started, _UNKNOWN}


@functools.cache
def this_machine() -> str:
    """Return a name for all processes that can see each other's pids: host, its present run, and its pid namespace."""
    boot, namespace = _UNKNOWN, _UNKNOWN
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii")[:8]
        namespace = str(Path("/proc/self/ns/pid").stat().st_ino)
    except OSError:  # no Linux: the host's name has to do
        return socket.gethostname()
    return f"{socket.gethostname()}/{boot}/{namespace}"


def _started(pid: int) -> str | None:
    """Return when a process was started, in the kernel's ticks; None when it is gone, or only waits to be noticed."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].decode("ascii").split()
    except (FileNotFoundError, ProcessLookupError):
        return None if Path("/proc/self").exists() else _without_proc(pid)
    return None if fields[_STATE_FIELD] in _DEAD_STATES else fields[_START_FIELD]


def _without_proc(pid: int) -> str | None:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return None
    except PermissionError:  # somebody else's, and alive
        return _UNKNOWN
    return _UNKNOWN
