"""A sandbox that lives as long as its host renews the lease: made once, renewed, killed, and every failure said.

A host that dies stops renewing, and the provider ends the sandbox when the lease is over.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
from typing import TYPE_CHECKING, Any, Self

from osiris_core.backends.backoff import Backoff
from osiris_core.backends.protocol import Retry
from osiris_core.backends.retrying import asks_to_wait, in_short, may_pass, until_it_passes
from osiris_core.errors import (
    DiskFullError,
    InfrastructureError,
    SandboxError,
    SandboxGoneError,
    TemplateMissingError,
)
from osiris_core.session.files import NO_ROOM

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from e2b import AsyncSandbox

    from osiris_core.backends.protocol import Patience, TargetFacts


class LeasedSandbox:
    """One sandbox and its lease; lives on the loop that made it."""

    def __init__(self, sandbox: AsyncSandbox, facts: TargetFacts, patience: Patience) -> None:
        self.sandbox = sandbox
        self._facts = facts
        self._patience = patience
        self.trouble = ""
        """Why the lease could not be renewed, while it cannot."""
        self._ending = asyncio.Event()
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
        unique: bool = False,
    ) -> Self:
        """Make a sandbox; asking again with the same key makes no second one. SandboxError or TemplateMissingError.

        Where an answer was lost, the sandbox may have been made: if its `metadata` is `unique`, it is looked for by that
        before it is asked for again, because not every provider knows such keys.
        """
        pause = Backoff.between_retries(patience)
        retries = 0
        while True:
            facts.http_requests += 1
            try:
                sandbox = await client.AsyncSandbox.create(
                    template=template,
                    timeout=_seconds(patience.lease_s),
                    metadata=dict(metadata),
                    allow_internet_access=network,
                    idempotency_key=idempotency_key,
                    retries=retries,
                )
            except Exception as error:
                if not may_pass(error) or retries or pause.failures >= patience.retry_attempts - 1:
                    raise _not_made(error, facts.provider, template) from error
                waited_ms = await pause.wait()
                facts.retries.append(Retry(what="create", cause=in_short(error), waited_ms=waited_ms))
                if asks_to_wait(error):
                    retries = max(1, patience.retry_attempts - 2)  # from now on the SDK waits as it is told to
                elif unique and (found := await _made_already(client, facts, metadata)) is not None:
                    return await cls.connect(client, facts, patience, found)
            else:
                return cls(sandbox, facts, patience)

    @classmethod
    async def connect(cls, client: Any, facts: TargetFacts, patience: Patience, sandbox_id: str) -> Self:
        """Take over a sandbox that lives, with a lease of its own. SandboxGoneError where it does not, SandboxError where it cannot be reached."""
        from e2b.exceptions import NotFoundException

        facts.http_requests += 1
        try:
            with as_sandbox_error(f"sandbox {sandbox_id} cannot be reached"):
                sandbox = await client.AsyncSandbox.connect(sandbox_id, timeout=_seconds(patience.lease_s))
        except SandboxError as error:
            if isinstance(error.__cause__, NotFoundException):
                raise SandboxGoneError(f"sandbox {sandbox_id} is gone", hint="its lease ended") from error
            raise
        return cls(sandbox, facts, patience)

    @property
    def id(self) -> str:
        """The sandbox's name at the provider."""
        return self.sandbox.sandbox_id

    async def kill(self) -> None:
        """End the sandbox, and stop renewing. SandboxError when nobody confirms that it is gone."""
        self._renewal.cancel()
        with as_sandbox_error(f"sandbox {self.id} may still be alive"):
            async with asyncio.timeout(self._patience.kill_s):
                await until_it_passes(self.sandbox.kill, what="kill", facts=self._facts, patience=self._patience)

    async def leave(self, lease_s: float) -> None:
        """Let the sandbox live for `lease_s` from now, without this host. SandboxError when that is refused."""
        self._renewal.cancel()
        self._facts.http_requests += 1
        with as_sandbox_error(f"sandbox {self.id} could not be kept"):
            async with asyncio.timeout(self._patience.kill_s):
                await self.sandbox.set_timeout(_seconds(lease_s))

    async def leave_when_full(self, error: DiskFullError, session_id: str) -> bool:
        """Let the sandbox wait until this host's disk has room, and say so in `error`; False where it cannot be left."""
        keep_s = self._patience.keep_when_full_s
        if keep_s <= 0:
            return False
        with contextlib.suppress(SandboxError):  # then it is ended as ever
            await asyncio.shield(self.leave(keep_s))
            error.kept = True
            error.hint = (
                f"free space, then run `osiris-parity resume {session_id}`: "
                f"sandbox {self.id} waits for {keep_s / 60:g} minutes"
            )
        return error.kept

    async def about_to_end(self) -> str:
        """Return why, as soon as the lease is about to end because it could not be renewed."""
        await self._ending.wait()
        return self.trouble

    async def _renew(self) -> None:
        """Keep the lease alive; what is refused is tried again until the lease is about to end, and then given up."""
        loop = asyncio.get_running_loop()
        ends_at = loop.time() + self._patience.lease_s
        pause = Backoff.between_retries(self._patience)
        wait_s = self._patience.renew_s
        while True:
            await asyncio.sleep(wait_s)
            asked_at = loop.time()
            self._facts.http_requests += 1
            try:
                async with asyncio.timeout(self._answer_s(ends_at - asked_at)):
                    await self.sandbox.set_timeout(_seconds(self._patience.lease_s))
            except Exception as error:  # noqa: BLE001 - tried again, and said: in target.json, and to whoever follows
                self.trouble = in_short(error)
                wait_s = min(pause.next_s(), self._patience.renew_s)
                self._facts.retries.append(Retry(what="lease", cause=self.trouble, waited_ms=wait_s * 1000))
                if loop.time() + wait_s >= ends_at - self._patience.lease_margin_s:
                    self._ending.set()
                    wait_s = self._patience.renew_s
            else:
                ends_at = asked_at + self._patience.lease_s
                wait_s = self._patience.renew_s
                self.trouble = ""
                self._ending.clear()
                pause.reset()

    def _answer_s(self, left_s: float) -> float:
        """Return how long to wait for an answer: while the lease lasts not so long that nobody could be told before its end."""
        margin_s = self._patience.lease_margin_s
        if left_s <= margin_s:
            return self._patience.renewal_s
        return min(self._patience.renewal_s, max(left_s - margin_s, margin_s / 2))


