"""The local target: the author's own machine, environment and interpreter, nothing staged."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

from osiris_core.backends.confirm import confirm_hello
from osiris_core.backends.protocol import Patience, TargetFacts
from osiris_core.errors import InfrastructureError
from osiris_core.session.owner import Owner
from osiris_core.wire.request import SPILL_BYTES, Placement

if TYPE_CHECKING:
    from pathlib import Path

    from osiris_core.backends.protocol import Cancellation, Job
    from osiris_core.session.writer import SessionWriter

_CHUNK = 1 << 16
_MESSAGE_BYTES = 2000


class LocalBackend:
    """Runs the worker as a child process; a pipe carries what the network carries for `e2b`."""

    target = "local"

    def __init__(self, *, patience: Patience | None = None) -> None:
        self._patience = patience or Patience()

    def facts(self) -> TargetFacts:
        """Return an empty record: the host provides, nothing isolates."""
        return TargetFacts(target=self.target, provider="host", isolation="none", network="host")

    def close(self) -> None:
        """Hold nothing between runs."""

    def run(self, job: Job, session: SessionWriter, facts: TargetFacts, cancellation: Cancellation) -> None:
        """Run the worker to its end, in the manifest's own directory."""
        facts.bundle_digest = job.bundle.digest
        run_directory = session.host_directory / "run"
        with facts.phase("prepare"):
            run_directory.mkdir(mode=0o700)
            (run_directory / "request.json").write_bytes(job.request.to_bytes())
            (run_directory / "placement.json").write_bytes(
                local_placement(job, run_directory, self._patience).to_bytes()
            )
        with facts.phase("run"):
            self._supervise(job, run_directory, session, cancellation)
        with facts.phase("collect"):
            if session.needs_fill:
                session.fill(run_directory / "spool")
                _confirmed(session, job)
            session.adopt_artifacts(run_directory / "outbox")

    def _supervise(self, job: Job, run_directory: Path, session: SessionWriter, cancellation: Cancellation) -> None:
        """Feed the worker's frames to the session until its stdout ends; leave no process behind."""
        errors = run_directory / "supervisor.err"
        with errors.open("wb") as stderr:
            process = subprocess.Popen(  # noqa: S603 - this interpreter, with the bundle as its program
                [sys.executable, "-s", "-P", job.bundle.path, "run", run_directory],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                cwd=job.manifest.directory,
                env={name: value for name, value in os.environ.items() if name not in job.secret_variables},
                start_new_session=True,  # Ctrl-C in the terminal reaches pytest, which then asks the worker to stop
            )
        stdin, stdout = process.stdin, process.stdout
        if stdin is None or stdout is None:
            raise AssertionError("both pipes were asked for")

        def ask_to_stop() -> None:
            with contextlib.suppress(BrokenPipeError, ValueError):  # it has just ended by itself
                stdin.write(b"CANCEL\n")
                stdin.flush()

        def hurry() -> None:
            with contextlib.suppress(ProcessLookupError):  # as above
                os.killpg(process.pid, signal.SIGKILL)

        confirmed = False
        try:
            session.remember(worker=Owner.of_process(process.pid).to_json())
            if job.secrets:
                with contextlib.suppress(BrokenPipeError):  # a worker that did not start is heard of below
                    stdin.write(job.secrets.to_line())
                    stdin.flush()
            with cancellation.calling(ask_to_stop, hurried=hurry):
                while chunk := os.read(stdout.fileno(), _CHUNK):
                    session.feed(chunk)
                    confirmed = confirmed or _confirmed(session, job)
            self._wait(process)
        finally:
            _end(process, self._patience)
        if session.terminal is None and not (run_directory / "spool").exists():
            raise InfrastructureError(f"the local worker did not start: {_tail(errors)}")

    def _wait(self, process: subprocess.Popen[bytes]) -> None:
        with contextlib.suppress(subprocess.TimeoutExpired):  # `_end` kills what does not leave by itself
            process.wait(self._patience.driver_stop_s)


def _confirmed(session: SessionWriter, job: Job) -> bool:
    """Judge the worker's hello once it is there."""
    if session.hello is None:
        return False
    confirm_hello(session.hello, job)
    return True


def local_placement(job: Job, run_directory: Path, patience: Patience) -> Placement:
    """Return where and how this machine runs the job."""
    manifest = job.manifest
    return Placement(
        target="local",
        bundle=str(job.bundle.path),
        run_dir=str(run_directory),
        project_dir=str(manifest.project_root),
        work_dir=str(manifest.directory),
        sys_path=tuple(str(manifest.project_root / each) for each in manifest.code),
        variables={each.name: each.value for each in manifest.env if each.value is not None},
        keep_variables=tuple(each.name for each in manifest.env),
        artifacts_travel=False,
        limits=job.limits.to_json(),
        stdin_end_cancels=True,
        cancel_grace_s=patience.driver_stop_s,
        expects_secrets=bool(job.secrets),
        spill_bytes=SPILL_BYTES if job.spill_bytes is None else job.spill_bytes,
        heartbeat_s=patience.heartbeat_s,
    )


def _end(process: subprocess.Popen[bytes], patience: Patience) -> None:
    """Close the worker's stdin, which ends it, and kill its process group if that does not help."""
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with contextlib.suppress(BrokenPipeError):  # what was still to be written has no reader any more
                pipe.close()
    try:
        process.wait(patience.driver_stop_s + patience.fetch_s)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):  # it left between the two calls
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _tail(path: Path) -> str:
    """Return the last lines that the supervisor itself wrote to stderr."""
    text = path.read_bytes()[-_MESSAGE_BYTES:].decode("utf-8", "replace").strip()
    return text or "it wrote no message"
