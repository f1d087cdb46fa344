"""Starts commands and knows which of them have ended."""

# The agent's start is part of every sandbox's: pathlib alone would make it a third longer.
# ruff: noqa: PTH112

from __future__ import annotations

import fcntl
import os
import signal
import struct
import termios
from typing import TYPE_CHECKING, Any, NoReturn

from .errors import RefusedError

if TYPE_CHECKING:
    from .paths import Paths
    from .wire import Message

_IGNORED_BY_PYTHON = (signal.SIGPIPE, signal.SIGXFSZ)


class Processes:
    """The commands of one sandbox; pids are those that the sandbox itself sees."""

    def __init__(self, paths: Paths) -> None:
        self._paths = paths
        self._running: set[int] = set()

    def spawn(self, request: Message, descriptors: list[int]) -> tuple[dict[str, Any], tuple[int, ...]]:
        """Start `argv` with `env` in `cwd`; returns once it has been executed.

        `descriptors`, which stay the caller's, are its stdout and stderr, and its stdin when `stdin` is true. With `pty`
        (`[columns, rows]`) there are none: the answer carries the terminal's other end.
        """
        cwd = self._paths.inside(request["cwd"], request["user"])
        real_cwd = self._paths.real(cwd)
        if not os.path.isdir(real_cwd):
            raise RefusedError("invalid_argument", f"cwd '{cwd}' does not exist")
        terminal, streams = _streams(request, descriptors)
        try:
            pid = _start(request["argv"], request["env"], real_cwd, streams, has_terminal=terminal is not None)
        except RefusedError:
            if terminal is not None:
                os.close(terminal)
            raise
        finally:
            for descriptor in set(streams) - set(descriptors):
                os.close(descriptor)
        self._running.add(pid)
        return {"pid": pid}, () if terminal is None else (terminal,)

    def signal(self, request: Message) -> tuple[dict[str, Any], tuple[int, ...]]:
        """Send `signal` to one command, not to its group: that is what envd does."""
        if request["pid"] not in self._running:
            raise RefusedError("not_found", f"process with pid {request['pid']} not found")
        os.kill(request["pid"], request["signal"])
        return {}, ()

    def reap(self) -> list[tuple[int, int]]:
        """Return (pid, exit code) of commands that ended, a negative code being a signal; orphans are reaped silently."""
        ended: list[tuple[int, int]] = []
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return ended
            if pid == 0:
                return ended
            if pid in self._running:
                self._running.discard(pid)
                ended.append((pid, os.waitstatus_to_exitcode(status)))


def _streams(request: Message, descriptors: list[int]) -> tuple[int | None, tuple[int, int, int]]:
    if request.get("pty"):
        ours, theirs = os.openpty()
        columns, rows = request["pty"]
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        return ours, (theirs, theirs, theirs)
    stdout, stderr = descriptors[:2]
    stdin = descriptors[2] if request["stdin"] else os.open(os.devnull, os.O_RDONLY)
    return None, (stdin, stdout, stderr)


def _start(argv: list[str], env: dict[str, str], cwd: str, streams: tuple[int, int, int], *, has_terminal: bool) -> int:
    failed_read, failed_write = os.pipe()  # close-on-exec: end of file means that the program runs
    pid = os.fork()
    if pid == 0:
        _become(argv, env, cwd, streams, failed_write, has_terminal=has_terminal)
    os.close(failed_write)
    with os.fdopen(failed_read, "rb") as failed:
        reason = failed.read()
    if reason:
        os.waitpid(pid, 0)
        raise RefusedError("invalid_argument", f"cannot start '{argv[0]}': {os.strerror(int(reason))}")
    return pid


def _become(
    argv: list[str],
    env: dict[str, str],
    cwd: str,
    streams: tuple[int, int, int],
    failed: int,
    *,
    has_terminal: bool,
) -> NoReturn:
    # Runs in the forked child and must never return into the agent's loop. No new session without a terminal: envd's
    # commands share its process group, so a program that needs a group of its own has to make one.
    try:
        signal.set_wakeup_fd(-1)
        for number in (*_IGNORED_BY_PYTHON, signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        if has_terminal:
            os.setsid()
            fcntl.ioctl(streams[0], termios.TIOCSCTTY, 0)
        for target, source in enumerate(streams):
            os.dup2(source, target)
        os.umask(0o022)
        os.chdir(cwd)
        os.execve(argv[0], argv, env)  # noqa: S606 - running what the client asks for is the point
    except OSError as error:
        os.write(failed, str(error.errno).encode())
    finally:
        os._exit(127)
