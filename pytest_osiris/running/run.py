"""`Run`: what `osiris_run` hands to a test, read from the session directories.

With two targets it holds what is true of both. They were found to agree, so one session can speak for the
two, except in what may differ freely: volatile fields and volatile metrics are left out, and of log lines
that agree only under a rule the normalized form is given.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from pytest_osiris.checking.failure import explanation
from pytest_osiris.keys import SETTINGS, CheckFailedError
from pytest_osiris.running.artifacts import Artifact, Artifacts
from pytest_osiris.running.named import ByName

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pytest

    from osiris_core.parity.record import ParityRecord
    from osiris_core.session.reader import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What became of a step: `state` is succeeded, failed, skipped or cancelled; `rows` those of its output table."""

    id: str
    driver: str
    needs: tuple[str, ...]
    state: str
    rows: int | None
    artifacts: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Run:
    """One run of a manifest: true of its target, or of both.

    `outcome` is one of `osiris_core.wire.records.OUTCOMES`. `steps` is by id in order of execution;
    `events` and `metrics` are the lines of the session's files; `logs` is what each step logged and `printed`
    what it printed, by step id (a step that said nothing is an empty text); `artifacts` is by `<step>/<file>`.
    """

    outcome: str
    failed_step: str | None
    targets: tuple[str, ...]
    steps: Mapping[str, Step]
    events: tuple[Mapping[str, Any], ...]
    metrics: tuple[Mapping[str, Any], ...]
    logs: Mapping[str, str]
    printed: Mapping[str, str]
    artifacts: Artifacts
    session_directories: Mapping[str, Path]
    record: ParityRecord

    @property
    def ok(self) -> bool:
        """Whether the pipeline succeeded; a failure that the manifest expects is not ok, though the test passes."""
        return self.outcome == "succeeded"

    def __eq__(self, other: object) -> bool:
        """Whether two runs did the same: their sessions are compared as a check compares two targets.

        So what may differ by itself (times, process ids, the paths of either) does not count, and rules of the manifest hold.
        What was asked of them, as other parameters or another logical time, is no difference by itself.
        """
        if not isinstance(other, Run):
            return NotImplemented
        from pytest_osiris.running.likeness import likeness_of

        return likeness_of(self.session_directories, other.session_directories).is_full

    __hash__ = None  # type: ignore[assignment] # to be the same is a comparison's verdict

    def __repr__(self) -> str:
        """Return the manifest, the outcome and where it ran: a run may hold much more than a line."""
        return f"<Run of {self.record.name}: {self.outcome} on {' and '.join(self.targets)}>"


def session_directories(record: ParityRecord, root: Path) -> dict[str, Path]:
    """Return the session directory of every target that has one."""
    return {run.target: root / run.session_directory for run in record.targets if run.session_directory}


def open_run(item: pytest.Item, record: ParityRecord) -> Run:
    """Return the run of a record that passed; raises `CheckFailedError` for any other."""
    from osiris_core.session.reader import open_session

    if not record.passed:
        raise CheckFailedError(explanation(record, item.config.stash[SETTINGS]))
    directories = session_directories(record, item.config.rootpath)
    sessions = [open_session(directory) for directory in directories.values()]
    return Run(
        outcome=sessions[0].outcome,
        failed_step=sessions[0].failed_step,
        targets=tuple(directories),
        steps=_steps(record),
        session_directories=MappingProxyType(directories),
        artifacts=Artifacts(
            Artifact(name=name, path=file.absolute, size_bytes=file.size_bytes, sha256=file.sha256)
            for name, file in sorted(sessions[0].artifacts.items())
        ),
        record=record,
        **_streams(sessions),
    )


def _streams(sessions: list[Session]) -> dict[str, Any]:
    """Return the fields that two targets may have in different forms."""
    from pytest_osiris.running.agreement import Agreement, readable

    first = sessions[0]
    if len(sessions) == 1:
        logs = {step: readable(data) for step, data in first.logs.items()}
        printed = {step: readable(data) for step, data in first.printed.items()}
        streams = {"events": tuple(first.events), "metrics": tuple(first.metrics)}
    else:
        agreement = Agreement(first, sessions[1])
        logs = agreement.text(first.logs, sessions[1].logs)
        printed = agreement.text(first.printed, sessions[1].printed)
        streams = {"events": agreement.events(), "metrics": agreement.metrics()}
    silent = {state.id: "" for state in first.steps}
    return {**streams, "logs": ByName("step", silent | logs), "printed": ByName("step", silent | printed)}


def _steps(record: ParityRecord) -> Mapping[str, Step]:
    steps = (
        Step(id=run.id, driver=run.driver, needs=run.needs, state=run.state, rows=run.rows, artifacts=run.artifacts)
        for run in record.targets[0].steps
    )
    return ByName("step", {step.id: step for step in steps})
