"""The living sandboxes: made, found, kept for as long as they were asked for, ended."""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import string
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from osiris_core.sandbox import plain, profile
from osiris_core.sandbox.catalog import Catalog
from osiris_core.sandbox.faults.plan import FaultPlan
from osiris_core.sandbox.filesystem_service import FilesystemService
from osiris_core.sandbox.launcher import LaunchError, launch
from osiris_core.sandbox.link import AgentGoneError, AgentLink
from osiris_core.sandbox.process_service import ProcessService
from osiris_core.sandbox.processes import ProcessTable
from osiris_core.sandbox.settings import CONCURRENT_BUILDS, Timing
from osiris_core.sandbox.stubs import FilesystemASGIApplication, ProcessASGIApplication
from osiris_core.sandbox.templates import BASE_NAME, base_template

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from osiris_core.sandbox.agent.wire import Message
    from osiris_core.sandbox.isolation import Isolation
    from osiris_core.sandbox.launcher import Launched
    from osiris_core.sandbox.stats import Stats
    from osiris_core.sandbox.templates import Template

log = logging.getLogger(__name__)


_ID_LETTERS = string.ascii_lowercase + string.digits


class Sandbox:
    """One living sandbox. Times are wall-clock seconds since the epoch."""

    def __init__(
        self,
        *,
        template: Template,
        launched: Launched,
        network: bool,
        metadata: Mapping[str, str],
        variables: Mapping[str, str],
        timing: Timing,
        on_memory_kill: Callable[[Sandbox], None],
        on_gone: Callable[[Sandbox], None],
        kill: Callable[[str], Awaitable[bool]],
        faults: FaultPlan,
    ) -> None:
        self.sandbox_id = "i" + "".join(secrets.choice(_ID_LETTERS) for _ in range(20))
        self.access_token = secrets.token_hex(32)
        self.template = template
        self.network = network
        self.metadata = dict(metadata)
        self.started_at = self.ends_at = time.time()
        self.guard = launched.guard
        self.ready = asyncio.Event()
        self.link = AgentLink(launched.sock, on_event=self._on_event, on_gone=lambda: on_gone(self))
        self.faults = faults
        self.kill = kill
        self.processes = ProcessTable(self.link, retention_s=timing.exit_retention_s)
        self.process_app = ProcessASGIApplication(ProcessService(self), read_max_bytes=None)
        self.filesystem_app = FilesystemASGIApplication(FilesystemService(self), read_max_bytes=None)
        self.expiry: asyncio.TimerHandle | None = None
        self._variables = dict(variables)
        self._root = launched.root
        self._on_memory_kill = on_memory_kill

    def environment(self, user: str) -> dict[str, str]:
        """Return the variables that a command of `user` starts with."""
        variables = profile.environment(
            user=user,
            home=profile.HOMES[user],
            sandbox_id=self.sandbox_id,
            template_id=self.template.template_id or self.template.name,
            sandbox_variables=self._variables,
        )
        return plain.environment(self._root, variables) if self._root else variables

    @property
    def root(self) -> str:
        """The sandbox's directory on the host in plain mode; empty in a namespace."""
        return self._root

    def _on_event(self, message: Message) -> None:
        match message.get("event"):
            case "exit":
                self.processes.exited(message["pid"], message["exit_code"])
            case "ready":
                self.ready.set()
            case "memory_kill":
                self._on_memory_kill(self)
            case unknown:
                log.warning("sandbox %s sent an unknown event: %r", self.sandbox_id, unknown)


