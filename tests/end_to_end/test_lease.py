"""The guard of the lease: what nobody renews ends, and what is renewed outlives it."""

from __future__ import annotations

import asyncio
import uuid
from typing import TYPE_CHECKING

from e2b import E2B

from osiris_core.backends.leased import LeasedSandbox
from osiris_core.backends.protocol import Patience, TargetFacts

if TYPE_CHECKING:
    from osiris_core.sandbox.launch import ServerAddress

LEASE_S = 2.0
"""The API counts in whole seconds; one alone is less than a loaded machine may stand still."""


async def outlives(server: ServerAddress, **patience: float) -> tuple[bool, TargetFacts]:
    """Return whether a sandbox lives when another one, made after it and never renewed, has ended with its lease."""
    client = E2B(api_key=server.api_key, api_url=server.url, sandbox_url=server.url)
    facts = TargetFacts(target="e2b", provider="embedded", isolation="bubblewrap")
    leased = await LeasedSandbox.create(
        client,
        facts,
        Patience(lease_s=LEASE_S, **patience),
        template="base",
        metadata={},
        network=False,
        idempotency_key=f"lease-{uuid.uuid4().hex}",
    )
    other = await client.AsyncSandbox.create(template="base", timeout=int(LEASE_S))
    while await other.is_running():  # noqa: ASYNC110 - its end is the provider's, and has to be asked for
        await asyncio.sleep(0.1)
    lives = await leased.sandbox.is_running()
    await leased.kill()
    return lives, facts


def test_a_lease_that_is_renewed_does_not_end_and_one_that_is_not_does(server: ServerAddress) -> None:
    """With the renewal switched off the same sandbox is gone."""

    async def both() -> list[tuple[bool, TargetFacts]]:
        return await asyncio.gather(outlives(server, renew_s=0.2), outlives(server, renew_s=3600.0))

    (renewed, facts), (left_alone, _) = asyncio.run(both())

    assert (renewed, left_alone) == (True, False)
    assert facts.http_requests > 2
