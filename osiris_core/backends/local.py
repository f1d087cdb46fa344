"""The local target: the author's own machine, environment and interpreter, nothing staged."""

from __future__ import annotations

import os
import sys
import threading
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from osiris_core.backends.confirm import confirm_hello
from osiris_core.backends.local_following import LocalFollowing
from osiris_core.backends.local_worker import LocalWorker
from osiris_core.backends.protocol import Patience, TargetFacts
from osiris_core.errors import InfrastructureError
from osiris_core.session.files import remove_tree
from osiris_core.session.owner import Owner
from osiris_core.wire.request import SEGMENT_BYTES, SPILL_BYTES, Placement

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from osiris_core.backends.imitation import Imitation
    from osiris_core.backends.protocol import Cancellation, Job
    from osiris_core.session.writer import SessionWriter

_MESSAGE_BYTES = 2000
_MEASURING = ("COV_", "COVERAGE_")


class LocalBackend:
    """Runs the worker as a child process; a pipe carries what the network carries for `e2b`."""

    target = "local"

    def __init__(self, *, patience: Patience | None = None, imitation: Imitation | None = None) -> None:
        """Make one that starts its worker as it is on this machine, or as in `imitation`."""
        self._patience = patience or Patience()
        self._imitation = imitation

    def facts(self) -> TargetFacts:
        """Return an empty record: the host provides, nothing isolates."""
        return TargetFacts(target=self.target, provider="host", isolation="none", network="host")

    def close(self) -> None:
        """Hold nothing between runs."""

    def run(self, job: Job, session: SessionWriter, facts: TargetFacts, cancellation: Cancellation) -> None:
        """Run the worker to its end, in the manifest's own directory.

        What a host that died has begun here is taken up as it is: no step is run a second time.
        """
        facts.bundle_digest = job.bundle.digest
        imitation = self._imitation
        run_directory = imitation.run_directory if imitation else session.host_directory / "run"
        if run_directory.exists() and self._takes_up(session, run_directory):
            return
        placement = local_placement(job, run_directory, self._patience)
        if imitation is not None:
            placement = replace(placement, **imitation.placement)
        with facts.phase("prepare"):
            run_directory.mkdir(mode=0o700)
            (run_directory / "request.json").write_bytes(job.request.to_bytes())
            (run_directory / "placement.json").write_bytes(placement.to_bytes())
        with facts.phase("run"):
            self._supervise(job, run_directory, session, facts, cancellation)
        with facts.phase("collect"):
            if session.needs_fill:
                session.fill(run_directory / "spool", segment_bytes=placement.segment_bytes)
                self._confirmed(session, job)
            session.adopt_artifacts(run_directory / "outbox")

    def _takes_up(self, session: SessionWriter, run_directory: Path) -> bool:
        """Take in what a worker of a dead host has written; return whether it had begun to."""
        from osiris_core.backends.resumption import resume_on_this_machine

        resume_on_this_machine(session, self._patience)
        begun = (run_directory / "spool").exists()
        if not begun:
            remove_tree(run_directory)
        return begun

    def _supervise(
        self, job: Job, run_directory: Path, session: SessionWriter, facts: TargetFacts, cancellation: Cancellation
    ) -> None:
        """Feed the worker's frames to the session until its stdout ends; leave no process behind."""
        imitation = self._imitation
        worker = LocalWorker.start(
            imitation.command(job.bundle.path)
            if imitation
            else [sys.executable, "-s", "-P", job.bundle.path, "run", run_directory],
            run_directory,
            cwd=job.manifest.directory,
            env=imitation.environment if imitation else host_variables(job),
            segment_bytes=SEGMENT_BYTES,
        )
        confirmed = False

        def confirm() -> None:
            nonlocal confirmed
            confirmed = confirmed or self._confirmed(session, job)

        try:
            session.remember(worker=Owner.of_process(worker.pid).to_json())
            if job.secrets:
                worker.say(job.secrets.to_line())
            following = LocalFollowing(worker, session, facts, self._patience, heard=confirm)
            with _stopped_by(cancellation, worker, self._patience):
                following.to_the_end()
            worker.wait(self._patience.driver_stop_s)
        finally:
            worker.end(self._patience)
        if session.terminal is None and not (run_directory / "spool").exists():
            raise InfrastructureError(
                f"the {facts.target} worker did not start: {_tail(run_directory / 'supervisor.err')}"
            )

    def _confirmed(self, session: SessionWriter, job: Job) -> bool:
        """Judge the worker's hello once it is there."""
        if session.hello is None:
            return False
        with session.judging():
            confirm_hello(session.hello, job, hosts_build=self._imitation is None or self._imitation.hosts_build)
        return True


def host_variables(job: Job) -> dict[str, str]:
    """Return the variables that a local worker starts with: this process's own, without those of secrets.

    Nor those by which coverage measures every Python process that it finds them in, unless the manifest names them.
    """
    own = {name: value for name, value in os.environ.items() if not name.startswith(_MEASURING)}
    return {name: value for name, value in {**own, **job.host_variables}.items() if name not in job.secret_variables}


@contextmanager
def _stopped_by(cancellation: Cancellation, worker: LocalWorker, patience: Patience) -> Iterator[None]:
    """Ask the worker to end when a stop is asked for while the block runs; one that has not when its time is over is killed."""
    late = threading.Timer(patience.stopped_fetch_s, worker.kill)
    late.daemon = True

    def ask() -> None:
        worker.say(b"CANCEL\n")
        late.start()

    try:
        with cancellation.calling(ask, hurried=worker.kill):
            yield
    finally:
        late.cancel()


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


def _tail(path: Path) -> str:
    """Return the last lines that the supervisor itself wrote to stderr."""
    text = path.read_bytes()[-_MESSAGE_BYTES:].decode("utf-8", "replace").strip()
    return text or "it wrote no message"
