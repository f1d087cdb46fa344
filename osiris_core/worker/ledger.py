"""What became of each step, as the executor's messages say and as its end implies."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from osiris_core.wire import records

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from osiris_core.wire.request import RunRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class StepEnd:
    """A step's last word: `state`, and for a skipped one why and because of which step."""

    id: str
    state: str
    reason: str | None = None
    cause: str | None = None


@dataclass(slots=True, kw_only=True)
class Ledger:
    """The steps of one run, in order of execution."""

    request: RunRequest
    running: str | None = None
    failed: str | None = None
    error: Mapping[str, Any] | None = None
    started: float = field(default_factory=time.monotonic)
    step_started: float = 0.0
    _ends: dict[str, StepEnd] = field(default_factory=dict)

    def begin(self, step: str) -> None:
        """Note that a step runs."""
        self.running, self.step_started = step, time.monotonic()

    def end(self, step: str, state: str, error: Mapping[str, Any] | None) -> None:
        """Note how the running step ended."""
        self._ends[step] = StepEnd(id=step, state=state)
        self.running = None
        if error is not None and self.failed is None:
            self.failed, self.error = step, error

    def skip_rest(self, reason: str | None, cause: str | None) -> Iterator[StepEnd]:
        """Skip every step without an end and yield it.

        `reason` None means that `cause` failed: steps that need it say so, the others that the run was stopped.
        """
        needs = {step["id"]: set(step["needs"]) for step in self.request.manifest["steps"]}
        tainted = {cause}
        for step in self.request.order:
            if step in self._ends:
                continue
            downstream = bool(needs[step] & tainted)
            if downstream:
                tainted.add(step)
            why = reason or (records.UPSTREAM_FAILED if downstream else records.RUN_STOPPED)
            self._ends[step] = StepEnd(id=step, state=records.SKIPPED, reason=why, cause=cause)
            yield self._ends[step]

    @property
    def succeeded(self) -> int:
        """How many steps have succeeded."""
        return sum(end.state == records.SUCCEEDED for end in self._ends.values())

    def steps(self) -> list[dict[str, str | None]]:
        """Return the states as the terminal record lists them."""
        ends = (self._ends[step] for step in self.request.order)
        return [{"id": end.id, "state": end.state, "reason": end.reason, "cause": end.cause} for end in ends]
