"""How much may be taken out of one container, and how deep: what exceeds it is told, and was not compared."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

EXPANDED_BYTES: Final = 4 * 1024 * 1024 * 1024
"""What may come out of one pair of artifacts, in all depths together; a member that differs comes out twice."""

RATIO: Final = 250
RATIO_FROM_BYTES: Final = 64 * 1024 * 1024
"""Beyond this size what comes out may be at most `RATIO` times what went in."""

DEPTH: Final = 4
MEMBERS: Final = 20_000


class NotExpandedError(Exception):
    """A container was not looked into, or not to its end; the sentence follows its path: `is damaged on e2b: ...`."""


@dataclass(slots=True)
class Expansion:
    """What one artifact may still give; `depth` counts the containers around what is looked at."""

    depth: int = 0
    total: list[int] = field(default_factory=list)
    """Bytes that came out so far; the same list in all depths."""

    def deeper(self) -> Expansion:
        """Return the expansion for what lies in a member. NotExpandedError where that is too deep."""
        if self.depth + 1 >= DEPTH:
            raise NotExpandedError(f"lies in {DEPTH} containers, one in the other")
        return Expansion(self.depth + 1, self.total)

    def take(self, size_bytes: int, *, expanded: int, compressed: int) -> None:
        """Count bytes that came out of a member: `expanded` so far, of `compressed` in all. NotExpandedError past a limit."""
        self.total[:] = [sum(self.total) + size_bytes]
        if self.total[0] > EXPANDED_BYTES:
            raise NotExpandedError(f"is in a container that holds more than {EXPANDED_BYTES:,} bytes")
        if expanded > RATIO_FROM_BYTES and expanded > RATIO * compressed:
            raise NotExpandedError(f"holds more than {RATIO} times its {compressed:,} bytes")
