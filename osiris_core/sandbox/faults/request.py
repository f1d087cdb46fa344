"""One request and the faults that it meets: before the work, after it, and at a byte of a body."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any, Protocol

from osiris_core.sandbox.faults.answers import answer_of
from osiris_core.sandbox.faults.bytes import Passing, garbled, slowly
from osiris_core.sandbox.faults.connection import ENDINGS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.types import ASGIApp, Message, Receive, Scope

    from osiris_core.sandbox.faults.connection import Connection
    from osiris_core.sandbox.faults.model import Fault, Place
    from osiris_core.sandbox.faults.plan import FaultPlan, Victim

_ANSWERS = {"answer", "refuse", "sandbox_not_found", "port_not_open"}


class Sandboxes(Protocol):
    """What faults do to sandboxes."""

    def find(self, sandbox_id: str) -> Any:
        """Return a living sandbox, with its `metadata` and `started_at`, or None."""
        ...

    def set_timeout(self, sandbox: Any, timeout_s: float) -> None:
        """Let a sandbox end some seconds from now."""
        ...

    async def kill(self, sandbox_id: str) -> bool:
        """End a sandbox."""
        ...


class StruckRequest:
    """One request and the faults that it meets."""

    def __init__(
        self,
        scope: Scope,
        receive: Receive,
        connection: Connection,
        *,
        place: Place,
        victim: Victim,
        plan: FaultPlan,
        sandboxes: Sandboxes,
    ) -> None:
        self._scope = scope
        self._receive_real = receive
        self._connection = connection
        self._victim = victim
        self._sandboxes = sandboxes
        concerning = plan.concerning(place, victim)
        whole = [each for each in concerning if each.fault.after_bytes is None]
        self._before = [each for each in whole if not _after_the_work(each.fault)]
        self._after = [each for each in whole if _after_the_work(each.fault)]
        shorts = (each.fault for each in concerning if each.fault.what == "short" and each.strikes(victim))
        self._most = next((each.after_bytes for each in shorts), None)
        self._passing = Passing(plan, place, victim) if place in {"upload", "download"} else None
        self._upload = place == "upload"
        self._slow: Fault | None = None
        self._whole = False
        self._start: Message | None = None
        self._answered = False
        self._broken_off = False

    async def answered_by(self, app: ASGIApp) -> None:
        """Have `app` answer, unless a fault is first."""
        for armed in self._before:
            if armed.strikes(self._victim) and await self._strike(armed.fault):
                return
        await app(self._without_range() if self._whole else self._scope, self._receive, self._send)

    async def _strike(self, fault: Fault, sandbox_id: str | None = None) -> bool:
        """Do what a fault does to a request as a whole; return whether that was its answer."""
        sandbox_id = sandbox_id or self._victim.sandbox_id
        if fault.what in ENDINGS:
            self._connection.end(fault.what)
            return True
        if fault.what in _ANSWERS:
            self._answered = True
            for message in answer_of(fault, self._scope, sandbox_id):
                await self._connection.send(message)
            return True
        self._whole |= fault.what == "whole"
        if fault.what == "slow":
            self._slow = fault
        if fault.what == "delay":
            await asyncio.sleep(fault.seconds or 0)
        if fault.what == "kill_sandbox" and sandbox_id:
            await self._sandboxes.kill(sandbox_id)
        if fault.what == "expire" and sandbox_id and (sandbox := self._sandboxes.find(sandbox_id)):
            self._sandboxes.set_timeout(sandbox, fault.seconds or 0)
        return False

    async def _send(self, message: Message) -> None:
        if self._answered:
            return
        if message["type"] == "http.response.start":
            self._start = message  # withheld until there is something to it: then the work is done
            return
        if self._start is not None:
            start, self._start = self._start, None
            for armed in self._after:
                if armed.strikes(self._victim) and await self._strike(armed.fault, _id_in(message)):
                    return
            await self._connection.send(self._shortened(start))
        if self._passing is None or self._upload:
            await self._connection.send(message)
        else:
            await self._download(message)

    async def _download(self, message: Message) -> None:
        data = message.get("body", b"")
        if self._most is not None:
            data = data[: self._most]
            self._most -= len(data)
        for piece in self._split(data):
            if not isinstance(piece, bytes):
                await self._strike(piece)
                continue
            async for slow in self._paced(piece):
                await self._connection.send({"type": "http.response.body", "body": slow, "more_body": True})
        if not message.get("more_body", False):
            await self._connection.send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _receive(self) -> Message:
        if self._broken_off:
            return {"type": "http.disconnect"}
        message = await self._receive_real()
        if not self._upload or message["type"] != "http.request":
            return message
        body = bytearray()
        for piece in self._split(message.get("body", b"")):
            if isinstance(piece, bytes):
                async for slow in self._paced(piece):
                    body += slow
            elif await self._strike(piece):
                # To the application the client goes after these bytes, which stay written, as with envd.
                self._broken_off = True
                break
        return {**message, "body": bytes(body), "more_body": message["more_body"] or self._broken_off}

    def _split(self, data: bytes) -> list[bytes | Fault]:
        """Return `data` in pieces, with the faults between them; a garbled byte is garbled already."""
        assert self._passing is not None  # noqa: S101 - asked for bodies only
        pieces: list[bytes | Fault] = []
        garble = False
        for piece in self._passing.split(data):
            if isinstance(piece, bytes):
                pieces.append(garbled(piece) if garble else piece)
                garble = False
            elif piece.what == "garble":
                garble = True
            else:
                pieces.append(piece)
        return pieces

    async def _paced(self, data: bytes) -> AsyncIterator[bytes]:
        if self._slow is None:
            yield data
            return
        async for piece in slowly(data, self._slow.bytes_per_s or 1):
            yield piece

    def _shortened(self, start: Message) -> Message:
        if self._most is None:
            return start
        headers = [
            (name, str(min(self._most, int(value))).encode() if name == b"content-length" else value)
            for name, value in start["headers"]
        ]
        return {**start, "headers": headers}

    def _without_range(self) -> Scope:
        return {**self._scope, "headers": [each for each in self._scope["headers"] if each[0] != b"range"]}


def _after_the_work(fault: Fault) -> bool:
    return fault.done or fault.what == "expire"


def _id_in(message: Message) -> str | None:
    """Return the id of the sandbox that an answer tells of, if it tells of one."""
    try:
        found = json.loads(message.get("body", b"")).get("sandboxID")
    except (ValueError, AttributeError):
        return None
    return found if isinstance(found, str) else None
