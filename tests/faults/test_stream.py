"""Faults of the stream that a run is followed by, through real sockets: healed from the spool, nothing lost or doubled.

The rows are those of docs/reliability.md. Each fault has to strike, or its test fails (`fault_plan`).
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from osiris_core.backends.following import Following
from osiris_core.testing import Fault
from tests.faults.conftest import release

if TYPE_CHECKING:
    from conftest import Ground


def test_the_run_is_whole_when_nothing_goes_wrong(ground: Ground) -> None:
    """The control of this folder: no retry, no reconnection."""
    ran = ground.run()
    ran.require_whole()
    assert (ran.retried, ran.result.facts.reconnects) == (set(), 0)


@pytest.mark.usefixtures("released_by_a_new_line")
@pytest.mark.parametrize("what", ["reset", "cut"])
def test_a_lost_connection(ground: Ground, what: str) -> None:
    """Rows 1, 2 and 4: lost in the middle of a frame."""
    ran = ground.run(Fault(at="output", what=what, after_bytes=701), job="held")
    ran.require_whole()
    assert ran.result.facts.reconnects == 1


@pytest.mark.usefixtures("released_by_a_new_line")
def test_a_connection_that_is_lost_and_cannot_be_had_again_at_once(ground: Ground) -> None:
    """Row 1: the new line and the question for the worker fail too, each in three ways."""
    again = ("reset", "cut", "port_not_open")
    ran = ground.run(
        Fault(at="output", what="reset", after_bytes=701),
        *(Fault(at="connect", what=each) for each in again),
        *(Fault(at="processes", what=each) for each in again),
        job="held",
    )
    ran.require_whole()
    assert "line" in ran.retried


def test_a_stream_that_ends_in_good_order_without_an_end(ground: Ground) -> None:
    """Row 2: silence is never success, and never failure."""
    silent = Fault(
        at="output", what="lose", times=None
    )  # else the terminal record is heard, and nobody waits for an end
    # Patient, so that the stream's end is what is noticed, however slow the machine is.
    ground.run(silent, Fault(at="end", what="lose"), stall_s=20).require_whole()


def test_a_black_hole(ground: Ground) -> None:
    """Row 3: the connection stays and carries nothing; noticed by the time that has gone by."""
    ran = ground.run(Fault(at="output", what="black_hole", after_bytes=701), stall_s=0.2)
    ran.require_whole()
    facts = ran.result.facts
    assert facts.stalls >= 1
    assert facts.reconnects or facts.fills  # a worker that has ended by then is not connected to again: the gap is read


def test_a_worker_that_stands_still(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    """Row 77: it runs, as far as the provider knows, its lines can be had, and it never says anything again."""
    listen = Following._listen

    released: list[asyncio.Task[None]] = []

    async def listen_patiently_at_first(self: Following) -> str | None:
        """Lose patience with the first record, and have the worker stand still: until then it is silent because it starts, however long that takes."""
        heard = self._heard

        def heard_something() -> None:
            heard()
            if self._session.next_seq and not released:  # a heartbeat is none
                self._patience = replace(self._patience, stall_s=0.1, unreachable_s=0.2)
                released.append(asyncio.create_task(release(self._worker)))

        self._heard = heard_something
        return await listen(self)

    monkeypatch.setattr(Following, "_listen", listen_patiently_at_first)
    ran = ground.run(job="standing")
    assert ran.outcome == "lost", ran.error
    assert "the worker gave no sign of life for 0.2 s; the last verified record is" in ran.error


def test_an_old_stream_that_nobody_reads_is_closed_first(ground: Ground) -> None:
    """Rows 9 and 10: left open, it would hold up the worker's output, and every line after it."""
    ran = ground.run(Fault(at="output", what="stall", after_bytes=701), stall_s=0.2)
    ran.require_whole()
    facts = ran.result.facts
    assert facts.stalls >= 1
    assert facts.reconnects or facts.fills


def test_bytes_are_changed(ground: Ground) -> None:
    """Row 5: one of the head of a frame, and some in records: the checksums refuse them."""
    ground.run(
        *(Fault(at="output", what="garble", after_bytes=place) for place in (1, 30, 700, 2500, 3333))
    ).require_whole()


def test_pieces_come_twice(ground: Ground) -> None:
    """Row 6: every piece, all the time."""
    ground.run(Fault(at="output", what="duplicate", times=None)).require_whole()


@pytest.mark.usefixtures("released_by_pieces")
def test_pieces_do_not_come(ground: Ground) -> None:
    """Every second piece is lost, though the stream lives on."""
    ground.run(Fault(at="output", what="lose", every=2, times=None), job="held").require_whole()


def test_a_slow_stream(ground: Ground) -> None:
    """Row 8: slower, the same."""
    ground.run(Fault(at="output", what="slow", bytes_per_s=100_000, times=None)).require_whole()


@pytest.mark.usefixtures("released_by_a_new_line")
def test_an_exit_is_told_while_the_worker_runs(ground: Ground) -> None:
    """Row 11: exit code 0 without a terminal record is a rumour."""
    ran = ground.run(Fault(at="output", what="exit", exit_code=0, after_bytes=701), job="held")
    ran.require_whole()
    assert ran.result.facts.reconnects >= 1


def test_the_end_tells_a_wrong_exit_code(ground: Ground) -> None:
    """A code that contradicts the terminal record decides nothing."""
    ground.run(Fault(at="output", what="lose", times=None), Fault(at="end", what="exit", exit_code=7)).require_whole()


@pytest.mark.usefixtures("released_by_an_attempt")
def test_the_exit_is_asked_for_too_late(ground: Ground) -> None:
    """Row 12: the line is lost, the worker gone when it is asked for again: its records say how it ended."""
    ground.run(
        Fault(at="output", what="cut", after_bytes=701),
        Fault(at="connect", what="refuse", code="not_found", times=None),
        job="held",
    ).require_whole()


@pytest.mark.usefixtures("released_by_a_new_line")
def test_a_running_worker_is_said_not_to_exist(ground: Ground) -> None:
    """Row 13: once not found, then found."""
    ran = ground.run(
        Fault(at="output", what="cut", after_bytes=701),
        Fault(at="connect", what="refuse", code="not_found"),
        job="held",
    )
    ran.require_whole()
    assert "line" in ran.retried


def test_the_sandbox_is_killed(ground: Ground) -> None:
    """Row 16: the run is lost and says which record was the last one verified; no success, no verdict."""
    ran = ground.run(Fault(at="output", what="kill_sandbox", after_bytes=5000), job="waiting")
    assert ran.outcome == "lost"
    assert "gone" in ran.error
    assert ran.ticks == list(range(len(ran.ticks)))
    assert 0 < len(ran.ticks) < 40


def test_the_worker_is_killed(ground: Ground) -> None:
    """Row 19: the spool is read to its last record, and the run is lost."""
    ran = ground.run(Fault(at="output", what="kill_process", after_bytes=5000), job="waiting")
    assert ran.outcome == "lost"
    assert ran.ticks == list(range(len(ran.ticks)))
