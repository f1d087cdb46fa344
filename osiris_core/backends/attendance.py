"""What a host does with a worker in a sandbox once it runs, whoever started it: listen, ask it to stop, bring back.

A run that begins attends the worker that it started; one that is resumed attends a worker that was left alone.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from osiris_core.backends.fetching import Fetching
from osiris_core.backends.following import Following
from osiris_core.backends.ranges import RangeReader
from osiris_core.backends.sandbox_home import RUN_DIRECTORY
from osiris_core.errors import SandboxError

if TYPE_CHECKING:
    from collections.abc import Callable

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
    ) -> None:
        self._leased = leased
        self._session = session
        self._facts = facts
        self._patience = patience
        self._stop = stop
        self._heard = heard
        self._fetching: Fetching | None = None

    async def follow(self, worker: SandboxWorker, line: Line) -> None:
        """Follow it to its end, and begin to fetch what it makes; once a stop is asked for, it has the time it was promised."""
        reader = RangeReader(self._leased.sandbox, self._facts, self._patience)
        fetching = Fetching(reader, worker, self._session, self._facts, self._patience, run_directory=RUN_DIRECTORY)

        def heard() -> None:
            self._heard()
            fetching.look()

        following = Following(worker, line, self._session, self._facts, self._patience, heard=heard)
        asking = asyncio.create_task(self._ask_to_stop(worker))
        try:
            await self._stop.unless_asked(following.to_the_end(), grace_s=self._patience.stopped_run_s)
            self._fetching = fetching
        finally:
            asking.cancel()
            await following.line.close()
            await worker.close()
            if self._fetching is None:
                await fetching.close()

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
            await worker.say("CANCEL\n")
