"""How the steps of a run ended, by its events, and how the run did; and everything that says otherwise.

The events decide, because they were written while it happened. `status.json`, the exit code and the totals are what was
said afterwards: where these contradict the events the evidence contradicts itself, and nothing is green.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from osiris_core.parity.foreign.osiris.names import is_final
from osiris_core.parity.foreign.osiris.paths import STATUS
from osiris_core.parity.foreign.protocol import Mark
from osiris_core.parity.record import Layer
from osiris_core.session.reader import StepState
from osiris_core.wire import records

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

NEVER_STARTED: Final = "never-started"
"""Why a step was skipped where nothing failed before it: the events do not say."""

_EXIT_CODE: Final = "adapter_exit_code"
_ROWS_WRITTEN: Final = "rows_written"
_TOTAL: Final = "total_rows"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a run ended; `error` has the text of the first failure."""

    outcome: str
    failed_step: str | None
    error: dict[str, Any] | None
    steps: tuple[StepState, ...]

    @property
    def completed(self) -> int:
        """How many steps came to their end."""
        return sum(step.state == records.SUCCEEDED for step in self.steps)


def ending_of(events: Sequence[dict[str, Any]], order: Sequence[str]) -> Ending:
    """Return how a run ended; `order` are the steps of its manifest. Without a last event and a failure it is lost."""
    started: set[str] = set()
    ended: set[str] = set()
    failures: dict[str, Any] = {}
    for event in events:
        step, name = event["step"], event["event"]
        if step is None:
            continue
        if name == records.STEP_START:
            started.add(step)
        elif name == records.STEP_COMPLETE:
            ended.add(step)
        elif name == records.STEP_FAILED:
            failures.setdefault(step, event)
    known = [*order, *sorted((started | ended | failures.keys()) - {*order}, key=str)]
    steps, failed_before = [], None
    for step in known:
        state, reason = _state(step, started, ended, failures, failed_before)
        steps.append(StepState(id=step, state=state, reason=reason, cause=failed_before if reason else None))
        if state == records.FAILED:
            failed_before = failed_before or step
    finals = [event["event"] for event in events if is_final(event["event"])]
    failed_step = next((step.id for step in steps if step.state == records.FAILED), None)
    return Ending(
        outcome=_outcome(finals, steps, failed=bool(failures)),
        failed_step=failed_step,
        error=_error(events, failures[failed_step] if failed_step else None),
        steps=tuple(steps),
    )


def _state(
    step: str, started: set[str], ended: set[str], failures: dict[str, Any], failed_before: str | None
) -> tuple[str, str | None]:
    if step in failures:
        return records.FAILED, None
    if step in ended:
        return records.SUCCEEDED, None
    if step in started:
        return records.CANCELLED, None
    return records.SKIPPED, records.UPSTREAM_FAILED if failed_before else NEVER_STARTED


def _outcome(finals: list[str], steps: list[StepState], *, failed: bool) -> str:
    if failed or records.RUN_FAILED in finals:
        return records.FAILED
    if not finals:
        return records.LOST
    whole = bool(steps) and all(step.state == records.SUCCEEDED for step in steps)
    return records.SUCCEEDED if whole else records.FAILED


def _error(events: Sequence[dict[str, Any]], failure: dict[str, Any] | None) -> dict[str, Any] | None:
    found = failure or next((event for event in events if event["event"] == records.RUN_FAILED), None)
    return None if found is None else {"message": str(found.get("message", ""))}


def contradictions(
    ending: Ending, status: dict[str, Any], metrics: Sequence[dict[str, Any]], events: Sequence[dict[str, Any]]
) -> Iterator[Mark]:
    """Yield a mark for everything that was said of the run's end and is not what its events show."""
    good = ending.outcome == records.SUCCEEDED
    seen = f"{ending.completed} of {len(ending.steps)} steps completed" + (
        f", {ending.failed_step} failed" if ending.failed_step else ""
    )
    codes = {"status.json": status.get("exit_code"), _EXIT_CODE: _last(metrics, _EXIT_CODE)}
    if isinstance(status.get("ok"), bool) and status["ok"] is not good:
        why = f" ({status['reason']})" if status.get("reason") else ""
        yield _contradiction(ending, f"{STATUS}:ok", f"ok is {str(status['ok']).lower()}{why}, but {seen}")
    for place, code in codes.items():
        if _is_number(code) and (code == 0) is not good:
            yield _contradiction(ending, f"{place}:exit_code", f"the exit code is {code:g}, but {seen}")
    counted = status.get("steps_completed")
    if _is_number(counted) and counted != ending.completed:
        yield _contradiction(ending, f"{STATUS}:steps_completed", f"it counts {counted:g}, but {seen}")
    if not good and events and [e["event"] for e in events if is_final(e["event"])][-1:] == [records.RUN_COMPLETE]:
        yield _contradiction(ending, records.RUN_COMPLETE, f"the run says that it is complete, but {seen}")
    written = sum(each["value"] for each in metrics if each["metric"] == _ROWS_WRITTEN and _is_number(each["value"]))
    for event in events:
        if _is_number(event.get(_TOTAL)) and event[_TOTAL] == 0 and written > 0:
            message = f"it counts 0 rows, but the metrics say that {written:g} were written"
            yield _contradiction(ending, f"{event['event']}.{_TOTAL}", message)


def _contradiction(ending: Ending, path: str, message: str) -> Mark:
    return Mark(
        layer=Layer.OUTCOME,
        code="outcome-contradicted",
        path=path,
        message=message,
        step=ending.failed_step,
        hint="believe neither: look at the events of the run",
        contradicts=True,
    )


def _last(metrics: Sequence[dict[str, Any]], name: str) -> Any:
    return next((each["value"] for each in reversed(metrics) if each["metric"] == name), None)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
