"""The directory in which this server keeps the views of templates it built; it is gone with the server."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import sys
import sysconfig
import tempfile
from pathlib import Path

PREFIX = "osiris-templates-"
_LOCK = ".lock"


class Workshop:
    """Makes directories for views, beside the environment's filesystem where it can, so that links and not copies do."""

    def __init__(self) -> None:
        self._root: Path | None = None
        self._lock = -1

    def new_view(self) -> Path:
        """Return a new empty directory."""
        if self._root is None:
            self._open()
        assert self._root is not None  # noqa: S101 - just opened
        return Path(tempfile.mkdtemp(prefix="view-", dir=self._root))

    def close(self) -> None:
        """Remove everything; closing twice is harmless."""
        if self._root is not None:
            _remove(self._root)  # what cannot be removed is swept by the next server
            os.close(self._lock)
            self._root = None

    def _open(self) -> None:
        parent = _parent()
        _sweep(parent)
        root = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
        new = root / f"{_LOCK}.new"
        self._lock = os.open(new, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_EX)  # held for as long as this process lives, however it ends
        new.rename(root / _LOCK)  # only now can another server find it, and it is locked
        self._root = root


def _parent() -> Path:
    temporary, site = Path(tempfile.gettempdir()), Path(sysconfig.get_path("purelib"))
    prefix = Path(sys.prefix)
    for place in (temporary, prefix):
        if site.is_dir() and place.stat().st_dev == site.stat().st_dev and os.access(place, os.W_OK | os.X_OK):
            return place
    return temporary


def _sweep(parent: Path) -> None:
    """Remove what servers left behind that were killed: nobody holds their lock."""
    for left in parent.glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):  # another user's, being swept by another server, or alive
            descriptor = os.open(left / _LOCK, os.O_RDWR | os.O_CLOEXEC)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                _remove(left)
            finally:
                os.close(descriptor)


def _remove(root: Path) -> None:
    """Remove a workshop, its lock last: a server that is killed while it does so leaves what the next one can sweep."""
    for view in root.glob("view-*"):
        shutil.rmtree(view, ignore_errors=True)
    if not any(root.glob("view-*")):
        shutil.rmtree(root, ignore_errors=True)
