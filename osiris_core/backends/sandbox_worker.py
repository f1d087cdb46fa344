"""A worker in a sandbox, reached through the E2B SDK: its lines, its spool, its stdin and what became of it."""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import TYPE_CHECKING, Any, Self

from osiris_core.backends.backoff import Backoff
from osiris_core.backends.leased import as_sandbox_error
from osiris_core.backends.protocol import Retry
from osiris_core.backends.reach import LineBroken, LineEnded, Standing
from osiris_core.backends.retrying import in_short, refuses
from osiris_core.backends.sandbox_home import RUN_DIRECTORY, is_worker
from osiris_core.backends.spool_ranges import SpoolRanges
from osiris_core.errors import SandboxError
from osiris_core.wire.request import SEGMENT_BYTES

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from osiris_core.backends.leased import LeasedSandbox
    from osiris_core.backends.protocol import Patience, TargetFacts

_STDERR_CHARACTERS = 2000
_PIECES_HELD = 256
"""Pieces of at most 32 KiB that wait for whoever follows the worker; the transport waits when there are more."""
_CLOSE_S = 5.0
"""For the transport to let go of a stream; what it has not closed by then is left to it."""


class SandboxLine:
    """One attachment: the SDK's reader puts pieces into a queue, whoever follows the worker takes them out."""

    def __init__(self, facts: TargetFacts) -> None:
        self._facts = facts
        self._pieces: asyncio.Queue[bytes] = asyncio.Queue(_PIECES_HELD)
        self._handle: Any = None
        self._ended: asyncio.Task[Any] | None = None
        self._closed = False
        self.stderr = ""

    def begin(self, handle: Any) -> None:
        """Take the SDK's handle, as soon as there is one."""
        self._handle = handle
        self._ended = asyncio.create_task(handle.wait())
        self._ended.add_done_callback(_looked_at)

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
        """Wait for its end, whatever it is, and say whether it came."""
        if self._ended is not None:
            await asyncio.wait({self._ended}, timeout=patience_s)
        return self._ended is not None and self._ended.done()

    async def left(self) -> None:
        """Return when the line says that the worker has left; never where it was only cut."""
        if self._ended is not None:
            await asyncio.wait({self._ended})
            if isinstance(_why(self._ended), LineEnded):
                return
        await asyncio.Event().wait()

    async def close(self) -> None:
        """Let go of the stream; a second time is harmless."""
        if self._ended is None or self._closed:
            return
        self._closed = True
        self._ended.cancel()
        await asyncio.wait({self._ended})
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_CLOSE_S):
                await self._handle.disconnect()

    def _counted(self, piece: bytes) -> bytes:
        self._facts.bytes_down += len(piece)
        return piece


