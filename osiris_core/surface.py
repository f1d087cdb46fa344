"""What the plugin and the command line both do with records: place them, name the host, give every manifest one.

A manifest that could not be read has a record too: a report that left it out would call the rest "all".
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import os
import tempfile
from typing import TYPE_CHECKING

from osiris_core.errors import ManifestError, UsageError
from osiris_core.parity.record import ParityRecord, RecordSet, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from osiris_core.errors import OsirisError
    from osiris_core.manifest.model import Manifest

_DISTRIBUTIONS = ("pytest-osiris", "pytest", "e2b", "duckdb", "pyarrow")
_DATA = (b'{"records":',)
_SUMMARY = tuple(f"## {mark} osiris parity".encode() for mark in "✓✗")
_TEXTS = {".md", ".markdown", ".txt"}
_WITH_STEP = {Verdict.DIVERGENT, Verdict.NONDETERMINISTIC}


def record_set(records: Iterable[ParityRecord], *, note: str = "") -> RecordSet:
    """Return the records of a run that has just ended on this host, sorted by manifest, then by session."""
    return RecordSet(
        records=tuple(sorted(records, key=lambda record: (record.name, record.session_id))),
        created_at=dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        host=host_facts(),
        note=note,
    )


def host_facts() -> dict[str, str]:
    """Return the versions that decide how this host runs a manifest."""
    import platform

    versions = {name: _version(name) for name in _DISTRIBUTIONS}
    return {"python": platform.python_version(), "platform": platform.platform(), **versions}


def placed(record: ParityRecord, manifest: Manifest, *, reproduce: str) -> ParityRecord:
    """Return `record` with the line of the step where things went wrong, and the command that repeats it."""
    failed = [run.failed_step for run in record.targets if run.failed_step]
    wanted = record.first_diverging_step or (failed[0] if failed and not record.passed else None)
    line = next((step.line for step in manifest.steps if step.id == wanted), record.line)
    return dataclasses.replace(record, line=line, reproduce=reproduce)


def unfinished_record(
    manifest: Manifest, *, reproduce: str, reason: str = "it was stopped, or the process that made it died"
) -> ParityRecord:
    """Return the record that stands for a check until it is over.

    Where its process dies meanwhile, or something stops it, nobody takes it for a check that never was.
    """
    return ParityRecord(
        manifest=manifest.location,
        pipeline_id=manifest.pipeline.id,
        passed=False,
        headline=f"the check did not come to its end: {reason}",
        verdict=Verdict.INFRA,
        reproduce=reproduce,
    )


def refused_record(manifest: str, error: OsirisError, *, reproduce: str, pipeline_id: str = "") -> ParityRecord:
    """Return the record of a manifest that could not be run as written, or as asked; nothing was started for it."""
    headline, line = str(error), 1
    if isinstance(error, ManifestError):
        first, *others = error.problems
        headline, line = f"{first}{f' (and {len(others)} more)' if others else ''}", first.line
    return ParityRecord(
        manifest=manifest, pipeline_id=pipeline_id, passed=False, headline=headline, reproduce=reproduce, line=line
    )


def verdict_line(record: ParityRecord, name: str) -> str:
    """Return the one line that says what became of the manifest called `name`.

    `IDENTICAL <name>`, `DIVERGENT <name> first diverging step: <id>`, `INFRA <name> <reason>`; with one target
    `OK <name>` or `FAILED <name> <reason>`, the latter also where both targets agree against `expect`; `XFAILED <name> <reason>` where
    the test expected that.
    """
    if record.expected_failure:
        return f"XFAILED {name} {' '.join(record.headline.split())}"
    if record.verdict in _WITH_STEP:
        return f"{record.verdict} {name} first diverging step: {record.first_diverging_step or 'none'}"
    if record.passed:
        return f"{record.verdict or 'OK'} {name}"
    failing = record.verdict if record.verdict and not record.verdict.passes else "FAILED"
    return f"{failing} {name} {' '.join(record.headline.split())}"


def require_report_place(report: Path) -> None:
    """Raise `UsageError` where a report could not be written, so that nobody finds out after the run."""
    require_page_place(report)
    _require_own("the report's data", report.with_suffix(".json"), _DATA)


def require_records_place(what: str, file: Path) -> None:
    """Raise `UsageError` where records, `what` in the message, could not be written, or would be written over something else."""
    require_place(what, file)
    _require_own(what, file, _DATA)


def require_page_place(report: Path) -> None:
    """Raise `UsageError` where the page of a report could not be written."""
    if report.suffix not in {".html", ".htm"}:
        raise UsageError(f"the report {report} is no page", hint="give a file name that ends in .html")
    require_place("the report", report)


def require_summary_file(summary: Path) -> None:
    """Raise `UsageError` where a summary could not be written, or would be written over a file that is not even a text for people."""
    require_place("the summary", summary)
    step = os.environ.get("GITHUB_STEP_SUMMARY")
    is_appended = bool(step) and os.path.realpath(summary) == os.path.realpath(step or "")
    if not is_appended:
        require_file("the summary", summary)
    if summary.suffix.lower() not in _TEXTS and not is_appended:
        _require_own("the summary", summary, _SUMMARY)


def _require_own(what: str, file: Path, beginnings: tuple[bytes, ...]) -> None:
    """Raise `UsageError` where a file is there that does not begin as those that are written here: it is somebody's."""
    try:
        if not file.is_file():
            return
        with file.open("rb") as there:
            beginning = there.read(max(map(len, beginnings)))
    except OSError:  # what cannot be read is told as it is written
        return
    if beginning and not beginning.startswith(beginnings):
        raise UsageError(f"{what} would be written over {file}, which is something else", hint="give another path")


def require_file(what: str, file: Path) -> None:
    """Raise `UsageError` for what would be replaced by a file, and is none, as /dev/null."""
    if os.path.exists(file) and not os.path.isfile(file):  # noqa: PTH110, PTH113 - they answer for a name that is too long, too
        raise UsageError(f"{what} {file} is something that is no file", hint="give another path")


def require_place(what: str, file: Path) -> None:
    """Raise `UsageError` where a file, `what` in the message, could not be written; directories on the way are made."""
    try:
        if file.is_dir():
            raise UsageError(f"{what} {file} is a directory", hint="give the name of a file in it")
        place = next(parent for parent in file.absolute().parents if parent.exists())
        if not place.is_dir():
            raise UsageError(f"{what} {file} cannot be written, because {place} is no directory")
        if not _takes_files(place):
            raise UsageError(f"{what} {file} cannot be written, because {place} is not writable")
    except OSError as error:  # a name that is too long, a loop of links
        raise UsageError(f"{what} {file} cannot be written: {error.strerror}", hint="give another path") from error


def _takes_files(directory: Path) -> bool:
    """Whether a file can be made in a directory: root is told that it may, and cannot, as below /proc."""
    if not os.access(directory, os.W_OK | os.X_OK):
        return False
    try:
        with tempfile.TemporaryFile(dir=directory):
            return True
    except OSError:
        return False


def _version(distribution: str) -> str:
    from importlib import metadata

    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return "not installed"
