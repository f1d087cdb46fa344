"""Where what a page leaves out of a difference can be found: the files of both sessions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from osiris_core.parity.record import Layer
from osiris_core.report.trees import artifact_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from osiris_core.parity.record import Finding, TargetRun

_FILES: Final = {Layer.EVENTS: "events.jsonl", Layer.METRICS: "metrics.jsonl", Layer.TABLES: "events.jsonl"}
_FROM_DISK: Final = "directory"


def rest_of(finding: Finding, runs: Sequence[TargetRun], files: set[str]) -> tuple[str, ...]:
    """Return the path of each side's file that a finding speaks of, below the directory that its session is in."""
    return tuple(f"{run.session_directory}/{inside}" for run in runs[:2] if (inside := _inside(finding, run, files)))


def _inside(finding: Finding, run: TargetRun, files: set[str]) -> str:
    if not run.session_directory:
        return ""
    if finding.layer is Layer.ARTIFACTS:
        path = artifact_of(finding, files)
        return path if run.provider == _FROM_DISK else f"artifacts/{path}"
    if finding.layer is Layer.LOGS:
        return f"logs/{finding.path.partition(':')[0]}"
    return _FILES.get(finding.layer, "")
