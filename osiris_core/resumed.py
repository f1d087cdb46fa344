"""Finishes a session whose host died: each of its targets is closed, exactly once, and compared where that says something.

What is needed is on the disk (the handle and the request); the provider's key comes from the environment, as in a run.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from osiris_core.backends.protocol import TargetFacts
from osiris_core.backends.provider import Provider, remote_provider, validate_provider
from osiris_core.backends.resumption import resume_in_sandbox, resume_on_this_machine
from osiris_core.choices import TARGETS
from osiris_core.drivers.catalog import DriverCatalog
from osiris_core.errors import (
    DiskFullError,
    InfrastructureError,
    ManifestError,
    NotResumedError,
    OsirisError,
    OverdueError,
    SessionError,
    UsageError,
)
from osiris_core.judgement import Circumstances, TargetResult, judge
from osiris_core.manifest.loader import load_manifest
from osiris_core.manifest.overrides import read_overrides
from osiris_core.session import contract
from osiris_core.session.handle import read_handle
from osiris_core.session.reader import open_session
from osiris_core.session.writer import SessionWriter
from osiris_core.targets import parse_target
from osiris_core.wire import records

if TYPE_CHECKING:
    from collections.abc import Sequence

    from osiris_core.backends.protocol import Cancellation, Patience
    from osiris_core.manifest.model import Manifest
    from osiris_core.parity.record import ParityRecord
    from osiris_core.session.handle import Handle

_LOCAL, _E2B = TARGETS
_ON_THIS_MACHINE = {_LOCAL, "venv"}
"""Backends whose workers are processes of this machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resumed:
    """One target of a session that was resumed; `was_closed` says that there was nothing left to do.

    Without a session in its result it is as open as before: it can be resumed once more.
    """

    result: TargetResult
    was_closed: bool

    @property
    def target(self) -> str:
        """The target's name."""
        return self.result.facts.target


def resume(
    root: Path, session_id: str, *, provider: str | None, patience: Patience, cancellation: Cancellation
) -> list[Resumed]:
    """Finish every target of a session below `root`, and return what became of each; a closed one is left as it is.

    `provider` is who serves the sandbox, if not who did when the run began. SessionError where there is no such session,
    or where its owner lives, and UsageError for a provider that makes no sense or lacks its key: then nothing is changed.
    """
    try:
        directories = sorted(contract.session_directory(root, session_id, _LOCAL).parent.iterdir())
    except (OSError, ValueError) as error:
        raise SessionError(
            f"there is no session {session_id} below {root}", hint="give its root with --root"
        ) from error
    return [_resume_target(each, provider, patience, cancellation) for each in directories if each.is_dir()]


def judge_resumed(resumed: Sequence[Resumed], root: Path) -> ParityRecord | None:
    """Return the record of the check that the session belongs to; None where its manifest is not what it was."""
    directory = next(each.result.session.directory for each in resumed if each.result.session is not None)
    manifest = _manifest(read_handle(directory / contract.HOST_DIRECTORY).run.get("manifest"))
    sessions = [each.result.session for each in resumed if each.result.session is not None]
    if manifest is None or {each.facts["manifest_fingerprint"] for each in sessions} != {manifest.fingerprint}:
        return None
    circumstances = Circumstances(
        manifest=manifest,
        session_id=sessions[0].session_id,
        started_at=sessions[0].facts["logical_now"],
        elapsed_ms=0.0,
        changed_inputs=(),
        reproduce=f"osiris-parity run {manifest.path}",
        session_root=root,
    )
    return judge([each.result for each in sorted(resumed, key=lambda each: each.target != _LOCAL)], circumstances)


