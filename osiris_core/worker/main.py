"""The bundle's entry: `run <run directory>` supervises, `execute ...` is the supervisor's own child, `serve` runs many."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from osiris_core.worker.launch import ExecutorStart

EXIT_USAGE = 2
EXIT_NOT_STARTED = 3
"""Exit code of a supervisor that wrote no terminal record: its stderr says in one sentence why."""


def main(arguments: list[str] | None = None) -> int:
    """Run as the process that the arguments name; return the exit code."""
    match sys.argv[1:] if arguments is None else arguments:
        case ["run", run_directory]:
            return run(Path(run_directory))
        case ["execute", run_directory, records_fd, supervisor_pid]:
            from osiris_core.worker.executor import execute

            return execute(Path(run_directory), records_fd=int(records_fd), supervisor_pid=int(supervisor_pid))
        case ["serve", *modules]:
            from osiris_core.worker.serving import serve

            return serve(modules)
    sys.stderr.write("usage: bundle.pyz run <run directory>\n")
    return EXIT_USAGE


def run(run_directory: Path, *, start: ExecutorStart | None = None) -> int:
    """Supervise one run; `start` starts its executor, by default as a new process. Return the exit code."""
    from osiris_core.wire.errors import WireProtocolError
    from osiris_core.worker.launch import start_executor
    from osiris_core.worker.supervisor import supervise

    try:
        deliver = supervise(run_directory.absolute(), start or start_executor)
    except (OSError, WireProtocolError) as error:
        sys.stderr.write(f"osiris worker: the run could not be started or written down: {error}\n")
        return EXIT_NOT_STARTED
    try:
        deliver()
    except (OSError, WireProtocolError) as error:
        sys.stderr.write(f"osiris worker: the artifacts could not be packed: {error}\n")
    return 0
