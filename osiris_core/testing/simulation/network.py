"""The way to a simulated worker: every call may fail, hang or answer wrongly, as it is told."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from osiris_core.backends.reach import LineEnded, Standing
from osiris_core.errors import SandboxError
from osiris_core.testing.simulation.faults import Kind
from osiris_core.testing.simulation.line import SimulatedLine
from osiris_core.testing.simulation.sandbox import TAG
from osiris_core.wire.frames import encode_frame, encode_heartbeat

if TYPE_CHECKING:
    from collections import Counter
    from random import Random

    from osiris_core.testing.simulation.sandbox import SimulatedSandbox

HANGS_S = 60.0
"""After so long the SDK gives a request up."""
RETAINED_S = 30.0
"""So long after its end a process can be attached to, and tells its exit code: E2B's envd, `terminatedRetentionTTL`."""
_LATENCY_S = 0.01


class SimulatedWorker:
    """The worker as one life of the host reaches it; `dead` when that host is."""

    def __init__(self, sandbox: SimulatedSandbox, waiting: Counter[Kind], sizes: dict[Kind, int], rng: Random) -> None:
        self._sandbox = sandbox
        self._waiting = waiting
        self._sizes = sizes
        self._rng = rng
        self.epoch = sandbox.epoch
        self.dead = False
        self.lines: list[SimulatedLine] = []
        self.piece_bytes = rng.choice((1 << 20, 1 << 20, 400, 60))

    async def attach(self) -> SimulatedLine:
        """Attach to what it prints from now on."""
        await self._reach(Kind.ATTACH_FAILS, Kind.ATTACH_HANGS)
        sandbox = self._sandbox
        if not sandbox.running and sandbox.loop.time() > sandbox.ended_s + RETAINED_S:
            raise SandboxError("there is no such process")
        return self.line()

    def line(self) -> SimulatedLine:
        """Return a new line, at once."""
        line = SimulatedLine(self._sandbox.loop, self._sandbox.lines, self._rng, self.piece_bytes)
        self._sandbox.lines.append(line)
        self.lines.append(line)
        if not self._sandbox.running:
            line.end(LineEnded(f"the worker left with exit code {self._sandbox.exit_code}"))
        return line

    async def spool(self, offset: int, size_bytes: int) -> bytes:
        """Return what the spool holds from `offset` on."""
        await self._reach(Kind.SPOOL_FAILS, Kind.SPOOL_HANGS)
        sandbox = self._sandbox
        if self._due(Kind.SPOOL_EMPTY):
            return b""
        if self._due(Kind.SPOOL_SHIFTED):
            offset += self._sizes[Kind.SPOOL_SHIFTED]
        data = sandbox.read(offset, size_bytes)
        if self._due(Kind.SPOOL_SHORT):
            data = data[: self._sizes[Kind.SPOOL_SHORT]]
        if data and self._due(Kind.SPOOL_GARBLED):
            place = self._rng.randrange(len(data))
            data = data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]
        return data

    async def say(self, line: str) -> None:
        """Write a line to its stdin."""
        await self._reach(Kind.SAY_FAILS, None)
        if not self._sandbox.running:
            raise SandboxError("there is no such process")
        self._sandbox.hear(line)

    async def status(self) -> dict[str, Any] | None:
        """Return its last word, None where it left none."""
        await self._reach(Kind.STATUS_FAILS, None)
        sandbox = self._sandbox
        if sandbox.running or not sandbox.finished:
            return None
        return {"spool_bytes": sandbox.written.end}

    async def standing(self) -> Standing:
        """Say what became of it."""
        if self._sandbox.gone and not self.dead:
            await asyncio.sleep(_LATENCY_S)
            return Standing.GONE
        await self._reach(Kind.STANDING_FAILS, None)
        if self._due(Kind.STANDING_UNKNOWN):
            return Standing.UNKNOWN
        if self._due(Kind.STANDING_ENDED):
            return Standing.ENDED
        return Standing.RUNNING if self._sandbox.running else Standing.ENDED

    async def _reach(self, fails: Kind, hangs: Kind | None) -> None:
        """Take the time of a call, or fail as it is told to."""
        await asyncio.sleep(_LATENCY_S)
        if self.dead:
            raise SandboxError("this host is dead")
        if hangs is not None and self._due(hangs):
            await asyncio.sleep(HANGS_S)
            raise SandboxError("no answer came")
        if self._due(fails):
            raise SandboxError("the connection was refused")
        if self._sandbox.gone:
            raise SandboxError("the sandbox is gone")

    def _due(self, kind: Kind) -> bool:
        """Whether a fault of this kind lies in wait; it is then spent."""
        if self._waiting[kind] <= 0:
            return False
        self._waiting[kind] -= 1
        return True


def stray(kind: int, sandbox: SimulatedSandbox) -> bytes:
    """Return bytes that this worker does not print: a line of text, garbage, frames of others, a frame that it denies."""
    seq, offset = sandbox.before
    payload = (
        b'{"kind":"log","level":"INFO","logger":"old","message":"stale","step":null,"ts":"2026-11-24T12:00:00.000000Z"}'
    )
    match kind % 6:
        case 0:
            return b"warning: shadow file\n"
        case 1:
            return b"\xff\x1e\x00OS1 "
        case 2:
            return encode_frame(tag="deadbeef", epoch=sandbox.epoch, seq=seq, offset=offset, payload=payload)
        case 3:
            return encode_frame(tag=TAG, epoch=sandbox.epoch - 1, seq=seq, offset=offset, payload=payload)
        case 4:
            return encode_heartbeat(tag=TAG, epoch=sandbox.epoch - 1, seq=seq + 1000, offset=10**6)
        case _:
            return encode_frame(tag=TAG, epoch=sandbox.epoch, seq=0, offset=0, payload=payload)
