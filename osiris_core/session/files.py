"""Writing so that a file is there whole or not at all, and saying which path the disk refused."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from osiris_core.errors import DiskFullError, SessionError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FILE_MODE = 0o600
DIRECTORY_MODE = 0o700
PIECE_BYTES = 256 * 1024
"""Of a file that is read for its digest."""


class FileFacts(NamedTuple):
    """What identifies a regular file's content: size, permission bits as octal text, SHA-256 as hex."""

    size_bytes: int
    mode: str
    sha256: str


NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT})
"""What a system says when there is no room."""


@contextmanager
def refused(path: Path, what: str, *, size_bytes: int = 0) -> Iterator[None]:
    """Turn an OSError into a SessionError: "{path} {what}: {the system's reason}".

    It is a DiskFullError where there was no room for `size_bytes`.
    """
    try:
        yield
    except OSError as error:
        if error.errno in NO_ROOM:
            raise DiskFullError(
                f"{path} {what}: {error.strerror or error}",
                path=str(path),
                size_bytes=size_bytes,
                hint="free space, or choose another directory",
            ) from error
        raise SessionError(
            f"{path} {what}: {error.strerror or error}", hint="free space, or choose a directory that can be written"
        ) from error


def make_directory(path: Path) -> None:
    """Make a directory and its missing parents, for the owner only; an existing one is fine."""
    if path.is_dir():
        return
    make_directory(path.parent)
    with refused(path, "cannot be made"):
        path.mkdir(mode=DIRECTORY_MODE, exist_ok=True)


def open_private(path: Path, flags: int) -> int:
    """Open a file for the owner only, without following a link; the caller turns OSError into a sentence."""
    return os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC, FILE_MODE)


def write_atomically(path: Path, data: bytes) -> None:
    """Write a whole file beside its place, then move it there. SessionError names the path."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    with refused(path, "cannot be written"):
        try:
            descriptor = open_private(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            with os.fdopen(descriptor, "wb") as out:
                out.write(data)
            unfinished.replace(path)
        except OSError:
            unfinished.unlink(missing_ok=True)
            raise


def file_facts(path: Path) -> FileFacts:
    """Read a regular file and return what it is; never through a link. OSError, also for anything but a file."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        facts = os.fstat(descriptor)
        if not stat.S_ISREG(facts.st_mode):
            raise OSError(None, "it is not a regular file", str(path))
        sha256 = hashlib.sha256()
        # Most files are small: a buffer of their size, and no reader around the descriptor, is most of what they cost.
        piece_bytes = min(facts.st_size + 1, PIECE_BYTES)
        while piece := os.read(descriptor, piece_bytes):
            sha256.update(piece)
    finally:
        os.close(descriptor)
    return FileFacts(facts.st_size, f"{stat.S_IMODE(facts.st_mode) & 0o777:04o}", sha256.hexdigest())


def open_regular(path: Path, buffer_bytes: int = -1) -> BinaryIO:
    """Open a regular file for reading. OSError for anything else: a pipe would never end, or never begin."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(None, "it is not a regular file", str(path))
    return os.fdopen(descriptor, "rb", buffer_bytes)


def tree_files(root: Path) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """Yield (posix path below `root`, entry) for everything but directories, links not followed.

    A `root` that is not there holds nothing.
    """
    pending = [("", root)]
    while pending:
        prefix, directory = pending.pop()
        try:
            entries = list(os.scandir(directory))
        except FileNotFoundError:
            continue
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                pending.append((f"{prefix}{entry.name}/", directory / entry.name))
            else:
                yield f"{prefix}{entry.name}", entry


def remove_tree(path: Path) -> None:
    """Remove a directory as far as possible, also where a driver made parts of it read-only, or nested without end.

    Of a link to one, the link goes and nothing behind it. What cannot be removed stays: it is the host's own scratch, and no reader
    looks at it.
    """
    with suppress(OSError):
        if path.is_symlink():
            path.unlink()
            return
        _flatten(path)
        path.rmdir()


def _flatten(top: Path) -> None:
    """Empty a directory; those in it are lifted into it first, so that no path grows and nothing is called in turn."""
    pending, lifted = [top], 0
    while pending:
        directory = pending.pop()
        with suppress(OSError):
            os.chmod(directory, DIRECTORY_MODE, follow_symlinks=False)  # noqa: PTH101 - Path.chmod follows links
        for entry in list(os.scandir(directory)):
            if not entry.is_dir(follow_symlinks=False):
                os.unlink(entry.path)  # noqa: PTH108 - an entry has a text
                continue
            place = top / f".{os.getpid()}-{lifted}"
            lifted += 1
            os.rename(entry.path, place)  # noqa: PTH104 - as above
            pending.append(place)
        if directory != top:
            directory.rmdir()
