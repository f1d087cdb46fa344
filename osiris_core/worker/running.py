"""One run from its beginning to its exit code: the supervisor, and what is said where it cannot do its work."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from osiris_core.wire.errors import WireProtocolError
from osiris_core.worker.launch import start_executor
from osiris_core.worker.supervisor import supervise

if TYPE_CHECKING:
    from pathlib import Path

    from osiris_core.worker.launch import ExecutorStart

EXIT_NOT_STARTED = 3
"""Exit code of a supervisor that wrote no terminal record: its stderr says in one sentence why."""


def run(run_directory: Path, *, start: ExecutorStart = start_executor) -> int:
    """Supervise one run; `start` starts its executor, by default as a new process. Return the exit code."""
    try:
        supervise(run_directory.absolute(), start)
    except (OSError, WireProtocolError) as error:
        sys.stderr.write(f"osiris worker: the run could not be started or written down: {error}\n")
        return EXIT_NOT_STARTED
    return 0
