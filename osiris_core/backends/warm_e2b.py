"""The e2b target, kept warm: one sandbox for many runs, and one message to its server for each of them."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from concurrent.futures import CancelledError
from dataclasses import replace
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

from osiris_core.backends.closure import resolve_closure
from osiris_core.backends.leased import LeasedSandbox, as_sandbox_error
from osiris_core.backends.loop import LoopThread
from osiris_core.backends.protocol import Patience
from osiris_core.backends.sandbox_home import (
    PROJECT,
    STATE,
    at_home,
    bundle_path,
    sandbox_placement,
    serving_command,
)
from osiris_core.backends.warm import MODULES, AnswerReader, can_be_served, request_line, take_answer
from osiris_core.backends.workspace import write_workspace
from osiris_core.errors import SandboxError, WireError

if TYPE_CHECKING:
    from osiris_core.backends.bundle import Bundle
    from osiris_core.backends.e2b import E2BBackend
    from osiris_core.backends.protocol import Cancellation, Job, TargetFacts
    from osiris_core.backends.provider import Provider
    from osiris_core.backends.templates import ChosenTemplate, TemplateSource
    from osiris_core.backends.warm import Answer
    from osiris_core.session.writer import SessionWriter

WATCHED: Final = ("~", "/tmp", "/var/tmp", "/dev/shm")  # noqa: S108 - of the sandbox, which has them to itself
"""Where a program can leave something for the next one."""
_PIECE_BYTES: Final = 1 << 19
"""Most bytes of one message to a command's stdin."""


class WarmE2BBackend:
    """The e2b target, warm: one sandbox a template; what cannot be served goes to the ordinary backend `cold`."""

    target = "e2b"

    def __init__(
        self, provider: Provider, templates: TemplateSource, cold: E2BBackend, *, patience: Patience | None = None
    ) -> None:
        self._provider = provider
        self._templates = templates
        self._cold = cold
        self._patience = patience or Patience()
        self._thread = LoopThread()
        self._client: Any = None
        self._sandboxes: dict[str, _WarmSandbox] = {}
        self._chosen: dict[tuple[str, ...], ChosenTemplate] = {}

    def facts(self) -> TargetFacts:
        """Return an empty record, as the ordinary backend does."""
        return self._cold.facts()

    def close(self) -> None:
        """Kill the sandboxes and stop the loop; closing twice is harmless."""
        try:
            while self._sandboxes:
                self._wait(self._sandboxes.popitem()[1].kill())
        finally:
            self._thread.close()
            self._cold.close()

    def run(self, job: Job, session: SessionWriter, facts: TargetFacts, cancellation: Cancellation) -> None:
        """Have the server in the sandbox run the job; whatever the run leaves behind costs the sandbox its life."""
        if not can_be_served(job):
            self._cold.run(job, session, facts, cancellation)
            return
        facts.bundle_digest = job.bundle.digest
        with facts.phase("closure"):
            template = self._template(job, cancellation)
            facts.template = template.name
        with facts.phase("run"):
            answer = self._ask(template, job, facts, cancellation)
        with facts.phase("collect"):
            take_answer(answer, job, session, hosts_build=template.hosts_build)
            session.adopt_incoming()

    def _ask(self, template: ChosenTemplate, job: Job, facts: TargetFacts, cancellation: Cancellation) -> Answer:
        """Return the server's answer; a sandbox that is not as it was before the run is thrown away."""
        sandbox = self._sandboxes.get(template.name)
        if sandbox is None:
            with facts.phase("create"):
                sandbox = self._wait(self._made(template, job.bundle))
            self._sandboxes[template.name] = sandbox
            facts.http_requests += 3
        facts.sandbox_id = sandbox.id
        line = _line(job, self._patience)
        facts.http_requests += 1
        facts.bytes_up += len(line)

        def stop() -> None:
            self._thread.loop.call_soon_threadsafe(sandbox.stop)

        keep = False
        try:
            with cancellation.calling(stop):
                answer: Answer = self._wait(sandbox.ask(line))
            keep = not answer.left
        finally:
            if not keep:
                del self._sandboxes[template.name]
                self._wait(sandbox.kill())
        facts.bytes_down += len(answer.spool)
        return answer

    def _template(self, job: Job, cancellation: Cancellation) -> ChosenTemplate:
        """Return the template of the job's closure; the distributions of this process do not change."""
        key = (*job.requirements, repr(job.manifest.resources))
        if key not in self._chosen:
            closure = resolve_closure(job.requirements)
            self._chosen[key] = self._templates.ensure(closure, job.manifest.resources, cancellation)
        return self._chosen[key]

    async def _made(self, template: ChosenTemplate, bundle: Bundle) -> _WarmSandbox:
        if self._client is None:
            from e2b import E2B

            self._client = E2B(**self._provider.address)
        leased = await LeasedSandbox.create(
            self._client,
            self._cold.facts(),
            self._patience,
            template=template.name,
            metadata={"osiris_warm": "1"},
            network=False,
            idempotency_key=f"osiris-warm-{uuid.uuid4().hex}",
        )
        warm = _WarmSandbox(leased)
        try:
            await warm.start(template, bundle)
        except BaseException:
            with contextlib.suppress(SandboxError):  # what went wrong first is what is worth saying
                await warm.kill()
            raise
        return warm

    def _wait(self, work: Any) -> Any:
        try:
            return self._thread.submit(work).result()
        except CancelledError as error:
            raise SandboxError("the run was torn down before it ended") from error


