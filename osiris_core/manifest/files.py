"""Finds what `inputs` and `code` name, inside the project root and nowhere else, however links may lead."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from osiris_core.manifest import fields
from osiris_core.manifest.model import InputFile
from osiris_core.manifest.patterns import MAX_ENTRIES, Budget, TooManyEntriesError, is_pattern, matches
from osiris_core.manifest.problems import shown
from osiris_core.manifest.text import kind_of_file
from osiris_core.wire.errors import WireProtocolError
from osiris_core.wire.paths import broken_rule, check_tree

if TYPE_CHECKING:
    from collections.abc import Callable

    from osiris_core.manifest.nodes import Node
    from osiris_core.manifest.problems import Problems

_MAX_NEIGHBOURS = 1000  # names looked at to find the one that was meant


@dataclass(frozen=True, slots=True)
class Places:
    """Where paths start and where they must stay; both absolute, without symbolic links.

    `above` is the way from the root to the directory.
    """

    directory: Path
    root: Path
    above: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        """Find the way once: a manifest has thousands of paths."""
        object.__setattr__(self, "above", self.directory.relative_to(self.root).parts)


def read_inputs(problems: Problems, node: Node, places: Places) -> tuple[InputFile, ...]:
    """Return the files that the paths and patterns of `inputs` name, each once, sorted by path from the root."""
    found: dict[str, InputFile] = {}
    budget = Budget()
    for written, at in fields.texts(problems, node, "inputs"):
        for relative in _paths(problems, written, at, places, budget):
            reason = _why_not(relative, places, stat.S_ISREG, "a regular file")
            if reason:
                which = f"{shown(written)} matches {shown(relative)}, which" if is_pattern(written) else shown(written)
                problems.add(
                    at, f"{which} {reason}", "" if is_pattern(written) else _neighbour(problems, relative, places)
                )
            else:
                found[relative] = InputFile(path=places.root / relative, relative=relative)
    try:
        check_tree(found)
    except WireProtocolError as error:
        problems.add(node, f"{error}")
    return tuple(found[each] for each in sorted(found))


def read_code(problems: Problems, node: Node, places: Places) -> tuple[str, ...]:
    """Return the directories of `code` as POSIX paths from the root, in their order."""
    found: dict[str, None] = {}
    for written, at in fields.texts(problems, node, "code"):
        route = _route(problems, written, at, places)
        if route is None:
            continue
        relative = route.relative
        reason = _why_not(relative, places, stat.S_ISDIR, "a directory")
        if reason:
            problems.add(at, f"{shown(written)} {reason}", _neighbour(problems, relative, places))
        else:
            found[relative] = None
    return tuple(found)


def declared_file(problems: Problems, written: str, at: Node, places: Places) -> str | None:
    """Return the path from the root of a file that the manifest names, or report why it cannot be read."""
    route = _route(problems, written, at, places)
    if route is None:
        return None
    reason = _why_not(route.relative, places, stat.S_ISREG, "a regular file")
    if reason:
        problems.add(at, f"{shown(written)} {reason}", _neighbour(problems, route.relative, places))
        return None
    return route.relative


def check_input_path(problems: Problems, written: str, at: Node, places: Places) -> None:
    """Report a path that a step will read from and that lies outside the project root; it need not exist."""
    _route(problems, written, at, places)


def check_output_path(problems: Problems, written: str, at: Node) -> None:
    """Report a path that a step will write to and that leaves its artifact directory, or could not come back."""
    rule = broken_rule(written)
    if rule is not None:
        hint = "writers' paths are relative to the step's artifact directory"
        problems.add(at, f"{shown(written)} cannot be an artifact: {rule}", hint)


def _paths(problems: Problems, written: str, at: Node, places: Places, budget: Budget) -> tuple[str, ...]:
    """Return the paths from the root that one entry of `inputs` names; the path itself where it has no wildcard."""
    route = _route(problems, written, at, places)
    if route is None:
        return ()
    if not is_pattern(written):
        return (route.relative,)
    try:
        found = matches(places.root.joinpath(*route.above), route.below, budget)
    except TooManyEntriesError:
        problems.add(at, f"{shown(written)} would look at more than {MAX_ENTRIES:,} files", "name a smaller directory")
        return ()
    except OSError as error:
        problems.add(at, f"{shown(written)} cannot be searched: {error.strerror}")
        return ()
    if not found:
        problems.add(at, f"{shown(written)} matches no file", "paths start at the manifest's directory")
    return tuple("/".join([*route.above, each]) for each in found)


@dataclass(frozen=True, slots=True)
class _Route:
    """A path from the project root: the manifest's directories that are left after every `..`, then what is named."""

    above: tuple[str, ...]
    below: tuple[str, ...]

    @property
    def relative(self) -> str:
        return "/".join([*self.above, *self.below]) or "."


def _route(problems: Problems, written: str, at: Node, places: Places) -> _Route | None:
    """Return where a path of the manifest leads from the project root, or report why it leads nowhere.

    `..` is understood at the beginning only: behind a name, which may be a link, it means one thing to the text and
    another to the system.
    """
    parts = [each for each in written.split("/") if each not in {"", "."}]
    up = next((index for index, each in enumerate(parts) if each != ".."), len(parts))
    route = _Route(above=places.above[: max(0, len(places.above) - up)], below=tuple(parts[up:]))
    rule = None if route.relative == "." else broken_rule(route.relative)
    if not written.strip():
        problems.add(at, "a path is empty")
    elif written.startswith("/"):
        problems.add(at, f"{shown(written)} is absolute", "write it relative to the manifest's directory")
    elif ".." in route.below:
        problems.add(at, f"{shown(written)} goes back up after a name", "write `..` at the beginning only")
    elif up > len(places.above):
        problems.add(at, f"{shown(written)} is outside the project root", "only what is below the root can be sent")
    elif rule is not None:
        problems.add(at, f"{shown(written)} cannot be sent: {rule}")
    else:
        return route
    return None


def _why_not(relative: str, places: Places, is_kind: Callable[[int], bool], wanted: str) -> str:
    """Return why a path from the root is not what is wanted there, as a clause, or nothing."""
    path = places.root / relative
    rule = None if relative == "." else broken_rule(relative)
    if rule is not None:
        return f"cannot be sent: {rule}"
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return "does not exist"
    except OSError as error:
        return f"cannot be reached: {error.strerror}"
    if not Path(os.path.realpath(path)).is_relative_to(places.root):
        return "is a link that leads outside the project root"
    if not is_kind(mode):
        kind = "a regular file" if stat.S_ISREG(mode) else kind_of_file(mode)
        return f"is {kind}, not {wanted}"
    return "" if os.access(path, os.R_OK) else "cannot be read: permission denied"


def _neighbour(problems: Problems, relative: str, places: Places) -> str:
    """Return a hint with the name beside it that was perhaps meant."""
    path = places.root / relative
    try:
        with os.scandir(path.parent) as entries:
            names = [each.name for each in islice(entries, _MAX_NEIGHBOURS)]
    except OSError:
        return ""  # no directory, no neighbours: the problem itself is reported by the caller
    return problems.nearest(path.name, names) if path.name not in names else ""
