"""The control plane: sandboxes made, listed, connected to, kept and killed."""

from __future__ import annotations

import asyncio
from datetime import datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote

from starlette.responses import JSONResponse, Response

from osiris_core.sandbox.given import BadRequestError, json_object, page_offset, page_token, strings, whole_number
from osiris_core.sandbox.launcher import LaunchError
from osiris_core.sandbox.registry import iso
from osiris_core.sandbox.replies import error_reply

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from osiris_core.sandbox.registry import Registry, Sandbox

ENVD_VERSION = "0.6.13"
"""The SDK switches features by it; this is the version whose behaviour this server follows."""

CLIENT_ID = "osiris"
DEFAULT_TIMEOUT_S = 300
MAX_TIMEOUT_S = 24 * 60 * 60
PAGE_SIZE = 100


class ControlPlane:
    """Answers the control-plane routes."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._by_idempotency_key: dict[str, asyncio.Task[Response]] = {}

    async def create(self, request: Request) -> Response:
        """Make a sandbox; a request repeated with the same Idempotency-Key makes none."""
        key = request.headers.get("idempotency-key")
        body = await json_object(request)
        if key is None:
            return await self._create(body)
        if key not in self._by_idempotency_key:
            self._by_idempotency_key[key] = asyncio.create_task(self._create(body))
        response = await asyncio.shield(self._by_idempotency_key[key])
        if response.status_code != HTTPStatus.CREATED:
            self._by_idempotency_key.pop(key, None)  # what failed may be tried again
        return response

    async def _create(self, body: dict[str, Any]) -> Response:
        name = body.get("templateID")
        template = self._registry.template(name) if isinstance(name, str) else None
        if template is None:
            return error_reply(404, f"template '{name}' not found")
        try:
            sandbox = await self._registry.create(
                template,
                timeout_s=_timeout_s(body, DEFAULT_TIMEOUT_S),
                metadata=strings(body, "metadata"),
                variables=strings(body, "envVars"),
                network=self._network(body),
            )
        except LaunchError as error:
            return error_reply(500, str(error))
        return JSONResponse(_handle(sandbox), 201)

    def _network(self, body: dict[str, Any]) -> bool:
        """Return whether a sandbox is to have the network; E2B's default is that it has."""
        wanted = body.get("allow_internet_access", True)
        if not isinstance(wanted, bool):
            raise BadRequestError("allow_internet_access must be true or false")
        rules = body.get("network") or {}
        if wanted and self._registry.network_allowed and (rules.get("allowOut") or rules.get("denyOut")):
            raise BadRequestError("this server does not filter addresses: a sandbox has the network or it has not")
        return wanted

    async def connect(self, request: Request, sandbox: Sandbox) -> Response:
        """Return what a client needs to talk to a sandbox; its time limit can only become later."""
        body = await json_object(request)
        self._registry.set_timeout(sandbox, _timeout_s(body, DEFAULT_TIMEOUT_S), only_extend=True)
        return JSONResponse(_handle(sandbox))

    async def set_timeout(self, request: Request, sandbox: Sandbox) -> Response:
        """Let a sandbox end some seconds from now."""
        self._registry.set_timeout(sandbox, _timeout_s(await json_object(request), None))
        return Response(status_code=204)

    async def info(self, _request: Request, sandbox: Sandbox) -> Response:
        """Describe a sandbox."""
        return JSONResponse(_detail(sandbox))

    async def kill(self, _request: Request, sandbox: Sandbox) -> Response:
        """End a sandbox."""
        await self._registry.kill(sandbox.sandbox_id)
        return Response(status_code=204)

    async def list(self, request: Request) -> Response:
        """List sandboxes, a page at a time; the header `x-next-token` asks for the next one."""
        query = request.query_params
        found = [sandbox for sandbox in self._registry.all() if all(keep(sandbox) for keep in _filters(query))]
        if query.get("order") == "asc":
            found.reverse()
        offset = page_offset(query.get("nextToken"))
        limit = whole_number(query.get("limit", str(PAGE_SIZE)), "limit")
        page = found[offset : offset + limit]
        headers = {"x-next-token": page_token(offset + limit)} if offset + limit < len(found) else {}
        return JSONResponse([_detail(sandbox) for sandbox in page], headers=headers)


def _handle(sandbox: Sandbox) -> dict[str, Any]:
    return {
        "templateID": sandbox.template.template_id or sandbox.template.name,
        "alias": sandbox.template.name,
        "sandboxID": sandbox.sandbox_id,
        "clientID": CLIENT_ID,
        "envdVersion": ENVD_VERSION,
        "envdAccessToken": sandbox.access_token,
        "domain": None,
    }


def _detail(sandbox: Sandbox) -> dict[str, Any]:
    template = sandbox.template
    return {
        "templateID": template.template_id or template.name,
        "alias": template.name,
        "sandboxID": sandbox.sandbox_id,
        "clientID": CLIENT_ID,
        "startedAt": iso(sandbox.started_at),
        "endAt": iso(sandbox.ends_at),
        "cpuCount": template.cpus,
        "memoryMB": template.memory_mb,
        "diskSizeMB": template.disk_mb,
        "state": "running",
        "envdVersion": ENVD_VERSION,
        "metadata": sandbox.metadata,
        "allowInternetAccess": sandbox.network,
        "volumeMounts": [],
    }


def _filters(query: Any) -> list[Callable[[Sandbox], bool]]:
    keep: list[Callable[[Sandbox], bool]] = []
    if "metadata" in query:
        # The SDK quotes each key and value, and encodes the pairs of that; the layer of the query itself is gone already.
        pairs = parse_qsl(query["metadata"], keep_blank_values=True)
        wanted = {unquote(key): unquote(value) for key, value in pairs}
        keep.append(lambda sandbox: wanted.items() <= sandbox.metadata.items())
    states = {state for value in query.getlist("state") for state in value.split(",")}
    if states:
        keep.append(lambda _: "running" in states)
    if "template" in query:
        names = {query["template"]}
        keep.append(lambda sandbox: bool(names & {sandbox.template.name, sandbox.template.template_id}))
    if "startedAfter" in query:
        try:
            after = datetime.fromisoformat(query["startedAfter"]).timestamp()
        except ValueError as error:
            raise BadRequestError("startedAfter must be a date and time") from error
        keep.append(lambda sandbox: sandbox.started_at >= after)
    return keep


def _timeout_s(body: dict[str, Any], default: int | None) -> int:
    value = body.get("timeout", default)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MAX_TIMEOUT_S:
        raise BadRequestError(f"timeout must be a number of seconds from 0 to {MAX_TIMEOUT_S}")
    return value
