"""What is known about one file, in the shape of envd's EntryInfo."""

# The agent's start is part of every sandbox's: pathlib alone would make it a third longer.
# ruff: noqa: PTH116, PTH119

from __future__ import annotations

import errno
import grp
import os
import pwd
import stat
from typing import Any

XATTR_PREFIX = "user.e2b."

# Go's os.FileMode letters, in its order, for the types and bits that Linux has (go doc os.FileMode).
_TYPE_LETTERS = (
    (stat.S_ISDIR, "d"),
    (stat.S_ISLNK, "L"),
    (stat.S_ISBLK, "D"),
    (stat.S_ISFIFO, "p"),
    (stat.S_ISSOCK, "S"),
)


def go_mode(mode: int) -> str:
    """Return `mode` as Go's FileMode prints it, e.g. `drwxr-xr-x`, `Lrwxrwxrwx`, `dtrwxrwxrwx`."""
    letters = "".join(letter for is_type, letter in _TYPE_LETTERS if is_type(mode))
    if stat.S_ISCHR(mode):
        letters += "Dc"
    letters += "u" if mode & stat.S_ISUID else ""
    letters += "g" if mode & stat.S_ISGID else ""
    letters += "t" if mode & stat.S_ISVTX else ""
    bits = "".join("rwxrwxrwx"[i] if mode & (0o400 >> i) else "-" for i in range(9))
    return (letters or "-") + bits


def read_metadata(path: str | int) -> dict[str, str]:
    """Return the user's metadata of a file; a file system without extended attributes has none."""
    try:
        names = os.listxattr(path)
        return {
            name.removeprefix(XATTR_PREFIX): os.getxattr(path, name).decode("utf-8", "replace")
            for name in names
            if name.startswith(XATTR_PREFIX)
        }
    except OSError as error:
        if error.errno in {errno.ENOTSUP, errno.ENOENT, errno.EACCES, errno.EPERM, errno.ELOOP}:
            return {}
        raise


def replace_metadata(descriptor: int, metadata: dict[str, str]) -> None:
    """Make `metadata` the whole user metadata of an open file: an overwrite never keeps the old one."""
    for key in read_metadata(descriptor):
        if key not in metadata:
            os.removexattr(descriptor, XATTR_PREFIX + key)
    for key, value in metadata.items():
        os.setxattr(descriptor, XATTR_PREFIX + key, value.encode())


def entry(real: str, shown: str) -> dict[str, Any]:
    """Return the EntryInfo of `real`, named `shown`; raises OSError when there is no such file.

    A link has its target's type and mode, but its own size and permission string.
    """
    own = os.lstat(real)
    info: dict[str, Any] = {
        "name": os.path.basename(shown),
        "path": shown,
        "type": _type(own.st_mode),
        "size": own.st_size,
        "mode": stat.S_IMODE(own.st_mode),
        "permissions": go_mode(own.st_mode),
        "owner": _name(pwd.getpwuid, own.st_uid),
        "group": _name(grp.getgrgid, own.st_gid),
        "modified_ns": own.st_mtime_ns,
    }
    if stat.S_ISLNK(own.st_mode):
        info |= _link(real, shown)
    elif metadata := read_metadata(real):
        info["metadata"] = metadata
    return info


def _link(real: str, shown: str) -> dict[str, Any]:
    try:
        target = os.stat(real)
    except OSError:  # a dangling link is still an entry: envd shows it without a type
        return {"type": "unknown", "symlink_target": shown}
    return {
        "type": _type(target.st_mode),
        "mode": stat.S_IMODE(target.st_mode),
        "symlink_target": os.path.realpath(real),
    }


def _type(mode: int) -> str:
    if stat.S_ISDIR(mode):
        return "directory"
    return "file" if stat.S_ISREG(mode) else "unknown"


def _name(lookup: Any, number: int) -> str:
    try:
        return str(lookup(number)[0])
    except KeyError:
        return str(number)
