"""The targets of a check, which run at the same time: each is seen to its end before anything is judged."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from osiris_core.backends.counterpart import Counterpart
from osiris_core.backends.protocol import TargetFacts
from osiris_core.backends.provider import public_address
from osiris_core.choices import TARGETS
from osiris_core.signals import escalating, held, wait_for
from osiris_core.target_run import run_target

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from concurrent.futures import Future

    from osiris_core.backends.protocol import Backend, Cancellation, Job, Patience
    from osiris_core.errors import InfrastructureError
    from osiris_core.judgement import TargetResult
    from osiris_core.options import CheckOptions
    from osiris_core.progress.checks import CheckWatch
    from osiris_core.session.artifacts import ArtifactFile

_LOCAL, _E2B = TARGETS


def run_targets(
    backends: Mapping[str, Backend | InfrastructureError],
    job: Job,
    options: CheckOptions,
    *,
    patience: Patience,
    cancellation: Cancellation,
    watch: CheckWatch,
) -> list[TargetResult]:
    """Run a job on every target at once, by the backend of each; return their results in the same order.

    `watch` is shown what goes on.
    """
    counterpart = Counterpart() if options.fetch == "differing" and set(backends) == {*TARGETS} else None
    pool = ThreadPoolExecutor(len(backends), thread_name_prefix="osiris-target")
    with attending(pool, cancellation, patience) as futures, held():
        for target, backend in backends.items():
            given = replace(job, counterpart=counterpart) if target == _E2B else job
            facts, watched = intended(target, options.provider), watch.target(target)
            futures.append(pool.submit(run_target, backend, facts, given, options.root, cancellation, watch=watched))
            if target == _LOCAL and counterpart is not None:
                futures[-1].add_done_callback(lambda ended: counterpart.settle(_artifacts_of(ended)))
    return [future.result() for future in futures]


def intended(target: str, provider: str) -> TargetFacts:
    """Return what a record says of a target that could not even be reached."""
    if target == _LOCAL:
        return TargetFacts(target=target, provider="host", isolation="none")
    if target != _E2B:
        return TargetFacts(target=target, provider="", isolation="")
    return TargetFacts(target=target, provider=public_address(provider), isolation="")


@contextmanager
def attending(
    pool: ThreadPoolExecutor, cancellation: Cancellation, patience: Patience
) -> Iterator[list[Future[TargetResult]]]:
    """Wait at the end of the block for the futures that were put into the list; what is raised meanwhile stops all of them first."""
    futures: list[Future[TargetResult]] = []
    try:
        yield futures
        wait_for(futures)
    except BaseException:
        with escalating(cancellation):
            cancellation.request()
            wait(futures, timeout=patience.clean_up_s)
        raise
    finally:
        pool.shutdown(wait=all(future.done() for future in futures), cancel_futures=True)


def _artifacts_of(ended: Future[TargetResult]) -> Mapping[str, ArtifactFile]:
    """Return the artifacts of a target that has ended; none of one that came to no session."""
    if ended.cancelled() or ended.exception() is not None:
        return {}
    session = ended.result().session
    return {} if session is None else session.artifacts