@dataclass(slots=True, kw_only=True)
class Registry:
    """All sandboxes and templates of one server."""

    isolation: Isolation
    stats: Stats
    timing: Timing = field(default_factory=Timing)
    templates: dict[str, Template] = field(default_factory=lambda: {BASE_NAME: base_template()})
    built: Catalog = field(default_factory=Catalog)
    concurrent_builds: int = CONCURRENT_BUILDS
    network_allowed: bool = False
    faults: FaultPlan = field(default_factory=FaultPlan)
    _sandboxes: dict[str, Sandbox] = field(default_factory=dict)
    _endings: set[asyncio.Task[None]] = field(default_factory=set)
    _next_cpu: int = 0

    @property
    def cpus_available(self) -> int:
        """How many processors this server may use."""
        return len(os.sched_getaffinity(0))

    def template(self, reference: str) -> Template | None:
        """Return the template that a sandbox is asked to be made from: a registered one, or one that was built here."""
        return self.templates.get(reference) or self.built.template(reference)

    async def create(
        self,
        template: Template,
        *,
        timeout_s: float,
        metadata: Mapping[str, str],
        variables: Mapping[str, str],
        network: bool,
    ) -> Sandbox:
        """Return a new sandbox that ends after `timeout_s`, with the host's network if that is allowed; raises LaunchError."""
        network = network and self.network_allowed
        launched = await launch(self.isolation, template, cpus_available=self.cpus_available, network=network)
        sandbox = Sandbox(
            template=template,
            network=network or self.isolation.bwrap is None,
            launched=launched,
            metadata=metadata,
            variables=variables,
            timing=self.timing,
            on_memory_kill=self._count_memory_kill,
            on_gone=self._gone,
            kill=self.kill,
            faults=self.faults,
        )
        self._sandboxes[sandbox.sandbox_id] = sandbox
        try:
            await self._configure(sandbox)
        except (AgentGoneError, TimeoutError) as error:
            await self.kill(sandbox.sandbox_id)
            raise LaunchError(f"the sandbox did not start: {launched.complaint() or 'it said nothing'}") from error
        finally:
            os.close(launched.stderr)
        self.set_timeout(sandbox, timeout_s)
        return sandbox

    def find(self, sandbox_id: str) -> Sandbox | None:
        """Return a living sandbox."""
        return self._sandboxes.get(sandbox_id)

    def all(self) -> list[Sandbox]:
        """Return the living sandboxes, the newest first."""
        return sorted(self._sandboxes.values(), key=lambda sandbox: sandbox.started_at, reverse=True)

    def set_timeout(self, sandbox: Sandbox, timeout_s: float, *, only_extend: bool = False) -> None:
        """Let a sandbox end `timeout_s` from now."""
        ends_at = time.time() + timeout_s
        if only_extend and ends_at < sandbox.ends_at:
            return
        sandbox.ends_at = ends_at
        if sandbox.expiry:
            sandbox.expiry.cancel()
        sandbox.expiry = asyncio.get_running_loop().call_later(timeout_s, self._expire, sandbox)

    async def kill(self, sandbox_id: str) -> bool:
        """End a sandbox; returns once nothing of it is left, False when there was none."""
        sandbox = self._sandboxes.get(sandbox_id)
        if sandbox is None:
            return False
        ending = self._end(sandbox)
        await asyncio.shield(ending)
        return True

    async def close(self) -> None:
        """End all sandboxes."""
        for sandbox in tuple(self._sandboxes.values()):
            self._end(sandbox)
        while self._endings:
            await asyncio.wait(self._endings)

    async def _configure(self, sandbox: Sandbox) -> None:
        await sandbox.link.tell(
            {
                "cpus": self._cpus_for(sandbox.template),
                "memory_mb": None if sandbox.root else sandbox.template.memory_mb,
                "memory_poll_s": self.timing.memory_poll_s,
                "root": sandbox.root,
            }
        )
        async with asyncio.timeout(self.timing.ready_timeout_s):
            await sandbox.ready.wait()
        if sandbox.sandbox_id not in self._sandboxes:
            raise AgentGoneError

    def _cpus_for(self, template: Template) -> list[int]:
        # Small sandboxes start at different processors, so that many of one CPU do not crowd on the first.
        available = sorted(os.sched_getaffinity(0))
        if template.cpus >= len(available):
            return available
        first = self._next_cpu % len(available)
        self._next_cpu += template.cpus
        return [available[(first + i) % len(available)] for i in range(template.cpus)]

    def _end(self, sandbox: Sandbox) -> asyncio.Task[None]:
        # Out of the table first: whoever asks from now on is told that the sandbox is not there.
        self._sandboxes.pop(sandbox.sandbox_id, None)
        if sandbox.expiry:
            sandbox.expiry.cancel()
        if not sandbox.root:
            sandbox.guard.kill()
        sandbox.link.close()  # in plain mode this is what makes the agent end its descendants
        sandbox.processes.close()
        sandbox.ready.set()
        ending = asyncio.create_task(sandbox.guard.ended())
        self._endings.add(ending)
        ending.add_done_callback(self._endings.discard)
        return ending

    def _gone(self, sandbox: Sandbox) -> None:
        if sandbox.sandbox_id in self._sandboxes:
            log.warning("sandbox %s ended by itself", sandbox.sandbox_id)
            self._end(sandbox)

    def _expire(self, sandbox: Sandbox) -> None:
        if sandbox.sandbox_id in self._sandboxes:
            self._end(sandbox)

    def _count_memory_kill(self, sandbox: Sandbox) -> None:
        self.stats.memory_kills[sandbox.sandbox_id] += 1


def iso(seconds: float) -> str:
    """Return a time as the API writes it."""
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")
