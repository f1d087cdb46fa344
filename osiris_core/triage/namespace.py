"""Bubblewrap arguments that show a process this machine with a few things otherwise: what is not named stays as it is.

The new root is an empty directory in memory. Whatever lies in the old root is shown at its old place, directory by directory:
one is only taken apart where something in it has to be hidden or added, so that nothing is ever made on the host's disk.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_ROOT = Path("/")
_FOR_ALL = {"/tmp", "/var/tmp", "/dev/shm"}  # noqa: S108 - names that everybody can write below, wherever they are


@dataclass(slots=True, kw_only=True)
class View:
    """What is to be otherwise: `hidden` directories are there and empty; `options` are bwrap's.

    `shown` are (source, place), in order: what lies at the source is seen at the place; an empty directory where there is no source.
    """

    hidden: set[Path] = field(default_factory=set)
    shown: list[tuple[Path | None, Path]] = field(default_factory=list)
    options: list[str] = field(default_factory=list)

    def arguments(self) -> list[str]:
        """Return all arguments of bwrap up to the command."""
        hidden = {_real(each) for each in self.hidden}
        shown = [(source, _real(place)) for source, place in self.shown]
        opened = {parent for place in _made(hidden, shown) for parent in (place, *place.parents)}
        found = ["--tmpfs", "/", *_tree(_ROOT, opened, hidden)]
        for place in sorted(hidden):
            found += _directory(place)
        for source, place in shown:
            found += ["--tmpfs", str(place)] if source is None else ["--dev-bind", str(source), str(place)]
        return [*found, *self.options, "--die-with-parent", "--"]


def _real(place: Path) -> Path:
    """Return a place by its real directory: behind a link, a directory that is not taken apart would be written to."""
    return Path(os.path.realpath(place.parent)) / place.name


def _made(hidden: set[Path], shown: list[tuple[Path | None, Path]]) -> Iterator[Path]:
    """Yield the directories of the host that have to be taken apart: something in them is to be hidden, or is not there yet."""
    yield from (place.parent for place in hidden)
    for _, place in shown:
        if not place.exists() or any(place.is_relative_to(each) for each in hidden):
            yield place.parent


def _tree(directory: Path, opened: set[Path], hidden: set[Path]) -> Iterator[str]:
    """Yield what shows the children of a directory: as they are, or taken apart in their turn."""
    for child in sorted(directory.iterdir()) if directory.is_dir() else ():
        if child in hidden:
            continue
        if child.is_symlink():
            yield from ("--symlink", str(child.readlink()), str(child))
        elif child in opened:
            yield from _directory(child)
            yield from _tree(child, opened, hidden)
        else:
            yield from ("--dev-bind-try", str(child), str(child))


def _directory(place: Path) -> list[str]:
    return ["--perms", "1777" if str(place) in _FOR_ALL else "0755", "--dir", str(place)]
