"""What a seed stands for: a script, the manners of a worker and a network, and the faults that happen on the way."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

from osiris_core.testing.simulation.faults import CALLS, FATAL, LINE, Fault, Kind
from osiris_core.testing.simulation.script import script

if TYPE_CHECKING:
    from random import Random

    from osiris_core.testing.simulation.script import Script

MOST_FAULTS = 7
_FORGE_SELDOM = 0.8
_SECONDS = (0.0, 0.5, 3.0, 14.0, 16.0, 40.0, 300.0)
_SEGMENTS = (600, 2000, 1 << 20)
_PIPES = (700, 1 << 20, 1 << 20)


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """One run and what happens to it; `seed` decides everything that is not said here."""

    seed: int
    script: Script
    faults: tuple[Fault, ...] = ()
    closing_deaths: tuple[int, ...] = ()
    """The host is killed while it closes the session, after so many calls of the disk; another one closes it then."""
    epoch: int = 1
    segment_bytes: int = 1 << 20
    cap_segments: int | None = None
    """So many segments may wait to be acknowledged; then the worker waits."""
    pipe_bytes: int = 1 << 20
    checkpoint_every: int = 5
    gathers: bool = False
    """Whether records of one moment are written together."""

    def __str__(self) -> str:
        """Return what happens, a fault a line."""
        return "\n".join(
            [f"seed {self.seed}, {len(self.script.deeds)} records, {self.script.outcome}", *map(str, self.faults)]
        )


def drawn(seed: int) -> Schedule:
    """Return the schedule of this seed: the same one at any time, on any machine."""
    rng = random.Random(seed)  # noqa: S311 - no secret
    run = script(rng)
    size = sum(len(str(deed.record)) + 60 for deed in run.deeds)
    faults = [_fault(rng, size) for _ in range(rng.randrange(MOST_FAULTS))]
    if rng.random() < 0.12:  # noqa: PLR2004 - few, because nothing is left to be seen behind them
        faults.append(Fault(kind=rng.choice(FATAL), at=rng.randrange(size), size=rng.randint(1, 300)))
    return Schedule(
        seed=seed,
        script=run,
        faults=tuple(sorted(faults, key=lambda fault: fault.at)),
        closing_deaths=tuple(rng.randrange(40) for _ in range(rng.choice((0, 0, 0, 0, 0, 0, 1, 2)))),
        epoch=rng.choice((1, 1, 2)),
        segment_bytes=rng.choice(_SEGMENTS),
        cap_segments=rng.choice((None, None, 2)),
        pipe_bytes=rng.choice(_PIPES),
        gathers=rng.random() < 0.3,  # noqa: PLR2004 - a third
    )


def _fault(rng: Random, size: int) -> Fault:
    """Return a fault that a run survives, somewhere in a run of about `size` bytes."""
    at, seconds = rng.randrange(size), rng.choice(_SECONDS)
    match rng.randrange(10):
        case 0:
            kind = rng.choice((Kind.KILL_HOST, Kind.POWER_LOSS, Kind.FREEZE_HOST))
            return Fault(kind=kind, at=at, size=rng.randrange(400), seconds=seconds)
        case 1 | 2 | 3:
            return Fault(kind=rng.choice(CALLS), at=at, size=rng.randint(1, 3))
        case _:
            kind = rng.choice(LINE)
            if kind is Kind.FORGE and rng.random() < _FORGE_SELDOM:
                kind = Kind.RESET  # behind a forged frame little else can be seen
            return Fault(kind=kind, at=at, size=rng.choice((1, 2, 3, 4, 30, 200, 900)), seconds=seconds)
