"""The bundle's entry: `run <run directory>` supervises, `execute ...` is the supervisor's own child."""

from __future__ import annotations

import sys
from pathlib import Path

EXIT_USAGE = 2
EXIT_NOT_STARTED = 3
"""Exit code of a supervisor that wrote no terminal record: its stderr says in one sentence why."""


def main(arguments: list[str] | None = None) -> int:
    """Run as the process that the arguments name; return the exit code."""
    match sys.argv[1:] if arguments is None else arguments:
        case ["run", run_directory]:
            return _run(Path(run_directory))
        case ["execute", run_directory, records_fd, supervisor_pid]:
            from osiris_core.worker.executor import execute

            return execute(Path(run_directory), records_fd=int(records_fd), supervisor_pid=int(supervisor_pid))
    sys.stderr.write("usage: bundle.pyz run <run directory>\n")
    return EXIT_USAGE


def _run(run_directory: Path) -> int:
    from osiris_core.wire.errors import WireProtocolError
    from osiris_core.worker.supervisor import supervise

    try:
        deliver = supervise(run_directory.absolute())
    except (OSError, WireProtocolError) as error:
        sys.stderr.write(f"osiris worker: the run could not be started or written down: {error}\n")
        return EXIT_NOT_STARTED
    try:
        deliver()
    except (OSError, WireProtocolError) as error:
        sys.stderr.write(f"osiris worker: the artifacts could not be packed: {error}\n")
    return 0
