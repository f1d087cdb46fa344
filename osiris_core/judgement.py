"""From what the targets left behind to the record that everyone reads.

The order of judgement: a target that could not run is INFRA and says nothing about parity; then the two
sessions are compared; then inputs that changed under the run make the comparison worthless; and a check
passes only where `expect` holds on every target besides.
"""

from __future__ import annotations

import dataclasses
import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from osiris_core.errors import DiskFullError, InfrastructureError
from osiris_core.parity.compare import compare
from osiris_core.parity.expectations import unmet
from osiris_core.parity.gates import stronger, unheld
from osiris_core.parity.record import ParityRecord, TargetRun, Verdict
from osiris_core.parity.summary import headline, step_runs
from osiris_core.parity.transported import traceback_of, transport_of
from osiris_core.report.cause import divergence_headline

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from osiris_core.backends.protocol import TargetFacts
    from osiris_core.errors import OsirisError
    from osiris_core.manifest.model import Manifest
    from osiris_core.parity.record import Comparison, WaiverUse
    from osiris_core.parity.triage.reruns import Compare
    from osiris_core.parity.waived import Waivers
    from osiris_core.rules.model import Rule
    from osiris_core.session.reader import Session

_NO_STATEMENT = (InfrastructureError, DiskFullError)
"""Failures that say nothing about the pipeline."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetResult:
    """One target's half of a check: its session, unless it could not even be opened, and what went wrong."""

    facts: TargetFacts
    session: Session | None
    failure: OsirisError | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What a record says beside the targets' own results."""

    manifest: Manifest
    session_id: str
    started_at: str
    elapsed_ms: float
    changed_inputs: tuple[str, ...]
    reproduce: str
    session_root: Path
    waivers: Waivers | None = None
    rules: tuple[Rule, ...] = ()
    strict: bool = False
    require: str = ""


def judge(results: Sequence[TargetResult], circumstances: Circumstances) -> ParityRecord:
    """Return the record of one check: with two targets a verdict, with one only whether `expect` held."""
    broken = [each for each in results if each.session is None or isinstance(each.failure, _NO_STATEMENT)]
    if broken:
        reason = f"{broken[0].facts.target}: {broken[0].failure}"
        return _record(results, circumstances, verdict=Verdict.INFRA, headline=reason, comparison=None)
    sessions = [each.session for each in results if each.session is not None]
    failed = [f"{each.facts.target}: {each.failure}" for each in results if each.failure is not None]
    comparison: Comparison | None = None
    if len(sessions) > 1:
        comparison = comparer(circumstances)(sessions[0], sessions[1])
        comparison = _with_problems(comparison, (*failed, *_input_problems(circumstances)))
    elif failed:
        return _record(results, circumstances, verdict=Verdict.INFRA, headline=failed[0], comparison=None)
    elif circumstances.changed_inputs:
        problem = _input_problems(circumstances)[0]
        return _record(results, circumstances, verdict=Verdict.INCONCLUSIVE, headline=problem, comparison=None)
    record = _record(
        results,
        circumstances,
        verdict=comparison.verdict if comparison else None,
        headline=headline(comparison, left=sessions[0].target, right=sessions[1].target) if comparison else "",
        comparison=comparison,
    )
    if record.verdict is not Verdict.DIVERGENT:
        return record
    return dataclasses.replace(record, headline=divergence_headline(record))


def comparer(circumstances: Circumstances) -> Compare:
    """Return what compares two sessions by the rules of this check."""
    return functools.partial(
        compare,
        text=circumstances.manifest.parity_text,
        rules=circumstances.rules,
        waivers=circumstances.waivers,
    )


def _input_problems(circumstances: Circumstances) -> tuple[str, ...]:
    return tuple(
        f"{name} changed after it was read: what ran is not what it says now; run it again"
        if name == circumstances.manifest.relative
        else f"{name} changed during the run: nobody can say which of its states was read"
        for name in circumstances.changed_inputs
    )


def _with_problems(comparison: Comparison, problems: tuple[str, ...]) -> Comparison:
    """Add problems found outside the comparison: they leave nothing better than INCONCLUSIVE."""
    if not problems:
        return comparison
    verdict = Verdict.INCONCLUSIVE if comparison.verdict.passes else comparison.verdict
    return dataclasses.replace(comparison, verdict=verdict, problems=(*comparison.problems, *problems))


def _record(
    results: Sequence[TargetResult],
    circumstances: Circumstances,
    *,
    verdict: Verdict | None,
    headline: str,
    comparison: Comparison | None,
) -> ParityRecord:
    manifest = circumstances.manifest
    failures = () if verdict is Verdict.INFRA else _expectation_failures(results, manifest)
    if comparison is not None:
        failures = (
            *failures,
            *unheld(
                comparison,
                headline,
                strict=circumstances.strict,
                require=stronger(circumstances.require, manifest.require),
            ),
        )
    passed = (verdict is None or verdict.passes) and not failures
    return ParityRecord(
        manifest=manifest.location,
        pipeline_id=manifest.pipeline.id,
        passed=passed,
        headline=failures[0] if failures and (verdict is None or verdict.passes) else headline or "as expected",
        verdict=verdict,
        cause="UNKNOWN" if verdict is Verdict.DIVERGENT else "",
        fingerprint=manifest.fingerprint,
        session_id=circumstances.session_id,
        started_at=circumstances.started_at,
        elapsed_ms=round(circumstances.elapsed_ms, 3),
        targets=tuple(_target_run(each, circumstances) for each in results),
        comparison=comparison,
        expectation_failures=failures,
        reproduce=circumstances.reproduce,
        warnings=tuple(f"the waiver {use.name} ({use.owner}) {use.complaint}" for use in _expired(comparison)),
    )


def _expired(comparison: Comparison | None) -> list[WaiverUse]:
    """Return the waivers that accept nothing any more although their difference is still there."""
    return [use for use in comparison.waivers if use.hits and use.complaint] if comparison else []


def _expectation_failures(results: Sequence[TargetResult], manifest: Manifest) -> tuple[str, ...]:
    return tuple(
        sentence for each in results if each.session is not None for sentence in unmet(each.session, manifest.expect)
    )


def _target_run(result: TargetResult, circumstances: Circumstances) -> TargetRun:
    facts, session = result.facts, result.session
    run = TargetRun(
        target=facts.target,
        provider=facts.provider,
        isolation=facts.isolation,
        network=facts.network,
        phases=tuple((name, round(elapsed, 3)) for name, elapsed in facts.phases),
        elapsed_ms=round(sum(elapsed for _, elapsed in facts.phases), 3),
        http_requests=facts.http_requests,
        artifacts_not_fetched=facts.artifacts_not_fetched,
        bytes_up=facts.bytes_up,
        bytes_down=facts.bytes_down,
        sandbox_id=facts.sandbox_id,
        template=facts.template,
        error=str(result.failure or ""),
    )
    if session is None:
        return run
    raised = session.error or {}
    return dataclasses.replace(
        run,
        outcome=session.outcome,
        failed_step=session.failed_step,
        error=run.error or str(raised.get("message", "")),
        error_type="" if run.error else str(raised.get("type", "")),
        traceback=() if run.error else traceback_of(raised),
        session_directory=_relative(session.directory, circumstances.session_root),
        steps=step_runs(session),
        masked=int(session.target_facts.get("masked", 0)),
        environment=dict((session.hello or {}).get("environment", {})),
        transport=transport_of(session),
    )


def _relative(directory: Path, root: Path) -> str:
    return directory.relative_to(root).as_posix() if directory.is_relative_to(root) else str(directory)
