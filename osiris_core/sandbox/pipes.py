"""Reading and writing pipes and terminals on the event loop."""

from __future__ import annotations

import asyncio
import errno
import os


class Pipe:
    """Owns one end of a pipe, or a terminal; made non-blocking, used on the loop's thread only."""

    def __init__(self, descriptor: int) -> None:
        os.set_blocking(descriptor, False)
        self._descriptor = descriptor
        self._loop = asyncio.get_running_loop()
        self._waiter: asyncio.Future[None] | None = None
        self._writing = asyncio.Lock()

    async def read(self, size_bytes: int) -> bytes:
        """Return at most `size_bytes`, as soon as there are any; empty at the end of the stream."""
        while self._descriptor >= 0:
            try:
                return os.read(self._descriptor, size_bytes)
            except BlockingIOError:
                await self._wait(write=False)
            except OSError as error:
                if error.errno == errno.EIO:  # how Linux says that nobody holds a terminal's other end any more
                    return b""
                raise
        return b""

    async def write(self, data: bytes) -> None:
        """Write all of `data`, after what others are writing; raises BrokenPipeError when nobody can read it."""
        async with self._writing:
            left = memoryview(data)
            while left:
                if self._descriptor < 0:
                    raise BrokenPipeError(errno.EPIPE, "the pipe is closed")
                try:
                    left = left[os.write(self._descriptor, left) :]
                except BlockingIOError:
                    await self._wait(write=True)

    def fileno(self) -> int:
        """Return the descriptor, -1 once closed."""
        return self._descriptor

    def close(self) -> None:
        """Close the end and wake who waits for it; calling it again does nothing."""
        if self._descriptor < 0:
            return
        # Registered descriptors must leave the loop before their number can be used again.
        self._loop.remove_reader(self._descriptor)
        self._loop.remove_writer(self._descriptor)
        os.close(self._descriptor)
        self._descriptor = -1
        if self._waiter and not self._waiter.done():
            self._waiter.set_result(None)

    async def _wait(self, *, write: bool) -> None:
        ready = self._waiter = self._loop.create_future()
        descriptor = self._descriptor
        register = self._loop.add_writer if write else self._loop.add_reader
        register(descriptor, _resolve, ready)
        try:
            await ready
        finally:
            if self._descriptor >= 0:
                (self._loop.remove_writer if write else self._loop.remove_reader)(descriptor)


def _resolve(ready: asyncio.Future[None]) -> None:
    if not ready.done():
        ready.set_result(None)
