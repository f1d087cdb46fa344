"""The bundle's entry: `run <run directory>` supervises, `execute ...` is the supervisor's own child, `serve` runs many."""

from __future__ import annotations

import sys
from pathlib import Path

EXIT_USAGE = 2


def main(arguments: list[str] | None = None) -> int:
    """Run as the process that the arguments name; return the exit code."""
    match sys.argv[1:] if arguments is None else arguments:
        case ["run", run_directory]:
            from osiris_core.worker.running import run

            return run(Path(run_directory))
        case ["execute", run_directory, records_fd, supervisor_pid]:
            from osiris_core.worker.executor import execute

            return execute(Path(run_directory), records_fd=int(records_fd), supervisor_pid=int(supervisor_pid))
        case ["serve", *modules]:
            from osiris_core.worker.serving import serve

            return serve(modules)
    sys.stderr.write("usage: bundle.pyz run <run directory>\n")
    return EXIT_USAGE
