"""A stop reaches everyone who has to hear it, and a loop that is closed leaves nothing running."""

from __future__ import annotations

import asyncio
import threading

import pytest

from osiris_core.backends.loop import LoopThread
from osiris_core.backends.protocol import Cancellation, Patience, TargetFacts


def test_a_stop_is_heard_by_everyone_once() -> None:
    """Each callback is called once, however often the stop is asked for."""
    cancellation, heard = Cancellation(), []

    with cancellation.calling(lambda: heard.append("local")), cancellation.calling(lambda: heard.append("e2b")):
        assert not cancellation.requested
        cancellation.request()
        cancellation.request()

    assert cancellation.requested
    assert heard == ["local", "e2b"]


def test_a_stop_that_came_before_is_heard_too() -> None:
    """A target that starts late learns at once that it should not."""
    cancellation, heard = Cancellation(), []
    cancellation.request()

    with cancellation.calling(lambda: heard.append("late")):
        assert heard == ["late"]


def test_who_has_left_is_not_called() -> None:
    """After the block a callback is forgotten."""
    cancellation, heard = Cancellation(), []

    with cancellation.calling(lambda: heard.append("gone")):
        pass
    cancellation.request()

    assert heard == []


def test_a_callback_that_fails_silences_nobody() -> None:
    """The others hear the stop, and the error is raised after that."""
    cancellation, heard = Cancellation(), []

    def fail() -> None:
        raise RuntimeError("the loop is closed")

    with (
        cancellation.calling(fail),
        cancellation.calling(lambda: heard.append("second")),
        pytest.raises(RuntimeError, match="the loop is closed"),
    ):
        cancellation.request()

    assert heard == ["second"]


def test_closing_the_loop_lets_what_runs_clean_up() -> None:
    """A coroutine that is still running is cancelled and reaches its end before the thread is gone."""
    thread, begun, cleaned = LoopThread(), threading.Event(), []

    async def endless() -> None:
        try:
            begun.set()
            await asyncio.Event().wait()
        finally:
            cleaned.append(True)

    future = thread.submit(endless())
    assert begun.wait(100)
    thread.close()
    thread.close()

    assert cleaned == [True]
    assert future.cancelled()
    assert thread.loop.is_closed()


def test_a_phase_is_timed_also_when_it_fails() -> None:
    """The block that failed is among the phases."""
    facts = TargetFacts(target="e2b", provider="embedded", isolation="bubblewrap")

    with pytest.raises(ValueError, match="broken"), facts.phase("create"):
        raise ValueError("broken")

    assert [name for name, _ in facts.phases] == ["create"]


def test_the_promised_times_of_a_stop_add_up() -> None:
    """A driver has 5 s, what is staged has 5 s, and the whole clean-up is bounded."""
    patience = Patience()

    assert (patience.driver_stop_s, patience.fetch_s) == (5.0, 5.0)
    assert patience.stopped_fetch_s == 10.0
    assert Patience(driver_stop_s=1, fetch_s=2, kill_s=3).clean_up_s == 9


def test_a_hurry_may_come_while_the_same_thread_asks_to_stop() -> None:
    """A signal's handler runs in the middle of anything: it neither waits for the thread that it interrupts, nor is lost."""
    cancellation, heard = Cancellation(), []

    with cancellation.calling(cancellation.hurry, hurried=lambda: heard.append("hurry")):
        cancellation.request()
        cancellation.hurry()

    assert heard == ["hurry"]
    assert cancellation.hurried
