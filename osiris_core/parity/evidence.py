"""Whether two sessions are evidence at all: complete each, and of two processes that ran the same thing.

A comparison of nothing with nothing is equal; these checks are what keeps such a green from being shown.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from osiris_core.errors import SameSessionError
from osiris_core.parity.record import Layer
from osiris_core.parity.side import manifest_steps
from osiris_core.parity.streams import line_ends, size_bytes
from osiris_core.session.outline import outline_of
from osiris_core.wire import records

if TYPE_CHECKING:
    from collections.abc import Iterator

    from osiris_core.parity.record import Finding, RuleUse
    from osiris_core.parity.side import Window
    from osiris_core.session.reader import Session

WRITER_SUFFIXES: Final = ("_writer", ".writer", "Writer", "WriterDriver")
"""A session does not say which steps write; a driver of such a name does, as all built-in writers and those of Osiris are called."""

_STOPPED: Final = frozenset(
    {records.CANCELLED, records.DEADLINE, records.CRASHED, records.OUT_OF_MEMORY, records.DISK_FULL}
)
_ENDS: Final = (records.STEP_COMPLETE, records.STEP_FAILED, records.STEP_SKIPPED)
_STATE_EVENT: Final = {records.SUCCEEDED: records.STEP_COMPLETE, records.FAILED: records.STEP_FAILED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What is known of two sides before their layers are compared.

    `problems` and `not_compared` leave nothing better than INCONCLUSIVE, and `lost` nothing else. `findings` are differences
    that only reading could find, `uses` what reading set aside. `layers` are those that both sides can have at all;
    with `loose_paths` artifacts need not lie below the name of a step. `text_window` is the time that the right side's text may speak
    of, where that is not the time of its run.
    """

    problems: tuple[str, ...] = ()
    not_compared: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    uses: tuple[RuleUse, ...] = ()
    lost: bool = False
    layers: tuple[Layer, ...] = tuple(Layer)
    loose_paths: bool = False
    text_window: Window | None = None


def evidence_of(left: Session, right: Session) -> Evidence:
    """Return what two sessions of one check show. SameSessionError where both are the same run."""
    return Evidence(
        problems=(*check_two_processes(left, right), *check_minimums(left), *check_minimums(right)),
        not_compared=(*skipped_artifacts(left), *skipped_artifacts(right)),
        lost=is_lost(left) or is_lost(right),
    )


def check_minimums(session: Session) -> list[str]:
    """Return a sentence for everything that a complete session must have and this one has not.

    Exactly one `run_start`, first, and one final event, last; for each step one start and one end, or one
    skip; an artifact of every writer that succeeded; the counts of `session.json`; a terminal record.
    """
    return [f"{session.target}: {problem}" for problem in _problems(session)]


def check_two_processes(left: Session, right: Session, *, one_check: bool = True) -> list[str]:
    """Return a sentence for everything that keeps two sessions from being two runs of one check.

    Without `one_check` they may be of two: their ids, and so their requests, differ then.
    SameSessionError where both are the same run: the same directory, or the same nonce of a worker.
    """
    if left.directory.resolve() == right.directory.resolve():
        raise SameSessionError(f"{left.directory} cannot be compared with itself", hint="name two sessions")
    nonces = left.hello.get("nonce"), right.hello.get("nonce")
    if nonces[0] and nonces[0] == nonces[1]:
        raise SameSessionError(
            f"{left.directory} and {right.directory} come from one worker process (nonce {nonces[0]})",
            hint="one is a copy of the other; run each target",
        )
    problems = [
        f"{session.target}: the worker's hello has no nonce, so nothing proves that two processes ran"
        for session, nonce in zip((left, right), nonces, strict=True)
        if not nonce
    ]
    problems += _shared_namespace(left, right)
    for name, a, b in _must_agree(left, right, one_check=one_check):
        if a != b or not a:
            problems.append(f"the {name} is {a or 'missing'} on {left.target} and {b or 'missing'} on {right.target}")
    return problems


def skipped_artifacts(session: Session) -> list[str]:
    """Return a sentence for everything a step left behind that could not be an artifact: its content is unknown."""
    return [
        f"{session.target}: {event.get('path')} was not compared: {event.get('reason')}"
        for event in outline_of(session.events).named(records.ARTIFACT_SKIPPED)
    ]


def is_lost(session: Session) -> bool:
    """Whether a session has no terminal record that could be believed; whatever else it holds says nothing."""
    return session.outcome == records.LOST


def _problems(session: Session) -> Iterator[str]:
    if session.outcome not in records.OUTCOMES:
        yield f"unknown outcome {session.outcome!r}"
    if is_lost(session):
        said = (session.error or {}).get("message", "no terminal record")
        yield f"the session was lost: {said}"
    yield from _run_events(session)
    yield from _step_events(session)
    yield from _writers(session)
    yield from _counts(session)


