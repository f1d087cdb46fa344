"""Baselines that belong to no test any more: found by what was collected, and removed on request.

Nobody is judged who might only have been left out: where the file that a baseline is of is there and was not collected, it is in use.
"""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from osiris_core.baseline.document import FILE
from osiris_core.baseline.places import MANIFEST
from osiris_core.baseline.reading import own_files
from osiris_core.baseline.writing import NOTES, remove_baseline
from osiris_core.session.files import remove_tree, tree_files

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

_LEFTOVER: Final = re.compile(r"\..+\.(?:\d+|replaced)")
"""What a killed writer leaves beside a baseline."""


def unused_in(home: Path, *, files: Collection[Path], used: Collection[Path]) -> list[Path]:
    """Return the baselines in one `__baselines__` that belong to no test, in order.

    `files` were collected, whatever was selected of them; `used` are the directories of their tests, also of several runs of one test (`<directory>@2`).
    What a link leads to may be needed elsewhere: nothing is said of it.
    """
    if home.is_symlink():
        return []
    return [each for each in sorted(_baselines(home)) if _is_judged(home, each, files) and not _is_used(each, used)]


def prune(home: Path, directories: Collection[Path]) -> None:
    """Remove baselines, what killed writers left, and the directory of all of them where it holds nothing else. OSError where the system refuses."""
    for each in directories:
        remove_baseline(each)
        if each.parent != home:
            with suppress(OSError):  # there are others of that file
                each.parent.rmdir()
    for leftover in _leftovers(home):
        remove_tree(leftover)
    if {each.name for each in home.iterdir()} <= NOTES:
        for each in home.iterdir():
            each.unlink()
        home.rmdir()


def _baselines(home: Path) -> Iterator[Path]:
    """Yield the directories with a baseline: those of manifests, and of tests one deeper; what begins with a dot is no baseline."""
    for pattern in (f"*/{FILE}", f"*/*/{FILE}"):
        for file in home.glob(pattern):
            inside = file.relative_to(home).parts
            if any(part.startswith(".") for part in inside) or _is_linked(home, file.parent):
                continue
            if not _inside_another(home, file.parent):
                yield file.parent


def _is_linked(home: Path, directory: Path) -> bool:
    return any(each.is_symlink() for each in (directory, directory.parent) if each != home)


def _inside_another(home: Path, directory: Path) -> bool:
    """Whether a directory belongs to another baseline: an artifact may be called as a baseline is."""
    return any((each / FILE).exists() for each in directory.parents if each != home and each.is_relative_to(home))


def _leftovers(home: Path) -> list[Path]:
    """Return what killed writers left: directories of such names with nothing in them but what a baseline may have."""
    places = [home, *(each for each in _directories(home) if not each.name.startswith("."))]
    named = (each for place in places for each in _directories(place) if _LEFTOVER.fullmatch(each.name))
    return [each for each in named if {path for path, _ in tree_files(each)} <= own_files(each)]


def _directories(place: Path) -> list[Path]:
    return [each for each in place.iterdir() if each.is_dir() and not each.is_symlink()]


def _is_judged(home: Path, directory: Path, files: Collection[Path]) -> bool:
    first = directory.relative_to(home).parts[0]
    stem = first if directory.parent != home else first.partition("@")[0]
    owners = home.parent / f"{stem}{MANIFEST}", home.parent / stem
    return all(owner in files for owner in owners if owner.is_file())


def _is_used(directory: Path, used: Collection[Path]) -> bool:
    if directory in used:
        return True
    name, _, number = directory.name.rpartition("@")
    return bool(name) and number.isdecimal() and directory.with_name(name) in used
