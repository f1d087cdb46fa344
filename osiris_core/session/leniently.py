"""Reads a session directory that `reader` would refuse: all that can be read, and a sentence for every leniency.

For looking only. What a run is believed for is what `reader.open_session` accepts.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from osiris_core.errors import SessionError
from osiris_core.session import contract
from osiris_core.session.json_files import check_types
from osiris_core.session.reader import EVENT_KEYS, FACTS, METRIC_KEYS, Session, StepState, content_digest
from osiris_core.session.streams import StepStreams
from osiris_core.session.torn_lines import torn_lines, torn_object
from osiris_core.session.trees import EMPTY, scan_tree
from osiris_core.wire.records import LOST, OUTCOMES, STEP_STATES
from osiris_core.wire.roots import artifact_root

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from osiris_core.session.json_files import Types
    from osiris_core.session.trees import Tree


@dataclass(frozen=True, slots=True, kw_only=True)
class LenientSession:
    """A session as far as its directory could be read; `closed` where it has a session.json that says how it ended.

    `problems` are sentences about what is missing, torn or contradictory, `not_compared` about what cannot be looked at.
    """

    session: Session
    closed: bool
    problems: tuple[str, ...]
    not_compared: tuple[str, ...]


def read_leniently(directory: Path) -> LenientSession:
    """Read whatever a session directory holds. Nothing is raised for what is in it."""
    problems: list[str] = []
    facts = torn_object(directory / contract.SESSION_FILE, problems.append)
    target_facts = torn_object(directory / contract.TARGET_FILE, problems.append)
    manifest = torn_object(directory / contract.MANIFEST_FILE, problems.append)
    if not (directory / contract.SESSION_FILE).exists():
        problems.append("it has no terminal record: its run goes on, or its owner died before the end")
    problems += _versions(facts, target_facts)
    closed = bool(facts) and not (faults := list(_faults(facts)))
    problems += faults if facts else []
    session_id = facts.get("session")
    tree = scan_tree(directory / contract.ARTIFACTS_DIRECTORY)
    logs = directory / contract.LOGS_DIRECTORY
    session = Session(
        directory=directory,
        session_id=session_id if isinstance(session_id, str) else directory.parent.name,
        target=str(facts.get("target") or target_facts.get("target") or directory.name),
        outcome=facts["outcome"] if closed else LOST,
        failed_step=facts["failed_step"] if closed else None,
        error=facts["error"] if closed else None,
        steps=tuple(_steps(facts, problems)),
        events=tuple(_records(directory / contract.EVENTS_FILE, EVENT_KEYS, session_id, problems)),
        metrics=tuple(_records(directory / contract.METRICS_FILE, METRIC_KEYS, session_id, problems)),
        logs=StepStreams(logs, contract.LOG_SUFFIX),
        printed=StepStreams(logs, contract.PRINTED_SUFFIX),
        artifacts=tree.files,
        manifest=manifest,
        facts=facts,
        target_facts=target_facts,
        hello=target_facts["hello"] if isinstance(target_facts.get("hello"), dict) else {},
    )
    if closed:
        problems += _contradictions(session)
    return LenientSession(
        session=session,
        closed=closed,
        problems=tuple(problems),
        not_compared=(*_left_out(tree), *_no_streams(logs)),
    )


def _versions(*files: Mapping[str, Any]) -> Iterator[str]:
    for version in {str(facts.get("contract")) for facts in files if facts}:
        if version != str(contract.CONTRACT_VERSION):
            yield (
                f"it was written by contract version {version}, and was read as version {contract.CONTRACT_VERSION}: "
                "use the version of pytest-osiris that wrote it"
            )


def _faults(facts: dict[str, Any]) -> Iterator[str]:
    try:
        check_types(facts, FACTS, contract.SESSION_FILE)
    except SessionError as error:
        yield error.message
        return
    if facts["outcome"] not in OUTCOMES:
        yield f"{contract.SESSION_FILE} has the unknown outcome {facts['outcome']!r:.80}"


def _steps(facts: Mapping[str, Any], problems: list[str]) -> Iterator[StepState]:
    steps = facts.get("steps")
    for step in steps if isinstance(steps, list) else ():
        try:
            state = StepState(**step)
        except TypeError:
            problems.append(f"{contract.SESSION_FILE} has a malformed step: {step!r:.80}")
            continue
        if state.state not in STEP_STATES:
            problems.append(
                f"{contract.SESSION_FILE} has the unknown state {state.state!r:.80} of step {state.id!r:.80}"
            )
        yield state


def _records(path: Path, keys: Types, session_id: Any, problems: list[str]) -> Iterator[dict[str, Any]]:
    strangers: dict[str, int] = {}
    for value in torn_lines(path, keys, problems.append):
        if session_id is not None and value["session"] != session_id:
            strangers[value["session"]] = strangers.get(value["session"], 0) + 1
        yield value
    problems.extend(
        f"{path.name} has {count:,} {'line' if count == 1 else 'lines'} of the session {name!r:.80}"
        for name, count in strangers.items()
    )


def _contradictions(session: Session) -> Iterator[str]:
    """Yield what shows that a closed session is not what it was; counts are for whoever weighs its evidence."""
    if session.target_facts.get("target") != session.target:
        yield f"{contract.TARGET_FILE} is of the target {session.target_facts.get('target')!r:.80}"
    root = artifact_root((file.path, file.size_bytes, file.mode, file.sha256) for file in session.artifacts.values())
    if root != session.facts["artifact_root"]:
        yield "its artifacts are not those that it was closed with"
    elif content_digest(session) != session.digest:
        yield "it was changed after it was closed: its content has another digest than session.json says"


def _left_out(tree: Tree) -> Iterator[str]:
    yield from (f"{path} was not compared: it is {what}" for path, what in tree.others.items() if what != EMPTY)
    yield from (f"{path} was not compared: {why}" for path, why in tree.gaps.items())


def _no_streams(directory: Path) -> Iterator[str]:
    """Yield the streams that nobody can read: they are not among those of the session."""
    for name in sorted(os.listdir(directory)) if directory.is_dir() else ():  # noqa: PTH208 - names are enough
        path = directory / name
        if not stat.S_ISREG(path.lstat().st_mode) or not os.access(path, os.R_OK):
            yield f"{contract.LOGS_DIRECTORY}/{name} was not compared: it is no file that can be read"
