"""A file as it was when its comparison began: its first bytes, and whether it is still the same at the end.

Nothing but a regular file is opened: a pipe would make us wait for ever, a link could lead anywhere.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

from osiris_core.parity.kinds.protocol import HEAD_BYTES

if TYPE_CHECKING:
    from pathlib import Path

_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class NotComparableError(Exception):
    """A path does not lead to a regular file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldFile:
    """One of two files; `label` is its side's name, `head` its first `HEAD_BYTES`."""

    path: Path
    label: str
    head: bytes
    state: tuple[int, int, int, int]

    def has_changed(self) -> bool:
        """Whether the path leads to something else by now, or its content was written to. OSError where it is gone."""
        try:
            return _state(os.lstat(self.path)) != self.state
        except FileNotFoundError:
            return True


def held(path: Path, label: str) -> HeldFile:
    """Look at a regular file. OSError where it cannot be read, NotComparableError where it is something else."""
    facts = os.lstat(path)
    if not stat.S_ISREG(facts.st_mode):
        raise NotComparableError(f"it is {kind_of(facts.st_mode)} on {label}")
    descriptor = os.open(path, _FLAGS)
    with os.fdopen(descriptor, "rb") as source:
        return HeldFile(path=path, label=label, head=source.read(HEAD_BYTES), state=_state(os.fstat(descriptor)))


def kind_of(mode: int) -> str:
    """Return what a file's type is called: `a file`, `a directory`, `a link`, `a pipe`, `a socket`, `a device`."""
    names = {
        stat.S_IFREG: "a file",
        stat.S_IFDIR: "a directory",
        stat.S_IFLNK: "a link",
        stat.S_IFIFO: "a pipe",
        stat.S_IFSOCK: "a socket",
    }
    return names.get(stat.S_IFMT(mode), "a device")


def _state(facts: os.stat_result) -> tuple[int, int, int, int]:
    return facts.st_dev, facts.st_ino, facts.st_size, facts.st_mtime_ns