def _looked_at(ended: asyncio.Task[Any]) -> None:
    """Look at how a line ended, so that nobody is told of an error that nobody waits for."""
    if not ended.cancelled():
        ended.exception()


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

    def __init__(
        self,
        leased: LeasedSandbox,
        pid: int,
        facts: TargetFacts,
        patience: Patience,
        *,
        segment_bytes: int = SEGMENT_BYTES,
    ) -> None:
        self.pid = pid
        self._leased = leased
        self._facts = facts
        self._patience = patience
        self._ranges = SpoolRanges(
            leased.sandbox, RUN_DIRECTORY / "spool", facts, patience, segment_bytes=segment_bytes
        )

    @classmethod
    async def start(
        cls, leased: LeasedSandbox, command: str, facts: TargetFacts, patience: Patience
    ) -> tuple[Self, SandboxLine]:
        """Start it, and return it with its first line, on which nothing it prints is missed.

        It is started once: where the answer was lost, the worker is looked for, and what its first line has missed stands
        in its spool. SandboxError where it was refused, or is not there; then it is not started again, because it may have
        begun and left.
        """
        line = SandboxLine(facts)
        facts.http_requests += 1
        try:
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
        except SandboxError as error:
            if error.__cause__ is None or refuses(error.__cause__):
                raise
            return await cls._found(leased, facts, patience, error)
        line.begin(handle)
        return cls(leased, handle.pid, facts, patience), line

    @classmethod
    async def _found(
        cls, leased: LeasedSandbox, facts: TargetFacts, patience: Patience, error: SandboxError
    ) -> tuple[Self, SandboxLine]:
        """Return a worker whose start was not answered, with a line to it. SandboxError where there is none."""
        pause = Backoff.between_retries(patience)
        while pause.failures < patience.retry_attempts:
            waited_ms = await pause.wait()
            facts.retries.append(Retry(what="start", cause=error.message, waited_ms=waited_ms))
            facts.http_requests += 1
            with contextlib.suppress(SandboxError):  # asked again, and in the end told by `error`
                with as_sandbox_error("the sandbox could not be asked for its processes"):
                    async with asyncio.timeout(patience.stall_s):
                        processes = await leased.sandbox.commands.list()
                pid = next((each.pid for each in processes if is_worker([each.cmd, *each.args])), None)
                if pid is not None:
                    worker = cls(leased, pid, facts, patience)
                    return worker, await worker.attach()
        raise SandboxError(f"{error.message}; no worker is there, and it is not started a second time") from error

    async def attach(self) -> SandboxLine:
        """Attach to what it prints from now on."""
        line = SandboxLine(self._facts)
        async with self._asking("the worker's output could not be reached again"):
            handle = await self._leased.sandbox.commands.connect(
                self.pid, timeout=0, on_stdout=line.on_stdout, on_stderr=line.on_stderr, retain_output=False
            )
        line.begin(handle)
        return line

    async def spool(self, offset: int, size_bytes: int) -> bytes:
        """Return what the spool holds from `offset` on; every part of an answer has the time of a stall."""
        return await self._ranges.read(offset, size_bytes)

    async def say(self, line: str) -> None:
        """Write a line to its stdin."""
        async with self._asking("the worker could not be told anything"):
            await self._leased.sandbox.commands.send_stdin(self.pid, line)

    async def standing(self) -> Standing:
        """Say what became of it; gone is a sandbox that neither answers nor is known to its provider."""
        try:
            async with self._asking("the sandbox could not be asked for its processes"):
                processes = await self._leased.sandbox.commands.list()
        except SandboxError as error:
            return await self._without(error)
        return Standing.RUNNING if any(each.pid == self.pid for each in processes) else Standing.ENDED

    async def status(self) -> Mapping[str, Any] | None:
        """Return its last word, or None while there is none."""
        from e2b.exceptions import FileNotFoundException

        try:
            async with self._asking("the worker's status could not be read"):
                return dict(json.loads(await self._leased.sandbox.files.read(str(RUN_DIRECTORY / "status.json"))))
        except SandboxError as error:
            if isinstance(error.__cause__, FileNotFoundException):
                return None
            raise

    async def close(self) -> None:
        """Let go of the connections that its spool was read over."""
        await self._ranges.close()

    async def _without(self, error: SandboxError) -> Standing:
        """Return what became of a worker whose sandbox does not answer, by what the provider says of the sandbox."""
        from e2b.exceptions import NotFoundException, SandboxNotRunningException

        if not isinstance(error.__cause__, NotFoundException | SandboxNotRunningException):
            return Standing.UNKNOWN
        try:
            async with self._asking("the provider could not be asked for the sandbox"):
                await self._leased.sandbox.get_info()
        except SandboxError as unknown:
            return Standing.GONE if isinstance(unknown.__cause__, NotFoundException) else Standing.UNKNOWN
        return Standing.UNKNOWN

    @contextlib.asynccontextmanager
    async def _asking(self, what: str) -> AsyncIterator[None]:
        """Bound one request, count it, and turn what it raises into one sentence."""
        self._facts.http_requests += 1
        with as_sandbox_error(what):
            async with asyncio.timeout(self._patience.stall_s):
                yield
