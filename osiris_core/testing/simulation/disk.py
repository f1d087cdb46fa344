"""The disk of the simulated host's machine: it knows what it was told to keep, which is all that survives a loss of power."""

from __future__ import annotations

import os
import tempfile
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_MEMORY = Path("/dev/shm")  # noqa: S108 - what is made below it has a name of its own, for its owner only


_CALLS = ("open", "replace", "rename", "mkdir", "unlink", "rmdir", "ftruncate", "pwrite", "chmod")


class Killed(BaseException):
    """Raised where a process is killed: no code of it runs behind this, and what does all the same cannot reach the disk."""


class Disk:
    """Watches which file was kept up to which size; keeps nothing itself, which is quicker."""

    def __init__(self) -> None:
        self._kept: dict[int, int] = {}

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Be the disk that `os.fsync` speaks to, in the block."""

        def fsync(descriptor: int) -> None:
            facts = os.fstat(descriptor)
            self._kept[facts.st_ino] = facts.st_size

        with patch.object(os, "fsync", fsync):
            yield

    @contextmanager
    def killing_after(self, calls: int) -> Iterator[None]:
        """Kill the process that uses the disk in the block, at its first call behind so many."""
        left = iter(range(calls))

        def counted(real: Callable[..., Any]) -> Callable[..., Any]:
            def call(*args: Any, **kwargs: Any) -> Any:
                if next(left, None) is None:
                    raise Killed
                return real(*args, **kwargs)

            return call

        with ExitStack() as patches:
            for name in _CALLS:
                patches.enter_context(patch.object(os, name, counted(getattr(os, name))))
            yield

    def kept(self, path: Path) -> int:
        """Return how many bytes of a file would survive a loss of power for certain."""
        return self._kept.get(path.stat().st_ino, 0)


@contextmanager
def scratch() -> Iterator[Path]:
    """Give an empty directory, in memory where the system has a place for that, and remove it."""
    place = _MEMORY if os.access(_MEMORY, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="osiris-simulation-", dir=place) as directory:
        yield Path(directory)
