"""The commands of one sandbox: started, listed, fed, signalled, and remembered for a while after their end."""

from __future__ import annotations

import asyncio
import os
import signal
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from osiris_core.sandbox import fanout
from osiris_core.sandbox.link import AgentError, AgentGoneError
from osiris_core.sandbox.pipes import Pipe
from osiris_core.sandbox.settings import EXIT_RETENTION_S

if TYPE_CHECKING:
    from collections.abc import Mapping

    from osiris_core.sandbox.link import AgentLink

_GO_SIGNAL_NAMES = {9: "killed", 15: "terminated", 2: "interrupt", 1: "hangup", 11: "segmentation fault", 6: "aborted"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A command to start; `pty` is (columns, rows) of a terminal, or None for three pipes."""

    argv: tuple[str, ...]
    environment: Mapping[str, str]
    user: str
    cwd: str = ""
    has_stdin: bool = False
    pty: tuple[int, int] | None = None
    timeout_ms: float | None = None
    shown_envs: Mapping[str, str] = field(default_factory=dict)
    shown_cwd: str | None = None
    tag: str | None = None


class ManagedProcess:
    """One command, from its start until its exit is forgotten; `pid` is the sandbox's own number for it."""

    def __init__(self, pid: int, request: Request, outputs: dict[str, Pipe], stdin: Pipe | None) -> None:
        self.pid = pid
        self.request = request
        self.output = fanout.Fanout()
        self.stdin = stdin
        self.end: fanout.End | None = None
        self._outputs = outputs
        self._exit_code: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._signalled = asyncio.Event()
        self.terminal = outputs.get("pty")

    def exited(self, exit_code: int) -> None:
        """Take note of the exit that the agent saw."""
        if not self._exit_code.done():
            self._exit_code.set_result(exit_code)

    def has_exited(self) -> bool:
        """Return whether the agent saw it exit, though its pipes may be open still."""
        return self._exit_code.done()

    def signalled(self) -> None:
        """Take note that a client sent a signal: from now on the exit alone ends the command."""
        self._signalled.set()

    async def run(self) -> None:
        """Pass the output on until the command has ended, then publish its end.

        The end waits for the end of both pipes, which a grandchild can hold open; only after a client's signal the exit
        is enough, and what is still in the pipes then is lost. Both are envd's behaviour.
        """
        pumps = [asyncio.create_task(self._pump(stream, pipe)) for stream, pipe in self._outputs.items()]
        drained = asyncio.gather(*pumps)
        signalled = asyncio.create_task(self._signalled.wait())
        try:
            exit_code = await self._exit_code
            waited: set[asyncio.Future[Any]] = {drained, signalled}
            await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
        finally:
            signalled.cancel()
            drained.cancel()
            await asyncio.gather(*pumps, signalled, return_exceptions=True)
            self._close()
        self.end = _end(exit_code)
        await self.output.publish(self.end)

    async def _pump(self, stream: str, pipe: Pipe) -> None:
        size = fanout.TERMINAL_CHUNK_BYTES if stream == "pty" else fanout.CHUNK_BYTES
        while data := await pipe.read(size):
            await self.output.publish(fanout.Output(stream=stream, data=data))

    def _close(self) -> None:
        for pipe in (*self._outputs.values(), *([self.stdin] if self.stdin else [])):
            pipe.close()


class ProcessTable:
    """All commands of one sandbox."""

    def __init__(self, link: AgentLink, *, retention_s: float = EXIT_RETENTION_S) -> None:
        self._link = link
        self._retention_s = retention_s
        self._loop = asyncio.get_running_loop()
        self._processes: dict[int, ManagedProcess] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._early_exits: dict[int, int] = {}
        self._starting = 0
        self._closed = False

    async def start(self, request: Request) -> tuple[ManagedProcess, fanout.Subscriber]:
        """Start a command and subscribe to all of its output; raises AgentError or AgentGoneError."""
        ours, theirs = _pipes(request)
        self._starting += 1
        try:
            result, opened = await self._link.ask(
                "spawn",
                tuple(theirs.values()),
                argv=list(request.argv),
                env=dict(request.environment),
                cwd=request.cwd,
                user=request.user,
                stdin=request.has_stdin,
                pty=request.pty,
            )
        except BaseException:
            for descriptor in ours.values():
                os.close(descriptor)
            raise
        finally:
            self._starting -= 1
            for descriptor in theirs.values():
                os.close(descriptor)
        if opened:
            ours = {"pty": opened[0], "stdin": os.dup(opened[0])}
        return self._manage(result["pid"], request, ours)

    def find(self, pid: int) -> ManagedProcess:
        """Return a command that runs, or that ended not long ago; raises AgentError."""
        if pid not in self._processes:
            raise AgentError("not_found", f"process with pid {pid} not found")
        return self._processes[pid]

    def running(self) -> list[ManagedProcess]:
        """Return the commands that have not ended, in the order of their start."""
        return [process for process in self._processes.values() if process.end is None]

    async def signal(self, pid: int, number: int) -> None:
        """Send a signal to a command's leader; raises AgentError when there is none."""
        process = self.find(pid)
        if process.end is not None:
            raise AgentError("not_found", f"process with pid {pid} not found")
        process.signalled()
        await self._send_signal(pid, number)

    async def kill(self, pid: int) -> None:
        """SIGKILL a command's leader as no client's doing: what it printed still comes; one that has ended is no error."""
        try:
            await self._send_signal(pid, signal.SIGKILL)
        except (AgentError, AgentGoneError):
            return

    def exited(self, pid: int, exit_code: int) -> None:
        """Take note of an exit reported by the agent, which can come before the start is known here."""
        process = self._processes.get(pid)
        if process and not process.has_exited():
            process.exited(exit_code)
        elif self._starting:  # also when the number belongs to a command that has ended: the kernel reuses them
            self._early_exits[pid] = exit_code

    def close(self) -> None:
        """End every stream: the sandbox is gone."""
        self._closed = True
        for process in self._processes.values():
            process.output.interrupt(fanout.Gone())
        for task in self._tasks:
            task.cancel()

    def _manage(self, pid: int, request: Request, ours: dict[str, int]) -> tuple[ManagedProcess, fanout.Subscriber]:
        pipes = {name: Pipe(descriptor) for name, descriptor in ours.items()}
        stdin = pipes.pop("stdin", None)
        process = ManagedProcess(pid, request, pipes, stdin)
        self._processes[pid] = process
        subscriber = process.output.subscribe()
        if pid in self._early_exits:
            process.exited(self._early_exits.pop(pid))
        task = asyncio.create_task(self._live(process))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return process, subscriber

    async def _live(self, process: ManagedProcess) -> None:
        deadline = None
        if process.request.timeout_ms is not None:
            # The deadline belongs to the command, not to the stream: it also fires when the client has long gone.
            deadline = self._loop.call_later(process.request.timeout_ms / 1000, self._overdue, process.pid)
        try:
            await process.run()
        finally:
            if deadline:
                deadline.cancel()
        if not self._closed:
            self._loop.call_later(self._retention_s, self._forget, process)

    def _overdue(self, pid: int) -> None:
        task = asyncio.create_task(self.kill(pid))  # it may have ended at the same instant
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _send_signal(self, pid: int, number: int) -> None:
        try:
            await self._link.ask("signal", pid=pid, signal=number)
        except AgentError:
            # The leader has ended and only its pipes are held open: for envd that is still a command to be signalled.
            if self._processes[pid].end is not None:
                raise

    def _forget(self, process: ManagedProcess) -> None:
        if self._processes.get(process.pid) is process:
            del self._processes[process.pid]


def _pipes(request: Request) -> tuple[dict[str, int], dict[str, int]]:
    # Returns (our ends, their ends). The order of theirs is the agent's: stdout, stderr, then stdin.
    if request.pty:
        return {}, {}
    ours, theirs = {}, {}
    for stream in ("stdout", "stderr"):
        ours[stream], theirs[stream] = os.pipe2(os.O_CLOEXEC)
    if request.has_stdin:
        theirs["stdin"], ours["stdin"] = os.pipe2(os.O_CLOEXEC)
    return ours, theirs


def _end(exit_code: int) -> fanout.End:
    if exit_code >= 0:
        return fanout.End(exit_code=exit_code, exited=True, status=f"exit status {exit_code}")
    number = -exit_code
    return fanout.End(exit_code=-1, exited=False, status=f"signal: {_GO_SIGNAL_NAMES.get(number, f'signal {number}')}")
