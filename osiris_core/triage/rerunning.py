"""Runs a check's request once more on one of its targets, and keeps the session where no reader of the first one stumbles on it.

A rerun is the same request to the last byte: session id, logical time, seed. What a step derives from them is then the same, and so
is what differs. Its session lies in the first one's `.host/reruns/`, outside of the contract.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from osiris_core.backends.extension import RunsHere
from osiris_core.backends.local import LocalBackend
from osiris_core.errors import InfrastructureError
from osiris_core.parity.triage.environment import OUTPUT
from osiris_core.session import contract
from osiris_core.session.files import remove_tree
from osiris_core.target_run import run_target
from osiris_core.target_runs import attending
from osiris_core.triage.imitation import as_it_is, imitate, run_directory_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from osiris_core.backend_set import BackendSet
    from osiris_core.backends.protocol import Backend, Cancellation, Job, Patience
    from osiris_core.progress.checks import CheckWatch
    from osiris_core.session.reader import Session
    from osiris_core.triage.imitation import Original

RERUNS_DIRECTORY: Final = "reruns"
_LOCAL: Final = "local"


class Rerunner:
    """The `rerun` that triage is given; everything it makes on the disk is gone after `clean`."""

    def __init__(
        self,
        job: Job,
        sessions: Mapping[str, Session],
        backends: BackendSet,
        *,
        original: Original | None,
        patience: Patience,
        cancellation: Cancellation,
        watch: CheckWatch,
    ) -> None:
        self._job = replace(job, counterpart=None)
        self._sessions = sessions
        self._backends = backends
        self._original = original
        self._patience = patience
        self._cancellation = cancellation
        self._watch = watch
        self._made = 0

    def __call__(self, target: str, factors: Collection[str]) -> Session:
        """Run; see `parity.triage.reruns.Rerun`."""
        self._made += 1
        backend = self._backend(target, factors)
        here = isinstance(backend, LocalBackend | RunsHere)
        directory = self._sessions[target].directory / contract.HOST_DIRECTORY / RERUNS_DIRECTORY / f"{self._made:02}"
        pool = ThreadPoolExecutor(1, thread_name_prefix="osiris-rerun")
        try:
            with attending(pool, self._cancellation, self._patience) as futures:
                futures.append(
                    pool.submit(
                        run_target,
                        backend,
                        backend.facts(),
                        replace(self._job, rerun=self._made),
                        directory,
                        self._cancellation,
                        directory=directory,
                        watch=self._watch.target(target, rerun=self._made, factors=factors),
                    )
                )
        finally:
            if here:
                remove_tree(self._place(target, factors))
        result = futures[0].result()
        if result.facts.kept:
            self._backends.end_kept(result.facts.sandbox_id)
        if result.session is None or result.failure is not None:
            raise result.failure or InfrastructureError(f"the rerun on {target} left no session")
        return result.session

    def movable(self) -> str:
        """Return the target that can be run where the other one ran, the second of two such; nothing where both are not of this machine."""
        here = {each: each == _LOCAL or isinstance(self._backends.find(each), RunsHere) for each in self._sessions}
        movable = [each for each in self._sessions if each != _LOCAL]
        return movable[-1] if all(here.values()) and movable else ""

    def clean(self) -> None:
        """Remove the sessions of all reruns: what they showed is in the record."""
        for each in self._sessions.values():
            remove_tree(each.directory / contract.HOST_DIRECTORY / RERUNS_DIRECTORY)

    def _backend(self, target: str, factors: Collection[str]) -> Backend:
        if target == _LOCAL:
            plain = as_it_is(self._job, self._sessions[target])
            imitation = imitate(self._original, factors) if factors and self._original else plain
            return LocalBackend(patience=self._patience, imitation=imitation)
        backend = self._backends.find(target)
        if isinstance(backend, InfrastructureError):
            raise backend
        if isinstance(backend, RunsHere):
            return backend.at(self._place(target, factors))
        if factors:
            raise ValueError(f"{target} has the environment that it has")
        return backend

    def _place(self, target: str, factors: Collection[str]) -> Path:
        """Return where the files of a run on this machine lie: where those of the first one lay, or of the other target's."""
        others = [each for name, each in self._sessions.items() if name != target]
        moved = OUTPUT in factors and target != _LOCAL
        return run_directory_of(others[0] if moved else self._sessions[target])
