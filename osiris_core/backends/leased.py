"""A sandbox that lives as long as its host renews the lease: made once, renewed, killed, and every failure said.

A host that dies stops renewing, and the provider ends the sandbox when the lease is over.
"""

from __future__ import annotations

import asyncio
import contextlib
import textwrap
from typing import TYPE_CHECKING, Any, Self

from osiris_core.backends.protocol import Retry
from osiris_core.errors import InfrastructureError, SandboxError, TemplateMissingError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from e2b import AsyncSandbox

    from osiris_core.backends.protocol import Patience, TargetFacts

_MESSAGE_CHARACTERS = 200


class LeasedSandbox:
    """One sandbox and its lease; lives on the loop that made it."""

    def __init__(self, sandbox: AsyncSandbox, facts: TargetFacts, patience: Patience) -> None:
        self.sandbox = sandbox
        self._facts = facts
        self._patience = patience
        self._renewal = asyncio.create_task(self._renew())

    @classmethod
    async def create(
        cls,
        client: Any,
        facts: TargetFacts,
        patience: Patience,
        *,
        template: str,
        metadata: Mapping[str, str],
        network: bool,
        idempotency_key: str,
    ) -> Self:
        """Make a sandbox; asking again with the same key makes no second one. SandboxError or TemplateMissingError."""
        from e2b.exceptions import AuthenticationException, NotFoundException, SandboxException

        facts.http_requests += 1
        provider = facts.provider
        try:
            sandbox = await client.AsyncSandbox.create(
                template=template,
                timeout=int(patience.lease_s),
                metadata=dict(metadata),
                allow_internet_access=network,
                idempotency_key=idempotency_key,
            )
        except AuthenticationException as error:
            raise SandboxError(
                f"{provider} refused the API key: {error}", hint="set E2B_API_KEY to a valid key"
            ) from error
        except NotFoundException as error:
            raise TemplateMissingError(f"{provider} has no template {template}: {error}") from error
        except SandboxException as error:
            if "template" in str(error).lower() and "not found" in str(error).lower():
                raise TemplateMissingError(f"{provider} has no template {template}: {error}") from error
            raise SandboxError(f"{provider} made no sandbox: {error}") from error
        except Exception as error:  # the SDK lets its transport's own errors through
            raise SandboxError(f"{provider} made no sandbox: {in_short(error)}") from error
        return cls(sandbox, facts, patience)

    @classmethod
    async def connect(cls, client: Any, facts: TargetFacts, patience: Patience, sandbox_id: str) -> Self:
        """Take over a sandbox that lives, with a lease of its own. SandboxError where it does not, or cannot be reached."""
        from e2b.exceptions import NotFoundException

        facts.http_requests += 1
        try:
            with as_sandbox_error(f"sandbox {sandbox_id} cannot be reached"):
                sandbox = await client.AsyncSandbox.connect(sandbox_id, timeout=int(patience.lease_s))
        except SandboxError as error:
            if isinstance(error.__cause__, NotFoundException):
                raise SandboxError(f"sandbox {sandbox_id} is gone", hint="its lease ended") from error
            raise
        return cls(sandbox, facts, patience)

    @property
    def id(self) -> str:
        """The sandbox's name at the provider."""
        return self.sandbox.sandbox_id

    async def keep(self) -> None:
        """Let it live without its host, for `keep_s`. SandboxError where that is refused."""
        self._renewal.cancel()
        self._facts.http_requests += 1
        with as_sandbox_error(f"sandbox {self.id} could not be kept"):
            await self.sandbox.set_timeout(int(self._patience.keep_s))

    async def kill(self) -> None:
        """End the sandbox, and stop renewing. SandboxError when nobody confirms that it is gone."""
        self._renewal.cancel()
        self._facts.http_requests += 1
        with as_sandbox_error(f"sandbox {self.id} may still be alive"):
            async with asyncio.timeout(self._patience.kill_s):
                await self.sandbox.kill()

    async def _renew(self) -> None:
        """Keep the lease alive; what is refused is noted, and tried again at the next renewal."""
        while True:
            await asyncio.sleep(self._patience.renew_s)
            self._facts.http_requests += 1
            try:
                await self.sandbox.set_timeout(int(self._patience.lease_s))
            except Exception as error:  # noqa: BLE001 - the next renewal is the retry, and target.json tells of it
                wait_ms = self._patience.renew_s * 1000
                self._facts.retries.append(Retry(what="lease", cause=in_short(error), waited_ms=wait_ms))


@contextlib.contextmanager
def as_sandbox_error(what: str) -> Iterator[None]:
    """Turn whatever the SDK or its transport raises into one sentence that says what was being done."""
    try:
        yield
    except (InfrastructureError, asyncio.CancelledError):
        raise
    except Exception as error:
        raise SandboxError(f"{what}: {in_short(error)}") from error


def in_short(error: Exception) -> str:
    """Return type and first line of an error: transports tell whole resolver dumps."""
    lines = str(error).splitlines() or [""]
    return f"{type(error).__name__}: {textwrap.shorten(lines[0], _MESSAGE_CHARACTERS, placeholder=' …')}"
