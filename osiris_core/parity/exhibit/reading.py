"""Reads an exhibit from the session directories that a record names."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Final

from osiris_core.errors import SessionError
from osiris_core.parity.exhibit.building import parts_of_one, parts_of_two
from osiris_core.parity.exhibit.model import Exhibit
from osiris_core.parity.exhibit.places import session_place
from osiris_core.rules.reading import read_rules
from osiris_core.session.contract import target_directory
from osiris_core.session.leniently import read_leniently
from osiris_core.session.reader import open_session

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from osiris_core.parity.exhibit.building import Parts
    from osiris_core.parity.record import ParityRecord, TargetRun
    from osiris_core.rules.model import Rule
    from osiris_core.session.model import Session

KEPT: Final = "`--osiris-keep-sessions=all` keeps it"
_UNREADABLE: Final = (SessionError, OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError)
"""What a session can provoke whose files are JSON, and say something else than they should."""
_OBJECTS: Final = ("roots", "environment")
"""Members of a worker's hello that are objects."""
_BOTH: Final = 2


def read_exhibit(record: ParityRecord, roots: Sequence[Path]) -> Exhibit:
    """Return what the sessions of `record` hold, below one of the project `roots`; never raises for what is missing: it says so."""
    runs = record.targets[:_BOTH]
    targets = tuple(run.target for run in runs)
    if not roots:
        return Exhibit(targets=targets, problems=("it was made from the records alone",))
    problems: list[str] = []
    sessions = [_session(record, run, roots, problems) for run in runs]
    masked = sum(_masked(run, session) for run, session in zip(runs, sessions, strict=True))
    try:
        steps, streams = _parts(record, sessions, problems)
    except _UNREADABLE as error:
        problems.append(
            f"the sessions cannot be shown, because something in them is not as it should be: {_short(error)}"
        )
        steps, streams = (), ()
    return Exhibit(targets=targets, steps=steps, run=streams, masked=masked, problems=tuple(problems))


def _parts(record: ParityRecord, sessions: Sequence[Session | None], problems: list[str]) -> Parts:
    left, right = (*sessions, None, None)[:_BOTH]
    if left is not None and right is not None:
        text, rules = _declared(record, left, right, problems)
        return parts_of_two(left, right, record, text=text, rules=rules)
    lone = left or right
    return ((), ()) if lone is None else parts_of_one(lone, record, is_left=lone is left)


def _session(record: ParityRecord, run: TargetRun, roots: Sequence[Path], problems: list[str]) -> Session | None:
    """Return the session of a target, or None; what is wrong with it is added to `problems`."""
    directory, missing = session_place(run.session_directory or _usual_place(record, run), roots)
    if directory is None:
        problems.append(_gone(record, run, missing))
        return None
    try:
        session = open_session(directory)
    except _UNREADABLE as error:
        problems.append(f"{run.target}: {_short(error, within=directory)}")
        try:
            found = read_leniently(directory)
        except _UNREADABLE:  # said just now
            return None
        problems += [f"{run.target}: {each}" for each in (*found.problems, *found.not_compared)]
        session = found.session
    if session.session_id != directory.parent.name:
        problems.append(
            f"{run.target}: the place of {directory.parent.name} holds another session, {session.session_id[:80]}"
        )
        return None
    stray = _stray(record, run, session)
    if stray:
        problems.append(f"{run.target}: {run.session_directory} {stray}")
        return None
    ran = session.facts.get("manifest_fingerprint")
    if record.fingerprint and ran and ran != record.fingerprint:  # as where two hosts made the same id
        problems.append(f"{run.target}: {run.session_directory} holds a run of another manifest")
        return None
    return _tame(session)


def _stray(record: ParityRecord, run: TargetRun, session: Session) -> str:
    """Return why a session is not that of a target in a check, as where a record was changed; a diff compares any two sessions."""
    if record.line == 0:
        return ""
    if session.target != run.target:
        return f"holds the session of {session.target[:80]}"
    return "is of another check" if record.session_id and session.session_id != record.session_id else ""


def _usual_place(record: ParityRecord, run: TargetRun) -> str:
    """Return where the session of a target lies that its record does not name: what is removed once it was shown, no record names."""
    return "/".join((".osiris", "runs", record.session_id, target_directory(run.target)))


def _gone(record: ParityRecord, run: TargetRun, missing: str) -> str:
    if record.passed and (not run.session_directory or missing.endswith("is not there")):
        return f"the session of {run.target} was removed, because its test passed; {KEPT}"
    if not run.session_directory:
        return f"{run.target} left no session"
    return f"the session of {run.target} cannot be shown: {missing}"


def _declared(record: ParityRecord, left: Session, right: Session, problems: list[str]) -> tuple[str, tuple[Rule, ...]]:
    """Return how text was compared and which rules were declared: by the record, or where it has none by the manifest that ran."""
    parities = [each.manifest.get("parity") for each in (left, right)]
    first: dict[str, Any] = next((each for each in parities if isinstance(each, dict)), {})
    if record.comparison is None:
        written = first.get("normalizers", [])
        rules, wrong = read_rules(written if isinstance(written, list) else [], "manifest")
        problems += [f"the manifest's rules cannot be read: {each}" for each in wrong]
        return str(first.get("text", "")), rules
    found: list[Rule] = []
    for use in record.comparison.rules:
        if use.declared:
            rules, wrong = read_rules([use.declared], use.source)
            found += rules
            problems += [f"the rule {use.rule!r:.80} of the record cannot be read: {each}" for each in wrong]
    return str(first.get("text", "")), tuple(found)


def _masked(run: TargetRun, session: Session | None) -> int:
    """Return how many tokens stand for secrets in a session, as it says itself, or the record."""
    said = session.target_facts.get("masked") if session is not None else None
    return said if isinstance(said, int) and not isinstance(said, bool) else run.masked


def _tame(session: Session) -> Session:
    """Return a session with nothing of a type that no session has where everything is looked into: the rest of it can be shown."""
    hello = session.hello if isinstance(session.hello, dict) else {}
    objects = {name: value for name, value in hello.items() if name not in _OBJECTS or isinstance(value, dict)}
    steps = tuple(each for each in session.steps if isinstance(each.id, str))
    return dataclasses.replace(session, hello=objects, steps=steps)


def _short(error: BaseException, within: Path | None = None) -> str:
    """Return what an error says, on one line; paths `within` a session from there: where it lies the record says, unless it will be gone."""
    text = " ".join(str(error).split())
    text = text.replace(f"{within}/", "").replace(str(within), "the session") if within else text
    return text[:300] or type(error).__name__
