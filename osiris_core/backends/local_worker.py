"""The worker as a child process of this one: what it prints, what it is told, and its end."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
from typing import TYPE_CHECKING, Self

from osiris_core.session.spool import spool_range

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from osiris_core.backends.protocol import Patience

_CHUNK_BYTES = 1 << 16


class LocalWorker:
    """Holds a process that was started with pipes for stdin and stdout, and a group of its own.

    What it is told may come from another thread than the one that reads.
    """

    def __init__(self, process: subprocess.Popen[bytes], spool: Path, *, segment_bytes: int) -> None:
        if process.stdin is None or process.stdout is None:
            raise ValueError("a worker is started with pipes for stdin and stdout")
        self._process = process
        self._stdin, self._stdout = process.stdin, process.stdout
        self._spool = spool
        self.segment_bytes = segment_bytes

    @classmethod
    def start(
        cls,
        command: Sequence[str | Path],
        run_directory: Path,
        *,
        cwd: Path,
        env: Mapping[str, str],
        segment_bytes: int,
    ) -> Self:
        """Start the command; what it writes to stderr goes into `supervisor.err` of its run directory."""
        with (run_directory / "supervisor.err").open("wb") as stderr:
            process = subprocess.Popen(  # noqa: S603 - an interpreter of ours, with the bundle as its program
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                cwd=cwd,
                env=env,
                start_new_session=True,  # Ctrl-C in the terminal reaches pytest, which then asks the worker to stop
            )
        return cls(process, run_directory / "spool", segment_bytes=segment_bytes)

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def read(self, patience_s: float) -> bytes | None:
        """Return what it printed, b"" at the end, None where nothing came for so long."""
        poller = select.poll()
        poller.register(self._stdout, select.POLLIN)
        if not poller.poll(patience_s * 1000):
            return None
        return os.read(self._stdout.fileno(), _CHUNK_BYTES)

    def spool(self, offset: int, size_bytes: int) -> bytes:
        """Return what its spool holds from `offset` on. SessionError when it cannot be read."""
        return spool_range(self._spool, offset, size_bytes, segment_bytes=self.segment_bytes)

    def say(self, line: bytes) -> None:
        """Write a line to its stdin; one that has just ended hears nothing, which its end tells."""
        with contextlib.suppress(BrokenPipeError, ValueError):  # ValueError: `end` has closed the pipe
            self._stdin.write(line)
            self._stdin.flush()

    def kill(self) -> None:
        """Kill it, and with it everything that it started."""
        with contextlib.suppress(ProcessLookupError):  # it left between the two calls
            os.killpg(self._process.pid, signal.SIGKILL)

    def wait(self, patience_s: float) -> None:
        """Wait for its end, so long at most."""
        with contextlib.suppress(subprocess.TimeoutExpired):  # `end` kills what does not leave by itself
            self._process.wait(patience_s)

    def end(self, patience: Patience) -> None:
        """Close its stdin, which ends it, and kill it if that does not help."""
        for pipe in (self._stdin, self._stdout):
            with contextlib.suppress(BrokenPipeError):  # what was still to be written has no reader any more
                pipe.close()
        self.wait(patience.driver_stop_s + patience.fetch_s)
        if self._process.poll() is None:
            self.kill()
            self._process.wait()
