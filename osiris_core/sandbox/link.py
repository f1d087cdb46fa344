"""The server's end of an agent's socket: requests out, answers and events in."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Any

from osiris_core.sandbox.agent import wire

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable


class AgentError(Exception):
    """Raised when an agent refuses; `code` is a Connect code such as `not_found`."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class AgentGoneError(Exception):
    """Raised when the agent, and so its sandbox, is gone."""


class AgentLink:
    """Talks to one agent; must be made, used and closed on the loop's thread.

    `on_event` is called with every message that answers nothing, `on_gone` once, when the agent's end has closed.
    """

    def __init__(
        self, sock: socket.socket, *, on_event: Callable[[wire.Message], None], on_gone: Callable[[], None]
    ) -> None:
        self._sock = sock
        self._sock.setblocking(False)
        self._loop = asyncio.get_running_loop()
        self._receiver = wire.Receiver(sock)
        self._on_event = on_event
        self._on_gone = on_gone
        self._waiting: dict[int, asyncio.Future[tuple[dict[str, Any], list[int]]]] = {}
        self._last_id = 0
        self._sending = asyncio.Lock()
        self._gone = False
        self._may_write: asyncio.Future[None] | None = None
        self._loop.add_reader(sock, self._readable)

    async def tell(self, message: wire.Message) -> None:
        """Send a message that has no answer."""
        await self._send(message, ())

    async def ask(self, op: str, descriptors: tuple[int, ...] = (), **fields: Any) -> tuple[dict[str, Any], list[int]]:
        """Return the result of `op` and the files opened by it, which the caller owns.

        Raises AgentError when the agent refuses, AgentGoneError when the sandbox ends before it answers.
        """
        if self._gone:
            raise AgentGoneError
        self._last_id += 1
        number = self._last_id
        answer: asyncio.Future[tuple[dict[str, Any], list[int]]] = self._loop.create_future()
        self._waiting[number] = answer
        try:
            await self._send({"id": number, "op": op, **fields}, descriptors)
            return await answer
        finally:
            # A caller that was cancelled must not leak what the agent opened for it: see _answer.
            self._waiting.pop(number, None)

    def close(self) -> None:
        """Stop reading and fail what waits; calling it again does nothing."""
        if self._gone:
            return
        self._gone = True
        self._loop.remove_reader(self._sock)
        self._loop.remove_writer(self._sock)
        self._receiver.close()
        self._sock.close()
        if self._may_write:
            _resolve(self._may_write)
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(AgentGoneError())
        self._on_gone()

    async def _send(self, message: wire.Message, descriptors: tuple[int, ...]) -> None:
        frame = memoryview(wire.encode(message, len(descriptors)))
        async with self._sending:
            while frame:
                if self._gone:
                    raise AgentGoneError
                try:
                    sent = wire.send_some(self._sock, bytes(frame), descriptors)
                except BlockingIOError:
                    await self._writable()
                    continue
                except (BrokenPipeError, ConnectionResetError) as error:
                    raise AgentGoneError from error
                frame, descriptors = frame[sent:], ()

    async def _writable(self) -> None:
        self._may_write = self._loop.create_future()
        self._loop.add_writer(self._sock, _resolve, self._may_write)
        try:
            await self._may_write
        finally:
            if not self._gone:
                self._loop.remove_writer(self._sock)

    def _readable(self) -> None:
        try:
            frames = self._receiver.receive()
        except BlockingIOError:
            return
        except wire.ClosedError:
            self.close()
            return
        for message, descriptors in frames:
            if "id" in message:
                self._answer(message, descriptors)
            else:
                self._on_event(message)

    def _answer(self, message: wire.Message, descriptors: list[int]) -> None:
        answer = self._waiting.get(message["id"])
        if answer is None or answer.done():
            for descriptor in descriptors:
                os.close(descriptor)
        elif "error" in message:
            answer.set_exception(AgentError(message["error"], message["message"]))
        else:
            answer.set_result((message["result"], descriptors))


def _resolve(ready: asyncio.Future[None]) -> None:
    if not ready.done():
        ready.set_result(None)
