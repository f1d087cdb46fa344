"""What a host does with a worker in a sandbox once it runs, whoever started it: listen, ask it to stop, bring back.

A run that begins attends the worker that it started; one that is resumed attends a worker that was left alone.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from osiris_core.backends.backoff import Backoff
from osiris_core.backends.fetching import Fetching
from osiris_core.backends.following import Following
from osiris_core.backends.protocol import Retry
from osiris_core.backends.ranges import RangeReader
from osiris_core.backends.sandbox_home import RUN_DIRECTORY
from osiris_core.errors import OverdueError, SandboxError, WorkerLostError

if TYPE_CHECKING:
    from collections.abc import Callable

    from osiris_core.backends.counterpart import Counterpart
    from osiris_core.backends.leased import LeasedSandbox
    from osiris_core.backends.protocol import Patience, TargetFacts
    from osiris_core.backends.reach import Line
    from osiris_core.backends.sandbox_worker import SandboxWorker
    from osiris_core.backends.stopping import Stop
    from osiris_core.session.writer import SessionWriter


class Attendance:
    """Attends one worker for one session until `stop` leaves no time; `heard` is called when something new came."""

    def __init__(
        self,
        leased: LeasedSandbox,
        session: SessionWriter,
        facts: TargetFacts,
        patience: Patience,
        stop: Stop,
        *,
        heard: Callable[[], None],
        counterpart: Counterpart | None = None,
    ) -> None:
        self._leased = leased
        self._session = session
        self._facts = facts
        self._patience = patience
        self._stop = stop
        self._heard = heard
        self._counterpart = counterpart
        self._fetching: Fetching | None = None

    async def follow(self, worker: SandboxWorker, line: Line) -> None:
        """Follow it to its end, and begin to fetch what it makes; once a stop is asked for, it has the time it was promised."""
        reader = RangeReader(self._leased.sandbox, self._facts, self._patience)
        fetching = Fetching(
            reader,
            worker,
            self._session,
            self._facts,
            self._patience,
            run_directory=RUN_DIRECTORY,
            counterpart=self._counterpart,
        )

        def heard() -> None:
            self._heard()
            fetching.look()

        following = Following(worker, line, self._session, self._facts, self._patience, heard=heard)
        asking = asyncio.create_task(self._ask_to_stop(worker))
        try:
            await self._stop.unless_asked(self._to_the_end(following), grace_s=self._patience.stopped_run_s)
            self._fetching = fetching
        finally:
            asking.cancel()
            await following.line.close()
            await worker.close()
            if self._fetching is None:
                await fetching.close()

    async def _to_the_end(self, following: Following) -> None:
        """Follow, unless the lease is about to end, or the worker is long overdue: then take what there is by now."""
        timeout_s = self._session.request.timeout_s
        patience_s = None if timeout_s is None else timeout_s + self._patience.overdue_s
        end = asyncio.create_task(following.to_the_end())
        lease = asyncio.create_task(self._leased.about_to_end())
        try:
            await asyncio.wait({end, lease}, timeout=patience_s, return_when=asyncio.FIRST_COMPLETED)
            if end.done():
                end.result()
                return
        except WorkerLostError as error:
            if self._leased.trouble:
                raise self._lease_lost(f", and {error.what}") from error
            raise
        finally:
            end.cancel()
            lease.cancel()
            await asyncio.gather(end, lease, return_exceptions=True)
        with contextlib.suppress(SandboxError):  # the run is ended in any case; this is for what is left of it
            await following.fill()
        if self._session.terminal is not None:
            return
        if timeout_s is None or patience_s is None or self._leased.trouble:
            raise self._lease_lost(" and is about to end")
        raise OverdueError(timeout_s=timeout_s, waited_s=patience_s)

    def _lease_lost(self, what: str) -> WorkerLostError:
        return WorkerLostError(
            f"the lease of sandbox {self._leased.id} could not be renewed ({self._leased.trouble}){what}",
            last_seq=self._session.next_seq - 1,
        )

    async def fetch(self) -> None:
        """Bring back the rest of what it made, as far as the time after a stop allows, and show it where it is whole."""
        fetching, self._fetching = self._fetching, None
        if fetching is None:
            return
        try:
            if self._session.terminal is not None and not self._session.has_artifacts:
                await self._stop.unless_asked(fetching.finish(), grace_s=self._patience.stopped_fetch_s)
        finally:
            await fetching.close()

    async def _ask_to_stop(self, worker: SandboxWorker) -> None:
        """Ask the worker to stop as soon as that is wanted."""
        await self._stop.wait()
        with contextlib.suppress(SandboxError):  # a worker that cannot be asked is killed with its sandbox
            await self.tell(worker, "CANCEL\n", what="cancel")

    async def tell(self, worker: SandboxWorker, line: str, *, what: str) -> None:
        """Tell the worker a line that may come twice, as often as it takes. SandboxError when that was in vain."""
        pause = Backoff.between_retries(self._patience)
        while True:
            try:
                await worker.say(line)
            except SandboxError as error:
                if pause.failures >= self._patience.retry_attempts - 1:
                    raise
                waited_ms = await pause.wait()
                self._facts.retries.append(Retry(what=what, cause=error.message, waited_ms=waited_ms))
            else:
                return
