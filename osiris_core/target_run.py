"""One target of a check, from its backend to its closed session: whatever happens, it has a result."""

from __future__ import annotations

import logging
import traceback
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from osiris_core.backends.protocol import TargetFacts
from osiris_core.errors import DiskFullError, InfrastructureError, OsirisError, OverdueError
from osiris_core.judgement import TargetResult
from osiris_core.manifest.overrides import written_overrides
from osiris_core.session.writer import SessionWriter
from osiris_core.wire import records

if TYPE_CHECKING:
    from pathlib import Path

    from osiris_core.backends.protocol import Backend, Cancellation, Job
    from osiris_core.manifest.model import Manifest
    from osiris_core.progress.targets import TargetWatch

_log = logging.getLogger(__name__)


def run_target(
    backend: Backend | InfrastructureError,
    intended: TargetFacts,
    job: Job,
    session_root: Path,
    cancellation: Cancellation,
    *,
    directory: Path | None = None,
    watch: TargetWatch | None = None,
) -> TargetResult:
    """Run one target to its end and close its session, whatever happened.

    The session lies where the contract says, below `session_root`, or in the `directory` that is given. `watch` is shown what goes on.
    """
    try:
        return _run(backend, intended, job, session_root, cancellation, directory=directory, watch=watch)
    finally:
        if watch is not None:
            watch.end()


def _run(
    backend: Backend | InfrastructureError,
    intended: TargetFacts,
    job: Job,
    session_root: Path,
    cancellation: Cancellation,
    *,
    directory: Path | None,
    watch: TargetWatch | None,
) -> TargetResult:
    if isinstance(backend, InfrastructureError):
        return TargetResult(facts=intended, session=None, failure=backend)
    failure: OsirisError | None = None
    facts = intended
    try:
        facts = _facts_of(backend)
        writer = SessionWriter.open(
            root=session_root,
            session_id=job.request.session_id,
            target=facts.target,
            request=job.request,
            manifest_json=job.manifest.canonical,
            limits=job.limits,
            directory=directory,
        )
    except OsirisError as error:
        return TargetResult(facts=facts, session=None, failure=error)
    except Exception as error:  # noqa: BLE001 - a backend may be anybody's
        return TargetResult(facts=facts, session=None, failure=_unforeseen(error, backend, facts, job))
    if job.leaks is not None:
        writer.guard(job.leaks)
    if watch is not None:
        facts.show(watch)
        writer.show(watch)
    try:
        writer.remember(manifest=_origin(job.manifest))
        backend.run(job, writer, facts, cancellation)
    except OsirisError as error:
        failure = error
    except OSError as error:
        failure = InfrastructureError(str(error))
    except Exception as error:  # noqa: BLE001 - the session is closed first; the traceback goes to the log
        failure = _unforeseen(error, backend, facts, job)
    if failure is not None:
        _mask(failure, job)
    facts.retries = [replace(each, cause=_shown(job, each.cause)) for each in facts.retries]  # as above
    return _close(writer, facts, failure, cancelled=cancellation.requested)


def _facts_of(backend: Backend) -> TargetFacts:
    """Return the facts that a backend fills; InfrastructureError where they are those of another target."""
    facts: object = backend.facts()
    if isinstance(facts, TargetFacts) and facts.target == backend.target:
        return facts
    raise InfrastructureError(f"the facts of {backend.target} are {facts!r:.60}", hint=_fault_of(backend))


def _unforeseen(error: Exception, backend: Backend, facts: TargetFacts, job: Job) -> InfrastructureError:
    """Return what nobody meant to raise as a failure of the target; its traceback goes to the log."""
    _log.error("the %s target failed for a reason of ours\n%s", facts.target, _shown(job, traceback.format_exc()))
    return InfrastructureError(f"{type(error).__name__}: {error}", hint=_fault_of(backend))


def _fault_of(backend: Backend) -> str:
    module = type(backend).__module__
    return f"this is a fault of {'pytest-osiris' if module.startswith('osiris_core.') else module}"


def _shown(job: Job, text: str) -> str:
    return text if job.leaks is None else job.leaks.table.inside(text)


def _mask(failure: OsirisError, job: Job) -> None:
    """Mask what an error says, which goes into the session and to every reader: it may repeat what a server said."""
    failure.message, failure.hint = _shown(job, failure.message), _shown(job, failure.hint)


def _origin(manifest: Manifest) -> dict[str, Any]:
    """Return where a manifest was read from, and with which parameters: what the run can be judged by later."""
    params = written_overrides(manifest.params, manifest.params_given)
    return {"path": str(manifest.path), "project_root": str(manifest.project_root), "params": params}


def _close(writer: SessionWriter, facts: TargetFacts, failure: OsirisError | None, *, cancelled: bool) -> TargetResult:
    """Close the session with what is known about its end; one that can be resumed is left as it is."""
    if isinstance(failure, DiskFullError) and failure.kept:
        writer.release()
        return TargetResult(facts=facts, session=None, failure=failure)
    try:
        session = writer.close(
            target_facts=facts.to_json(),
            outcome_override=records.CANCELLED if cancelled else _outcome(failure, spoke=writer.hello is not None),
            error=None
            if failure is None
            else {"type": type(failure).__name__, "message": str(failure), "data": failure.data},
        )
    except OsirisError as error:
        return TargetResult(facts=facts, session=None, failure=failure or error)
    return TargetResult(facts=facts, session=session, failure=failure)


def _outcome(failure: OsirisError | None, *, spoke: bool) -> str | None:
    """Return how a run ended that left no terminal record, as far as its failure tells; None for lost."""
    match failure:
        case DiskFullError():
            return records.DISK_FULL
        case OverdueError():
            return records.DEADLINE
        case InfrastructureError() if not spoke:
            return records.INFRASTRUCTURE
    return None
