"""One look at a run that is going on, and who is shown it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol

PREPARING: Final = "prepare"
RUNNING: Final = "run"
COMPARING: Final = "compare"
JUDGING: Final = "judge"
TRIAGING: Final = "triage"
"""Phases that are not a backend's own; `run` is the one that every backend has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far one target of one check is; with `target` empty, the check as a whole.

    Each is the whole truth at its moment: one that gets lost costs nothing once the next has come. Times are seconds of
    `time.monotonic`, which all processes of a machine share.
    """

    check: str
    """The session id: what tells two checks apart."""
    name: str
    """The pipeline's id."""
    manifest: str
    target: str = ""
    phase: str = ""
    """A backend's word, or one of those above."""
    detail: str = ""
    """What a rerun is made with."""
    rerun: int = 0
    """Which rerun of a triage it is; 0 for the run itself."""
    step: str = ""
    """The step that runs, or ran last."""
    number: int = 0
    """Which step that is, from 1; those that were skipped count."""
    steps: int = 0
    rows: int = 0
    """Rows of all tables that steps have made so far."""
    step_rows: int | None = None
    """What is known of the running step: the rows that it was given, then those that it has counted itself."""
    size_bytes: int = 0
    """What has come from the target: records, and on e2b artifacts."""
    at: float = 0.0
    """When it was taken."""
    began: float = 0.0
    phase_began: float = 0.0
    step_began: float | None = None
    heard: float | None = None
    """When something last came of the worker, be it a heartbeat; None before it has spoken and after it has ended."""
    over: bool = False
    """Nothing more comes of this target; of a check, of any of its targets."""


class Observer(Protocol):
    """Is told how far runs are.

    It is called in the middle of them, on any thread and on several at once, so it takes note and returns. One that raises is told
    nothing more.
    """

    def __call__(self, progress: Progress, /) -> None:
        """Take note."""
        ...
