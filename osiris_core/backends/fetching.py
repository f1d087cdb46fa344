"""Brings artifacts back while the run goes on: each file as soon as a record says that it will not change any more.

Whatever breaks goes on at the byte where it stood; a file is taken only with the digest of its record.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Final, TypeVar

from osiris_core.backends.backoff import Backoff
from osiris_core.backends.protocol import Retry
from osiris_core.backends.reach import Standing
from osiris_core.backends.retrying import in_short
from osiris_core.errors import OsirisError, SandboxError, WireError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import PurePosixPath

    from osiris_core.backends.counterpart import Counterpart
    from osiris_core.backends.protocol import Patience, TargetFacts
    from osiris_core.backends.ranges import RangeReader
    from osiris_core.backends.reach import Worker
    from osiris_core.session.reception import Reception
    from osiris_core.session.wanted import Wanted
    from osiris_core.session.writer import SessionWriter

Result = TypeVar("Result")

AT_ONCE: Final = 3
"""Files that are fetched at the same time."""
_READINGS: Final = 2
"""So often a file is read from its beginning where its bytes are not those that were recorded."""


class Fetching:
    """Fetches what one worker's records announce; lives on one loop, beside the following of that worker."""

    def __init__(
        self,
        reader: RangeReader,
        worker: Worker,
        session: SessionWriter,
        facts: TargetFacts,
        patience: Patience,
        *,
        run_directory: PurePosixPath,
        counterpart: Counterpart | None = None,
    ) -> None:
        self._reader = reader
        self._worker = worker
        self._session = session
        self._facts = facts
        self._patience = patience
        self._run_directory = run_directory
        self._counterpart = counterpart
        self._places = asyncio.Semaphore(AT_ONCE)
        self._tasks: list[asyncio.Task[None]] = []

    def look(self) -> None:
        """Begin to fetch what has been announced since the last look."""
        for wanted in self._session.incoming.take_wanted():
            self._tasks.append(asyncio.create_task(self._fetch(wanted)))

    async def finish(self) -> None:
        """Fetch the rest, and show the whole. SandboxError where it cannot be reached, WireError where it is not right."""
        self.look()
        for each in self._tasks:
            await each
        await in_thread(self._session.adopt_incoming)

    async def close(self) -> None:
        """Leave what has not come; nothing writes to the session when this returns."""
        for each in self._tasks:
            each.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._reader.close()

    async def _fetch(self, wanted: Wanted) -> None:
        if self._counterpart is not None and await self._taken_over(wanted, self._counterpart):
            return
        async with self._places:
            if await in_thread(lambda: self._session.incoming.is_here(wanted)):
                return
            reception = self._session.incoming.receive(wanted)
            await in_thread(reception.open)
            try:
                await self._receive(wanted, reception)
                await in_thread(reception.finish)
            finally:
                reception.close()

    async def _taken_over(self, wanted: Wanted, counterpart: Counterpart) -> bool:
        """Copy what the other target has an equal of, and say whether that was all of it."""
        others = await counterpart.equals(wanted.members)
        if others is None:
            return False
        for each in wanted.members:
            source = others[each["path"]]
            await in_thread(partial(self._session.incoming.take_copy, each, source))
        self._facts.artifacts_not_fetched += len(wanted.members)
        return True

    async def _receive(self, wanted: Wanted, reception: Reception) -> None:
        """Take all bytes; progress gives the patience anew, bytes that are not right are read once more."""
        backoff = Backoff.between_retries(self._patience)
        readings = 1
        while True:
            before = reception.offset
            cause = await self._attempt(wanted, reception)
            if cause is None and reception.is_as_recorded():
                return
            if not reception.left_bytes:
                cause = "its bytes are not those that were recorded"
                if readings == _READINGS:
                    raise WireError(f"{wanted.path} came back changed: {cause}")
                readings += 1
                reception.begin_again()
            if reception.offset > before:
                backoff.reset()
            if backoff.failures >= self._patience.retry_attempts:
                raise SandboxError(f"{wanted.path} could not be fetched: {cause}")
            waited_ms = await backoff.wait()
            self._facts.retries.append(Retry(what=wanted.path, cause=cause or "it came short", waited_ms=waited_ms))

    async def _attempt(self, wanted: Wanted, reception: Reception) -> str | None:
        """Read on from where it stands; return why that ended early, or None."""
        if not reception.left_bytes:
            return None
        try:
            path = str(self._run_directory / wanted.path)
            async for piece in self._reader.stream(path, reception.offset, reception.left_bytes):
                reception.take(piece)
        except (WireError, asyncio.CancelledError):
            raise
        except SandboxError as error:
            cause = error.message
        except OsirisError:  # the host's disk
            raise
        except Exception as error:  # noqa: BLE001 - whatever a transport raises is a reason to go on behind it
            cause = in_short(error)
        else:
            return None
        if await self._worker.standing() is Standing.GONE:
            raise SandboxError(f"the sandbox is gone, and {wanted.path} with it: {cause}")
        return cause


async def in_thread(work: Callable[[], Result]) -> Result:
    """Do what takes the disk a while beside the loop; where this is cancelled, it is waited for all the same."""
    task = asyncio.create_task(asyncio.to_thread(work))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task})
        raise
