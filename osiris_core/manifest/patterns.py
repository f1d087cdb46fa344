"""Finds the files that a path pattern names, at a bounded cost.

`*`, `?` and `[...]` match inside one part of a path, `**` as a whole part matches any number of directories. As in a
shell, they do not match a leading dot; `**` does not enter symbolic links. Written here because `glob` walks in
circles where links do, and takes exponential time for patterns like `**/**/**/*`.
"""

from __future__ import annotations

import fnmatch
import os
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MAX_ENTRIES = 200_000
"""The most directory entries that the patterns of one manifest may make us look at."""
_MAGIC = re.compile(r"[*?[]")


class TooManyEntriesError(Exception):
    """Raised when patterns make the search look at more than `MAX_ENTRIES` entries."""


@dataclass(slots=True)
class Budget:
    """How many more directory entries the patterns of one manifest may make us look at."""

    entries_left: int = field(default_factory=lambda: MAX_ENTRIES)

    def take(self) -> None:
        """Count one entry. Raises `TooManyEntriesError` where there are no more to look at."""
        if self.entries_left <= 0:
            raise TooManyEntriesError
        self.entries_left -= 1


def is_pattern(path: str) -> bool:
    """Say whether a path has wildcards."""
    return _MAGIC.search(path) is not None


def matches(base: Path, parts: tuple[str, ...], budget: Budget) -> tuple[str, ...]:
    """Return the paths below `base`, POSIX and relative to it, that `parts` match, sorted; of any kind.

    Where the last part is `**`, directories are not among them. Raises `TooManyEntriesError`, and `OSError` where a
    directory cannot be listed.
    """
    search = _Search(base=base, parts=parts, budget=budget)
    return tuple(sorted(search.run()))


@dataclass(slots=True)
class _Search:
    base: Path
    parts: tuple[str, ...]
    budget: Budget

    def run(self) -> set[str]:
        """Visit every pair of directory and part once."""
        found: set[str] = set()
        todo = [("", 0)]
        visited = {("", 0)}
        while todo:
            for step in self._visit(*todo.pop()):
                if step[1] == len(self.parts):
                    found.add(step[0])
                elif step not in visited:
                    visited.add(step)
                    todo.append(step)
        return found

    def _visit(self, directory: str, index: int) -> Iterator[tuple[str, int]]:
        """Yield where the search goes on: a path, and the first part that it did not match yet."""
        part, last = self.parts[index], index + 1 == len(self.parts)
        if part == "**":
            yield from self._below(directory, index, last=last)
        elif is_pattern(part):
            expression = re.compile(fnmatch.translate(part))
            for entry in self._list(directory, hidden=part.startswith(".")):
                if expression.match(entry.name) and (last or entry.is_dir()):
                    yield _join(directory, entry.name), index + 1
        elif os.path.lexists(self.base / directory / part):
            yield _join(directory, part), index + 1

    def _below(self, directory: str, index: int, *, last: bool) -> Iterator[tuple[str, int]]:
        """Yield what `**` leads to: each directory, where it goes on, and the files where it is the last part."""
        for entry in self._list(directory, hidden=False):
            if entry.is_dir(follow_symlinks=False):
                yield _join(directory, entry.name), index
            elif last:
                yield _join(directory, entry.name), index + 1
        if not last:
            yield directory, index + 1

    def _list(self, directory: str, *, hidden: bool) -> Iterator[os.DirEntry[str]]:
        path = self.base / directory
        if not path.is_dir():
            return
        with os.scandir(path) as entries:
            for entry in entries:
                self.budget.take()
                if hidden or not entry.name.startswith("."):
                    yield entry


def _join(directory: str, name: str) -> str:
    return f"{directory}/{name}" if directory else name