def _resume_target(directory: Path, provider: str | None, patience: Patience, cancellation: Cancellation) -> Resumed:
    if (directory / contract.SESSION_FILE).exists():
        session = open_session(directory)
        facts = _facts_of_closed(session.target_facts)
        return Resumed(result=TargetResult(facts=facts, session=session, failure=None), was_closed=True)
    writer = SessionWriter.reopen(directory)
    failure: OsirisError | None = None
    facts = _facts_of_open(writer.handle)
    try:
        with facts.phase("resume"):
            _take_up(writer, facts, provider, patience, cancellation)
    except UsageError:
        writer.release()
        raise
    except OsirisError as error:
        failure = error
    except OSError as error:
        failure = InfrastructureError(str(error))
    except KeyboardInterrupt:
        writer.close(target_facts=facts.to_json(), outcome_override="cancelled")
        raise
    except BaseException:
        writer.release()  # it can be resumed once more
        raise
    if isinstance(failure, NotResumedError) or (
        isinstance(failure, DiskFullError) and (failure.kept or _backend_of(writer.handle) in _ON_THIS_MACHINE)
    ):
        writer.release()
        return Resumed(result=TargetResult(facts=facts, session=None, failure=failure), was_closed=False)
    session = writer.close(
        target_facts=facts.to_json(),
        outcome_override=records.DEADLINE if isinstance(failure, OverdueError) else None,
        error=None
        if failure is None
        else {"type": type(failure).__name__, "message": str(failure), "data": failure.data},
    )
    return Resumed(result=TargetResult(facts=facts, session=session, failure=failure), was_closed=False)


def _take_up(
    writer: SessionWriter, facts: TargetFacts, provider: str | None, patience: Patience, cancellation: Cancellation
) -> None:
    """Take in what is left of one target's run, where it is known how."""
    backend = _backend_of(writer.handle)
    if backend in _ON_THIS_MACHINE:
        resume_on_this_machine(writer, patience)
    elif backend == _E2B:
        resume_in_sandbox(_provider(writer.handle, provider), writer, facts, cancellation, patience)
    else:
        raise InfrastructureError(
            f"a run on {writer.handle.target} cannot be taken up",
            hint=f"what the backend {backend} left running is not known here",
        )


def _provider(handle: Handle, asked: str | None) -> Provider:
    """Return who serves the sandbox: as asked, else as the handle says; an embedded server is found by its address.

    UsageError for one that makes no sense, or lacks its key.
    """
    noted, url = str(handle.run.get("provider") or ""), handle.run.get("url")
    if not noted:
        raise InfrastructureError("no sandbox had been asked for when the host died")
    asked = None if asked == "embedded" else asked
    validate_provider(asked or str(url or noted))
    if asked is not None:
        return remote_provider(asked)
    provider = remote_provider(str(url) if url else noted)
    return Provider(name=noted, api_key=provider.api_key, isolation=provider.isolation, url=provider.url)


def _backend_of(handle: Handle) -> str:
    return parse_target(handle.target).backend


def _facts_of_open(handle: Handle) -> TargetFacts:
    if _backend_of(handle) in _ON_THIS_MACHINE:
        return TargetFacts(target=handle.target, provider="host", isolation="none", network="host")
    noted: dict[str, Any] = handle.run
    return TargetFacts(
        target=handle.target,
        provider=str(noted.get("provider") or ""),
        isolation=str(noted.get("isolation") or "unknown"),
        network=str(noted.get("network") or ""),
        template=str(noted.get("template") or ""),
    )


def _facts_of_closed(told: dict[str, Any]) -> TargetFacts:
    return TargetFacts(
        target=told["target"],
        provider=told["provider"],
        isolation=told["isolation"],
        network=str(told.get("network", "")),
        sandbox_id=told["sandbox_id"],
        template=told["template"],
        phases=[(each["name"], each["elapsed_ms"]) for each in told["phases"]],
        bytes_up=told["bytes"]["up"],
        bytes_down=told["bytes"]["down"],
        http_requests=told["http_requests"],
    )


def _manifest(origin: Any) -> Manifest | None:
    """Return the manifest that a run was made of, as it is now; None where it cannot be read any more."""
    if not isinstance(origin, dict):
        return None
    root = Path(str(origin.get("project_root")))
    try:
        params = read_overrides(origin.get("params") or [], json.dumps(origin.get("params")))
        return load_manifest(
            Path(str(origin.get("path"))), project_root=root, drivers=DriverCatalog(root), params=params
        )
    except (ManifestError, OsirisError, OSError):
        return None
