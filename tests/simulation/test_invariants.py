"""Each invariant can fail: a run that is broken on purpose breaks exactly the invariants that speak of it."""

from __future__ import annotations

import json

import pytest

from osiris_core.testing.simulation import INVARIANTS, Fault, Kind, Schedule, broken, play
from osiris_core.testing.simulation.script import short

HEALTHY = Schedule(seed=1, script=short())


@pytest.fixture
def healthy(place):
    """A run without a fault."""
    return play(HEALTHY, place)


def names(played):
    return {each.partition(":")[0] for each in broken(played)}


def test_a_healthy_run_breaks_nothing(healthy):
    """The control of this file; the run is a success of four records and a checkpoint."""
    assert broken(healthy) == []
    assert healthy.session.outcome == "succeeded"
    assert healthy.journal.count(b"\n") == 5


def lines(played):
    return played.journal.splitlines(keepends=True)


def lose(played):
    played.journal = b"".join(lines(played)[:-2])


def double(played):
    played.journal += lines(played)[-1]


def swap(played):
    first, second, *rest = lines(played)
    played.journal = b"".join([second, first, *rest])


def say(played, **changed):
    path = played.directory / "session.json"
    path.write_text(json.dumps({**json.loads(path.read_bytes()), **changed}))


def no_session(played):
    played.session = None
    played.refusal = "it was refused"


def say_lost(played):
    say(played, outcome="lost")


def no_worker(played):
    played.finished = False


def forget_an_event(played):
    path = played.directory / "events.jsonl"
    path.write_bytes(path.read_bytes().splitlines(keepends=True)[0])


def break_the_prefix(played):
    played.breaks.append("at 1 s the journal is no prefix of the spool")


def stand_still(played):
    played.standstill = "nothing is left"


def be_late(played):
    played.closed_s += 300


def reopen(played):
    (played.directory / "session.json").unlink()


def other_epoch(played):
    played.journal = played.journal.replace(b" 1 3 ", b" 2 3 ")


def silent_loss(played):
    played.finished = False
    played.journal = b"".join(lines(played)[:2])
    say(played, outcome="lost", error={"type": "SessionLost", "message": "something is wrong"})


@pytest.mark.parametrize(
    ("damage", "invariants"),
    [
        (lose, {"no_loss", "no_false_success", "loss_is_said"}),
        (double, {"no_loss", "no_dup", "order", "one_terminal", "no_false_success", "prefix"}),
        (swap, {"no_loss", "order", "no_false_success", "prefix"}),
        (no_session, {"one_terminal"}),
        (say_lost, {"no_loss", "loss_is_said"}),
        (no_worker, {"no_false_success"}),
        (forget_an_event, {"no_false_success"}),
        (break_the_prefix, {"prefix"}),
        (stand_still, {"live"}),
        (be_late, {"live"}),
        (reopen, {"no_loss", "one_terminal", "idempotent_resume"}),
        (other_epoch, {"no_loss", "no_false_success", "prefix", "fenced"}),
        (silent_loss, {"loss_is_said"}),
    ],
)
def test_damage_is_seen(healthy, damage, invariants):
    damage(healthy)
    assert names(healthy) == invariants


def test_every_invariant_is_seen_to_fail():
    """The table above leaves none out."""
    [table] = [mark for mark in test_damage_is_seen.pytestmark if mark.name == "parametrize"]
    assert set().union(*(invariants for _, invariants in table.args[1])) == set(INVARIANTS)


def test_a_killed_worker_is_lost_and_said(place):
    """What cannot be had is no success: the session names the last record that it has."""
    played = play(Schedule(seed=1, script=short(), faults=(Fault(kind=Kind.KILL_WORKER, at=10, size=5),)), place)
    assert broken(played) == []
    assert (played.session.outcome, played.finished) == ("lost", False)
    assert "the last verified record is 0" in played.session.error["message"]
