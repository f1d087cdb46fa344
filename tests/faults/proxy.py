"""A TCP proxy on the loopback that does to bytes what networks do: it knows nothing of HTTP but where a request begins.

A trouble begins with the request that it waits for: its bytes are counted from there on, in the direction that it concerns.
What is random comes from a seed.
"""

from __future__ import annotations

import asyncio
import random
import socket
import struct
import threading
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Self

if TYPE_CHECKING:
    from collections.abc import Callable

START, CONNECT, FILES = b"POST /process.Process/Start ", b"POST /process.Process/Connect ", b"GET /files?"
_CHUNK = 65536
_END_OF_BODY = b"0\r\n\r\n"
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)
_ANSWERS = {
    502: b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n",
    429: b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 0\r\nContent-Length: 0\r\n\r\n",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """What happens to a connection once a request with `on` has passed; `times` in all, None for always.

    `reset`, `cut` and `hole` strike after `after` bytes of the answer, `hole` silencing both directions; `slice` passes the answer on in
    pieces of at most `size` bytes, `garble` flips a bit once in every `size` bytes of it, `slow` lets `size` bytes a second through,
    each piece up to `latency_s` late; `tail` loses the end of a chunked answer and closes; `answer` says `status` instead.
    """

    what: Literal["reset", "cut", "hole", "slice", "garble", "slow", "tail", "answer"]
    on: bytes = START
    after: int = 0
    size: int = 1
    latency_s: float = 0.0
    status: int = 502
    times: int | None = 1


class Proxy:
    """Passes connections on to `target`, a loopback port, with these troubles; `fired` counts how often each one struck."""

    def __init__(self, target: int, *troubles: Trouble, seed: int = 0) -> None:
        self._target = target
        self._troubles = troubles
        self._random = random.Random(seed)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._links: set[asyncio.Task[None]] = set()
        self.fired = dict.fromkeys(troubles, 0)
        self.url = ""

    def __enter__(self) -> Self:
        """Begin to listen."""
        self._thread.start()
        self._server = asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result()
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    def __exit__(self, *_: object) -> None:
        """Drop every connection."""
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def require_fired(self) -> None:
        """Fail where a trouble never came."""
        assert all(self.fired.values()), [each for each, count in self.fired.items() if not count]

    async def _listen(self) -> asyncio.Server:
        return await asyncio.start_server(self._accept, "127.0.0.1", 0)

    async def _close(self) -> None:
        self._server.close()
        for task in self._links:
            task.cancel()
        await asyncio.gather(*self._links, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._links.add(task)
        try:
            there = await asyncio.open_connection("127.0.0.1", self._target)
            await _Link(self._take, self._random, (reader, writer), there).run()
        except (ConnectionError, asyncio.CancelledError):
            writer.transport.abort()
        finally:
            self._links.discard(task)

    def _take(self, head: bytes) -> Trouble | None:
        """Return the trouble that this piece of a request brings, and count it."""
        for trouble in self._troubles:
            if trouble.on in head and (trouble.times is None or self.fired[trouble] < trouble.times):
                self.fired[trouble] += 1
                return trouble
        return None


Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class _Link:
    """One connection, both ways."""

    def __init__(
        self, take: Callable[[bytes], Trouble | None], rng: random.Random, client: Streams, server: Streams
    ) -> None:
        self._take = take
        self._random = rng
        self._client = client
        self._server = server
        self._trouble: Trouble | None = None
        self._seen = 0
        self._next = 0
        self._hole = False

    async def run(self) -> None:
        """Pass bytes on until one side ends; then end the other."""
        ways = [asyncio.create_task(self._up()), asyncio.create_task(self._down())]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            for _reader, writer in (self._client, self._server):
                writer.close()

    async def _up(self) -> None:
        while data := await self._client[0].read(_CHUNK):
            if (trouble := self._take(data)) is not None:
                self._trouble, self._seen = trouble, 0
                self._next = self._random.randrange(trouble.size)
                if trouble.what == "answer":
                    self._client[1].write(_ANSWERS[trouble.status])
                    await self._client[1].drain()
                    return
            if not self._hole:
                self._server[1].write(data)
                await self._server[1].drain()

    async def _down(self) -> None:
        while data := await self._server[0].read(_CHUNK):
            if self._hole:
                continue
            if self._trouble is None:
                await self._send(data)
            elif not await self._troubled(self._trouble, data):
                return

    async def _troubled(self, trouble: Trouble, data: bytes) -> bool:
        """Pass on what the trouble leaves of `data`; return whether the connection lives."""
        first, self._seen = self._seen, self._seen + len(data)
        if trouble.what in {"reset", "cut", "hole"}:
            if self._seen <= trouble.after:
                await self._send(data)
                return True
            await self._send(data[: trouble.after - first])
            if trouble.what == "reset":
                self._reset()
            self._hole = trouble.what == "hole"
            return self._hole
        if trouble.what == "tail" and data.endswith(_END_OF_BODY):
            await self._send(data[: -len(_END_OF_BODY)])
            return False
        if trouble.what == "garble":
            data = self._garbled(data, first, trouble.size)
        step = {"slice": trouble.size, "slow": max(1, trouble.size // 50)}.get(trouble.what, len(data))
        for at in range(0, len(data), step):
            if trouble.what == "slow":
                await asyncio.sleep(step / trouble.size + self._random.random() * trouble.latency_s)
            await self._send(data[at : at + step])
        return True

    def _garbled(self, data: bytes, first: int, size: int) -> bytes:
        changed = bytearray(data)
        while self._next < first + len(data):
            changed[self._next - first] ^= 1
            self._next += size + self._random.randrange(size)
        return bytes(changed)

    async def _send(self, data: bytes) -> None:
        if data:
            self._client[1].write(data)
            await self._client[1].drain()

    def _reset(self) -> None:
        found: socket.socket = self._client[1].get_extra_info("socket")
        with suppress(OSError):
            found.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        self._client[1].transport.abort()
