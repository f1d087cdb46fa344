"""A session as its directory tells it: what `reader` returns, and the comparison takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from osiris_core.session.artifacts import ArtifactFile


@dataclass(frozen=True, slots=True, kw_only=True)
class StepState:
    """How a step ended: a state of `wire.records.STEP_STATES`, and for a skipped one why and because of which step."""

    id: str
    state: str
    reason: str | None
    cause: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One execution, as its directory tells it.

    `events` and `metrics` are their files' lines in order, read again whenever they are asked for; `logs` and `printed` map a step to the bytes of its
    stream; `artifacts` maps `<step>/<path>` to a file whose digest was read from disk. `facts` is session.json,
    `target_facts` target.json and `hello` the worker's first record in it, empty where there was none.
    """

    directory: Path
    session_id: str
    target: str
    outcome: str
    failed_step: str | None
    error: dict[str, Any] | None
    steps: tuple[StepState, ...]
    events: Sequence[dict[str, Any]]
    metrics: Sequence[dict[str, Any]]
    logs: Mapping[str, bytes]
    printed: Mapping[str, bytes]
    artifacts: Mapping[str, ArtifactFile]
    manifest: dict[str, Any]
    facts: dict[str, Any]
    target_facts: dict[str, Any]
    hello: dict[str, Any]

    @property
    def digest(self) -> str:
        """The digest over everything in it that may not vary: equal for two runs that did the same."""
        return str(self.facts["digest"])
