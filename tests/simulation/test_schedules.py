"""Schedules of faults, drawn from seeds: every invariant holds in each of them; `benchmarks/schedules.py` plays thousands."""

from __future__ import annotations

from collections import Counter

import pytest

from osiris_core.testing.simulation import Kind, broken, drawn, play, scratch

SCHEDULES = 250
BATCH = 50


@pytest.mark.parametrize("first", range(0, SCHEDULES, BATCH))
def test_every_invariant_holds_in_every_schedule(first):
    """Replay a seed that fails with `python benchmarks/schedules.py --seed N`."""
    wrong = []
    with scratch() as place:
        for seed in range(first, first + BATCH):
            directory = place / str(seed)
            directory.mkdir()
            if found := broken(play(drawn(seed), directory)):
                wrong.append(f"python benchmarks/schedules.py --seed {seed}  # {'; '.join(found)}")
    assert not wrong, "\n".join(wrong)


def test_the_seeds_draw_every_kind_of_fault():
    """A kind that no seed draws would be proven by nothing."""
    kinds = Counter(fault.kind for seed in range(SCHEDULES) for fault in drawn(seed).faults)
    assert set(kinds) == set(Kind)
    assert min(kinds.values()) >= 10


def test_a_seed_replays_to_the_byte(place):
    """The same seed is the same schedule, the same journal, and the same time."""
    facts = []
    for again in ("one", "two"):
        (place / again).mkdir()
        found = play(drawn(11), place / again)
        facts.append((found.schedule, found.written, found.journal, found.closed_s, found.happened))
    assert facts[0] == facts[1]