def _seconds(value_s: float) -> int:
    """Return a time limit as the API takes it: whole seconds, and never none."""
    return max(1, math.ceil(value_s))


async def _made_already(client: Any, facts: TargetFacts, metadata: Mapping[str, str]) -> str | None:
    """Return the sandbox that says of itself what `metadata` says; None where nobody knows of one."""
    from e2b import SandboxQuery

    facts.http_requests += 1
    try:
        found = await client.AsyncSandbox.list(query=SandboxQuery(metadata=dict(metadata))).next_items()
    except Exception as error:  # noqa: BLE001 - the next creation is the answer to it, and target.json tells of it
        facts.retries.append(Retry(what="find", cause=in_short(error), waited_ms=0.0))
        return None
    return str(found[0].sandbox_id) if found else None


def _not_made(error: Exception, provider: str, template: str) -> InfrastructureError:
    """Return what a creation failed for, as one sentence with what can be done about it."""
    from e2b.exceptions import AuthenticationException, NotFoundException, SandboxException

    if isinstance(error, AuthenticationException):
        return SandboxError(f"{provider} refused the API key: {error}", hint="set E2B_API_KEY to a valid key")
    if isinstance(error, NotFoundException):
        return TemplateMissingError(f"{provider} has no template {template}: {error}")
    if isinstance(error, SandboxException):
        if "template" in str(error).lower() and "not found" in str(error).lower():
            return TemplateMissingError(f"{provider} has no template {template}: {error}")
        return SandboxError(f"{provider} made no sandbox: {error}")
    return SandboxError(f"{provider} made no sandbox: {in_short(error)}")  # the SDK lets its transport's errors through


@contextlib.contextmanager
def as_sandbox_error(what: str) -> Iterator[None]:
    """Turn whatever the SDK or its transport raises into one sentence that says what was being done."""
    try:
        yield
    except (InfrastructureError, asyncio.CancelledError):
        raise
    except OSError as error:
        if error.errno in NO_ROOM:
            raise DiskFullError(
                f"{what}: {error}", path=str(error.filename or ""), size_bytes=0, hint="free space on this host"
            ) from error
        raise SandboxError(f"{what}: {in_short(error)}") from error
    except Exception as error:
        raise SandboxError(f"{what}: {in_short(error)}") from error
