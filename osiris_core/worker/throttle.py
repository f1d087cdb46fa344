"""Whether the worker stands still: it does while so much of its spool waits to be acknowledged that there is no room for more.

It then reads nothing of the executor's, whose writes wait in turn; stdin, signals and clocks are served all the same.
"""

from __future__ import annotations

import time


class Throttle:
    """Judges the spool against its cap, and keeps how long the run has been held back.

    A run that is to end may go beyond the cap by `spare_bytes`, so that its driver can tidy up and say so.
    """

    def __init__(self, *, cap_bytes: int, spare_bytes: int) -> None:
        self._cap_bytes: float = cap_bytes
        self._spare_bytes = spare_bytes
        self._since: float | None = None

    @property
    def holds(self) -> bool:
        """Whether the run is held back."""
        return self._since is not None

    def lift(self) -> None:
        """Hold nothing back any more: nobody is left who could acknowledge anything."""
        self._cap_bytes = float("inf")

    def judge(self, unacknowledged_bytes: int, *, ending: bool) -> float | None:
        """Take in how much waits; return how many milliseconds the run was held back, when it goes on now."""
        full = unacknowledged_bytes >= self._cap_bytes + (self._spare_bytes if ending else 0)
        if full and self._since is None:
            self._since = time.monotonic()
        return None if full else self.release()

    def release(self) -> float | None:
        """Let go; return for how many milliseconds the run was held back, if it was."""
        if self._since is None:
            return None
        since, self._since = self._since, None
        return round((time.monotonic() - since) * 1000, 3)
