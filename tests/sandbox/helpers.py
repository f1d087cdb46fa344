"""What several of these tests need, and is no fixture."""

from __future__ import annotations

import os
import select
import threading
from dataclasses import dataclass
from pathlib import Path

import pytest

WAIT_S = 100.0
"""The longest that any test waits for something that is going to happen."""


def bound(address):
    """Return the SDK bound to a server."""
    from e2b import E2B

    return E2B(api_key=address.api_key, api_url=address.url, sandbox_url=address.url)


def until(condition, *, poll_s: float = 0.005, wait_s: float = WAIT_S):
    """Return the first true value of `condition()`; fail when there is none for long."""
    pause = threading.Event()
    for _ in range(int(wait_s / poll_s)):
        if value := condition():
            return value
        pause.wait(poll_s)
    pytest.fail(f"still not true after {wait_s} s")


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """Processes of the host that must end; pidfds, so that a number used again cannot deceive."""

    pids: tuple[int, ...]
    pidfds: tuple[int, ...]

    def all_end(self) -> bool:
        """Return whether every one of them ends before long."""
        return all(select.select([pidfd], [], [], WAIT_S)[0] for pidfd in self.pidfds)

    def none_ended(self) -> bool:
        """Return whether every one of them is still there now."""
        return not any(select.select([pidfd], [], [], 0)[0] for pidfd in self.pidfds)


def all_pids() -> list[int]:
    """Return the numbers of all processes of this host."""
    return [int(found.name) for found in Path("/proc").iterdir() if found.name.isdigit()]


def pid_namespace(pid: int) -> str:
    """Return which pid namespace a process is in, empty when it is gone."""
    try:
        return str(Path(f"/proc/{pid}/ns/pid").readlink())
    except OSError:
        return ""


def project_environment() -> dict[str, str]:
    """Return this process' variables, so changed that a child finds the same project."""
    root = str(Path(__file__).parents[2])
    return os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))}
