"""What became of each step, as the executor's messages say and as its end implies."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from osiris_core.wire import records
from osiris_core.wire.values import field, replace, state, value

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from osiris_core.wire.request import RunRequest


@value
class StepEnd:
    """A step's last word: `state`, and for a skipped one why and because of which step."""

    id: str
    state: str
    reason: str | None = None
    cause: str | None = None


@value
class Attempt:
    """An attempt at a step with a timeout, and when it is due by the monotonic clock that all processes share."""

    step: str
    number: int
    timeout_s: float
    due: float


@state
class Ledger:
    """The steps of one run, in order of execution."""

    request: RunRequest
    running: str | None = None
    attempt: Attempt | None = None
    failed: str | None = None
    error: Mapping[str, Any] | None = None
    started: float = field(default_factory=time.monotonic)
    step_started: float = 0.0
    _ends: dict[str, StepEnd] = field(default_factory=dict)

    def copy(self) -> Ledger:
        """Return a ledger that goes on from here by itself."""
        return replace(self, _ends=dict(self._ends))

    def begin(self, step: str) -> None:
        """Note that a step runs."""
        self.running, self.step_started = step, time.monotonic()

    def begin_attempt(self, step: str, number: int, started: float) -> None:
        """Note that an attempt at a step with a timeout runs."""
        timeout_s = next(each["timeout_s"] for each in self.request.manifest["steps"] if each["id"] == step)
        self.attempt = Attempt(step=step, number=number, timeout_s=timeout_s, due=started + timeout_s)

    def end_attempt(self) -> None:
        """Note that it has ended, one way or the other."""
        self.attempt = None

    def end(self, step: str, state: str, error: Mapping[str, Any] | None) -> None:
        """Note how the running step ended."""
        self._ends[step] = StepEnd(id=step, state=state)
        self.running = None
        if error is not None and self.failed is None:
            self.failed, self.error = step, error

    def skip_rest(self, reason: str, cause: str | None) -> Iterator[StepEnd]:
        """Skip every step without an end and yield it.

        One that needs a failed step, be it by way of others, says so and names it, the first of several; the others
        say `reason` and `cause`.
        """
        needs = {step["id"]: set(step["needs"]) for step in self.request.manifest["steps"]}
        failures: dict[str, set[str]] = {}  # by failed step, in order: itself and all that need it
        for step in self.request.order:
            if step in self._ends:
                if self._ends[step].state == records.FAILED:
                    failures[step] = {step}
                continue
            culprits = [failed for failed, tainted in failures.items() if needs[step] & tainted]
            for failed in culprits:
                failures[failed].add(step)
            why, who = (records.UPSTREAM_FAILED, culprits[0]) if culprits else (reason, cause)
            self._ends[step] = StepEnd(id=step, state=records.SKIPPED, reason=why, cause=who)
            yield self._ends[step]

    @property
    def succeeded(self) -> int:
        """How many steps have succeeded."""
        return sum(end.state == records.SUCCEEDED for end in self._ends.values())

    def steps(self) -> list[dict[str, str | None]]:
        """Return the states as the terminal record lists them."""
        ends = (self._ends[step] for step in self.request.order)
        return [{"id": end.id, "state": end.state, "reason": end.reason, "cause": end.cause} for end in ends]
