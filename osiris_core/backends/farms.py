"""The farms that lie on this machine: what they show, how big they are, and how one is thrown away."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from osiris_core.backends.cache import cache_directory
from osiris_core.errors import InfrastructureError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from osiris_core.backends.closure import Closure


BUILDING: Final = "building-"
"""What the name of a farm's directory begins with until it is whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Farm:
    """One farm: its directory, named by the first 32 digits of its closure's digest, and its pins."""

    directory: Path
    pins: tuple[str, ...]

    @property
    def digest(self) -> str:
        """The digits of the closure's digest."""
        return self.directory.name

    @property
    def size_bytes(self) -> int:
        """The size of what it shows; most of it are links to files that the host has anyway."""
        return sum(
            Path(directory, file).lstat().st_size for directory, _, files in os.walk(self.directory) for file in files
        )


def all_farms() -> list[Farm]:
    """Return the farms of this user's cache and of this environment, sorted by digest."""
    return sorted(_farms(), key=lambda farm: farm.digest)


@contextlib.contextmanager
def being_built(directory: Path) -> Iterator[None]:
    """Say, while the block runs, that somebody fills this directory; the kernel takes it back when its process ends."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        yield
    finally:
        os.close(descriptor)


def unfinished_farms() -> list[Path]:
    """Return the directories of farms that nobody builds any more, and that are none yet."""
    return [each for home in _homes() for each in sorted(home.glob(f"{BUILDING}*")) if _is_abandoned(each)]


def delete_farm(farm: Farm) -> None:
    """Remove a farm; raises `InfrastructureError` where that fails. The host's files stay, being linked."""
    doomed = farm.directory.with_name(f"deleting-{farm.digest}")
    try:
        farm.directory.rename(doomed)  # whole or not at all: nobody finds half a farm
        shutil.rmtree(doomed)
    except OSError as error:
        raise InfrastructureError(f"{farm.directory} cannot be removed: {error.strerror}") from error


def installed_size_bytes(closure: Closure) -> int:
    """Return how much a closure takes where it is installed, as its lists of files say."""
    return sum(int(size) for each in closure.distributions for size in _sizes(each.record))


def _homes() -> tuple[Path, Path]:
    return cache_directory() / "closures", Path(sys.prefix) / ".osiris-closures"


def _is_abandoned(directory: Path) -> bool:
    try:
        descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:  # it has just become a farm, or is somebody else's
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return True


def _farms() -> Iterator[Farm]:
    for home in _homes():
        for directory in home.glob("[0-9a-f]" * 32):
            infos = directory.glob("lib/python*/site-packages/*.dist-info")
            pins = sorted(info.name.removesuffix(".dist-info").replace("-", "==", 1) for info in infos)
            yield Farm(directory=directory, pins=tuple(pins))


def _sizes(record: str) -> Iterator[str]:
    for line in record.splitlines():
        size = line.rpartition(",")[2]
        if size.isdigit():
            yield size
