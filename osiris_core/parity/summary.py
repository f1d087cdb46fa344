"""A session and a comparison in the words of a report: what each step did, and one sentence for the whole."""

from __future__ import annotations

from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING, Final

from osiris_core.parity.classes import options_of, value_classes
from osiris_core.parity.hints import hint_rank, of_its_file
from osiris_core.parity.record import StepAttempt, StepRun, Verdict
from osiris_core.parity.record_bounds import LONGEST, MOST
from osiris_core.parity.side import manifest_steps, moment, run_window
from osiris_core.parity.values import counted
from osiris_core.session.outline import outline_of
from osiris_core.wire.records import RETRY_REFUSED, STEP_COMPLETE, STEP_FAILED, STEP_RETRIED, STEP_START

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Any

    from osiris_core.parity.record import Comparison, Finding
    from osiris_core.session.reader import Session, StepState

_MILLISECOND: Final = timedelta(milliseconds=1)

_KEPT_ATTEMPTS: Final = 20
_ERROR_CHARACTERS: Final = 1_500
_ERROR_TYPE_CHARACTERS: Final = 200
_NAMED_RULES: Final = 4
"""Rules that a headline names; all of them are in the comparison."""

_PLAIN: Final = {
    Verdict.IDENTICAL: "{left} and {right} did the same: {amount} compared, no difference.",
    Verdict.EQUIVALENT: "{left} and {right} did the same; what differs was set aside by {rules}. {amount} compared.",
    Verdict.ACCEPTED: "{left} and {right} differ only in what was accepted: {waivers}.",
    Verdict.NONDETERMINISTIC: "The pipeline differs from itself on one target, so nothing follows about the other.",
    Verdict.INFRA: "A target could not run; this says nothing about the pipeline.",
}


def step_runs(session: Session) -> tuple[StepRun, ...]:
    """Return what each step of a session did, in the order of execution."""
    return tuple(_step_run(session, state) for state in session.steps)


def headline(comparison: Comparison, *, left: str = "local", right: str = "e2b") -> str:
    """Return one sentence about a comparison for someone who has never seen one; `left`, `right` are the targets."""
    verdict = comparison.verdict
    if verdict is Verdict.DIVERGENT:
        return _divergence(comparison, left, right)
    if verdict is Verdict.INCONCLUSIVE:
        return f"Nothing can be said about {left} and {right}: {_doubt(comparison)}."
    return _PLAIN[verdict].format(
        left=left, right=right, amount=_amount(comparison), rules=_rules(comparison), waivers=_waivers(comparison)
    )


def causes_and_effects(comparison: Comparison) -> str:
    """Return `1 cause, 37 effects`: steps that differ by themselves, and all further differences."""
    return f"{counted(max(1, len(comparison.causes)), 'cause')}, {counted(comparison.effects, 'effect')}"


def _waivers(comparison: Comparison) -> str:
    used = [use for use in comparison.waivers if use.hits and not use.complaint]
    return "; ".join(f"{use.name} ({use.owner}, until {use.expires}: {use.reason})" for use in used)


def _rules(comparison: Comparison) -> str:
    said = [f"`{rule.rule}` ({rule.decided:,})" for rule in comparison.rules if rule.decided]
    more = len(said) - _NAMED_RULES
    return " and ".join([*said[:_NAMED_RULES], *([f"{more:,} more rules"] if more > 0 else [])])


def _divergence(comparison: Comparison, left: str, right: str) -> str:
    step = comparison.first_diverging_step
    where = f"part at step `{step}`" if step else "differ"
    first = _first(comparison.findings, step)
    told = f": {_told(first)}" if first else ""
    rest = f" ({causes_and_effects(comparison)})" if comparison.effects or len(comparison.causes) > 1 else ""
    hint = f" Hint: {first.hint.rstrip(':')}." if first and first.hint else ""
    return f"{left} and {right} {where}{told}{rest}.{hint}"


