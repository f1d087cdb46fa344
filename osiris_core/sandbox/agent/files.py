"""File operations, done where the sandbox's links lead: inside it.

Opened files go back to the server as descriptors, so the bytes of a file never pass through the agent.
"""

# The agent's start is part of every sandbox's: pathlib alone would make it a third longer.
# ruff: noqa: PTH103, PTH104, PTH106, PTH108, PTH112, PTH114, PTH118, PTH119, PTH120, PTH208

from __future__ import annotations

import errno
import os
import stat
from typing import TYPE_CHECKING, Any

from .entries import entry, read_metadata, replace_metadata
from .errors import RefusedError, refused

if TYPE_CHECKING:
    from .paths import Paths
    from .wire import Message

Answer = tuple[dict[str, Any], tuple[int, ...]]


class Files:
    """Serves the requests whose `op` names one of the public methods."""

    def __init__(self, paths: Paths) -> None:
        self._paths = paths

    def stat(self, request: Message) -> Answer:
        """Describe one path."""
        inside, real = self._locate(request)
        try:
            return {"entry": entry(real, inside)}, ()
        except OSError as error:
            raise refused(error, inside) from error

    def list(self, request: Message) -> Answer:
        """Describe what is below a directory, `depth` levels deep, each directory in lexical order, links not followed."""
        inside, real = self._locate(request)
        if os.path.lexists(real) and not os.path.isdir(real):
            raise RefusedError("invalid_argument", f"path '{inside}' is not a directory")
        try:
            return {"entries": _walk(real, inside, max(1, request["depth"]))}, ()
        except OSError as error:
            raise refused(error, inside) from error

    def mkdir(self, request: Message) -> Answer:
        """Make a directory with its parents."""
        inside, real = self._locate(request)
        if os.path.isdir(real):
            raise RefusedError("already_exists", f"directory already exists: '{inside}'")
        if os.path.lexists(real):
            raise RefusedError("invalid_argument", f"path already exists but it is not a directory: '{inside}'")
        try:
            os.makedirs(real)
            return {"entry": entry(real, inside)}, ()
        except OSError as error:
            raise refused(error, inside) from error

    def move(self, request: Message) -> Answer:
        """Rename, making the destination's parents."""
        source, real_source = self._locate(request)
        destination = self._paths.inside(request["destination"], request["user"])
        real_destination = self._paths.real(destination)
        try:
            os.lstat(real_source)
            os.makedirs(os.path.dirname(real_destination), exist_ok=True)
            _rename(real_source, real_destination)
            return {"entry": entry(real_destination, destination)}, ()
        except OSError as error:
            raise refused(error, source) from error

    def remove(self, request: Message) -> Answer:
        """Remove a path and all below it; a missing one is removed already."""
        inside, real = self._locate(request)
        try:
            if os.path.islink(real) or not os.path.isdir(real):
                os.unlink(real)
            else:
                _remove_tree(real)
        except FileNotFoundError:
            return {}, ()
        except OSError as error:
            raise refused(error, inside) from error
        return {}, ()

    def open_read(self, request: Message) -> Answer:
        """Open a regular file; the answer carries its descriptor."""
        inside, real = self._locate(request)
        try:
            descriptor = os.open(real, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            raise refused(error, inside) from error
        _require_regular(descriptor, inside)
        return {}, (descriptor,)

    def open_write(self, request: Message) -> Answer:
        """Create or truncate a regular file, its parents made, its metadata replaced; the answer carries its descriptor."""
        inside, real = self._locate(request)
        try:
            os.makedirs(os.path.dirname(real), exist_ok=True)
            # Truncated only after it is known to be regular: a device or a pipe is refused untouched.
            descriptor = os.open(real, os.O_WRONLY | os.O_CREAT | os.O_NONBLOCK | os.O_CLOEXEC, 0o666)
        except IsADirectoryError as error:
            raise RefusedError("invalid_argument", f"path is a directory: {inside}") from error
        except OSError as error:
            raise refused(error, inside) from error
        _require_regular(descriptor, inside)
        try:
            os.ftruncate(descriptor, 0)
            replace_metadata(descriptor, request["metadata"])
        except OSError as error:
            os.close(descriptor)
            raise _metadata_refused(error, inside) from error
        written = {"path": inside, "name": os.path.basename(inside), "metadata": read_metadata(real)}
        return {"written": written}, (descriptor,)

    def _locate(self, request: Message) -> tuple[str, str]:
        inside = self._paths.inside(request["path"], request["user"])
        return inside, self._paths.real(inside)


def _walk(real: str, shown: str, depth: int) -> list[dict[str, Any]]:
    found = []
    for name in sorted(os.listdir(real)):
        child, child_shown = os.path.join(real, name), os.path.join(shown, name)
        try:
            found.append(entry(child, child_shown))
        except FileNotFoundError:  # removed between the listing and the look
            continue
        if depth > 1 and found[-1]["permissions"].startswith("d"):
            found += _walk(child, child_shown, depth - 1)
    return found


def _rename(source: str, destination: str) -> None:
    try:
        os.rename(source, destination)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        import shutil

        shutil.move(source, destination)


def _remove_tree(path: str) -> None:
    for parent, directories, files in os.walk(path, topdown=False):
        for name in files:
            os.unlink(os.path.join(parent, name))
        for name in directories:
            child = os.path.join(parent, name)
            if os.path.islink(child):
                os.unlink(child)
            else:
                os.rmdir(child)
    os.rmdir(path)


def _require_regular(descriptor: int, inside: str) -> None:
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISREG(mode):
        return
    os.close(descriptor)
    kind = "a directory" if stat.S_ISDIR(mode) else "not a regular file"
    raise RefusedError("invalid_argument", f"path '{inside}' is {kind}")


def _metadata_refused(error: OSError, inside: str) -> RefusedError:
    if error.errno == errno.ENOTSUP:
        return RefusedError("internal", f"'{inside}': this kernel keeps no metadata on such files (Linux 6.6 does)")
    return refused(error, inside)
