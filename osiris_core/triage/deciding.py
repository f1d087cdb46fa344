"""Whether a record is triaged, with which budget, and what becomes of it: cause, verdict and headline."""

from __future__ import annotations

import math
import shlex
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from osiris_core.choices import TARGETS
from osiris_core.parity.record import Triage, Verdict
from osiris_core.parity.triage.investigation import NONDETERMINISTIC, UNKNOWN, Check, investigate
from osiris_core.parity.triage.reruns import Reruns, TriageBudget
from osiris_core.progress.checks import UNWATCHED
from osiris_core.report.cause import divergence_headline
from osiris_core.session import contract
from osiris_core.triage.original import original_of
from osiris_core.triage.rerunning import RERUNS_DIRECTORY, Rerunner

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from osiris_core.backend_set import BackendSet
    from osiris_core.backends.protocol import Cancellation, Job, Patience
    from osiris_core.options import CheckOptions
    from osiris_core.parity.record import ParityRecord
    from osiris_core.parity.triage.reruns import Compare
    from osiris_core.progress.checks import CheckWatch
    from osiris_core.session.reader import Session

_TWO: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A check that was judged: its record, the sessions in the order of the targets, the job that they ran, and how they are compared."""

    record: ParityRecord
    sessions: tuple[Session, ...]
    job: Job
    compare: Compare
    command: str


def wanted(record: ParityRecord, options: CheckOptions) -> bool:
    """Whether anything about a record is to be found out; nothing where a target could not run."""
    if record.verdict is Verdict.INFRA:
        return False
    if options.repeat or options.triage == "always":
        return True
    return options.triage == "divergent" and record.verdict in {Verdict.DIVERGENT, Verdict.INCONCLUSIVE}


def triaged(
    judged: Judged,
    options: CheckOptions,
    backends: BackendSet,
    *,
    patience: Patience,
    cancellation: Cancellation,
    watch: CheckWatch = UNWATCHED,
) -> ParityRecord:
    """Return the record with what reruns found out, within the budget; `watch` is shown them. Passes `KeyboardInterrupt` on when no rerun is left."""
    record, sessions = judged.record, judged.sessions
    budget = _budget(record, options)
    if (external := _external(judged.job)) and budget.repeats:
        why = f"{external} has effects outside of its artifacts, so nothing is run again"
        return _with(judged, Triage(cause=UNKNOWN if record.verdict is Verdict.DIVERGENT else "", evidence=(why,)))
    diverged = record.verdict is Verdict.DIVERGENT and len(sessions) == _TWO
    imitable = {each.target for each in sessions} == {*TARGETS}
    if imitable:
        sessions = tuple(
            sorted(sessions, key=lambda each: TARGETS.index(each.target))
        )  # it is this machine that imitates
    original, impossible = (
        original_of(judged.job, sessions, _scratch(sessions)) if diverged and imitable else (None, {})
    )
    rerun = Rerunner(
        judged.job,
        {each.target: each for each in sessions},
        backends,
        original=original,
        patience=patience,
        cancellation=cancellation,
        watch=watch,
    )
    longest_s = max((each.elapsed_ms for each in record.targets), default=0.0) / 1000
    reruns = Reruns(rerun, judged.compare, budget, time.monotonic, longest_s=longest_s)
    movable = rerun.movable() if diverged and not imitable else ""
    check = Check(
        sessions=sessions, comparison=record.comparison, impossible=impossible, imitable=imitable, movable=movable
    )
    try:
        found = investigate(check, reruns, budget)
    finally:
        rerun.clean()
    return _with(judged, found)


def _budget(record: ParityRecord, options: CheckOptions) -> TriageBudget:
    """Return the budget of a record: repeats that were asked for by number are made, however long that takes."""
    budget = options.triage_budget or TriageBudget()
    if record.verdict is Verdict.INCONCLUSIVE:
        return replace(budget, repeats=0)
    if not options.repeat:
        return budget
    reruns = len(record.targets) * options.repeat + budget.reruns
    return replace(budget, repeats=options.repeat, reruns=reruns, elapsed_s=math.inf)


def _external(job: Job) -> str:
    """Return the first step that could not be run again without a trace, or nothing."""
    drivers = job.manifest.drivers
    return next((f"step {each.id}" for each in job.manifest.steps if drivers[each.driver].effects == "external"), "")


def _scratch(sessions: Sequence[Session]) -> Path:
    return sessions[0].directory / contract.HOST_DIRECTORY / RERUNS_DIRECTORY / "files"


def _with(judged: Judged, found: Triage) -> ParityRecord:
    """Return the record with what was found: another verdict where a target differs from itself."""
    record = judged.record
    if not (found.evidence or found.runs):
        return record
    found = replace(found, command=_command(judged, found))
    if found.cause == NONDETERMINISTIC:
        return replace(
            record,
            verdict=Verdict.NONDETERMINISTIC,
            passed=False,
            cause="",
            headline=f"{found.evidence[0]}.",
            triage=found,
        )
    decided = replace(record, cause=found.cause or record.cause, triage=found)
    if not found.cause or found.cause == UNKNOWN:
        return decided
    is_told_by_us = record.headline == divergence_headline(record)
    headline = divergence_headline(decided) if is_told_by_us else record.headline
    return replace(decided, headline=f"{found.cause}: {headline}")


def _command(judged: Judged, found: Triage) -> str:
    """Return the command that shows what was found once more: with the factor itself, where it is a variable."""
    variables: list[str] = []
    for each in found.factors:
        match each.name:
            case "time zone":
                variables.append(f"TZ={each.right}")
            case "locale":
                variables.append("LC_ALL=C.UTF-8")
            case name if name.startswith("variable ") and each.right == "not set":
                variables.append(f"-u {name.removeprefix('variable ')}")
            case _:
                return f"{judged.command} --triage=always"
    if not variables:
        return f"{judged.command} --triage=always" if found.cause else ""
    local = [each if each != "both" else "local" for each in shlex.split(judged.command)]
    removed = any(each.startswith("-u ") for each in variables)
    ordered = sorted(variables, key=lambda each: not each.startswith("-u "))
    return " ".join([*(["env"] if removed else []), *ordered, shlex.join(local)])
