"""One run in one sandbox, from creation to death, through the E2B SDK's async flavour.

Everything that takes time races against a stop: when one is asked for, a phase gets the seconds it was
promised and is then abandoned, and the sandbox is killed.
"""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from osiris_core.backends.attendance import Attendance
from osiris_core.backends.confirm import confirm_hello
from osiris_core.backends.leased import LeasedSandbox, as_sandbox_error
from osiris_core.backends.owned import kill_session, metadata_of
from osiris_core.backends.retrying import until_it_passes
from osiris_core.backends.sandbox_home import RUN_DIRECTORY, bundle_path, command_of, sandbox_placement
from osiris_core.backends.sandbox_worker import SandboxWorker
from osiris_core.backends.stopping import Stop
from osiris_core.backends.workspace import write_workspace
from osiris_core.errors import DiskFullError, SandboxError, TemplateMissingError

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from osiris_core.backends.protocol import Job, Patience, TargetFacts
    from osiris_core.backends.sandbox_worker import SandboxLine
    from osiris_core.backends.stopping import Result
    from osiris_core.backends.templates import ChosenTemplate
    from osiris_core.session.writer import SessionWriter

_FULL = "full"
_EMBEDDED = "embedded"
_SPOOLED_IN_MEMORY = 8 << 20


class SandboxRun:
    """One sandbox of `template` from creation to death; `attempt` counts the sandboxes that the run asked for."""

    def __init__(
        self,
        job: Job,
        session: SessionWriter,
        facts: TargetFacts,
        patience: Patience,
        client: Any,
        *,
        template: ChosenTemplate,
        attempt: int = 0,
        keep: bool = False,
    ) -> None:
        self._job = job
        self._session = session
        self._facts = facts
        self._patience = patience
        self._client = client
        self._template = template
        self._attempt = attempt
        self._keep = keep
        self.stop = Stop()
        self._confirmed = False

    async def to_its_end(self) -> None:
        """Create the sandbox, run in it, fetch, and kill it, whatever happens in between."""
        leased = await self._created()
        self._facts.sandbox_id = leased.id
        self._facts.network = self._network
        attendance = Attendance(
            leased,
            self._session,
            self._facts,
            self._patience,
            self.stop,
            heard=self._confirm,
            counterpart=self._job.counterpart,
        )
        try:
            if self._network == _FULL:
                await self._unless_stopped(self._require_network(leased), grace_s=0)
            if not self.stop.is_set():
                await self._unless_stopped(self._upload(leased), grace_s=0)
            if not self.stop.is_set():
                await self._execute(leased, attendance)
            with self._facts.phase("fetch"):
                await attendance.fetch()
        except DiskFullError as error:
            await self._leave(leased, error)
            raise
        except BaseException:
            with contextlib.suppress(SandboxError):  # what went wrong first is what is worth saying
                await self._end(leased)
            raise
        await self._end(leased)

    async def _created(self) -> LeasedSandbox:
        """Return the sandbox, noted in the handle; where there is none, none may have been left at the provider."""
        self._session.remember(
            idempotency_key=self._idempotency_key,
            bundle=self._job.bundle.sha256,
            hosts_build=self._template.hosts_build,
        )
        leased: LeasedSandbox | None = None
        try:
            with self._facts.phase("create"):
                leased = await self._unless_stopped(self._create(), grace_s=self._patience.stopped_fetch_s)
            if leased is not None:
                self._session.remember(sandbox_id=leased.id)
        except TemplateMissingError:
            raise
        except BaseException:
            await self._end_unknown(leased)
            raise
        if leased is None:
            await self._end_unknown(None)
            raise SandboxError(f"{self._facts.provider} had made no sandbox when the run was stopped")
        return leased

    async def _end_unknown(self, leased: LeasedSandbox | None) -> None:
        """End what was made and not noted, found by what it says of itself; what went wrong first is worth saying."""
        with contextlib.suppress(SandboxError, TimeoutError):
            if leased is not None:
                await asyncio.shield(leased.kill())
                return
            async with asyncio.timeout(self._patience.kill_s):
                await asyncio.shield(kill_session(self._client, self._job.request.session_id))

    @property
    def _idempotency_key(self) -> str:
        again = (
            f"{self._job.rerun}-" if self._job.rerun else ""
        )  # each run of a request is to have a sandbox of its own
        return f"osiris-{self._job.request.session_id}-{again}{self._attempt}".lower()

    async def _leave(self, leased: LeasedSandbox, error: DiskFullError) -> None:
        """Let the sandbox live where the session can be resumed in it; a server of this process dies with it."""
        may_wait = self._facts.provider != _EMBEDDED and not self.stop.is_set()
        if may_wait and await leased.leave_when_full(error, self._session.request.session_id):
            return
        with contextlib.suppress(SandboxError):  # what went wrong first is what is worth saying
            await self._end(leased)

    async def _end(self, leased: LeasedSandbox) -> None:
        """Kill the sandbox, also while this run is being cancelled; or keep it, if that is wanted and it was not stopped."""
        if self._keep and not self.stop.is_set():
            with contextlib.suppress(SandboxError):  # then it is gone, or cannot be kept: it is killed
                await leased.leave(self._patience.keep_s)
                self._facts.kept = True
                return
        with self._facts.phase("kill"):
            await asyncio.shield(leased.kill())

    async def _unless_stopped(self, work: Coroutine[Any, Any, Result], *, grace_s: float) -> Result | None:
        """Return what `work` returns, or None where it has not ended `grace_s` after a stop was asked for."""
        return await self.stop.unless_asked(work, grace_s=grace_s)

    async def _create(self) -> LeasedSandbox:
        try:
            return await LeasedSandbox.create(
                self._client,
                self._facts,
                self._patience,
                template=self._template.name,
                metadata=metadata_of(self._job.request.session_id, self._facts.target),
                network=self._job.manifest.network == _FULL,
                idempotency_key=self._idempotency_key,
                unique=True,
            )
        except TemplateMissingError as error:
            raise self._template_missing(error) from error

    def _template_missing(self, error: TemplateMissingError) -> TemplateMissingError:
        if self._template.name == self._job.manifest.template:
            return TemplateMissingError(
                f"{self._facts.provider} has no template {self._template.name}, which the manifest names: {error.__cause__}",
                hint="`osiris-parity template list` shows those it has; leave `template:` out to have one made from the "
                "manifest's requirements",
            )
        return TemplateMissingError(error.message, hint="it was there before; run again to have it built")

    @property
    def _network(self) -> str:
        """What the sandbox can reach; ordinary processes of a host reach what it reaches, whatever is asked for."""
        return "host" if self._facts.isolation == "plain" else self._job.manifest.network

    async def _require_network(self, leased: LeasedSandbox) -> None:
        """Raise where a provider made a sandbox without the network that the manifest asks for, and says so."""
        self._facts.http_requests += 1
        with as_sandbox_error("the sandbox could not be asked about its network"):
            info = await leased.sandbox.get_info()
        if info.allow_internet_access is False:
            raise SandboxError(
                f"{self._facts.provider} makes no sandboxes with a network, and the manifest says `network: full`",
                hint="`osiris-parity sandbox` needs --allow-network for it",
            )

    async def _upload(self, leased: LeasedSandbox) -> None:
        with self._facts.phase("upload"), tempfile.SpooledTemporaryFile(_SPOOLED_IN_MEMORY) as pack:
            write_workspace(self._job.manifest, self._job.inputs, pack)  # type: ignore[arg-type]  # a binary file in all but name
            size = pack.tell()
            placement = replace(sandbox_placement(self._job, self._patience), epoch=self._session.handle.epoch)
            small = {
                bundle_path(self._job.bundle): self._job.bundle.path.read_bytes(),
                RUN_DIRECTORY / "request.json": self._job.request.to_bytes(),
                RUN_DIRECTORY / "placement.json": placement.to_bytes(),
            }
            self._facts.bytes_up += size + sum(len(data) for data in small.values())
            files = leased.sandbox.files

            async def send_small() -> None:
                await files.write_files([{"path": str(path), "data": data} for path, data in small.items()])

            async def send_workspace() -> None:
                pack.seek(0)
                await files.write(str(RUN_DIRECTORY / "workspace.pack"), pack)

            with as_sandbox_error("the upload failed"):
                for send in (send_small, send_workspace):  # nothing has begun: what was sent is simply sent again
                    await until_it_passes(send, what="upload", facts=self._facts, patience=self._patience)

    async def _execute(self, leased: LeasedSandbox, attendance: Attendance) -> None:
        """Start the worker and follow it to its end; once a stop is asked for, it has the time it was promised."""
        with self._facts.phase("run"):
            worker, line = await SandboxWorker.start(
                leased, command_of(self._job, self._template), self._facts, self._patience
            )
            self._session.remember(worker_pid=worker.pid)
            await self._tell_secrets(attendance, worker, line)
            await attendance.follow(worker, line)
        if self._session.hello is None and self._session.terminal is None and not self.stop.is_set():
            said = f"; it said: {line.stderr.strip()}" if line.stderr.strip() else ""
            raise SandboxError(f"the worker did not start in the sandbox{said}")

    async def _tell_secrets(self, attendance: Attendance, worker: SandboxWorker, line: SandboxLine) -> None:
        """Tell the worker its secrets; where it has ended before it could hear them, why is what is worth saying."""
        if not self._job.secrets:
            return
        told = self._job.secrets.to_line().decode("ascii")
        telling = asyncio.create_task(attendance.tell(worker, told, what="secrets"))
        ended, stopped = asyncio.create_task(line.left()), asyncio.create_task(self.stop.wait())
        try:
            await asyncio.wait({telling, ended, stopped}, return_when=asyncio.FIRST_COMPLETED)
            if telling.done():
                telling.result()
        except SandboxError:
            if not await line.ended_within(self._patience.driver_stop_s):
                raise
        finally:
            for each in (telling, ended, stopped):
                each.cancel()
            await asyncio.gather(telling, ended, stopped, return_exceptions=True)

    def _confirm(self) -> None:
        """Judge the worker's hello, once, as soon as it is there."""
        if not self._confirmed and self._session.hello is not None:
            with self._session.judging():
                confirm_hello(self._session.hello, self._job, hosts_build=self._template.hosts_build)
            self._confirmed = True
