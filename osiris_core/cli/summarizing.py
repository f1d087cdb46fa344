"""`--summary PATH`: the Markdown summary of a command, which is appended where the file is the one of a step on GitHub."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from osiris_core.errors import UsageError
from osiris_core.surface import require_summary_file

if TYPE_CHECKING:
    from osiris_core.parity.record import RecordSet
    from osiris_core.parity.since import Since


def require_summary_place(summary: Path, report: Path | None) -> None:
    """Raise `UsageError` where a summary could not be written, or would be written over the report."""
    if report is not None and summary.resolve() in {report.resolve(), report.with_suffix(".json").resolve()}:
        raise UsageError(f"the summary {summary} is also the report, or its data", hint="give each a name of its own")
    require_summary_file(summary)


def write_markdown(records: RecordSet, summary: Path, report: Path | None, *, since: Since | None = None) -> None:
    """Write the summary of `records`, with the way to the `report`, and what changed `since` older ones. Raises `UsageError` where that is not possible."""
    from osiris_core.report.files import append_summary, write_summary

    step = os.environ.get("GITHUB_STEP_SUMMARY")
    if step and summary.resolve() == Path(step).resolve():
        append_summary(records, summary, report="" if report is None else str(report), since=since)
    else:
        write_summary(records, summary, report=report, since=since)
