"""Faults that strike at a byte: of an upload, a download, or of what a command prints into one stream."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from osiris_core.sandbox.faults.model import Fault, Place
    from osiris_core.sandbox.faults.plan import Armed, FaultPlan, Victim

_STEPS_PER_S = 50


class Passing:
    """Counts the bytes that go by in one body or stream, and says which fault strikes before which of them."""

    def __init__(self, plan: FaultPlan, place: Place, victim: Victim) -> None:
        self._plan = plan
        self._place = place
        self._victim = victim
        self._seen = 0
        self._spent: set[Armed] = set()

    def split(self, data: bytes) -> Iterator[bytes | Fault]:
        """Yield `data` in pieces, and each fault in the place where it strikes: a `garble` before the byte that it changes."""
        while (armed := self._next(len(data))) is not None:
            self._spent.add(armed)
            before = max(0, (armed.fault.after_bytes or 0) - self._seen)
            if before:
                yield data[:before]
                self._seen += before
                data = data[before:]
            if armed.strikes(self._victim):
                yield armed.fault
        if data:
            self._seen += len(data)
            yield data

    def _next(self, size: int) -> Armed | None:
        near = [each for each in self._plan.concerning(self._place, self._victim) if self._reached(each, size)]
        return min(near, key=lambda each: each.fault.after_bytes or 0, default=None)

    def _reached(self, armed: Armed, size: int) -> bool:
        at = armed.fault.after_bytes
        if (
            at is None or armed in self._spent or armed.fault.what == "short"
        ):  # a short download is known from its head on
            return False
        room = 1 if armed.fault.what == "garble" else 0  # the byte itself has to be there
        return at + room <= self._seen + size


def garbled(data: bytes) -> bytes:
    """Return `data` with one bit of its first byte changed, so that what was printable ASCII still is."""
    return bytes([data[0] ^ 1]) + data[1:] if data else data


async def slowly(data: bytes, bytes_per_s: float) -> AsyncIterator[bytes]:
    """Yield `data` in pieces, at this rate."""
    size = max(1, int(bytes_per_s / _STEPS_PER_S))
    for first in range(0, len(data), size):
        piece = data[first : first + size]
        await asyncio.sleep(len(piece) / bytes_per_s)
        yield piece
