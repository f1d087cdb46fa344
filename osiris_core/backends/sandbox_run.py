"""One run in one sandbox, from creation to death, through the E2B SDK's async flavour.

Everything that takes time races against a stop: when one is asked for, a phase gets the seconds it was
promised and is then abandoned, and the sandbox is killed.
"""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
import textwrap
from typing import TYPE_CHECKING, Any, TypeVar

from osiris_core.backends.confirm import confirm_hello
from osiris_core.backends.sandbox_home import RUN_DIRECTORY, bundle_path, command_of, sandbox_placement
from osiris_core.backends.workspace import write_workspace
from osiris_core.errors import InfrastructureError, SandboxError, TemplateMissingError, WireError
from osiris_core.wire.errors import WireProtocolError
from osiris_core.wire.pack import PackLimits, unpack

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterator
    from pathlib import Path, PurePosixPath

    from e2b import AsyncSandbox

    from osiris_core.backends.protocol import Job, Patience, TargetFacts
    from osiris_core.backends.templates import ChosenTemplate
    from osiris_core.session.writer import SessionWriter

Result = TypeVar("Result")

FULL = "full"
_SPOOLED_IN_MEMORY = 8 << 20
_STDERR_CHARACTERS = 2000
_MESSAGE_CHARACTERS = 200


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
    ) -> None:
        self._job = job
        self._session = session
        self._facts = facts
        self._patience = patience
        self._client = client
        self._template = template
        self._attempt = attempt
        self.stop = asyncio.Event()
        self._stderr = ""
        self._feed_error: Exception | None = None
        self._confirmed = False
        self._started = False

    async def to_its_end(self) -> None:
        """Create the sandbox, run in it, fetch, and kill it, whatever happens in between."""
        with self._facts.phase("create"):
            sandbox = await self._unless_stopped(self._create(), grace_s=self._patience.kill_s)
        if sandbox is None:
            raise SandboxError(f"{self._facts.provider} had made no sandbox when the run was stopped")
        self._facts.sandbox_id = sandbox.sandbox_id
        self._facts.network = self._network
        renewal = asyncio.create_task(self._renew(sandbox))
        try:
            if self._network == FULL:
                await self._unless_stopped(self._require_network(sandbox), grace_s=0)
            if not self.stop.is_set():
                await self._unless_stopped(self._upload(sandbox), grace_s=0)
            if not self.stop.is_set():
                await self._execute(sandbox)
            if self._session.needs_fill and self._started:
                with self._facts.phase("fill"):
                    await self._unless_stopped(self._fill(sandbox), grace_s=self._patience.fetch_s)
            with self._facts.phase("fetch"):
                await self._unless_stopped(self._fetch(sandbox), grace_s=self._patience.fetch_s)
        except BaseException:
            with contextlib.suppress(SandboxError):  # what went wrong first is what is worth saying
                await self._end(sandbox, renewal)
            raise
        await self._end(sandbox, renewal)

    async def _end(self, sandbox: AsyncSandbox, renewal: asyncio.Task[None]) -> None:
        """Kill the sandbox, also while this run is being cancelled."""
        renewal.cancel()
        with self._facts.phase("kill"):
            await asyncio.shield(self._kill(sandbox))

    async def _unless_stopped(self, work: Coroutine[Any, Any, Result], *, grace_s: float) -> Result | None:
        """Return what `work` returns; once a stop is asked for it has `grace_s` left, and None is returned."""
        task = asyncio.create_task(work)
        stopped = asyncio.create_task(self.stop.wait())
        try:
            await asyncio.wait({task, stopped}, return_when=asyncio.FIRST_COMPLETED)
            if not task.done():
                await asyncio.wait({task}, timeout=grace_s)
            if task.done():
                return task.result()
        finally:
            stopped.cancel()
            task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        return None

    async def _create(self) -> AsyncSandbox:
        from e2b.exceptions import (
            AuthenticationException,
            NotFoundException,
            SandboxException,
        )

        self._facts.http_requests += 1
        try:
            sandbox: AsyncSandbox = await self._client.AsyncSandbox.create(
                template=self._template.name,
                timeout=int(self._patience.lease_s),
                metadata={"osiris_session": self._job.request.session_id, "osiris_target": self._facts.target},
                allow_internet_access=self._job.manifest.network == FULL,
                idempotency_key=f"osiris-{self._job.request.session_id}-{self._attempt}".lower(),
            )
        except AuthenticationException as error:
            raise SandboxError(
                f"{self._facts.provider} refused the API key: {error}", hint="set E2B_API_KEY to a valid key"
            ) from error
        except NotFoundException as error:
            raise self._template_missing(error) from error
        except SandboxException as error:
            if "template" in str(error).lower() and "not found" in str(error).lower():
                raise self._template_missing(error) from error
            raise SandboxError(f"{self._facts.provider} made no sandbox: {error}") from error
        except Exception as error:  # the SDK lets its transport's own errors through
            raise SandboxError(f"{self._facts.provider} made no sandbox: {_in_short(error)}") from error
        return sandbox

    def _template_missing(self, error: Exception) -> TemplateMissingError:
        name = self._template.name
        if name == self._job.manifest.template:
            return TemplateMissingError(
                f"{self._facts.provider} has no template {name}, which the manifest names: {error}",
                hint="`osiris-parity template list` shows those it has; leave `template:` out to have one made from the "
                "manifest's requirements",
            )
        return TemplateMissingError(
            f"{self._facts.provider} has no template {name}: {error}",
            hint="it was there before; run again to have it built",
        )

    @property
    def _network(self) -> str:
        """What the sandbox can reach; ordinary processes of a host reach what it reaches, whatever is asked for."""
        return "host" if self._facts.isolation == "plain" else self._job.manifest.network

    async def _require_network(self, sandbox: AsyncSandbox) -> None:
        """Raise where a provider made a sandbox without the network that the manifest asks for, and says so."""
        self._facts.http_requests += 1
        with as_sandbox_error("the sandbox could not be asked about its network"):
            info = await sandbox.get_info()
        if info.allow_internet_access is False:
            raise SandboxError(
                f"{self._facts.provider} makes no sandboxes with a network, and the manifest says `network: full`",
                hint="`osiris-parity sandbox` needs --allow-network for it",
            )

    async def _upload(self, sandbox: AsyncSandbox) -> None:
        with self._facts.phase("upload"), tempfile.SpooledTemporaryFile(_SPOOLED_IN_MEMORY) as pack:
            write_workspace(self._job.manifest, self._job.inputs, pack)  # type: ignore[arg-type]  # a binary file in all but name
            size = pack.tell()
            pack.seek(0)
            small = {
                bundle_path(self._job.bundle): self._job.bundle.path.read_bytes(),
                RUN_DIRECTORY / "request.json": self._job.request.to_bytes(),
                RUN_DIRECTORY / "placement.json": sandbox_placement(self._job, self._patience).to_bytes(),
            }
            self._facts.http_requests += 2
            self._facts.bytes_up += size + sum(len(data) for data in small.values())
            with as_sandbox_error("the upload failed"):
                await sandbox.files.write_files([{"path": str(path), "data": data} for path, data in small.items()])
                await sandbox.files.write(str(RUN_DIRECTORY / "workspace.pack"), pack)

    async def _execute(self, sandbox: AsyncSandbox) -> None:
        """Start the worker and feed its frames to the session until its output ends."""
        with self._facts.phase("run"):
            self._facts.http_requests += 1
            with as_sandbox_error("the worker could not be started"):
                handle = await sandbox.commands.run(
                    command_of(self._job, self._template),
                    background=True,
                    stdin=True,
                    timeout=0,  # the SDK's default would kill the process after 60 s
                    on_stdout=self._feed,
                    on_stderr=self._keep_stderr,
                    retain_output=False,
                )
            self._started = True
            ended = asyncio.create_task(handle.wait())
            await self._tell_secrets(handle, ended)
            stopped = asyncio.create_task(self.stop.wait())
            await asyncio.wait({ended, stopped}, return_when=asyncio.FIRST_COMPLETED)
            stopped.cancel()
            if not ended.done():
                await self._ask_to_stop(handle, ended)
            self._judge_end(ended)

    async def _tell_secrets(self, handle: Any, ended: asyncio.Task[Any]) -> None:
        """Tell the worker its secrets; where it has ended before it could hear them, why is what is worth saying."""
        if not self._job.secrets:
            return
        self._facts.http_requests += 1
        try:
            with as_sandbox_error("the secrets could not be told to the worker"):
                await handle.send_stdin(self._job.secrets.to_line().decode("ascii"))
        except SandboxError:
            await asyncio.wait({ended}, timeout=self._patience.driver_stop_s)
            if not ended.done():
                ended.cancel()
                raise

    def _feed(self, text: str) -> None:
        """Pass a piece of stdout on; what the session refuses ends the run, not the SDK's reader."""
        if self._feed_error is not None:
            return
        data = text.encode("utf-8")
        self._facts.bytes_down += len(data)
        try:
            self._session.feed(data)
            self._confirm()
        except Exception as error:  # noqa: BLE001 - carried to `_judge_end`, which raises it on the right task
            self._feed_error = error
            self.stop.set()

    def _confirm(self) -> None:
        """Judge the worker's hello, once, as soon as it is there."""
        if not self._confirmed and self._session.hello is not None:
            confirm_hello(self._session.hello, self._job, hosts_build=self._template.hosts_build)
            self._confirmed = True

    def _keep_stderr(self, text: str) -> None:
        self._stderr = (self._stderr + text)[-_STDERR_CHARACTERS:]

    async def _ask_to_stop(self, handle: Any, ended: asyncio.Task[Any]) -> None:
        """Ask the worker to stop and give it the time it was promised."""
        self._facts.http_requests += 1
        with contextlib.suppress(Exception):  # a worker that cannot be asked is killed with its sandbox
            await handle.send_stdin("CANCEL\n")
        await asyncio.wait({ended}, timeout=self._patience.driver_stop_s * 2)

    def _judge_end(self, ended: asyncio.Task[Any]) -> None:
        """Raise where the stream's end means that the target could not run; the terminal record decides success."""
        if self._feed_error is not None:
            ended.cancel()
            raise self._feed_error
        if not ended.done():
            ended.cancel()
            return
        error = ended.exception()
        if (
            error is not None
            and self._session.terminal is None
            and self._session.hello is None
            and not self.stop.is_set()
        ):
            said = f"; it said: {self._stderr.strip()}" if self._stderr.strip() else ""
            raise SandboxError(f"the worker did not start in the sandbox: {error}{said}") from error

    async def _fill(self, sandbox: AsyncSandbox) -> None:
        """Read the spool and let the session take what the live stream did not bring."""
        spool = self._incoming() / "spool.os1"
        with as_sandbox_error("the spool could not be read"):
            await self._download(sandbox, RUN_DIRECTORY / "spool" / "00000000.os1", spool)
        self._session.fill(spool)
        self._confirm()

    async def _fetch(self, sandbox: AsyncSandbox) -> None:
        """Bring the artifacts back as one pack and hand the verified tree to the session."""
        if self._session.terminal is None or not self._session.artifacts():
            return
        incoming = self._incoming()
        with as_sandbox_error("the artifacts could not be fetched"):
            await self._download(sandbox, RUN_DIRECTORY / "artifacts.pack", incoming / "artifacts.pack")
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

    async def _download(self, sandbox: AsyncSandbox, source: PurePosixPath, target: Path) -> None:
        """Stream a file of the sandbox to one of the host."""
        self._facts.http_requests += 1
        stream = await sandbox.files.read(str(source), format="stream")
        with target.open("wb") as out:
            async for chunk in stream:
                out.write(chunk)
                self._facts.bytes_down += len(chunk)

    async def _renew(self, sandbox: AsyncSandbox) -> None:
        """Keep the lease alive; a refusal shows as a lost sandbox soon enough."""
        while True:
            await asyncio.sleep(self._patience.renew_s)
            self._facts.http_requests += 1
            with contextlib.suppress(Exception):  # the next renewal is the retry
                await sandbox.set_timeout(int(self._patience.lease_s))

    async def _kill(self, sandbox: AsyncSandbox) -> None:
        self._facts.http_requests += 1
        with as_sandbox_error(f"sandbox {sandbox.sandbox_id} may still be alive"):
            async with asyncio.timeout(self._patience.kill_s):
                await sandbox.kill()


@contextlib.contextmanager
def as_sandbox_error(what: str) -> Iterator[None]:
    """Turn whatever the SDK or its transport raises into one sentence that says what was being done."""
    try:
        yield
    except (InfrastructureError, asyncio.CancelledError):
        raise
    except Exception as error:
        raise SandboxError(f"{what}: {_in_short(error)}") from error


def _in_short(error: Exception) -> str:
    """Return type and first line of an error: transports tell whole resolver dumps."""
    lines = str(error).splitlines() or [""]
    return f"{type(error).__name__}: {textwrap.shorten(lines[0], _MESSAGE_CHARACTERS, placeholder=' …')}"
