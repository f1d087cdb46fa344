from __future__ import annotations

import asyncio

from osiris_core.backends.stopping import Stop


def test_work_that_nobody_stops_is_returned():
    async def scenario():
        return await Stop().unless_asked(asyncio.sleep(0, "done"), grace_s=0)

    assert asyncio.run(scenario()) == "done"


def test_work_has_its_grace_after_the_stop_and_no_more():
    """The first phase ends within its time; a later one has nothing left of the same time."""

    async def scenario():
        stop = Stop()
        stop.set()
        first = await stop.unless_asked(asyncio.sleep(0, "done"), grace_s=60)
        stop._asked_at -= 60
        return first, await stop.unless_asked(asyncio.sleep(60, "late"), grace_s=60)

    assert asyncio.run(scenario()) == ("done", None)


def test_a_hurry_takes_the_grace_away():
    async def scenario():
        stop, ended = Stop(), asyncio.Event()

        async def work():
            try:
                stop.hurry()
                await asyncio.sleep(60)
            finally:
                ended.set()

        return await stop.unless_asked(work(), grace_s=60), ended.is_set(), stop.is_set()

    assert asyncio.run(scenario()) == (None, True, True)
