"""Follows one check: its phases, its targets, and the reruns of a triage."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from osiris_core.progress.model import Progress
from osiris_core.progress.targets import TargetWatch

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from typing import Self

    Tell = Callable[[Progress], None]


class CheckWatch:
    """Tells of one check while the `with` block lasts; without `tell` it does nothing, and has no watches for targets."""

    def __init__(
        self,
        tell: Tell | None,
        *,
        check: str,
        name: str,
        manifest: str,
        steps: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.check = check
        self._tell = tell
        self._clock = clock
        self._mask: Callable[[str], str] = str
        self._hidden = False
        now = clock()
        self._now = Progress(check=check, name=name, manifest=manifest, steps=steps, at=now, began=now, phase_began=now)

    def __enter__(self) -> Self:
        """Return self; nothing is told yet."""
        return self

    def __exit__(self, *_: object) -> None:
        """Tell that it is over, however it ended."""
        self._say(replace(self._now, over=True))

    def hide(self) -> None:
        """Tell nothing before `mask` is given: there are secrets, and nobody knows yet which."""
        self._hidden = True

    def mask(self, mask: Callable[[str], str] | None) -> None:
        """Pass every text through `mask` from now on; None where there are no secrets."""
        if mask is not None:
            self._mask = mask
            self._now = replace(self._now, name=mask(self._now.name), manifest=mask(self._now.manifest))
        if self._hidden:
            self._hidden = False
            self._say(self._now)

    def phase(self, name: str) -> None:
        """Tell that the check as a whole is in another phase."""
        self._now = replace(self._now, phase=name, phase_began=self._clock())
        self._say(self._now)

    def target(self, target: str, *, rerun: int = 0, factors: Collection[str] = ()) -> TargetWatch | None:
        """Return what follows one run on a target; a rerun has its number, and the factors that it is made with."""
        if self._tell is None:
            return None
        now = self._clock()
        start = replace(
            self._now,
            target=target,
            phase="",
            detail=self._mask(", ".join(sorted(factors))),
            rerun=rerun,
            began=now,
            phase_began=now,
        )
        return TargetWatch(start, self._tell, mask=self._mask, clock=self._clock)

    def _say(self, progress: Progress) -> None:
        if self._tell is not None and not self._hidden:
            self._tell(replace(progress, at=self._clock()))


UNWATCHED: Final = CheckWatch(None, check="", name="", manifest="", steps=0)
"""A check that nobody is told of."""
