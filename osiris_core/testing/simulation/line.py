"""A line to a simulated worker: it loses, doubles, garbles, holds back and ends, as it is told."""

from __future__ import annotations

import asyncio
import re
from collections import deque
from functools import partial
from typing import TYPE_CHECKING

from osiris_core.backends.reach import LineBroken, LineEnded
from osiris_core.testing.simulation.faults import Kind
from osiris_core.wire.frames import encode_frame

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from osiris_core.testing.simulation.clock import VirtualLoop
    from osiris_core.testing.simulation.faults import Fault

_FRAME = re.compile(rb"\x1eOS1 ([0-9a-f]{8}) (\d+) (\d+) (\d+) \d+ [0-9a-f]{8} ([ -~]*)\n")
_ENDS: dict[Kind, Callable[[], Exception]] = {
    Kind.RESET: partial(LineBroken, "the connection was reset"),
    Kind.CLOSE: partial(LineBroken, "the stream ended without the process's end"),
    Kind.FALSE_EXIT: partial(LineEnded, "the worker left with exit code 0"),
}
_TAIL_BYTES = 4096


class SimulatedLine:
    """One attachment of those to one worker; `piece_bytes` is the most that comes at once."""

    def __init__(self, loop: VirtualLoop, attached: list[SimulatedLine], rng: Random, piece_bytes: int) -> None:
        self._loop = loop
        self._attached = attached
        self._rng = rng
        self._piece_bytes = piece_bytes
        self._pieces: deque[bytes] = deque()
        self._came = asyncio.Event()
        self._end: Exception | None = None
        self._over = self._stalled = self._no_end = self._forging = False
        self._losing = self._garbling = 0
        self._swapped: bytes | None = None
        self._swapping = False
        self._tail = b""
        self._slow_s = 0.0
        self._last_s = 0.0
        self.waiting_bytes = 0
        """What was carried and not read."""
        self.closed = False

    async def read(self) -> bytes:
        """Return the next bytes. LineEnded or LineBroken when there are no more."""
        while not self._pieces:
            if self._end is not None:
                raise self._end
            self._came.clear()
            await self._came.wait()
        piece = self._pieces.popleft()
        self.waiting_bytes -= len(piece)
        return piece

    async def close(self) -> None:
        """Let go of it."""
        self.closed = True
        self.let_go()

    def let_go(self) -> None:
        """Carry nothing any more."""
        if self in self._attached:
            self._attached.remove(self)

    def end(self, error: Exception) -> None:
        """End behind what was carried; a stalled line does not tell."""
        if self._over:
            return
        self._over = True
        if self._swapped is not None:
            self._send(self._swapped)
        if not self._stalled and not (self._no_end and isinstance(error, LineEnded)):
            self._at(self._arrival(), None, error)

    def carry(self, data: bytes) -> None:
        """Carry what the worker prints, with what was done to it."""
        if self._over:
            return
        data, self._losing = data[self._losing :], max(0, self._losing - len(data))
        if self._garbling and data:
            data, self._garbling = bytes([data[0] ^ self._garbling]) + data[1:], 0
        if self._forging and (found := _FRAME.search(data)) and b'"kind":"terminal"' not in found.group():
            data, self._forging = data[: found.start()] + forged(found) + data[found.end() :], False
        self._tail = (self._tail + data)[-_TAIL_BYTES:]
        while data:
            size = self._piece_bytes if self._piece_bytes == 1 else self._rng.randint(1, self._piece_bytes)
            self._send(data[:size])
            data = data[size:]

    def suffer(self, fault: Fault, stray: bytes) -> None:  # noqa: C901 - one case a kind
        """Let something happen to the line, here; `stray` are the bytes that a stray fault brings."""
        if self._over:
            return
        if fault.kind in _ENDS:
            self.end(_ENDS[fault.kind]())
            return
        match fault.kind:
            case Kind.STALL:
                self._stalled = True
            case Kind.LOSE:
                self._losing += fault.size
            case Kind.GARBLE:
                self._garbling = 1 + fault.size % 255
            case Kind.FORGE:
                self._forging = True
            case Kind.DOUBLE | Kind.STRAY:
                self._send(self._tail[-fault.size :] if fault.kind is Kind.DOUBLE else stray)
            case Kind.SWAP:
                self._swapping = True
            case Kind.SLOW:
                self._slow_s += fault.seconds
            case Kind.NO_END:
                self._no_end = True

    def _send(self, piece: bytes) -> None:
        if not piece:
            return
        self.waiting_bytes += len(piece)
        if self._stalled:
            return
        if self._swapping:
            if self._swapped is None:
                self._swapped = piece
                return
            self._swapping, first, self._swapped = False, self._swapped, None
            self._at(self._arrival(), piece, None)
            piece = first
        self._at(self._arrival(), piece, None)

    def _arrival(self) -> float:
        self._last_s = max(self._last_s, self._loop.time() + self._slow_s)
        return self._last_s

    def _at(self, when_s: float, piece: bytes | None, error: Exception | None) -> None:
        if when_s <= self._loop.time():
            self._arrive(piece, error)
        else:
            self._loop.call_at(when_s, self._arrive, piece, error)

    def _arrive(self, piece: bytes | None, error: Exception | None) -> None:
        if piece is not None:
            self._pieces.append(piece)
        self._end = self._end or error
        self._came.set()


def forged(found: re.Match[bytes]) -> bytes:
    """Return a frame with another content, and a checksum that is right.

    Never the terminal record, whose digest is over what stands before it: it has only its checksum.
    """
    tag, epoch, seq, offset, payload = found.groups()
    changed = payload.replace(b'"ts":"2026', b'"ts":"2027')
    return encode_frame(tag=tag.decode("ascii"), epoch=int(epoch), seq=int(seq), offset=int(offset), payload=changed)
