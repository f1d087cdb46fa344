"""Both targets, kept warm for many short runs: a server in each that has imported the engines, and forks for each run.

Meant for looking at thousands of generated manifests. Every run has its own session, request, nonce, processes,
directories and verification, as in a run of its own; it shares with the others the interpreter's start, the import of
the engines, and, on `e2b`, the sandbox. What could tell the difference goes the ordinary way: see `can_be_served`.
A sandbox in which a run has left anything behind is thrown away.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass, replace
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

from osiris_core.backends.confirm import confirm_hello
from osiris_core.backends.local import local_placement
from osiris_core.backends.protocol import Patience
from osiris_core.errors import InfrastructureError, WireError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from osiris_core.backends.local import LocalBackend
    from osiris_core.backends.protocol import Cancellation, Job, TargetFacts
    from osiris_core.session.writer import SessionWriter

MODULES: Final = (
    "duckdb",
    "pyarrow",
    "pyarrow.compute",
    "osiris_core.worker.supervisor",
    "osiris_core.worker.executor",
    "osiris_core.wire.pack",
    "osiris_core.drivers.tables",
    "osiris_core.drivers.csv_extractor",
    "osiris_core.drivers.csv_writer",
    "osiris_core.drivers.duckdb_processor",
    "osiris_core.drivers.jsonl_extractor",
    "osiris_core.drivers.jsonl_writer",
    "osiris_core.drivers.parquet_extractor",
    "osiris_core.drivers.parquet_writer",
    "osiris_core.drivers.file_copy",
    "osiris_core.drivers.python_callable",
)
"""What a server imports before the first run, as far as its target has it."""


def can_be_served(job: Job) -> bool:
    """Whether a warm run would be what an ordinary one is.

    Not where variables are declared: some are read only when an interpreter or an engine starts. Not where secrets
    are told, nor where the manifest names a template of its own or asks for the network.
    """
    manifest = job.manifest
    return not (manifest.env or job.secrets or manifest.template or manifest.network != "none")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a server says of one run: the supervisor's exit code and last words, what was `left`, and the spool."""

    exit: int
    said: str
    left: tuple[str, ...]
    spool: bytes


class AnswerReader:
    """Puts answers together from pieces of a server's stdout."""

    def __init__(self) -> None:
        self._held = bytearray()

    def feed(self, data: bytes) -> Answer | None:
        """Take the next piece; return the answer when it is whole. WireError for anything that is none."""
        self._held += data
        head_end = self._held.find(b"\n")
        if head_end < 0:
            return None
        try:
            head = json.loads(self._held[:head_end])
            end = head_end + 1 + head["spool"]
        except (ValueError, KeyError, TypeError) as error:
            raise WireError(f"a warm worker said what is no answer: {bytes(self._held[:200])!r}") from error
        if len(self._held) < end + 1:
            return None
        answer = Answer(
            exit=head["exit"],
            said=head["said"],
            left=tuple(head["left"]),
            spool=bytes(self._held[head_end + 1 : end]),
        )
        del self._held[: end + 1]
        return answer


def request_line(
    job: Job, *, run_dir: str, files: Mapping[str, bytes], clean: tuple[str, ...] = (), watch: tuple[str, ...] = ()
) -> bytes:
    """Return the line that asks a server for one run."""
    encoded = {name: base64.b64encode(content).decode("ascii") for name, content in files.items()}
    request: dict[str, Any] = {"id": job.request.session_id, "run_dir": run_dir, "files": encoded}
    return json.dumps({**request, "clean": clean, "watch": watch}).encode("ascii") + b"\n"


def take_answer(answer: Answer, job: Job, session: SessionWriter, *, hosts_build: bool = True) -> None:
    """Give the session what the server brought, and confirm who it was that ran."""
    session.fill(BytesIO(answer.spool))
    if session.hello is None:
        raise InfrastructureError(f"the warm worker ran nothing: {answer.said or f'exit code {answer.exit}'}")
    with session.judging():
        confirm_hello(session.hello, job, hosts_build=hosts_build)


class WarmLocalBackend:
    """The local target, warm; what cannot be served goes to the ordinary backend `cold`."""

    target = "local"

    def __init__(self, cold: LocalBackend, *, patience: Patience | None = None) -> None:
        self._cold = cold
        self._patience = patience or Patience()
        self._server: subprocess.Popen[bytes] | None = None
        self._reader = AnswerReader()

    def facts(self) -> TargetFacts:
        """Return an empty record, as the ordinary backend does."""
        return self._cold.facts()

    def close(self) -> None:
        """End the server; closing twice is harmless."""
        server, self._server = self._server, None
        if server is None:
            return
        for pipe in (server.stdin, server.stdout):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):  # nobody reads any more
                    pipe.close()
        try:
            server.wait(self._patience.driver_stop_s)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):  # it left between the two calls
                os.killpg(server.pid, signal.SIGKILL)
            server.wait()

    def run(self, job: Job, session: SessionWriter, facts: TargetFacts, cancellation: Cancellation) -> None:
        """Have the server run the job in the manifest's own directory."""
        if not can_be_served(job):
            self._cold.run(job, session, facts, cancellation)
            return
        facts.bundle_digest = job.bundle.digest
        run_directory = session.host_directory / "run"
        placement = replace(local_placement(job, run_directory, self._patience), stdin_end_cancels=False)
        files = {"request.json": job.request.to_bytes(), "placement.json": placement.to_bytes()}
        line = request_line(job, run_dir=str(run_directory), files=files)
        with facts.phase("run"):
            answer = self._ask(job, line, cancellation)
        with facts.phase("collect"):
            take_answer(answer, job, session)
            session.adopt_artifacts(run_directory / "outbox")

    def _ask(self, job: Job, line: bytes, cancellation: Cancellation) -> Answer:
        server = self._started(job.bundle.path)
        stdin, stdout = server.stdin, server.stdout
        if stdin is None or stdout is None:
            raise AssertionError("both pipes were asked for")

        def end() -> None:
            with contextlib.suppress(ProcessLookupError):  # it has ended already
                os.killpg(server.pid, signal.SIGKILL)

        with cancellation.calling(end):
            with contextlib.suppress(BrokenPipeError):  # the end of its stdout says why
                stdin.write(line)
                stdin.flush()
            while data := os.read(stdout.fileno(), 1 << 16):
                if answer := self._reader.feed(data):
                    return answer
        self._server, self._reader = None, AnswerReader()
        raise InfrastructureError(f"the warm local worker ended with exit code {server.wait()}")

    def _started(self, bundle: Path) -> subprocess.Popen[bytes]:
        if self._server is None:
            self._server = subprocess.Popen(  # noqa: S603 - this interpreter, with the bundle as its program
                [sys.executable, "-s", "-P", bundle, "serve", *MODULES],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd=tempfile.gettempdir(),
                start_new_session=True,
            )
        return self._server
