"""Writes files below one directory so that no name and no link can lead outside it."""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, BinaryIO, Self

from osiris_core.wire.errors import WireProtocolError
from osiris_core.wire.paths import check_relative

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class TreeWriter:
    """Creates new files below `root` (made if missing); every step of a path is opened without following links.

    Directories that are made get `directory_mode`, as far as the umask lets them.
    """

    def __init__(self, root: Path, *, directory_mode: int = 0o755) -> None:
        self._root = root
        self._directory_mode = directory_mode
        self._descriptor = -1

    def __enter__(self) -> Self:
        """Open the root directory."""
        self._root.mkdir(self._directory_mode, parents=True, exist_ok=True)
        self._descriptor = os.open(self._root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        return self

    def __exit__(self, *_exc: object) -> None:
        """Close the root directory."""
        os.close(self._descriptor)

    @contextmanager
    def create(self, path: str, *, mode: int, mtime_ns: int | None) -> Iterator[BinaryIO]:
        """Create the new file `path`, give it to be written, then set its permission bits and time.

        WireProtocolError for a path that may not travel or that leads through a link; FileExistsError when it exists.
        """
        with self.open_new(path) as out:
            yield out
            out.flush()
            os.fchmod(out.fileno(), mode & 0o777)
            if mtime_ns is not None:
                os.utime(out.fileno(), ns=(mtime_ns, mtime_ns))

    def open_new(self, path: str) -> BinaryIO:
        """Create the new file `path` for its owner only, and return it. Errors as in `create`."""
        with self._parent(path) as (parent, name):
            return os.fdopen(os.open(name, _NEW_FILE, 0o600, dir_fd=parent), "wb")

    def place(self, source: Path, path: str, *, mode: int) -> None:
        """Move the file `source` of the same file system to `path`; a file or link that is there goes. Errors as in `create`."""
        with self._parent(path) as (parent, name):
            os.chmod(source, mode & 0o777, follow_symlinks=False)  # noqa: PTH101 - Path.chmod follows links
            os.rename(source, name, dst_dir_fd=parent)

    def discard(self, path: str) -> None:
        """Remove the file or link `path`, if it is there. Errors as in `create`."""
        with self._parent(path) as (parent, name), suppress(FileNotFoundError):
            os.unlink(name, dir_fd=parent)

    @contextmanager
    def _parent(self, path: str) -> Iterator[tuple[int, str]]:
        """Open the directory that holds `path`, made if missing; yield it and the name in it."""
        *directories, name = check_relative(path).split("/")
        parent = self._open_directory(directories, path)
        try:
            yield parent, name
        finally:
            os.close(parent)

    def _open_directory(self, names: list[str], path: str) -> int:
        descriptor = os.dup(self._descriptor)
        for name in names:
            parent = descriptor
            try:
                descriptor = _enter(parent, name, self._directory_mode)
            except OSError as error:
                raise WireProtocolError(f"{path!r} leads through {name!r}, which is no directory") from error
            finally:
                os.close(parent)
        return descriptor


def _enter(parent: int, name: str, mode: int) -> int:
    """Open the directory `name` in `parent`, made if missing."""
    try:
        return os.open(name, _DIRECTORY, dir_fd=parent)
    except FileNotFoundError:
        os.mkdir(name, mode, dir_fd=parent)
        return os.open(name, _DIRECTORY, dir_fd=parent)
