"""When a lease is about to end: not before it is, and only while nothing renews it."""

from __future__ import annotations

import asyncio

import pytest

from osiris_core.backends.leased import LeasedSandbox
from osiris_core.backends.protocol import Patience, TargetFacts
from osiris_core.testing.simulation.clock import VirtualLoop

PATIENCE = Patience()


class Provided:
    """A sandbox whose provider refuses to renew its lease from one moment to another."""

    sandbox_id = "box"

    def __init__(self, refuses_from_s, until_s):
        self._from_s, self._until_s = refuses_from_s, until_s
        self.renewed_at = []

    async def set_timeout(self, _timeout_s):
        """Renew, or refuse."""
        now = asyncio.get_running_loop().time()
        if self._from_s <= now < self._until_s:
            raise RuntimeError("quota")
        self.renewed_at.append(now)

    async def kill(self):
        """End it."""
        return True


@pytest.fixture
def loop():
    """A loop in virtual time."""
    made = VirtualLoop()
    yield made
    made.end()


def test_every_renewal_gives_a_whole_lease_and_its_end_is_told_a_margin_before(loop):
    """The last renewal was at 200 s; what was refused is tried again until the lease of that is nearly over."""

    async def run():
        leased = LeasedSandbox(Provided(201.0, 1e9), TargetFacts(target="e2b", provider="p", isolation="n"), PATIENCE)
        return await leased.about_to_end(), asyncio.get_running_loop().time()

    why, at_s = loop.run(run())
    assert why == "RuntimeError: quota"
    latest_s = 200.0 + PATIENCE.lease_s - PATIENCE.lease_margin_s
    assert latest_s - PATIENCE.retry_most_s <= at_s <= latest_s


def test_a_refusal_that_passes_is_no_end(loop):
    """Neither while it lasts, nor where it lasted up to the margin."""

    async def run(until_s):
        provided = Provided(21.0, until_s)
        facts = TargetFacts(target="e2b", provider="p", isolation="n")
        leased = LeasedSandbox(provided, facts, PATIENCE)
        await asyncio.sleep(until_s + 2 * PATIENCE.renew_s)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1):
                await leased.about_to_end()
        assert leased.trouble == ""
        assert {each.what for each in facts.retries} == {"lease"}

    loop.run(run(60.0))
    loop.run(run(loop.time() + 140.0))


def test_a_renewal_that_nobody_answers_is_given_up_after_its_own_time(loop):
    """Not after the time between two of them, which may be much shorter, and not never; then it is asked for again."""

    class Silent(Provided):
        async def set_timeout(self, timeout_s):
            if not self.asked:
                self.asked = True
                await asyncio.sleep(1e9)
            await super().set_timeout(timeout_s)

    async def run():
        provided = Silent(1e9, 1e9)
        provided.asked = False
        facts = TargetFacts(target="e2b", provider="p", isolation="n")
        leased = LeasedSandbox(provided, facts, Patience(renew_s=1.0))
        await asyncio.sleep(1.0 + PATIENCE.renewal_s + 1.0)
        await leased.kill()
        return provided.renewed_at, facts.retries

    renewed_at, retries = loop.run(run())
    assert [each.what for each in retries] == ["lease"]
    assert renewed_at[0] > 1.0 + PATIENCE.renewal_s


def test_an_end_is_told_in_time_where_nobody_answers(loop):
    """The wait for an answer does not outlast the lease: the last renewal was at 200 s, and its end is told half a margin before, at least."""

    class Silent(Provided):
        async def set_timeout(self, timeout_s):
            if asyncio.get_running_loop().time() > 201.0:
                await asyncio.sleep(1e9)
            await super().set_timeout(timeout_s)

    async def run():
        leased = LeasedSandbox(Silent(1e9, 1e9), TargetFacts(target="e2b", provider="p", isolation="n"), PATIENCE)
        return await leased.about_to_end(), asyncio.get_running_loop().time()

    why, at_s = loop.run(run())
    assert why.startswith("TimeoutError")
    assert at_s <= 200.0 + PATIENCE.lease_s - PATIENCE.lease_margin_s / 2


def test_nobody_renews_what_was_killed(loop):
    """A task that went on would ask for a sandbox that is gone until the process ends."""

    async def run():
        provided = Provided(1e9, 1e9)
        leased = LeasedSandbox(provided, TargetFacts(target="e2b", provider="p", isolation="n"), PATIENCE)
        await asyncio.sleep(30)
        await leased.kill()
        await asyncio.sleep(200)
        return provided.renewed_at

    assert loop.run(run()) == [20.0]