def _first(findings: Sequence[Finding], step: str | None) -> Finding | None:
    """Return the finding that tells most about where two sides part: one with a hint at the step, else its first."""
    deciding = [finding for finding in findings if not finding.waived_by]
    there = [finding for finding in deciding if finding.step == step] or deciding
    told = [finding for finding in there if finding.hint and not finding.locates]
    lead = min(told, key=lambda finding: hint_rank(finding.hint), default=there[0] if there else None)
    return of_its_file(lead, there) if lead else None


def _told(finding: Finding) -> str:
    place = "" if finding.message.startswith(finding.path) else f"{finding.path}: "
    return f"{place}{finding.message}"


def _doubt(comparison: Comparison) -> str:
    reasons = [*comparison.problems, *comparison.not_compared]
    more = f" (and {len(reasons) - 1} more)" if len(reasons) > 1 else ""
    return f"{reasons[0]}{more}" if reasons else "the evidence is not complete"


def _amount(comparison: Comparison) -> str:
    compared = comparison.compared
    counts = {
        "event": compared.events,
        "metric": compared.metrics,
        "log line": compared.log_lines,
        "table": compared.tables,
        "artifact": compared.artifacts,
    }
    said = [f"{count:,} {name}{'' if count == 1 else 's'}" for name, (count, _) in counts.items() if count]
    return ", ".join(said) or "nothing"


def _step_run(session: Session, state: StepState) -> StepRun:
    body = manifest_steps(session).get(state.id, {})
    outline = outline_of(session.events)
    own = [event for event in outline.kept if event.get("step") == state.id]
    events = {event["event"]: event for event in own}
    end: dict[str, Any] = events.get(STEP_COMPLETE) or events.get(STEP_FAILED) or {}
    return StepRun(
        id=state.id,
        driver=str(body.get("driver", "")),
        needs=tuple(body.get("needs") or ()),
        state=state.state,
        rows=_rows(end.get("rows")),
        duration_ms=_duration_ms(end.get("duration_ms")),
        started_ms=_started_ms(session, events.get(STEP_START)),
        artifacts=tuple(sorted(path for path in session.artifacts if path.startswith(f"{state.id}/"))),
        options=options_of(body.get("config") or {}),
        classes=value_classes(next(iter((end.get("tables") or {}).values()), {})),
        retries=outline.counts.get((state.id, STEP_RETRIED), 0),
        reason=state.reason or "",
        blamed=state.cause or "",
        attempts=tuple(_attempts(session, own)),
        not_retried=str((events.get(RETRY_REFUSED) or {}).get("reason", "")),
    )


def _attempts(session: Session, events: Iterable[dict[str, Any]]) -> Iterator[StepAttempt]:
    """Yield the first attempts at a step that were followed by another."""
    retried = (event for event in events if event["event"] == STEP_RETRIED)
    for number, event in enumerate(islice(retried, _KEPT_ATTEMPTS), 1):
        yield StepAttempt(
            number=number,
            error_type=_cut(str(event.get("error_type", "")), _ERROR_TYPE_CHARACTERS),
            error=_cut(str(event.get("message", "")), _ERROR_CHARACTERS),
            ended_ms=_started_ms(session, event),
        )


def _cut(text: str, most: int) -> str:
    more = len(text) - most
    return text if more <= 0 else f"{text[:most]}… ({more:,} more characters)"


def _rows(value: Any) -> int | None:
    """Return a number of rows; None for what no record may have, as events of another program do."""
    return value if type(value) is int and 0 <= value <= MOST else None


def _duration_ms(value: Any) -> float | None:
    """Return a time in milliseconds; None for what no record may have."""
    return float(value) if type(value) in {int, float} and abs(value) <= LONGEST else None


def _started_ms(session: Session, start: dict[str, Any] | None) -> float | None:
    window, began = run_window(session), moment(start.get("ts")) if start else None
    return round((began - window.start) / _MILLISECOND, 3) if window and began else None
