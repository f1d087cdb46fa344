"""Renders failures as workflow commands of GitHub Actions, which it shows at the line of the manifest that they are about.

    ::error file=pipelines/flights.osiris.yaml,line=9,title=DIVERGENT flights.osiris.yaml::step write%3A ...

https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from osiris_core.report.marks import failures_first, mark_of
from osiris_core.report.terminal import first_cause
from osiris_core.report.text import capped_line, visible_line
from osiris_core.report.units import plural

if TYPE_CHECKING:
    from osiris_core.parity.record import RecordSet

MOST: Final = 10
"""GitHub shows so many errors of a step, and drops the others without a word."""
_MESSAGE_CHARACTERS: Final = 1_000
_TITLE_CHARACTERS: Final = 200


def annotation_lines(records: RecordSet, *, root: Path, workspace: Path) -> list[str]:
    """Return at most `MOST` lines: what the run as a whole lacks, then each failing manifest; the last one counts the rest.

    Manifests are named from `root`, and files as GitHub wants them, from the `workspace`; what lies outside has no file.
    """
    root, workspace = root.resolve(), workspace.resolve()
    errors = [_error("osiris parity: not as asked for", each) for each in records.unmet]
    for record in failures_first(records.records):
        if not record.fails:
            continue
        command = f"\nreproduce: {visible_line(record.reproduce)}" if record.reproduce else ""
        message = capped_line(visible_line(first_cause(record)), _MESSAGE_CHARACTERS) + command
        file = _from(workspace, root / record.manifest) if record.line else ""
        errors.append(_error(f"{mark_of(record).word} {record.name}", message, file=file, line=record.line))
    if len(errors) <= MOST:
        return errors
    hidden = len(errors) - MOST + 1
    rest = (
        f"{plural(hidden, 'more failure')} not shown here: GitHub shows {MOST} errors of a step. The summary has all."
    )
    return [*errors[: MOST - 1], _error("osiris parity", rest)]


def _error(title: str, message: str, *, file: str = "", line: int = 0) -> str:
    properties = {
        "file": file,
        "line": str(line) if file else "",
        "title": capped_line(visible_line(title), _TITLE_CHARACTERS),
    }
    written = ",".join(f"{name}={_property(value)}" for name, value in properties.items() if value)
    return f"::error {written}::{_data(message)}"


def _from(workspace: Path, file: Path) -> str:
    """Return the way from the workspace to a file; nothing for one outside of it, or with a name that GitHub could not find."""
    path = Path(os.path.normpath(file))
    if not path.is_relative_to(workspace) or visible_line(str(path)) != str(path):
        return ""
    return path.relative_to(workspace).as_posix()


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
