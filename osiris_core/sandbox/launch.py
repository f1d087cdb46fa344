"""Starts and stops the server as a process of its own. Standard library only, so that importing it costs nothing.

The server lives in its own session, so a Ctrl-C in the terminal reaches its user first. It ends when it is told to, when its
standard input ends (the lifeline that this process holds), or when this process dies; its sandboxes always end with it.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Self

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

_KEPT_VARIABLES = ("PATH", "TMPDIR", "LD_LIBRARY_PATH")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerAddress:
    """Where a server answers and who it lets in; `isolation` is `bubblewrap` or `plain`."""

    url: str
    api_key: str
    isolation: str
    bubblewrap_version: str | None
    pid: int

    def to_json(self) -> str:
        """Return the address as one line of JSON."""
        return json.dumps(asdict(self))


class SandboxServerError(Exception):
    """Raised when the server cannot be started; one sentence that says what to do."""


def environment_for(address: ServerAddress) -> dict[str, str]:
    """Return the variables that point any program using the E2B SDK at this server."""
    return {"E2B_API_URL": address.url, "E2B_SANDBOX_URL": address.url, "E2B_API_KEY": address.api_key}


class ServerProcess:
    """A running server; leaving the `with` block stops it."""

    def __init__(self, process: subprocess.Popen[bytes], address: ServerAddress) -> None:
        self._process = process
        self.address = address

    @classmethod
    def start(
        cls,
        *,
        isolation: str = "bubblewrap",
        port: int = 0,
        ready_timeout_s: float = 60.0,
        options: Sequence[str] = (),
    ) -> ServerProcess:
        """Start a server and return once it answers; `options` go to `python -m osiris_core.sandbox`.

        Raises SandboxServerError when it cannot serve, with its own sentence.
        """
        argv = [sys.executable, "-P", "-m", "osiris_core.sandbox", "--isolation", isolation, "--port", str(port)]
        with tempfile.TemporaryFile() as stderr:
            process = subprocess.Popen(  # noqa: S603 - our argv
                [*argv, "--parent-pid", str(os.getpid()), *options],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                env=_environment(),
                cwd="/",
                start_new_session=True,
            )
            try:
                return cls(process, _read_address(process, stderr, ready_timeout_s))
            except BaseException:
                process.kill()
                process.communicate()
                raise

    def stop(self, grace_s: float = 5.0) -> None:
        """Stop the server and its sandboxes; after `grace_s` seconds by force. Stopping it again does nothing."""
        if self._process.stdin:
            self._process.stdin.close()
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(grace_s)
            except subprocess.TimeoutExpired:
                self._process.kill()  # its namespaces die with it
        self._process.wait()

    def wait(self) -> int:
        """Return the server's exit code once it has ended, a negative one being a signal."""
        return self._process.wait()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop the server."""
        self.stop()


def _environment() -> dict[str, str]:
    # Nothing of the caller's settings reaches the server but what it needs to find itself and bubblewrap.
    kept = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    places = [str(Path(__file__).resolve().parents[2]), *filter(None, [os.environ.get("PYTHONPATH")])]
    return kept | {"LANG": "C.UTF-8", "PYTHONPATH": os.pathsep.join(places)}


def _read_address(process: subprocess.Popen[bytes], stderr: BinaryIO, timeout_s: float) -> ServerAddress:
    assert process.stdout  # noqa: S101 - it was asked for
    line = b""
    ends_at = time.monotonic() + timeout_s
    while not line.endswith(b"\n"):
        ready, _, _ = select.select([process.stdout], [], [], max(0.0, ends_at - time.monotonic()))
        if not ready:
            raise SandboxServerError(f"the sandbox server did not answer within {timeout_s:g} s")
        piece = os.read(process.stdout.fileno(), 65536)
        if not piece:
            raise SandboxServerError(_complaint(process, stderr))
        line += piece
    process.stdout.close()
    return ServerAddress(**json.loads(line))


def _complaint(process: subprocess.Popen[bytes], stderr: BinaryIO) -> str:
    code = process.wait()
    stderr.seek(0)
    said = stderr.read().decode("utf-8", "replace").strip().rpartition("\n")[2]
    if code < 0:
        return f"the sandbox server was ended by {signal.Signals(-code).name} before it answered"
    return said or f"the sandbox server ended with exit code {code} before it answered"
