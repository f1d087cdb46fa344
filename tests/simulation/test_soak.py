"""A longer run over a line that breaks again and again; `benchmarks/soak.py` is the same with a million records."""

from __future__ import annotations

import hashlib
import random

from osiris_core.testing.simulation import Fault, Kind, Schedule
from osiris_core.testing.simulation.play import World
from osiris_core.testing.simulation.script import LongDeeds, Script

RECORDS, DISCONNECTS = 10_000, 40


def test_a_line_that_breaks_again_and_again_loses_and_doubles_nothing(place):
    """Every record is there once, segments are freed behind them, and neither side holds more than the last of them."""
    rng = random.Random(1)
    breaks = tuple(
        Fault(kind=rng.choice((Kind.RESET, Kind.CLOSE, Kind.FALSE_EXIT)), at=at)
        for at in sorted(rng.sample(range(RECORDS * 160), DISCONNECTS))
    )
    script = Script(deeds=LongDeeds(RECORDS))
    schedule = Schedule(
        seed=1, script=script, faults=breaks, segment_bytes=1 << 18, cap_segments=4, checkpoint_every=1000, gathers=True
    )
    world = World(schedule, place, forgets=True)
    world.begin()
    world.go_on()
    world.close()
    played = world.end()

    assert (played.session.outcome, played.breaks, played.standstill) == ("succeeded", [], "")
    assert len(played.happened) == DISCONNECTS
    assert played.session.target_facts["reconnects"] >= DISCONNECTS // 2
    lines = (played.directory / "logs" / "read.log").read_text().splitlines()
    assert lines == [f"INFO soak record {number}" for number in range(RECORDS)]
    assert hashlib.sha256(played.journal_path.read_bytes()).hexdigest() == world.sandbox.written.hexdigest()
    assert len(list((place / "run" / "spool").iterdir())) <= 4
