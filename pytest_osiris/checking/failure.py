"""What a failed check shows in place of a traceback.

The first line is a summary by itself, because pytest repeats it at the end of a run.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from osiris_core.report.baselines import baseline_lines
from osiris_core.report.terminal import failure_lines
from osiris_core.report.text import capped_line, visible_line
from osiris_core.surface import verdict_line

if TYPE_CHECKING:
    from osiris_core.parity.record import ParityRecord
    from pytest_osiris.settings import Settings

_WIDEST = 120
_SUMMARY_CHARACTERS = 300


def explanation(record: ParityRecord, settings: Settings) -> str:
    """Return the verdict in one line, then where, what differs, both values, the command that repeats it, and the sessions that stay."""
    width = min(shutil.get_terminal_size().columns, _WIDEST)
    summary = capped_line(visible_line(verdict_line(record, record.name)), _SUMMARY_CHARACTERS)
    _, *what, reproduce = failure_lines(record, width)
    told = [line for line in what if line.strip() in {visible_line(each) for each in baseline_lines(record)}]
    if _words(*(line for line in what if line not in told)) in summary:
        what = told  # there is no more to say than the reason, which stands in the summary
    directories = [run.session_directory for run in record.targets if run.session_directory]
    stay = directories and settings.keep_sessions != "none"
    sessions = [f"    sessions: {' '.join(directories)}"] if stay else []
    return "\n".join([summary, f"    at {record.manifest}:{record.line}", *what, reproduce, *sessions])


def _words(*lines: str) -> str:
    return " ".join(word for line in lines for word in line.split())
