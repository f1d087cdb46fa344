"""From the journal on disk to the files of the contract; `session.json` comes last and makes them a session."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from osiris_core.errors import SessionError, WireError
from osiris_core.session import contract
from osiris_core.session.adoption import verify_files
from osiris_core.session.artifacts import scan_artifacts
from osiris_core.session.ending import Evidence, contradiction, decide
from osiris_core.session.export import Export
from osiris_core.session.files import remove_tree, write_atomically
from osiris_core.session.reader import assemble
from osiris_core.session.walk import JournalWalk
from osiris_core.wire.canon import canonical_json
from osiris_core.wire.records import LOST
from osiris_core.wire.roots import artifact_root

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from osiris_core.session.ending import Ending
    from osiris_core.session.export import Written
    from osiris_core.session.guard import SecretGuard
    from osiris_core.session.intake import Tally
    from osiris_core.session.reader import ArtifactFile, Session
    from osiris_core.wire.request import RunRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """What the writer knows beside the journal; `fault` is the first rule that was broken on the way, or nothing.

    `partial` artifacts are kept apart from a tree that is not there.
    """

    directory: Path
    target: str
    request: RunRequest
    manifest: dict[str, Any]
    tally: Tally
    partial: int
    fault: str
    target_facts: Mapping[str, Any]
    override: str | None
    said: Mapping[str, Any] | None
    guard: SecretGuard | None = None


def close_session(closing: Closing) -> Session:
    """Verify the journal, write every file, and return what a reader of the directory gets.

    SessionError when the disk refuses something: there is then no session.json, and so no session.
    """
    directory, host = closing.directory, closing.directory / contract.HOST_DIRECTORY
    walk = JournalWalk(host / contract.JOURNAL_FILE, closing.request.session_id)
    export = Export(
        host / contract.EXPORT_DIRECTORY,
        session_id=closing.request.session_id,
        steps=closing.request.order,
        stray=host / contract.STRAY_FILE,
    )
    with export:
        faults = _export(walk, export, closing.fault)
        if walk.terminal is not None and (said := contradiction(walk.terminal, closing.request.order)):
            faults.append(said)
        artifacts, absent = _artifacts(closing, walk, faults)
        ending = decide(
            Evidence(
                terminal=walk.terminal,
                faults=faults,
                absent=absent,
                verified=walk.seq,
                said=closing.said,
                override=closing.override,
                order=closing.request.order,
                last_events=export.written.last_events,
            )
        )
        export.publish(directory)
    facts = _facts(closing, ending, export.written, artifacts)
    write_atomically(directory / contract.MANIFEST_FILE, canonical_json(closing.manifest) + b"\n")
    write_atomically(directory / contract.TARGET_FILE, _pretty(_target(closing, walk, export.written)))
    write_atomically(directory / contract.SESSION_FILE, _pretty(facts))
    session = assemble(directory, artifacts)
    _clean_up(host, keep_run=ending.outcome == LOST)
    return session


def _export(walk: JournalWalk, export: Export, fault: str) -> list[str]:
    """Write what the journal holds; return what is wrong with it, and first what was wrong on the way."""
    faults = [fault] if fault else []
    try:
        export.take_all(walk)
    except WireError as error:
        if error.message not in faults:
            faults.append(error.message)
    return faults


def _artifacts(closing: Closing, walk: JournalWalk, faults: list[str]) -> tuple[dict[str, ArtifactFile], str]:
    """Return the tree on disk, and a sentence on what never came; a tree that contradicts its records is a fault."""
    directory = closing.directory
    tree = directory / contract.ARTIFACTS_DIRECTORY
    absent = ""
    if walk.terminal is None:
        absent = f"no terminal record: the last verified record is {walk.seq - 1}" if walk.seq else "no record came"
    if walk.artifacts and not tree.exists():
        missing = _missing(len(walk.artifacts), closing.partial)
        absent = f"{absent}; {missing}" if absent else missing
    try:
        found = scan_artifacts(tree)
    except SessionError as error:
        faults.append(error.message)
        tree.replace(directory / contract.HOST_DIRECTORY / contract.REFUSED_DIRECTORY)
        return {}, absent
    if tree.exists() and not faults:
        try:
            verify_files(found.keys(), lambda path: found[path].facts, walk.artifacts)
        except WireError as error:
            faults.append(error.message)
    return found, absent


def _missing(artifacts: int, partial: int) -> str:
    """Say what became of artifacts without a tree."""
    missing = f"{artifacts - partial} artifacts were not brought back" if artifacts > partial else ""
    kept = f"{partial} artifacts are in {contract.PARTIAL_DIRECTORY}/" if partial else ""
    return " and ".join(each for each in (missing, kept) if each)


def _facts(closing: Closing, ending: Ending, written: Written, artifacts: Mapping[str, ArtifactFile]) -> dict[str, Any]:
    """Return session.json: how the run ended and what its files hold, which is what the disk holds."""
    request = closing.request
    stated: dict[str, Any] = {
        **asdict(ending),
        "artifact_root": artifact_root((a.path, a.size_bytes, a.mode, a.sha256) for a in artifacts.values()),
    }
    return {
        "contract": contract.CONTRACT_VERSION,
        "session": request.session_id,
        "target": closing.target,
        "manifest_fingerprint": request.manifest_fingerprint,
        "logical_now": request.logical_now,
        "seed": request.seed,
        "request_digest": request.digest,
        **stated,
        "counts": {
            "events": written.events,
            "metrics": written.metrics,
            "log_lines": dict(written.log_lines),
            "printed_bytes": dict(written.printed_bytes),
            "artifacts": len(artifacts),
        },
        "digest": written.content.of(facts=stated, manifest=closing.manifest),
    }


def _target(closing: Closing, walk: JournalWalk, written: Written) -> dict[str, Any]:
    """Return target.json: what the backend tells, and what transport did."""
    terminal, tally = walk.terminal, closing.tally
    return {
        "contract": contract.CONTRACT_VERSION,
        **closing.target_facts,
        **({} if closing.guard is None else {"masked": closing.guard.count(closing.directory)}),
        "target": closing.target,
        "error": None if closing.said is None else dict(closing.said),
        "hello": walk.hello,
        "frames": walk.seq,
        "duplicates": tally.duplicates,
        "gaps": tally.gaps,
        "damaged": tally.damaged,
        "fenced": tally.fenced,
        "strays": tally.strays + written.strays,
        "throttled_ms": round(walk.throttled_ms, 3),
        "stray_bytes": tally.stray_bytes + written.stray_bytes + (terminal.stray_bytes if terminal else 0),
        "worker_digest": terminal.digest if terminal else None,
        "journal_digest": walk.digest,
        "artifact_root_reported": terminal.artifact_root if terminal else None,
    }


def _pretty(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, indent=2, allow_nan=False).encode("ascii") + b"\n"


def _clean_up(host: Path, *, keep_run: bool) -> None:
    """Remove what was only needed while the run lasted; of a lost run, what the worker left stays to be looked at."""
    for name in contract.SCRATCH_DIRECTORIES:
        if not (keep_run and name == contract.RUN_DIRECTORY):
            remove_tree(host / name)