class _WarmSandbox:
    """One sandbox with a server in it; lives on the loop of the backend."""

    def __init__(self, leased: LeasedSandbox) -> None:
        self._leased = leased
        self._reader = AnswerReader()
        self._handle: Any = None
        self._answer: asyncio.Future[Answer] | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._stderr = ""

    @property
    def id(self) -> str:
        """The sandbox's name at the provider."""
        return self._leased.id

    async def start(self, template: ChosenTemplate, bundle: Bundle) -> None:
        """Upload the bundle and start the server."""
        with as_sandbox_error("the warm worker could not be started"):
            await self._leased.sandbox.files.write(str(bundle_path(bundle)), bundle.path.read_bytes())
            self._handle = await self._leased.sandbox.commands.run(
                serving_command(bundle, template, MODULES),
                background=True,
                stdin=True,
                timeout=0,
                on_stdout=self._feed,
                on_stderr=self._keep_stderr,
                retain_output=False,
            )
        self._tasks = [asyncio.create_task(self._watch())]

    async def ask(self, line: bytes) -> Answer:
        """Send a request and return the answer."""
        self._answer = asyncio.get_running_loop().create_future()
        with as_sandbox_error("the warm worker could not be asked"):
            for start in range(0, len(line), _PIECE_BYTES):
                await self._handle.send_stdin(line[start : start + _PIECE_BYTES])
        return await self._answer

    def stop(self) -> None:
        """Give up waiting for an answer."""
        self._fail(SandboxError("the run was stopped"))

    async def kill(self) -> None:
        """Kill the sandbox."""
        for task in self._tasks:
            task.cancel()
        await self._leased.kill()

    def _feed(self, text: str) -> None:
        try:
            answer = self._reader.feed(text.encode("utf-8"))
        except WireError as error:
            self._fail(error)
            return
        if answer is not None and self._answer is not None and not self._answer.done():
            self._answer.set_result(answer)

    def _keep_stderr(self, text: str) -> None:
        self._stderr = (self._stderr + text)[-2000:]

    def _fail(self, error: Exception) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error)

    async def _watch(self) -> None:
        """Tell whoever waits for an answer that the server has ended."""
        try:
            await self._handle.wait()
            said = "it ended"
        except Exception as error:  # noqa: BLE001 - whatever the SDK says about the end is the reason
            said = str(error)
        self._fail(SandboxError(f"the warm worker is gone: {said} {self._stderr.strip()}".strip()))


def _line(job: Job, patience: Patience) -> bytes:
    pack = BytesIO()
    write_workspace(job.manifest, job.inputs, pack)
    directory = at_home(STATE / "warm" / job.request.session_id)
    placement = replace(sandbox_placement(job, patience), run_dir=directory)
    files = {
        "request.json": job.request.to_bytes(),
        "placement.json": placement.to_bytes(),
        "workspace.pack": pack.getvalue(),
    }
    clean = (directory, at_home(STATE / "warm"), at_home(PROJECT))
    return request_line(job, run_dir=directory, files=files, clean=clean, watch=WATCHED)
