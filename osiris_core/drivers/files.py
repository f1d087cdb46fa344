"""The two kinds of files that drivers touch: those they read, and the artifacts they make."""

from __future__ import annotations

import errno
from pathlib import Path

from osiris_core.wire.paths import check_relative


def existing_file(shown: str) -> Path:
    """Return the file that a manifest calls `shown`. OSError, with that name, where there is none."""
    path = Path(shown)
    if not path.is_file():
        kind = (errno.EISDIR, "Is a directory") if path.is_dir() else (errno.ENOENT, "No such file or directory")
        if path.exists() and not path.is_dir():
            kind = (errno.EINVAL, "Not a regular file")
        raise OSError(*kind, shown)
    return path


def artifact_place(directory: Path, relative: str) -> Path:
    """Return where an artifact goes, its directories made. ValueError for a path out of `directory`.

    Nothing is there yet, or opening it with mode `x` says what is.
    """
    place = directory / check_relative(relative)
    if not place.parent.resolve().is_relative_to(directory.resolve()):
        raise ValueError(f"the path {relative!r} leaves the step's directory through a link")
    place.parent.mkdir(parents=True, exist_ok=True)
    return place