def _run_events(session: Session) -> Iterator[str]:
    outline = outline_of(session.events)
    starts = len(outline.named(records.RUN_START))
    finals = [str(event["event"]) for event in outline.named(*records.FINAL_EVENTS)]
    if starts != 1:
        yield f"{starts} {records.RUN_START} events instead of one"
    elif outline.first != records.RUN_START:
        yield f"the first event is {outline.first}, not {records.RUN_START}"
    if len(finals) != 1:
        yield f"{len(finals)} final events ({', '.join(sorted(records.FINAL_EVENTS))}) instead of one"
    elif outline.last not in records.FINAL_EVENTS:
        yield f"the last event is {outline.last}, after the final event"
    if finals and (session.outcome == records.SUCCEEDED) != (finals[-1] == records.RUN_COMPLETE):
        yield f"the outcome is {session.outcome}, but the run ended with {finals[-1]}"


def _step_events(session: Session) -> Iterator[str]:
    counts = Counter(outline_of(session.events).counts)
    steps = [state.id for state in session.steps]
    if not steps:
        yield "there is no step"
    for kind, odd in (
        ("more than one state", _doubled(steps)),
        ("no state", manifest_steps(session).keys() - {*steps}),
    ):
        if odd:
            yield f"{kind} for {_named(odd)}"
    strangers = {str(step) for step, _ in counts if step is not None} - {*steps}
    if strangers:
        yield f"events of unknown steps: {_named(strangers)}"
    for state in session.steps:
        ends = {name: counts[state.id, name] for name in _ENDS}
        starts = counts[state.id, records.STEP_START]
        wanted = 0 if ends[records.STEP_SKIPPED] and session.outcome not in _STOPPED else 1
        if (
            sum(ends.values()) != 1
            or starts > 1
            or (starts != wanted and not ends[records.STEP_SKIPPED])
            or starts > wanted
        ):
            seen = ", ".join(f"{count} {name}" for name, count in {records.STEP_START: starts, **ends}.items())
            yield f"step {state.id}: not one start and one end, or one skip, but {seen}"
        elif state.state in _STATE_EVENT and not ends[_STATE_EVENT[state.state]]:
            yield f"step {state.id} is {state.state}, but has no {_STATE_EVENT[state.state]}"


def _writers(session: Session) -> Iterator[str]:
    drivers = {step: str(body.get("driver")) for step, body in manifest_steps(session).items()}
    wrote = {path.partition("/")[0] for path in session.artifacts}
    for state in session.steps:
        if (
            state.state == records.SUCCEEDED
            and drivers.get(state.id, "").endswith(WRITER_SUFFIXES)
            and state.id not in wrote
        ):
            yield f"step {state.id} ({drivers[state.id]}) succeeded without an artifact: what it wrote elsewhere is not compared"


def _counts(session: Session) -> Iterator[str]:
    counted = session.facts.get("counts") or {}
    found: dict[str, Any] = {
        "events": len(session.events),
        "metrics": len(session.metrics),
        "log_lines": {step: count for step in session.logs if (count := line_ends(session.logs, step))},
        "printed_bytes": {step: count for step in session.printed if (count := size_bytes(session.printed, step))},
        "artifacts": len(session.artifacts),
    }
    for name, value in found.items():
        said = counted.get(name)
        if isinstance(said, dict):
            said = {step: count for step, count in said.items() if count}
        if said != value:
            yield f"session.json counts {name} as {said}, on disk are {value}"


def _shared_namespace(left: Session, right: Session) -> Iterator[str]:
    if left.target == right.target:
        return  # one after the other: a kernel gives the number of a namespace that has ended to the next one
    isolated = [s for s in (left, right) if s.target_facts.get("isolation") == "bubblewrap"]
    pairs = [(s.hello.get("boot_id"), s.hello.get("pid_namespace")) for s in (left, right)]
    if isolated and pairs[0] == pairs[1]:
        yield (
            f"{isolated[0].target} claims to be isolated, but both workers ran in one process namespace "
            f"(boot {pairs[0][0]}, namespace {pairs[0][1]})"
        )


def _must_agree(left: Session, right: Session, *, one_check: bool) -> Iterator[tuple[str, Any, Any]]:
    requests = ("request_digest",) if one_check else ()
    if one_check:
        yield "session id", left.session_id, right.session_id
    for name in ("manifest_fingerprint", *requests):
        yield name.replace("_", " "), left.facts.get(name), right.facts.get(name)
    for name in (*requests, "bundle_digest"):
        yield f"{name.replace('_', ' ')} in the worker's hello", left.hello.get(name), right.hello.get(name)


def _doubled(names: list[str]) -> set[str]:
    return {name for name, count in Counter(names).items() if count > 1}


def _named(names: set[str]) -> str:
    return ", ".join(sorted(names))
