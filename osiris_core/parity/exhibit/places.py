"""Where a session lies that a record names: the record may come from anywhere, so what it names is followed with care."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_HOME: Final = (".osiris", "runs")
_PARTS: Final = 4
"""`.osiris/runs/<session id>/<target>`: nothing else is a session's place, whatever a record says."""


def session_place(named: str, roots: Sequence[Path]) -> tuple[Path | None, str]:
    """Return the directory that a record names, below the first of the roots that has it, or None and why there is none.

    No part of the way from the root on is a link, nor is anything that lies in the directory itself.
    """
    parts = named.split("/")
    if len(parts) != _PARTS or tuple(parts[:2]) != _HOME or not all(_is_plain(each) for each in parts[2:]):
        return None, f"its record names {named[:200]!r}, which is no place of a session in a project"
    for root in roots:
        directory = root
        for part in parts:
            directory = directory / part
            kind = _kind(directory)
            if kind is None:
                break
            if not stat.S_ISDIR(kind):
                return None, f"{named} was not read: on the way to it is something that is no directory"
        else:
            return (None, f"{named} was not read: there is a link in it") if _has_links(directory) else (directory, "")
    return None, f"{named} is not there"


def _is_plain(part: str) -> bool:
    return part not in {"", ".", ".."} and "\0" not in part


def _kind(path: Path) -> int | None:
    """Return what a path is, links not followed; None where it is nothing, or cannot be looked at."""
    try:
        return path.lstat().st_mode
    except (OSError, ValueError):  # ValueError: a name that no file can have
        return None


def _has_links(directory: Path) -> bool:
    try:
        with os.scandir(directory) as entries:
            return any(entry.is_symlink() for entry in entries)
    except OSError:
        return False  # what cannot be read is told by whoever reads it
