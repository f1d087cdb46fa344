"""Faults of a command's stream, between its pipes and one subscriber's connection."""

from __future__ import annotations

import asyncio
import time
from contextlib import aclosing
from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING

from osiris_core.sandbox import fanout
from osiris_core.sandbox.faults.bytes import Passing, garbled, slowly
from osiris_core.sandbox.faults.connection import ENDINGS

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable

    from osiris_core.sandbox.faults.connection import Connection
    from osiris_core.sandbox.faults.model import Fault, Place
    from osiris_core.sandbox.faults.plan import Armed, FaultPlan, Victim

_BY_THE_CLOCK = {*ENDINGS, "kill_process", "kill_sandbox"}
"""These can strike at a stream that is silent, too."""
_CLOCKS_DIFFER_S = 0.001
_MANNERS = {"garble", "lose", "duplicate", "slow"}


class FaultyStream:
    """What one stream of events becomes on its way; `kill_process` and `kill_sandbox` do what they say."""

    def __init__(
        self,
        plan: FaultPlan,
        victim: Victim,
        connection: Connection,
        *,
        kill_process: Callable[[], Awaitable[None]],
        kill_sandbox: Callable[[], Awaitable[object]],
    ) -> None:
        self._plan = plan
        self._victim = victim
        self._connection = connection
        self._kill_process = kill_process
        self._kill_sandbox = kill_sandbox
        self._passing = Passing(plan, "output", victim)
        self._forged: fanout.End | None = None
        self._tasks: set[asyncio.Task[None]] = set()  # kept, or they could be collected before they have run

    async def of(self, events: AsyncGenerator[fanout.Event]) -> AsyncIterator[fanout.Event]:
        """Yield what the subscriber is to see of `events`."""
        timers = [self._set(each) for each in self._plan.concerning("output", self._victim) if _timed(each.fault)]
        try:
            async with aclosing(events):
                async for event in events:
                    async for each in self._of_one(event):
                        yield each
                    if self._forged is not None:
                        return
        finally:
            for timer in timers:
                timer.cancel()

    async def _of_one(self, event: fanout.Event) -> AsyncIterator[fanout.Event]:
        if self._connection.silent:
            return  # what nobody receives meets no fault
        if isinstance(event, fanout.Output) and event.stream != "stderr":
            async for each in self._of_output(event):
                yield each
        elif isinstance(event, fanout.End):
            async for each in self._of_end(event):
                yield each
        else:
            yield event

    async def _of_output(self, event: fanout.Output) -> AsyncIterator[fanout.Event]:
        manner = _Manner()
        for piece in chain(self._struck("output"), self._passing.split(event.data)):
            if isinstance(piece, bytes):
                async for data in manner.of(piece):
                    yield replace(event, data=data)
            elif piece.what in _MANNERS:
                manner.take(piece)
            elif piece.what == "exit":
                self._forged = _end(piece)
                yield self._forged
                return
            else:
                await self._strike(piece)
                if piece.what == "kill_sandbox" or self._connection.silent:
                    return  # nobody is left who could send the rest, or receive it

    async def _of_end(self, event: fanout.End) -> AsyncIterator[fanout.Event]:
        said: fanout.End | None = event
        for fault in self._struck("end"):
            if fault.what == "lose":
                said = None
            elif fault.what == "exit":
                said = _end(fault)
            else:
                await self._strike(fault)
        if said is not None and not self._connection.silent:
            yield said

    def _struck(self, place: Place) -> list[Fault]:
        armed = self._plan.concerning(place, self._victim)
        whole = [each for each in armed if each.fault.after_bytes is None and not _timed(each.fault)]
        return [each.fault for each in whole if each.strikes(self._victim)]

    async def _strike(self, fault: Fault) -> None:
        if fault.what in ENDINGS:
            self._connection.end(fault.what)
        elif fault.what == "stall":
            self._connection.silence()
            await self._connection.closed.wait()
        elif fault.what == "delay":
            await asyncio.sleep(fault.seconds or 0)
        elif fault.what == "kill_process":
            await self._kill_process()
        elif fault.what == "kill_sandbox":
            await self._kill_sandbox()

    def _set(self, armed: Armed) -> asyncio.TimerHandle:
        left_s = max(0.0, armed.ripe_at(self._victim) - time.time())
        return asyncio.get_running_loop().call_later(left_s + _CLOCKS_DIFFER_S, self._ring, armed)

    def _ring(self, armed: Armed) -> None:
        if armed.strikes(self._victim):
            task = asyncio.create_task(self._strike(armed.fault))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)


@dataclass(slots=True)
class _Manner:
    """How the rest of one piece of output goes out."""

    garble: bool = False
    lost: bool = False
    copies: int = 1
    bytes_per_s: float | None = None

    def take(self, fault: Fault) -> None:
        """Let a fault change it."""
        self.garble |= fault.what == "garble"
        self.lost |= fault.what == "lose"
        self.copies += fault.what == "duplicate"
        self.bytes_per_s = fault.bytes_per_s or self.bytes_per_s

    async def of(self, data: bytes) -> AsyncIterator[bytes]:
        """Yield what goes out for `data`."""
        if self.garble:
            data, self.garble = garbled(data), False
        for _ in range(0 if self.lost else self.copies):
            if self.bytes_per_s is None:
                yield data
                continue
            async for piece in slowly(data, self.bytes_per_s):
                yield piece


def _timed(fault: Fault) -> bool:
    return fault.after_s > 0 and fault.after_bytes is None and fault.what in _BY_THE_CLOCK


def _end(fault: Fault) -> fanout.End:
    code = fault.exit_code or 0
    return fanout.End(exit_code=code, exited=True, status=f"exit status {code}")
