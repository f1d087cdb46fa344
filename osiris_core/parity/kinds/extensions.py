"""Comparers that other distributions bring, by the entry point group `osiris.comparers`.

They are looked for when the first two files differ, not before. One that cannot be had is a sentence: the files that it
would have compared are not known, so every differing file is then compared with that gap told.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

from osiris_core.parity.kinds.protocol import FileComparer

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP: Final = "osiris.comparers"


@dataclass(frozen=True, slots=True, kw_only=True)
class Extensions:
    """The comparers that were found, in the order of their names, and a sentence for each that could not be had.

    `called` says for each comparer how records name it: `geometry of our-comparers 1.0`.
    """

    comparers: tuple[FileComparer, ...] = ()
    called: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()


@cache
def extensions() -> Extensions:
    """Return the installed comparers; looked up once a process."""
    from importlib.metadata import entry_points

    comparers: list[FileComparer] = []
    called: list[str] = []
    broken: list[str] = []
    for point in sorted(entry_points(group=GROUP), key=lambda point: (point.name, point.value)):
        try:
            comparers.append(_loaded(point))
            called.append(f"{point.name} of {point.dist.name} {point.dist.version}" if point.dist else point.name)
        except Exception as error:  # noqa: BLE001 - importing somebody else's module may raise anything; it is told
            whose = f" of {point.dist.name}" if point.dist else ""
            broken.append(f"the comparer {point.name}{whose} cannot be loaded: {type(error).__name__}: {error}")
    return Extensions(comparers=tuple(comparers), called=tuple(called), broken=tuple(broken))


def _loaded(point: EntryPoint) -> FileComparer:
    found = point.load()
    comparer = found() if isinstance(found, type) else found
    if not isinstance(comparer, FileComparer):
        raise TypeError(f"{point.value} has not all of name, claims and compare")
    return comparer
