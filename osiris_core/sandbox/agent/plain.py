"""What the agent does when there is no namespace that ends with it: finds its descendants and its directory by itself."""

# The agent's start is part of every sandbox's: pathlib alone would make it a third longer.
# ruff: noqa: PTH101, PTH108, PTH112, PTH120, PTH123

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import signal
import stat
import sys

_PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h


def become_subreaper() -> None:
    """Make orphaned descendants children of this process, so that none can get away; ignore stray group signals."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER) failed")
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)


def end_descendants() -> None:
    """SIGKILL children until there are none: each round's orphans become the next round's children."""
    while True:
        for pid in _children():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return


def remove_root(root: str) -> None:
    """Remove the sandbox's directory, also what its programs made unreadable."""

    def retry(function: object, path: str, _error: object) -> None:
        del function
        os.chmod(os.path.dirname(path), stat.S_IRWXU)
        os.chmod(path, stat.S_IRWXU)
        if os.path.isdir(path):
            shutil.rmtree(path, ignore_errors=True)
        else:
            os.unlink(path)

    with contextlib.suppress(FileNotFoundError):
        if sys.version_info >= (3, 12):
            shutil.rmtree(root, onexc=retry)
        else:
            shutil.rmtree(root, onerror=retry)


def _children() -> list[int]:
    with open(f"/proc/self/task/{os.getpid()}/children", "rb") as children:
        return [int(pid) for pid in children.read().split()]
