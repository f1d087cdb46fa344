"""Faults in any order that Hypothesis can think of, made small where an invariant breaks."""

from __future__ import annotations

import tempfile
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import Phase, settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from osiris_core.backends.filling import Filling
from osiris_core.errors import SessionError
from osiris_core.session.journal import Journal
from osiris_core.testing.simulation import Fault, Kind, Schedule, broken
from osiris_core.testing.simulation.faults import CALLS, FATAL, LINE
from osiris_core.testing.simulation.play import World
from osiris_core.testing.simulation.script import script

MOST_CALLS = 3
"""So many failing calls a run survives for certain: more of them in a row are an outage, which it may give up."""
SECONDS = st.sampled_from((0.0, 0.1, 1.0, 6.0, 20.0, 100.0))
LINE_KINDS = [kind for kind in LINE if kind is not Kind.FORGE]
HOST_KINDS = [Kind.KILL_HOST, Kind.POWER_LOSS, Kind.FREEZE_HOST]


class Transport(RuleBasedStateMachine):
    """A worker that carries out its script while faults happen now; every invariant is held against the end."""

    def __init__(self) -> None:
        super().__init__()
        self.place = tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None)
        self.world: World | None = None
        self.calls = 0
        self.fatal = False

    @initialize(
        random=st.randoms(use_true_random=False),
        seed=st.integers(0, 2**16),
        segment_bytes=st.sampled_from((600, 2000, 1 << 20)),
        cap_segments=st.sampled_from((None, 2)),
        epoch=st.sampled_from((0, 1)),
        deaths=st.lists(st.integers(0, 40), max_size=2),
    )
    def begin(self, *, random, seed, segment_bytes, cap_segments, epoch, deaths):
        """Start the worker and its host."""
        schedule = Schedule(
            seed=seed,
            script=script(random),
            epoch=epoch,
            segment_bytes=segment_bytes,
            cap_segments=cap_segments,
            closing_deaths=tuple(deaths),
        )
        self.world = World(schedule, Path(self.place.name))
        self.world.begin()

    @rule(seconds=SECONDS)
    def time_passes(self, seconds):
        """Let the worker work."""
        self.world.go_on(seconds)

    @rule(kind=st.sampled_from(LINE_KINDS), size=st.sampled_from((1, 2, 50, 700)), seconds=SECONDS)
    def the_line_suffers(self, kind, size, seconds):
        """Let something happen to the line."""
        self.world.suffer(Fault(kind=kind, at=0, size=size, seconds=seconds))

    @precondition(lambda self: self.calls < MOST_CALLS)
    @rule(kind=st.sampled_from(CALLS), size=st.integers(1, 2))
    def a_call_will_fail(self, kind, size):
        """Let a fault lie in wait."""
        self.calls += 1
        self.world.suffer(Fault(kind=kind, at=0, size=size))

    @rule(kind=st.sampled_from(HOST_KINDS), size=st.integers(0, 400), seconds=SECONDS)
    def the_host_suffers(self, kind, size, seconds):
        """Kill the host, or stop it for a while."""
        self.world.suffer(Fault(kind=kind, at=0, size=size, seconds=seconds))

    @precondition(lambda self: not self.fatal)
    @rule(kind=st.sampled_from(FATAL), size=st.integers(1, 300))
    def everything_ends(self, kind, size):
        """Kill the worker, or the sandbox."""
        self.fatal = True
        self.world.suffer(Fault(kind=kind, at=0, size=size))

    @invariant()
    def the_journal_is_a_prefix_of_the_spool(self):
        """I6, at every step."""
        if self.world is not None:
            self.world.check_prefix()
            assert self.world.played.breaks == []

    def teardown(self):
        """Let it come to its end, and judge it."""
        try:
            if self.world is None:
                return
            try:
                self.world.go_on()
                self.world.close()
            finally:
                played = self.world.end()
            assert not broken(played)
        finally:
            self.place.cleanup()


def explore(*phases, max_examples):
    """Let Hypothesis try the machine."""
    run_state_machine_as_test(
        Transport,
        settings=settings(
            max_examples=max_examples,
            stateful_step_count=12,
            derandomize=True,
            database=None,
            deadline=None,
            phases=phases or tuple(Phase),
            report_multiple_bugs=False,  # else it goes on looking for others behind the first
        ),
    )


async def nothing(self):
    """Fill nothing."""


def test_no_order_of_faults_breaks_an_invariant():
    """Hypothesis prints the rules that break one; pasted into a test they replay."""
    explore(max_examples=80)


@pytest.mark.parametrize(
    ("target", "name", "value", "told"),
    [
        (Filling, "fill", nothing, AssertionError),
        # A torn line that stays is met by an invariant, or before it by who reads the lines: the journal itself, or `invariants.lines`.
        (Journal, "_cut", lambda self, size_bytes: None, (AssertionError, SessionError, ValueError)),
    ],
)
def test_the_machine_finds_a_guard_that_is_off(monkeypatch, target, name, value, told):
    """Without the spool that fills gaps, and without the cut of a torn line.

    The example that finds it is one of the first two hundred; another version of Hypothesis may try others, and it stops at the first.
    """
    monkeypatch.setattr(target, name, value)
    with pytest.raises(told):
        explore(Phase.generate, max_examples=5_000)
