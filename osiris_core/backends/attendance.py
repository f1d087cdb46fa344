"""What a host does with a worker in a sandbox once it runs, whoever started it: listen, ask it to stop, bring back.

A run that begins attends the worker that it started; one that is resumed attends a worker that was left alone.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from osiris_core.backends.following import Following
from osiris_core.backends.leased import as_sandbox_error
from osiris_core.backends.sandbox_home import RUN_DIRECTORY
from osiris_core.errors import SandboxError, WireError
from osiris_core.wire.errors import WireProtocolError
from osiris_core.wire.pack import PackLimits, unpack

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path, PurePosixPath

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

    async def follow(self, worker: SandboxWorker, line: Line) -> None:
        """Follow it to its end; once a stop is asked for, it has the time it was promised."""
        following = Following(worker, line, self._session, self._facts, self._patience, heard=self._heard)
        asking = asyncio.create_task(self._ask_to_stop(worker))
        try:
            await self._stop.unless_asked(following.to_the_end(), grace_s=self._patience.stopped_run_s)
            if self._session.terminal is not None:  # its last deed is the pack of artifacts
                await self._stop.unless_asked(
                    worker.left_within(following.line, self._patience.driver_stop_s),
                    grace_s=self._patience.stopped_fetch_s,
                )
        finally:
            asking.cancel()
            await following.line.close()
            await worker.close()

    async def fetch(self) -> None:
        """Bring back what it made, as far as the time after a stop allows."""
        await self._stop.unless_asked(self._fetch(), grace_s=self._patience.stopped_fetch_s)

    async def _ask_to_stop(self, worker: SandboxWorker) -> None:
        """Ask the worker to stop as soon as that is wanted."""
        await self._stop.wait()
        with contextlib.suppress(SandboxError):  # a worker that cannot be asked is killed with its sandbox
            await worker.say("CANCEL\n")

    async def _fetch(self) -> None:
        """Bring the artifacts back as one pack and hand the verified tree to the session."""
        if self._session.terminal is None or self._session.has_artifacts or not self._session.artifacts():
            return
        incoming = self._incoming()
        with as_sandbox_error("the artifacts could not be fetched"):
            await self._download(RUN_DIRECTORY / "artifacts.pack", incoming / "artifacts.pack")
        try:
            with (incoming / "artifacts.pack").open("rb") as stream:
                unpack(stream, incoming / "artifacts", PackLimits(), keep_mtime=False)
        except WireProtocolError as error:
            raise WireError(f"the artifacts that came back are no valid pack: {error}") from error
        self._session.adopt_artifacts(incoming / "artifacts")

    def _incoming(self) -> Path:
        """Return the directory for what comes back, made if it is missing."""
        incoming = self._session.host_directory / "incoming"
        incoming.mkdir(mode=0o700, exist_ok=True)
        return incoming

    async def _download(self, source: PurePosixPath, target: Path) -> None:
        """Stream a file of the sandbox to one of the host."""
        self._facts.http_requests += 1
        stream = await self._leased.sandbox.files.read(str(source), format="stream")
        with target.open("wb") as out:
            async for chunk in stream:
                out.write(chunk)
                self._facts.bytes_down += len(chunk)
