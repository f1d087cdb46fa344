"""Stands before the application: finds out whose request it is, and lets the faults of the plan have it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from osiris_core.sandbox.faults.connection import Connection, current
from osiris_core.sandbox.faults.places import place_of
from osiris_core.sandbox.faults.plan import Victim
from osiris_core.sandbox.faults.request import StruckRequest

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from osiris_core.sandbox.faults.plan import FaultPlan
    from osiris_core.sandbox.faults.request import Sandboxes


class FaultLayer:
    """Answers requests with `app`, except where `plan` says otherwise."""

    def __init__(self, app: ASGIApp, plan: FaultPlan, sandboxes: Sandboxes) -> None:
        self._app = app
        self._plan = plan
        self._sandboxes = sandboxes
        self._hanging: set[Connection] = set()

    async def answer(self, scope: Scope, receive: Receive, send: Send, sandbox_id: str | None) -> None:
        """Answer one ASGI request, which is for this sandbox."""
        connection = Connection(receive, send)
        current.set(connection)
        place, found_id = place_of(scope["method"], scope["path"], sandbox_id)
        if place is None or not self._plan:
            await self._app(scope, receive, connection.send)
        else:
            if place == "create":
                body, receive = await _read_ahead(receive)
            victim = _made_with(body) if place == "create" else self._victim(found_id)
            request = StruckRequest(
                scope, receive, connection, place=place, victim=victim, plan=self._plan, sandboxes=self._sandboxes
            )
            await request.answered_by(self._app)
        if connection.silent:  # the server would close what its application leaves unfinished
            self._hanging.add(connection)
            await connection.gone()
            self._hanging.discard(connection)

    def close(self) -> None:
        """Let go of the connections that were left hanging."""
        for connection in self._hanging:
            connection.cut()

    def _victim(self, sandbox_id: str | None) -> Victim:
        sandbox = self._sandboxes.find(sandbox_id) if sandbox_id else None
        if sandbox is None:
            return Victim(sandbox_id=sandbox_id, metadata={}, born_at=None)
        return Victim(sandbox_id=sandbox_id, metadata=sandbox.metadata, born_at=sandbox.started_at)


async def _read_ahead(receive: Receive) -> tuple[bytes, Receive]:
    """Return a request's whole body, and a `receive` that says it again."""
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if message["type"] == "http.disconnect" or not message.get("more_body", False):
            break
    said = False

    async def again() -> Message:
        nonlocal said
        if said:
            return await receive()
        said = True
        whole: Message = {"type": "http.request", "body": bytes(body), "more_body": False}
        return message if message["type"] == "http.disconnect" else whole

    return bytes(body), again


def _made_with(body: bytes) -> Victim:
    """Return what a request for a sandbox says of it."""
    try:
        metadata = json.loads(body).get("metadata") or {}
    except (ValueError, AttributeError):
        metadata = {}
    return Victim(sandbox_id=None, metadata=metadata if isinstance(metadata, dict) else {}, born_at=None)
