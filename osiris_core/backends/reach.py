"""How a host reaches a worker that it has started: what following one asks of a transport, and nothing more.

The real transport is the E2B SDK (`sandbox_worker`); a simulated one, which loses, doubles and delays as its seed says,
is what the following of a worker is tested against.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping


STANDS_STILL = "something has stopped it, or the disk that it writes to does not answer"
"""What is worth looking at where a worker is there and gives no sign of life."""


class Standing(Enum):
    """What became of a worker, as far as the provider can tell."""

    RUNNING = "running"
    ENDED = "ended"
    GONE = "gone"
    """Its sandbox does not exist any more: nothing else of it will ever come."""
    UNKNOWN = "unknown"


class LineEnded(Exception):  # noqa: N818 - an end, which may be good news
    """Raised when a line says that the worker has ended: a hint, which only the terminal record can confirm."""


class LineBroken(Exception):  # noqa: N818 - as above
    """Raised when a line was cut, or ended without a word; says nothing about the worker."""


class Line(Protocol):
    """One attachment to what the worker prints; bytes that were printed while nobody was attached are not in it."""

    async def read(self) -> bytes:
        """Return the next bytes, at least one. LineEnded or LineBroken when there are no more."""
        ...

    async def close(self) -> None:
        """Let go of it, so that it cannot hold up a later one; bounded, never raises, a second time is harmless."""
        ...


class Worker(Protocol):
    """A worker that was started, wherever it runs.

    Every method ends in bounded time, and raises SandboxError where the worker cannot be reached.
    """

    async def attach(self) -> Line:
        """Attach to what it prints from now on."""
        ...

    async def spool(self, offset: int, size_bytes: int) -> bytes:
        """Return what the spool holds from logical `offset` on: `size_bytes`, less at its end, nothing behind it.

        WireError where the spool was freed there: another host acknowledged it.
        """
        ...

    async def say(self, line: str) -> None:
        """Write a line to its stdin."""
        ...

    async def standing(self) -> Standing:
        """Say what became of it."""
        ...

    async def status(self) -> Mapping[str, Any] | None:
        """Return its last word, `status.json`, or None while there is none."""
        ...
