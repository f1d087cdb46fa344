"""The latest look at every run. It is as big as what runs now, whatever has passed."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from osiris_core.progress.model import Progress


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One check as it is shown: its targets while any of them runs, else the check as a whole. `source` names another process."""

    source: str
    looks: tuple[Progress, ...]
    began: float

    @property
    def slowest(self) -> Progress:
        """The look at what the check waits for: of the targets that run, the one that is least far."""
        running = [each for each in self.looks if not each.over]
        return min(running, key=lambda each: (each.number / max(each.steps, 1), each.target))


class Board:
    """Is told looks on any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._looks: dict[tuple[str, str], dict[str, Progress]] = {}

    def observe(self, progress: Progress) -> None:
        """Take a look of this process."""
        with self._lock:
            self._take("", progress)

    def replace(self, source: str, looks: Sequence[Progress]) -> None:
        """Take all that another process shows now."""
        with self._lock:
            for key in [key for key in self._looks if key[0] == source]:
                del self._looks[key]
            for each in looks:
                self._take(source, each)

    def looks(self) -> list[Progress]:
        """Return all looks."""
        with self._lock:
            return [each for check in self._looks.values() for each in check.values()]

    def shown(self) -> list[Shown]:
        """Return the checks that run, the oldest first."""
        with self._lock:
            checks = [(source, list(looks.values())) for (source, _), looks in self._looks.items()]
        found = [_shown(source, looks) for source, looks in checks]
        return sorted((each for each in found if each.looks), key=lambda each: each.began)

    def _take(self, source: str, progress: Progress) -> None:
        key = (source, progress.check)
        if progress.over and not progress.target:
            self._looks.pop(key, None)
        else:
            self._looks.setdefault(key, {})[progress.target] = progress


def _shown(source: str, looks: list[Progress]) -> Shown:
    targets = tuple(each for each in looks if each.target)
    whole = tuple(each for each in looks if not each.target)
    running = any(not each.over for each in targets)
    return Shown(source=source, looks=targets if running else whole, began=min(each.began for each in looks))
