"""Virtual time passes by jumps, and what would wait for ever is an error."""

from __future__ import annotations

import asyncio

import pytest

from osiris_core.testing.simulation.clock import Standstill, VirtualLoop


@pytest.fixture
def loop():
    """A loop in virtual time."""
    made = VirtualLoop(horizon_s=1000.0)
    yield made
    made.end()


def test_sleeping_takes_no_time_and_counts_all_the_same(loop):
    async def sleep():
        await asyncio.gather(*(asyncio.sleep(each) for each in (3, 1, 2)))
        return loop.time()

    assert loop.run(sleep()) == 3


def test_timers_go_off_in_order(loop):
    heard = []

    async def say(name, after_s):
        await asyncio.sleep(after_s)
        heard.append(name)

    async def all_of_them():
        await asyncio.gather(say("late", 500.0), say("early", 0.1), say("between", 20.0))

    loop.run(all_of_them())
    assert heard == ["early", "between", "late"]


def test_waiting_for_what_nobody_does_is_a_standstill(loop):
    async def wait():
        await asyncio.Event().wait()

    with pytest.raises(Standstill, match="nothing is left"):
        loop.run(wait())


def test_a_circle_without_time_is_a_standstill(loop):
    async def turn():
        while True:  # noqa: ASYNC110 - this is what is tried
            await asyncio.sleep(0)

    with pytest.raises(Standstill, match="circles"):
        loop.run(turn())


def test_going_on_for_ever_is_a_standstill(loop):
    async def go_on():
        while True:  # noqa: ASYNC110 - this is what is tried
            await asyncio.sleep(10)

    with pytest.raises(Standstill, match="goes on after 1000 s"):
        loop.run(go_on())


def test_a_process_that_was_stopped_finds_its_timers_late(loop):
    async def freeze():
        loop.jump(300.0)
        async with asyncio.timeout(15.0) as deadline:
            await asyncio.sleep(1.0)
        return loop.time(), deadline.expired()

    assert loop.run(freeze()) == (301.0, False)


def test_threads_are_refused(loop):
    async def leave():
        await asyncio.to_thread(print)

    with pytest.raises(RuntimeError, match="no threads"):
        loop.run(leave())
