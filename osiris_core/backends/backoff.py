"""How long to wait before something is tried again: longer each time, up to a limit, and spread at random."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable

    from osiris_core.backends.protocol import Patience


class Backoff:
    """Waits of `first_s`, twice that, and so on up to `most_s`, each of them cut by up to a half at random.

    Many hosts that lost the same server so do not come back to it in step. Whoever simulates gives a `spread` of its own.
    """

    def __init__(self, *, first_s: float, most_s: float, spread: Callable[[], float] = random.random) -> None:
        self.failures = 0
        """How often in a row it was waited."""
        self._first_s = first_s
        self._most_s = most_s
        self._spread = spread

    @classmethod
    def between_retries(cls, patience: Patience, *, spread: Callable[[], float] = random.random) -> Self:
        """Return the waits between attempts at what may be tried again."""
        return cls(first_s=patience.retry_first_s, most_s=patience.retry_most_s, spread=spread)

    def reset(self) -> None:
        """Begin with the shortest wait again."""
        self.failures = 0

    def next_s(self) -> float:
        """Return the next wait, in seconds, and count it."""
        full_s = min(self._most_s, self._first_s * 2.0 ** min(self.failures, 30))
        self.failures += 1
        return full_s * (1 - self._spread() / 2)

    async def wait(self) -> float:
        """Wait, and return how long in milliseconds."""
        wait_s = self.next_s()
        await asyncio.sleep(wait_s)
        return wait_s * 1000
