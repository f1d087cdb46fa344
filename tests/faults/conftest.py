from __future__ import annotations

import json
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
from e2b import E2B, SandboxQuery

from osiris_core.backends.e2b import E2BBackend
from osiris_core.backends.protocol import Cancellation, Patience
from osiris_core.backends.provider import Provider
from osiris_core.backends.registered import RegisteredTemplates
from osiris_core.backends.sandbox_worker import SandboxWorker
from osiris_core.check import load
from osiris_core.preparation import prepare
from osiris_core.resumed import resume
from osiris_core.sandbox.launch import ServerProcess
from osiris_core.session.contract import new_session_id
from osiris_core.target_run import run_target
from osiris_core.testing import fault_plan

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from osiris_core.backends.bundle import Bundle
    from osiris_core.backends.sandbox_worker import SandboxLine
    from osiris_core.judgement import TargetResult
    from osiris_core.manifest.model import Manifest
    from osiris_core.sandbox.launch import ServerAddress
    from osiris_core.testing import Fault

TICKS = 40
ARTIFACT = "done" * 20
LARGE = "large" * 60_000
"""Too large for the record stream: it is fetched by itself."""
RELEASE = "/tmp/released"
"""The job that is `held` ends when this file is in its sandbox."""
PIECES = 3
JOBS = {
    "quick": "",
    "large": "",
    "held": "",
    "waiting": "",
    "standing": "",
    "overdue": "timeout_s: 3600",
    "large, then waiting": '  - {id: wait, driver: python.callable, config: {function: "act:waiting"}}\ntimeout_s: 30',
}
"""Jobs by the function that they begin with, of the code below, and the end of their manifests."""
MANIFEST = """
osiris: "1"
pipeline: {{id: small}}
code: [code]
steps:
  - {{id: act, driver: python.callable, config: {{function: "act:{function}"}}}}
{more}
"""
CODE = f"""
import os
import signal
import time

def quick(inputs, ctx):
    for number in range({TICKS}):
        ctx.log_event("tick", number=number)
    (ctx.output_dir / "done.txt").write_text({ARTIFACT!r})

def large(inputs, ctx):
    quick(inputs, ctx)
    (ctx.output_dir / "large.txt").write_text({LARGE[:5]!r} * {len(LARGE) // 5})

def held(inputs, ctx):
    quick(inputs, ctx)
    for _ in range(20_000):  # a host that never comes to the point is to be told of, and not waited for
        if os.path.exists({RELEASE!r}):
            break
        time.sleep(0.005)

def waiting(inputs, ctx):
    quick(inputs, ctx)
    signal.pause()

def standing(inputs, ctx):
    held(inputs, ctx)
    os.kill(os.getppid(), signal.SIGSTOP)  # the supervisor
    signal.pause()

def overdue(inputs, ctx):
    signal.pause()
"""
PATIENCE = Patience(
    driver_stop_s=1.0, fetch_s=2.0, kill_s=60.0, heartbeat_s=0.03, retry_first_s=0.01, retry_most_s=0.05
)
"""Short waits; but the usual time until silence counts as a stall, since a loaded machine is silent for long."""


@dataclass(frozen=True)
class Ran:
    """One run and what it left; `ticks` are the numbers that the driver's events have in the session, in order."""

    job: str
    result: TargetResult
    directory: Path

    @property
    def outcome(self) -> str | None:
        """How the session ended."""
        return self.result.session.outcome if self.result.session else None

    @property
    def error(self) -> str:
        """What the backend said of it."""
        return str(self.result.failure or "")

    @property
    def told(self) -> dict:
        """`session.json`."""
        return json.loads((self.directory / "session.json").read_text())

    @property
    def target(self) -> dict:
        """`target.json`."""
        return json.loads((self.directory / "target.json").read_text())

    @property
    def retried(self) -> set[str]:
        """What was tried again."""
        return {each.what for each in self.result.facts.retries}

    @property
    def ticks(self) -> list[int]:
        """The numbers in the driver's events."""
        events = [json.loads(line) for line in (self.directory / "events.jsonl").read_text().splitlines()]
        return [each["number"] for each in events if each["event"] == "tick"]

    def require_whole(self) -> None:
        """Fail unless it succeeded with everything that the driver did, once and in order, and artifacts byte for byte."""
        assert (self.outcome, self.error) == ("succeeded", ""), self.told["error"]
        assert self.ticks == list(range(TICKS))
        wanted = {"done.txt": ARTIFACT, "large.txt": LARGE} if self.job == "large" else {"done.txt": ARTIFACT}
        assert {each.name: each.read_text() for each in (self.directory / "artifacts/act").iterdir()} == wanted


