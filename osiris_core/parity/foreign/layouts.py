"""Chooses who reads a path: our own sessions, the layouts of others, then any directory, then a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from osiris_core.choices import TARGETS
from osiris_core.errors import UsageError
from osiris_core.parity.foreign.osiris.layout import OsirisLayout
from osiris_core.parity.foreign.own import OwnLayout
from osiris_core.parity.foreign.trees import FileLayout, TreeLayout

if TYPE_CHECKING:
    from pathlib import Path

    from osiris_core.parity.foreign.protocol import Layout

LAYOUTS: Final[tuple[Layout, ...]] = (OwnLayout(), OsirisLayout(), TreeLayout(), FileLayout())
"""All layouts, the most telling first."""

_SIDES: Final = 2


def layout_of(path: Path) -> Layout:
    """Return the layout of a path. UsageError where there is nothing."""
    if not path.exists():
        raise UsageError(f"{path} is not there", hint="name two directories, or two files")
    return next(layout for layout in LAYOUTS if layout.recognises(path))


def chosen(paths: list[Path]) -> tuple[Path, Path]:
    """Return the two sides that a command line names: two paths, or the sessions in the directory of one session id.

    UsageError for anything else, and for two sides of different kinds.
    """
    if len(paths) == 1:
        left, right = _targets_of(paths[0])
    else:
        left, right = (_only_session_of(path) for path in paths)
    kinds = layout_of(left).name, layout_of(right).name
    if kinds[0] != kinds[1]:
        raise UsageError(
            f"{left} is {kinds[0]} and {right} is {kinds[1]}: these cannot be compared",
            hint="name two of a kind",
        )
    return left, right


def _targets_of(directory: Path) -> tuple[Path, Path]:
    found = _sessions_in(directory)
    if len(found) != _SIDES:
        has = f"has {len(found)} sessions" if found else "is no directory of a session id"
        raise UsageError(
            f"{directory} {has}", hint="one directory is enough where it holds the sessions of two targets"
        )
    return found[0], found[1]


def _only_session_of(path: Path) -> Path:
    """Return a path as it is, or the session in it where it is the directory of a session id that has only one."""
    found = _sessions_in(path)
    if len(found) > 1:
        names = " or ".join(str(each) for each in found)
        raise UsageError(f"{path} has {len(found)} sessions", hint=f"name {names}, or {path} alone to compare these")
    return found[0] if found else path


def _sessions_in(directory: Path) -> list[Path]:
    """Return the sessions that lie directly in a directory which is none itself, local before e2b."""
    own = LAYOUTS[0]
    if not directory.is_dir() or own.recognises(directory):
        return []
    order = {name: number for number, name in enumerate(TARGETS)}
    found = [each for each in directory.iterdir() if own.recognises(each)]
    return sorted(found, key=lambda each: (order.get(each.name, len(order)), each.name))
