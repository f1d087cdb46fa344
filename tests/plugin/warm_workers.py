"""xdist's workers for runs of pytest in this process: forked from one that has imported what each of them imports.

Such a worker does what any does: it is a process of its own, begins with the line that execnet gives it, and has the variables
and the directory of the test. It shares the start of an interpreter and the imports, as runs in this process do. Where a test is
about these, or sets variables that an interpreter reads when it starts, a worker is started as ever.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import io
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

MANIFEST = """osiris: "1"
pipeline: {id: warm}
steps: [{id: only, driver: shell.command, config: {command: ["true"]}}]
"""
MODULES = (
    "osiris_core.report.files",
    "osiris_core.target_runs",
    "pytest_osiris.ending.summary",
    "pytest_osiris.items",
    "pytest_osiris.running.agreement",
    "pytest_osiris.running.run",
)
MESSAGE_BYTES = 1 << 20


def interpreters_own() -> dict[str, str]:
    """Return the variables that an interpreter reads when it starts."""
    return {name: value for name, value in os.environ.items() if name.startswith("PYTHON")}


class Worker:
    """A forked process, as far as execnet uses a `Popen`."""

    def __init__(self, pid: int, stdin: int, stdout: int, status: socket.socket) -> None:
        self.pid = pid
        self.stdin = open(stdin, "wb")  # noqa: SIM115 - execnet closes both
        self.stdout = open(stdout, "rb")  # noqa: SIM115 - as above
        self._status = status
        self._returncode: int | None = None

    def wait(self) -> int:
        """Return its exit code once it has ended, a negative one being a signal."""
        if self._returncode is None:
            self._returncode = os.waitstatus_to_exitcode(int(self._status.recv(64) or str(int(signal.SIGKILL))))
            self._status.close()
        return self._returncode

    def kill(self) -> None:
        """Kill it."""
        with contextlib.suppress(ProcessLookupError):  # it has ended already
            os.kill(self.pid, signal.SIGKILL)


class WarmWorkers:
    """The process that workers are forked from, started when there is the first to fork."""

    def __init__(self) -> None:
        self._variables = interpreters_own()
        self._control: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def instead_of(self, create_io: Callable[..., Any]) -> Callable[..., Any]:
        """Return what makes execnet's connection to a worker: to a forked one, where that is the same."""

        def create(spec: Any, execmodel: Any) -> Any:
            if not spec.popen or spec.python or interpreters_own() != self._variables:
                return create_io(spec, execmodel)
            worker = self._fork()
            with pytest.MonkeyPatch.context() as patched:
                patched.setattr(execmodel.subprocess, "Popen", lambda *_, **__: worker)
                return create_io(spec, execmodel)

        return create

    def _fork(self) -> Worker:
        stdin, telling = os.pipe()
        reading, stdout = os.pipe()
        mine, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        about = json.dumps({"directory": str(Path.cwd()), "variables": dict(os.environ)}).encode()
        socket.send_fds(self._started(), [about], [stdin, stdout, 2, theirs.fileno()])
        for each in (stdin, stdout):
            os.close(each)
        theirs.close()
        pid = mine.recv(64)
        assert pid, "the process that workers are forked from has ended: its standard error says why"
        return Worker(int(pid), telling, reading, mine)

    def _started(self) -> socket.socket:
        if self._control is None:
            self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            command = [sys.executable, "-P", __file__, str(theirs.fileno())]
            self._process = subprocess.Popen(command, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL)
            theirs.close()
        return self._control

    def close(self) -> None:
        """End the process; workers have ended by then."""
        if self._control is not None and self._process is not None:
            self._control.close()
            self._process.wait()


def import_all() -> None:
    """Import what a worker does, by a run of pytest that collects a manifest: as any, it rewrites assertions of plugins."""
    with (
        tempfile.TemporaryDirectory() as directory,
        contextlib.redirect_stdout(io.StringIO()),
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.chdir(directory)
        patch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
        Path("pyproject.toml").write_text("")
        Path("warm.osiris.yaml").write_text(MANIFEST)
        code = pytest.main(["-p", "xdist", "-p", "osiris", "-p", "no:cacheprovider", "--collect-only", "-q", "-s"])
        assert code == pytest.ExitCode.OK
    for name in MODULES:
        importlib.import_module(name)
    tempfile.tempdir = None


def serve(control: socket.socket) -> None:
    """Fork a worker for each message, until the other end is closed; return in each worker, too."""
    gc.collect()
    gc.freeze()  # else the first collection of each worker would copy all of it
    while True:
        about, descriptors, _, _ = socket.recv_fds(control, MESSAGE_BYTES, 4)
        if not descriptors:
            return
        with contextlib.suppress(ChildProcessError):  # there is none
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        if os.fork() == 0:
            control.close()
            if is_worker(*descriptors):
                begin(**json.loads(about))
            return
        for each in descriptors:
            os.close(each)


def is_worker(stdin: int, stdout: int, stderr: int, status: int) -> bool:
    """Whether this is the worker, with its streams; else the process that has told of it from its start to its end."""
    worker = os.fork()
    if worker == 0:
        for number, each in enumerate((stdin, stdout, stderr)):
            os.dup2(each, number)
            os.close(each)
        os.close(status)
        return True
    for each in (stdin, stdout, stderr):
        os.close(each)
    with socket.socket(fileno=status) as told:
        told.send(str(worker).encode())
        _, how = os.waitpid(worker, 0)
        with contextlib.suppress(BrokenPipeError):  # nobody waits for it
            told.send(str(how).encode())
    return False


def begin(*, directory: str, variables: dict[str, str]) -> None:
    """Do what `python -u -c` does with execnet's first line."""
    os.chdir(directory)
    os.environ.clear()
    os.environ.update(variables)
    sys.argv, sys.path = ["-c"], ["", *sys.path]
    sys.stdin = sys.__stdin__ = open(0, closefd=False)  # noqa: SIM115 - it is open to the end
    sys.stdout = sys.__stdout__ = open(1, "w", closefd=False)  # noqa: SIM115 - it is open to the end
    sys.stderr = sys.__stderr__ = open(2, "w", closefd=False)  # noqa: SIM115 - it is open to the end
    exec(eval(sys.stdin.readline()), {"__name__": "__main__"})


if __name__ == "__main__":
    with socket.socket(fileno=int(sys.argv[1])) as other_end:
        import_all()
        serve(other_end)
