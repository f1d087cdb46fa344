"""Takes up a run whose host died: finds its sandbox, listens to its worker again, brings back what it made, ends it.

No step is run, and no worker started: what was not begun when the host died is not begun now.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from concurrent.futures import CancelledError, wait
from typing import TYPE_CHECKING, Any

from osiris_core.backends.attendance import Attendance
from osiris_core.backends.confirm import confirm_worker
from osiris_core.backends.leased import LeasedSandbox, as_sandbox_error
from osiris_core.backends.loop import LoopThread
from osiris_core.backends.owned import list_sandboxes
from osiris_core.backends.reach import LineBroken
from osiris_core.backends.sandbox_home import is_worker
from osiris_core.backends.sandbox_worker import SandboxWorker
from osiris_core.backends.stopping import Stop
from osiris_core.errors import DiskFullError, NotResumedError, SandboxError, SandboxGoneError
from osiris_core.session.owner import Owner
from osiris_core.signals import escalating

if TYPE_CHECKING:
    from osiris_core.backends.protocol import Cancellation, Patience, TargetFacts
    from osiris_core.backends.provider import Provider
    from osiris_core.session.writer import SessionWriter

_NO_PROCESS = 0
_LOOK_S = 0.02


class _LostLine:
    """The line that a dead host had: whoever follows the worker finds out what became of it, and attaches anew."""

    async def read(self) -> bytes:
        """Raise LineBroken."""
        raise LineBroken("the host that listened is gone")

    async def close(self) -> None:
        """Hold nothing."""


def resume_in_sandbox(
    provider: Provider, session: SessionWriter, facts: TargetFacts, cancellation: Cancellation, patience: Patience
) -> None:
    """Finish the run of `session` at `provider`; its sandbox is gone when this returns, or raises.

    SandboxGoneError where the sandbox is not there any more. Two errors leave session and sandbox as they are, for one more
    resume: NotResumedError where nothing could be learned of the sandbox, and a DiskFullError that says that it was `kept`.
    """
    from e2b import E2B

    thread = LoopThread()
    try:
        run = _ResumedRun(E2B(**provider.address), session, facts, patience)
        with thread.stoppable(run.to_its_end(), run.stop, cancellation) as future:
            try:
                future.result()
            except CancelledError as error:
                raise SandboxError("the run was torn down before it ended") from error
            except KeyboardInterrupt:
                with escalating(cancellation):
                    cancellation.request()
                    wait([future], timeout=patience.clean_up_s)
                raise
    finally:
        thread.close()


def resume_on_this_machine(session: SessionWriter, patience: Patience) -> None:
    """Take in what a local worker wrote whose host died: it was asked to stop by the end of its standard input."""
    _await_the_end(session.handle.run.get("worker"), patience.driver_stop_s + patience.fetch_s)
    run_directory = session.host_directory / "run"
    if session.needs_fill and (run_directory / "spool").exists():
        session.fill(run_directory / "spool")
    if (run_directory / "outbox").exists() and not session.has_artifacts:
        session.adopt_artifacts(run_directory / "outbox")


class _ResumedRun:
    """One sandbox, from where it is found to its death."""

    def __init__(self, client: Any, session: SessionWriter, facts: TargetFacts, patience: Patience) -> None:
        self._client = client
        self._session = session
        self._facts = facts
        self._patience = patience
        self._confirmed = False
        self.stop = Stop()

    async def to_its_end(self) -> None:
        """Find the sandbox, attend its worker, fetch, and kill it, whatever happens in between but a full disk."""
        with self._facts.phase("find"):
            found = await self._find()
        if self._has_all:
            for each in found:
                await each.kill()
            return
        if not found:
            raise SandboxGoneError("no sandbox of this session is left", hint="its lease ended, or none was made")
        leased, *others = found
        for each in others:
            await each.kill()
        self._facts.sandbox_id = leased.id
        attendance = Attendance(leased, self._session, self._facts, self._patience, self.stop, heard=self._confirm)
        try:
            self._session.remember(sandbox_id=leased.id)
            with self._facts.phase("run"):
                worker = SandboxWorker(leased, await self._worker_pid(leased), self._facts, self._patience)
                await attendance.follow(worker, _LostLine())
            with self._facts.phase("fetch"):
                await attendance.fetch()
        except BaseException as error:
            if not await self._is_left(leased, error):
                with contextlib.suppress(SandboxError):  # what went wrong first is what is worth saying
                    await asyncio.shield(leased.kill())
            raise
        await asyncio.shield(leased.kill())

    async def _is_left(self, leased: LeasedSandbox, error: BaseException) -> bool:
        """Whether the sandbox waits for one more resume: a disk that is still full must not cost the run."""
        if not isinstance(error, DiskFullError) or self.stop.is_set():
            return False
        return await leased.leave_when_full(error, self._session.request.session_id)

    @property
    def _has_all(self) -> bool:
        """Whether the host died with everything in its place."""
        return self._session.terminal is not None and (self._session.has_artifacts or not self._session.artifacts())

    async def _find(self) -> list[LeasedSandbox]:
        """Return the run's sandboxes, the one it ran in first: by the handle, else by what they say of themselves."""
        try:
            noted = str(self._session.handle.run.get("sandbox_id") or "")
            ids = [noted] if noted else await self._ids()
            return [await LeasedSandbox.connect(self._client, self._facts, self._patience, each) for each in ids]
        except SandboxError as error:
            if self._has_all:
                return []  # nothing of it is needed any more, and its lease ends
            if isinstance(error, SandboxGoneError):
                raise
            raise NotResumedError(error.message, hint=error.hint) from error

    async def _ids(self) -> list[str]:
        self._facts.http_requests += 1
        session_id = self._session.request.session_id
        return [each.sandbox_id for each in await list_sandboxes(self._client, session_id=session_id)]

    async def _worker_pid(self, leased: LeasedSandbox) -> int:
        """Return the worker's number: by the handle, else by its command; a number of nobody where it never began."""
        noted = int(self._session.handle.run.get("worker_pid") or _NO_PROCESS)
        if noted:
            return noted
        self._facts.http_requests += 1
        with as_sandbox_error("the sandbox could not be asked for its processes"):
            processes = await leased.sandbox.commands.list()
        return next((each.pid for each in processes if is_worker([each.cmd, *each.args])), _NO_PROCESS)

    def _confirm(self) -> None:
        """Judge the worker's hello, once, as soon as it is there."""
        noted = self._session.handle.run
        if self._confirmed or self._session.hello is None:
            return
        with self._session.judging():
            confirm_worker(
                self._session.hello,
                bundle=str(noted.get("bundle")),
                request=self._session.request.digest,
                hosts_build=bool(noted.get("hosts_build")),
            )
        self._confirmed = True


def _await_the_end(noted: object, patience_s: float) -> None:
    """Return when a worker of this machine has left; it is killed, with all it started, when that takes too long."""
    if not isinstance(noted, dict):
        return
    worker = Owner.from_json(noted)
    if worker.is_elsewhere:
        return
    ends_at = time.monotonic() + patience_s
    while worker.is_alive:
        if time.monotonic() > ends_at:
            with contextlib.suppress(ProcessLookupError):  # it left between the two calls
                os.killpg(worker.pid, signal.SIGKILL)
        time.sleep(_LOOK_S)