@dataclass(frozen=True)
class Ground:
    """A server, and one small job that is run on it again and again."""

    server: ServerAddress
    manifests: Mapping[str, Manifest]
    bundle: Bundle
    templates: RegisteredTemplates
    root: Path

    def run(
        self,
        *faults: Fault,
        job: str = "quick",
        url: str | None = None,
        cancellation: Cancellation | None = None,
        **patience: float,
    ) -> Ran:
        """Run a job while these faults are in force; each must strike, and afterwards nothing may be left.

        `url` is the way to the server, when it is not the straight one.
        """
        with fault_plan(*faults, server=self.server):
            given = cancellation or Cancellation()
            return self._run(job, replace(PATIENCE, **patience), url or self.server.url, given)

    def _run(self, name: str, patience: Patience, url: str, cancellation: Cancellation) -> Ran:
        job = prepare(
            self.manifests[name], session_id=new_session_id(), logical_now="2026-01-01T00:00:00Z", bundle=self.bundle
        )
        provider = Provider(name="embedded", url=url, api_key=self.server.api_key, isolation=self.server.isolation)
        with closing(E2BBackend(provider, self.templates, patience=patience)) as backend:
            result = run_target(backend, backend.facts(), job, self.root, cancellation)
        assert self.alive(job.request.session_id) == []
        return Ran(job=name, result=result, directory=next(self.root.glob(f"**/{job.request.session_id}/e2b")))

    def begin(self, name: str, *, url: str = "", provider: str = "somebody's") -> tuple[TargetResult, str]:
        """Run a job without a fault of the server, at a provider of this name; return what became of it, and its session."""
        job = prepare(
            self.manifests[name], session_id=new_session_id(), logical_now="2026-01-01T00:00:00Z", bundle=self.bundle
        )
        at = Provider(
            name=provider, url=url or self.server.url, api_key=self.server.api_key, isolation=self.server.isolation
        )
        with closing(E2BBackend(at, self.templates, patience=PATIENCE)) as backend:
            result = run_target(backend, backend.facts(), job, self.root, Cancellation())
        return result, job.request.session_id

    def resume(self, name: str, session_id: str) -> Ran:
        """Take up a job's session; the key is that of the environment."""
        [resumed] = resume(self.root, session_id, provider=None, patience=PATIENCE, cancellation=Cancellation())
        return Ran(job=name, result=resumed.result, directory=next(self.root.glob(f"**/{session_id}/e2b")))

    def alive(self, session_id: str) -> list[str]:
        """Return the sandboxes of a session that live."""
        sandboxes = E2B(api_key=self.server.api_key, api_url=self.server.url, sandbox_url=self.server.url).Sandbox
        query = SandboxQuery(metadata={"osiris_session": session_id})
        return [each.sandbox_id for each in sandboxes.list(query=query).next_items()]


@pytest.fixture(scope="session")
def ground(bubblewrap: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    """One server and one job for all tests of this folder, so that a test costs one run."""
    root = tmp_path_factory.mktemp("ground")
    (root / "pyproject.toml").write_text("")
    (root / "code").mkdir()
    (root / "code" / "act.py").write_text(CODE)
    manifests = {}
    for name, more in JOBS.items():
        (root / f"{name}.osiris.yaml").write_text(MANIFEST.format(function=name.partition(",")[0], more=more))
        manifests[name] = load(root / f"{name}.osiris.yaml", project_root=root)
    with ServerProcess.start() as server:
        address = server.address
        provider = Provider(name="embedded", url=address.url, api_key=address.api_key, isolation=address.isolation)
        job = prepare(manifests["quick"], session_id=new_session_id(), logical_now="2026-01-01T00:00:00Z")
        yield Ground(
            server=address,
            manifests=manifests,
            bundle=job.bundle,
            templates=RegisteredTemplates(provider),
            root=root / "sessions",
        )


async def release(worker: SandboxWorker) -> None:
    """Let a job that is `held` end."""
    await worker._leased.sandbox.files.write(RELEASE, "")


@pytest.fixture
def released_by_a_new_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """Jobs that are `held` end when a line was attached anew: a worker that has ended by then is not attached to."""
    attach = SandboxWorker.attach

    async def attached(self: SandboxWorker) -> SandboxLine:
        line = await attach(self)
        await release(self)
        return line

    monkeypatch.setattr(SandboxWorker, "attach", attached)


@pytest.fixture
def released_by_an_attempt(monkeypatch: pytest.MonkeyPatch) -> None:
    """Jobs that are `held` end when a line was asked for, whether or not there was one to be had."""
    attach = SandboxWorker.attach

    async def attempted(self: SandboxWorker) -> SandboxLine:
        try:
            return await attach(self)
        finally:
            await release(self)

    monkeypatch.setattr(SandboxWorker, "attach", attempted)


@pytest.fixture
def released_by_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Jobs that are `held` end when their output has come in three pieces, the last of them heartbeats at the latest."""
    start = SandboxWorker.start.__func__  # type: ignore[attr-defined]

    async def counting(cls: type[SandboxWorker], *given: Any, **named: Any) -> tuple[SandboxWorker, SandboxLine]:
        worker, line = await start(cls, *given, **named)
        read, numbers = line.read, count(1)

        async def counted() -> bytes:
            piece = await read()
            if next(numbers) == PIECES:
                await release(worker)
            return piece

        line.read = counted
        return worker, line

    monkeypatch.setattr(SandboxWorker, "start", classmethod(counting))
