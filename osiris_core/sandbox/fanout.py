"""Hands a command's output to who listens at that moment.

Two of E2B's habits that hurt live here, on purpose. What nobody listens to is dropped, and a subscriber is never told what
came before it. Handing over blocks: a subscriber that does not take its output stalls every other one, and at last the command.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

QUEUE_CHUNKS = 64
CHUNK_BYTES = 32 * 1024
TERMINAL_CHUNK_BYTES = 16 * 1024
"""Sizes of envd's queue and reads: about 2 MiB wait for a slow subscriber before the command's pipe fills."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """A piece of what a command wrote; `stream` is stdout, stderr or pty."""

    stream: str
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """How a command ended; `exit_code` is -1 after a signal, `status` is what Go says of it."""

    exit_code: int
    exited: bool
    status: str


@dataclass(frozen=True, slots=True)
class Started:
    """What a stream begins with."""

    pid: int


@dataclass(frozen=True, slots=True)
class Keepalive:
    """Nothing else has come for a while."""


@dataclass(frozen=True, slots=True)
class Gone:
    """The sandbox ended before the command did."""


@dataclass(frozen=True, slots=True)
class Left:
    """The subscriber's client has gone away."""


Event = Started | Output | Keepalive | End | Gone | Left


class Subscriber:
    """One listener's bounded queue."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[Event] = asyncio.Queue(QUEUE_CHUNKS)
        self._detached = False

    async def next(self, timeout_s: float | None) -> Event | None:
        """Return the next event, or None when there is none for `timeout_s` seconds."""
        if not self._queue.empty():
            return self._queue.get_nowait()
        try:
            async with asyncio.timeout(timeout_s):
                return await self._queue.get()
        except TimeoutError:
            return None

    async def put(self, event: Event) -> None:
        """Hand over `event`, waiting for room."""
        if not self._detached:
            await self._queue.put(event)

    def interrupt(self, event: Event) -> None:
        """Make `event` the next and last thing that the listener sees."""
        self.detach()
        self._queue.put_nowait(event)

    def detach(self) -> None:
        """Take nothing more, and release who waits for room."""
        self._detached = True
        while not self._queue.empty():
            self._queue.get_nowait()


class Fanout:
    """The subscribers of one command."""

    def __init__(self) -> None:
        self._subscribers: list[Subscriber] = []
        self.dropped_bytes = 0

    def subscribe(self) -> Subscriber:
        """Return a new subscriber, which sees what is published from now on."""
        subscriber = Subscriber()
        self._subscribers.append(subscriber)
        return subscriber

    def unsubscribe(self, subscriber: Subscriber) -> None:
        """Forget a subscriber."""
        subscriber.detach()
        if subscriber in self._subscribers:
            self._subscribers.remove(subscriber)

    async def publish(self, event: Event) -> None:
        """Hand `event` to each subscriber, one after the other, or drop it."""
        if not self._subscribers:
            self.dropped_bytes += len(event.data) if isinstance(event, Output) else 0
            await asyncio.sleep(0)  # a command that only floods must not keep the loop for itself
        for subscriber in tuple(self._subscribers):
            await subscriber.put(event)

    def interrupt(self, event: Event) -> None:
        """Make `event` the last thing that every subscriber sees, also where output is still waiting."""
        for subscriber in self._subscribers:
            subscriber.interrupt(event)
