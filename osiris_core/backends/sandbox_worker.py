"""A worker in a sandbox, reached through the E2B SDK: its lines, its spool, its stdin and what became of it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Self

from osiris_core.backends.leased import as_sandbox_error, in_short
from osiris_core.backends.reach import LineBroken, LineEnded, Standing
from osiris_core.backends.sandbox_home import RUN_DIRECTORY
from osiris_core.errors import SandboxError

if TYPE_CHECKING:
    from osiris_core.backends.leased import LeasedSandbox
    from osiris_core.backends.protocol import TargetFacts

_STDERR_CHARACTERS = 2000
_PIECES_HELD = 256
"""Pieces of at most 32 KiB that wait for whoever follows the worker; the transport waits when there are more."""


class SandboxLine:
    """One attachment: the SDK's reader puts pieces into a queue, whoever follows the worker takes them out."""

    def __init__(self, facts: TargetFacts) -> None:
        self._facts = facts
        self._pieces: asyncio.Queue[bytes] = asyncio.Queue(_PIECES_HELD)
        self._handle: Any = None
        self._ended: asyncio.Task[Any] | None = None
        self.stderr = ""

    def begin(self, handle: Any) -> None:
        """Take the SDK's handle, as soon as there is one."""
        self._handle = handle
        self._ended = asyncio.create_task(handle.wait())

    async def on_stdout(self, text: str) -> None:
        """Take a piece of stdout; wait while too many are held."""
        await self._pieces.put(text.encode("utf-8"))

    def on_stderr(self, text: str) -> None:
        """Keep the last of what the supervisor itself said."""
        self.stderr = (self.stderr + text)[-_STDERR_CHARACTERS:]

    async def read(self) -> bytes:
        """Return the next piece. LineEnded or LineBroken when there are no more."""
        if self._ended is None:
            raise AssertionError("a line is read after it has begun")
        if self._pieces.empty() and not self._ended.done():
            piece = asyncio.create_task(self._pieces.get())
            try:
                await asyncio.wait({piece, self._ended}, return_when=asyncio.FIRST_COMPLETED)
                if piece.done():
                    return self._counted(piece.result())
            finally:
                piece.cancel()
        if not self._pieces.empty():
            return self._counted(self._pieces.get_nowait())
        raise _why(self._ended)

    async def ended_within(self, patience_s: float) -> bool:
        """Wait for its end, and say whether it came."""
        if self._ended is not None:
            await asyncio.wait({self._ended}, timeout=patience_s)
        return self._ended is not None and self._ended.done()

    async def close(self) -> None:
        """Let go of the stream; a second time is harmless."""
        if self._ended is not None:
            self._ended.cancel()
            await self._handle.disconnect()

    def _counted(self, piece: bytes) -> bytes:
        self._facts.bytes_down += len(piece)
        return piece


def _why(ended: asyncio.Task[Any]) -> Exception:
    """Return why a line brings no more."""
    from e2b import CommandExitException

    error = ended.exception()
    if error is None:
        return LineEnded("the worker left with exit code 0")
    if isinstance(error, CommandExitException):
        return LineEnded(f"the worker left with exit code {error.exit_code}")
    return LineBroken(in_short(error) if isinstance(error, Exception) else repr(error))


class SandboxWorker:
    """The worker with this pid in this sandbox."""

    def __init__(self, leased: LeasedSandbox, pid: int, facts: TargetFacts) -> None:
        self._leased = leased
        self.pid = pid
        self._facts = facts

    @classmethod
    async def start(cls, leased: LeasedSandbox, command: str, facts: TargetFacts) -> tuple[Self, SandboxLine]:
        """Start it, and return it with its first line, on which nothing it prints is missed."""
        line = SandboxLine(facts)
        facts.http_requests += 1
        with as_sandbox_error("the worker could not be started"):
            handle = await leased.sandbox.commands.run(
                command,
                background=True,
                stdin=True,
                timeout=0,  # the SDK's default would kill the process after 60 s
                on_stdout=line.on_stdout,
                on_stderr=line.on_stderr,
                retain_output=False,
            )
        line.begin(handle)
        return cls(leased, handle.pid, facts), line

    async def attach(self) -> SandboxLine:
        """Attach to what it prints from now on."""
        line = SandboxLine(self._facts)
        self._facts.http_requests += 1
        with as_sandbox_error("the worker's output could not be reached again"):
            handle = await self._leased.sandbox.commands.connect(
                self.pid, timeout=0, on_stdout=line.on_stdout, on_stderr=line.on_stderr, retain_output=False
            )
        line.begin(handle)
        return line

    async def spool(self, offset: int, size_bytes: int) -> bytes:
        """Return what the spool holds from `offset` on."""
        from e2b.exceptions import FileNotFoundException

        self._facts.http_requests += 1
        path = str(RUN_DIRECTORY / "spool" / "00000000.os1")
        with as_sandbox_error("the spool could not be read"):
            try:
                data = await self._leased.sandbox.files.read(path, format="bytes")
            except FileNotFoundException:  # the worker has not written anything
                return b""
        piece = bytes(data[offset : offset + size_bytes])
        self._facts.bytes_down += len(data)
        return piece

    async def say(self, line: str) -> None:
        """Write a line to its stdin."""
        self._facts.http_requests += 1
        with as_sandbox_error("the worker could not be told anything"):
            await self._leased.sandbox.commands.send_stdin(self.pid, line)

    async def standing(self) -> Standing:
        """Say what became of it."""
        self._facts.http_requests += 1
        try:
            with as_sandbox_error("the sandbox could not be asked for its processes"):
                processes = await self._leased.sandbox.commands.list()
        except SandboxError as error:
            from e2b.exceptions import NotFoundException, SandboxNotRunningException

            gone = isinstance(error.__cause__, NotFoundException | SandboxNotRunningException)
            return Standing.GONE if gone else Standing.UNKNOWN
        return Standing.RUNNING if any(each.pid == self.pid for each in processes) else Standing.ENDED
