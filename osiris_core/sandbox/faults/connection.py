"""One client's connection, as faults need it: ended in order, reset, or left open without another word."""

from __future__ import annotations

import asyncio
import socket
import struct
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from starlette.types import Message, Receive, Send

current: ContextVar[Connection] = ContextVar("current")
"""The connection of the request that is being answered."""

ENDINGS = {"cut", "reset", "black_hole"}
"""Faults that are the end of a connection as its client knows it."""

_RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # struct linger: on, for no time at all; socket(7)


class Connection:
    """The way to the client of one request; `send` goes through it, so that nothing follows an end."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        self._silent = False
        self.closed = asyncio.Event()
        """Set when the client is known to have gone, by whoever is told so first."""

    async def send(self, message: Message) -> None:
        """Send a part of the answer; nothing once the connection was ended or silenced."""
        if not self._silent:
            await self._send(message)

    def end(self, how: str) -> None:
        """Do one of `ENDINGS`."""
        {"cut": self.cut, "reset": self.reset, "black_hole": self.silence}[how]()

    def cut(self) -> None:
        """Close it in good order; what was sent before arrives."""
        self._silent = True
        self._transport().close()

    def reset(self) -> None:
        """Close it with a TCP reset, which may overtake what was sent before."""
        self._silent = True
        transport = self._transport()
        found: socket.socket | None = transport.get_extra_info("socket")
        if found is not None:
            found.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        transport.abort()

    def silence(self) -> None:
        """Keep it open, and send nothing on it any more."""
        self._silent = True

    @property
    def silent(self) -> bool:
        """Whether nothing more is sent."""
        return self._silent

    async def gone(self) -> None:
        """Wait until the client has gone. For a request whose body nobody else reads."""
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self.closed.set()

    def _transport(self) -> Any:
        # The server hands the bound method of an object that holds the transport; ASGI has no word for the socket itself.
        return self._send.__self__.transport  # type: ignore[attr-defined]
