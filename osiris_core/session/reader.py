"""Reads a session directory, and refuses one that is torn, foreign, of another version, or not what it says it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from osiris_core.errors import SessionError
from osiris_core.session import contract
from osiris_core.session.artifacts import ArtifactFile, scan_artifacts
from osiris_core.session.digest import ContentDigest
from osiris_core.session.json_files import check_types, read_object, read_versioned
from osiris_core.session.model import Session, StepState
from osiris_core.session.record_lines import EVENTS, METRICS, RecordLines
from osiris_core.session.streams import StepStreams
from osiris_core.wire.records import OUTCOMES, STEP_STATES
from osiris_core.wire.roots import artifact_root

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from osiris_core.session.json_files import Types

__all__ = ["ArtifactFile", "Session", "StepState", "open_session"]

EVENT_KEYS: Final = EVENTS.keys
"""What every line of events.jsonl has; `METRIC_KEYS` and `FACTS` say it of metrics.jsonl and session.json."""
METRIC_KEYS: Final = METRICS.keys
FACTS: Types = {
    "session": str,
    "target": str,
    "manifest_fingerprint": str,
    "logical_now": str,
    "seed": int,
    "request_digest": str,
    "outcome": str,
    "failed_step": (str, type(None)),
    "error": (dict, type(None)),
    "steps": list,
    "counts": dict,
    "digest": str,
    "artifact_root": str,
}


def open_session(directory: Path) -> Session:
    """Read a closed session and check that its files hold what session.json says.

    SessionError, naming the file, for anything else: no session, not closed, another contract version, cut off or
    malformed files, other counts, another content, links among the artifacts.
    """
    content = ContentDigest()
    session = assemble(directory, scan_artifacts(directory / contract.ARTIFACTS_DIRECTORY), content)
    _take_streams(session, content)
    if (found := content.of(facts=session.facts, manifest=session.manifest)) != session.digest:
        raise SessionError(
            f"{directory} was changed after it was closed: its content has the digest {found}, "
            f"{contract.SESSION_FILE} says {session.digest}"
        )
    return session


def assemble(directory: Path, artifacts: Mapping[str, ArtifactFile], content: ContentDigest | None = None) -> Session:
    """Read a closed session whose artifacts have been read already, and check the counts of its files.

    `content` is given every event and metric, each read whole; without it they are what was just written here.
    """
    facts = read_versioned(directory / contract.SESSION_FILE)
    check_types(facts, FACTS, str(directory / contract.SESSION_FILE))
    target_facts = read_versioned(directory / contract.TARGET_FILE)
    logs_directory = directory / contract.LOGS_DIRECTORY
    session = Session(
        directory=directory,
        session_id=facts["session"],
        target=facts["target"],
        outcome=facts["outcome"],
        failed_step=facts["failed_step"],
        error=facts["error"],
        steps=tuple(_steps(facts, directory / contract.SESSION_FILE)),
        events=RecordLines(
            directory / contract.EVENTS_FILE, EVENTS, facts["session"], content.events if content else None
        ),
        metrics=RecordLines(
            directory / contract.METRICS_FILE, METRICS, facts["session"], content.metrics if content else None
        ),
        logs=StepStreams(logs_directory, contract.LOG_SUFFIX),
        printed=StepStreams(logs_directory, contract.PRINTED_SUFFIX),
        artifacts=artifacts,
        manifest=read_object(directory / contract.MANIFEST_FILE),
        facts=facts,
        target_facts=target_facts,
        hello=target_facts.get("hello") or {},
    )
    _check_outcome(session)
    _check_counts(session)
    return session


def content_digest(session: Session) -> str:
    """Compute the digest of a session that was read from disk, as `osiris_core.session.digest` defines it."""
    content = ContentDigest()
    for event in session.events:
        content.event(event)
    for metric in session.metrics:
        content.metric(metric)
    _take_streams(session, content)
    return content.of(facts=session.facts, manifest=session.manifest)


def _take_streams(session: Session, content: ContentDigest) -> None:
    for streams, take in ((session.logs, content.logged), (session.printed, content.printed)):
        for step in streams:
            for chunk in streams.chunks(step) if isinstance(streams, StepStreams) else [streams[step]]:
                take(step, chunk)


def _check_outcome(session: Session) -> None:
    path = session.directory / contract.SESSION_FILE
    if session.outcome not in OUTCOMES:
        raise SessionError(f"{path} has the unknown outcome {session.outcome!r}")
    for step in session.steps:
        if step.state not in STEP_STATES:
            raise SessionError(f"{path} has the unknown state {step.state!r} of step {step.id!r}")
    if session.target_facts.get("target") != session.target:
        raise SessionError(f"{session.directory / contract.TARGET_FILE} is of another target than {path}")


def _check_counts(session: Session) -> None:
    """Hold the counts of session.json against what is on disk."""
    logs, printed = session.logs, session.printed
    found = {
        "events": len(session.events),
        "metrics": len(session.metrics),
        "log_lines": {step: logs.line_count(step) for step in logs} if isinstance(logs, StepStreams) else {},
        "printed_bytes": {step: printed.size_bytes(step) for step in printed}
        if isinstance(printed, StepStreams)
        else {},
        "artifacts": len(session.artifacts),
    }
    stated = session.facts["counts"]
    for name, value in found.items():
        if stated.get(name) != value:
            raise SessionError(
                f"{session.directory} does not hold what it says: "
                f"{contract.SESSION_FILE} counts {name} as {stated.get(name)}, on disk are {value}"
            )
    root = artifact_root((a.path, a.size_bytes, a.mode, a.sha256) for a in session.artifacts.values())
    if root != session.facts["artifact_root"]:
        raise SessionError(f"the artifacts of {session.directory} are not those it was closed with")


def _steps(facts: Mapping[str, Any], path: Path) -> Iterator[StepState]:
    for step in facts["steps"]:
        try:
            yield StepState(**step)
        except TypeError as error:
            raise SessionError(f"{path} has a malformed step: {step!r}") from error
