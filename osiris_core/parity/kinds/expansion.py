"""How much may be taken out of one artifact, and how deep: what exceeds it is told, and was not compared.

Depth alone bounds nothing: fifty members that differ, each with fifty of its own, are millions five deep. So bytes, members and
opened members are counted for all depths together.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

EXPANDED_BYTES: Final = 4 * 1024 * 1024 * 1024
"""What may come out of one pair of artifacts, in all depths together; a member that differs comes out twice."""

RATIO: Final = 250
RATIO_FROM_BYTES: Final = 64 * 1024 * 1024
"""Beyond this size what comes out may be at most `RATIO` times what went in."""

DEPTH: Final = 12
"""Containers within each other; a `.tar.gz` is two of them."""

MEMBERS: Final = 100_000
"""Members that one container may have."""
ALL_MEMBERS: Final = 4 * MEMBERS
"""Members of all containers in one pair of artifacts, both sides counted."""

OPENED_MEMBERS: Final = 50
"""Differing members of one container that are opened; of the others it is only said that they differ."""
ALL_OPENED_MEMBERS: Final = 1_000
"""Differing members that are opened in one pair of artifacts, in all depths together."""


class NotExpandedError(Exception):
    """A container was not looked into, or not to its end; the sentence follows its path: `is damaged on e2b: ...`."""


@dataclass(slots=True)
class Spent:
    """What came out of one pair of artifacts so far, in all depths."""

    expanded_bytes: int = 0
    members: int = 0
    opened: int = 0


@dataclass(slots=True)
class Expansion:
    """What one artifact may still give; `depth` counts the containers around what is looked at."""

    depth: int = 0
    spent: Spent = field(default_factory=Spent)

    def deeper(self) -> Expansion:
        """Return the expansion for what lies in a member. NotExpandedError where that is too deep."""
        if self.depth + 1 >= DEPTH:
            raise NotExpandedError(f"lies in {DEPTH} containers, one in the other")
        return Expansion(self.depth + 1, self.spent)

    def take(self, size_bytes: int, *, expanded: int, compressed: int) -> None:
        """Count bytes that came out of a member: `expanded` so far, of `compressed` in all. NotExpandedError past a limit."""
        self.spent.expanded_bytes += size_bytes
        if self.spent.expanded_bytes > EXPANDED_BYTES:
            raise NotExpandedError(f"is in a container that holds more than {EXPANDED_BYTES:,} bytes")
        if expanded > RATIO_FROM_BYTES and expanded > RATIO * compressed:
            raise NotExpandedError(f"holds more than {RATIO} times its {compressed:,} bytes")

    def count_members(self, members: int) -> None:
        """Count the members of a container of one side, before they are read. NotExpandedError where they are too many."""
        if members > MEMBERS:
            raise NotExpandedError(f"has {members:,} members, more than {MEMBERS:,}")
        self.spent.members += members
        if self.spent.members > ALL_MEMBERS:
            raise NotExpandedError(f"is one of containers with more than {ALL_MEMBERS:,} members in all")

    def may_open(self) -> bool:
        """Count a member that differs, and say whether it may still be opened."""
        self.spent.opened += 1
        return self.spent.opened <= ALL_OPENED_MEMBERS
