"""One writer a session: a lock that ends with its process, and that names its owner to whom it refuses."""

from __future__ import annotations

import fcntl
import os
from typing import TYPE_CHECKING

from osiris_core.errors import SessionError
from osiris_core.session.files import open_private, refused

if TYPE_CHECKING:
    from pathlib import Path

_PID_BYTES = 32


class OwnerLock:
    """An advisory lock on a file that holds the owner's pid; the file itself stays where it is."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self._path = path
        self._descriptor = descriptor

    @classmethod
    def take(cls, path: Path) -> OwnerLock:
        """Take the lock or raise SessionError, which names the process that has it."""
        with refused(path, "cannot be opened"):
            descriptor = open_private(path, os.O_RDWR | os.O_CREAT)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, b"%d\n" % os.getpid(), 0)
        except BlockingIOError as error:
            owner = os.pread(descriptor, _PID_BYTES, 0).decode("ascii", "replace").strip() or "unknown"
            os.close(descriptor)
            raise SessionError(
                f"{path.parent.parent} is being written by another owner (pid {owner})",
                hint="a session has one writer; wait for it, or use a new session id",
            ) from error
        except OSError as error:
            os.close(descriptor)
            raise SessionError(f"{path} cannot be locked: {error.strerror}") from error
        return cls(path, descriptor)

    def release(self) -> None:
        """Give the lock up; a second time is harmless."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
