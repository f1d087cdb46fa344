"""What a run leaves for others than its terminal: the Markdown summary, and what GitHub Actions shows of it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from osiris_core.errors import UsageError
from pytest_osiris.ending.telling import tell
from pytest_osiris.keys import SETTINGS

if TYPE_CHECKING:
    import pytest

    from osiris_core.parity.record import RecordSet

_STEP_SUMMARY = "GITHUB_STEP_SUMMARY"


def publish(config: pytest.Config, records: RecordSet, report: Path | None) -> tuple[str, tuple[str, ...]]:
    """Write what was asked for; return why a summary that was asked for is not there, or nothing, and remarks on what GitHub lacks."""
    settings, step = config.stash[SETTINGS], _step_summary(config)
    problem, lacking = "", ""
    if settings.summary is not None and not _same(settings.summary, step):
        problem = _written(records, settings.summary, report)
    if step is not None and (records.records or records.unmet):
        lacking = _appended(records, step, report)
    if settings.github == "on" or (settings.github == "auto" and os.environ.get("GITHUB_ACTIONS") == "true"):
        _annotate(config, records)
    return problem, (lacking,) if lacking else ()


def _written(records: RecordSet, summary: Path, report: Path | None) -> str:
    from osiris_core.report.files import write_summary

    try:
        write_summary(records, summary, report=report)
    except UsageError as error:
        return str(error)
    return ""


def _appended(records: RecordSet, step: Path, report: Path | None) -> str:
    from osiris_core.report.files import append_summary

    name = "" if report is None else os.path.relpath(report)
    try:
        append_summary(records, step, report=name, link=run_address())
    except UsageError as error:
        return str(error)
    return ""


def _annotate(config: pytest.Config, records: RecordSet) -> None:
    from osiris_core.report.annotations import annotation_lines

    workspace = Path(os.environ.get("GITHUB_WORKSPACE") or config.invocation_params.dir)
    if lines := annotation_lines(records, root=config.rootpath, workspace=workspace):
        tell(config, *lines)


def run_address() -> str:
    """Return where GitHub shows what this run uploaded, or nothing elsewhere."""
    server, repository, run = (os.environ.get(f"GITHUB_{name}") for name in ("SERVER_URL", "REPOSITORY", "RUN_ID"))
    return f"{server}/{repository}/actions/runs/{run}#artifacts" if server and repository and run else ""


def _step_summary(config: pytest.Config) -> Path | None:
    path = os.environ.get(_STEP_SUMMARY)
    return Path(path) if path and config.stash[SETTINGS].github != "off" else None


def _same(summary: Path, step: Path | None) -> bool:
    return step is not None and summary.resolve() == step.resolve()
