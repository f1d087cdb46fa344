"""Who answers a request: the edge in front of a sandbox's envd, the control plane, or this server's own routes.

One port serves everything. A request that carries `E2b-Sandbox-Id` is for that sandbox; signed file URLs carry no headers
and are recognised by their signature; a host name `[<port>-]<id>.<domain>` names a sandbox too; the rest is the control plane.
"""

from __future__ import annotations

import hmac
import re
from typing import TYPE_CHECKING
from urllib.parse import unquote

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from osiris_core.sandbox import files_http, requests
from osiris_core.sandbox.build_api import UPLOADS
from osiris_core.sandbox.control import ControlPlane
from osiris_core.sandbox.faults.layer import FaultLayer
from osiris_core.sandbox.given import BadRequestError
from osiris_core.sandbox.local_api import LocalApi
from osiris_core.sandbox.replies import error_reply, sandbox_not_found
from osiris_core.sandbox.signatures import SignatureError, require_signature, signed_by
from osiris_core.sandbox.template_api import TemplateApi

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from osiris_core.sandbox.builder import Builder
    from osiris_core.sandbox.registry import Registry, Sandbox

_HOST = re.compile(r"(?:\d+-)?(i[a-z0-9]{20})\.")
_ID = re.compile(r"/i[a-z0-9]{20}(?=/|$)")
_OTHER_IDS = re.compile(r"/(?:t[a-z0-9]{19}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{64})(?=/|$)")
STATS = ("GET", "/osiris/stats")


class App:
    """The ASGI application of one server."""

    def __init__(self, registry: Registry, builder: Builder, api_key: str) -> None:
        self._registry = registry
        self._api_key = api_key.encode()
        self._control = ControlPlane(registry)
        self._local = LocalApi(registry)
        self._templates = TemplateApi(registry, builder)
        self._faults = FaultLayer(self._work, registry.faults, registry)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one ASGI request."""
        if scope["type"] != "http":
            raise RuntimeError(f"this server does not speak {scope['type']}")
        request = Request(scope, receive)
        sandbox_id = _sandbox_id(request)
        _count(self._registry, request, sandbox_id)
        await self._faults.answer(scope, receive, send, sandbox_id)

    def close(self) -> None:
        """Let go of the connections that a fault keeps open."""
        self._faults.close()

    async def _work(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            app = await self._answer(request, _sandbox_id(request))
        except BadRequestError as error:
            app = error_reply(400, str(error))
        except ClientDisconnect:
            return
        await _serve(app, scope, receive, send)

    async def _answer(self, request: Request, sandbox_id: str | None) -> ASGIApp:
        if sandbox_id is not None:
            sandbox = self._registry.find(sandbox_id)
            return await _envd(sandbox, request) if sandbox else sandbox_not_found(sandbox_id)
        if request.url.path == "/files" and request.method in {"GET", "POST"}:
            return await self._signed_file(request)
        if request.method == "PUT" and request.url.path.startswith(UPLOADS):
            return await self._templates.upload(request)
        given = request.headers.get("x-api-key", "").encode()
        if not hmac.compare_digest(given, self._api_key):
            return error_reply(401, "the API key is missing or not this server's")
        return await self._control_plane(request)

    async def _signed_file(self, request: Request) -> ASGIApp:
        try:
            sandbox = signed_by(request.query_params, request.method, self._registry.all())
        except SignatureError as error:
            return error_reply(401, str(error))
        return await _envd(sandbox, request) if sandbox else error_reply(401, "invalid signature")

    async def _control_plane(self, request: Request) -> Response:
        parts = _parts(request)
        match request.method, parts:
            case _, ["osiris", *rest]:
                return await self._local.answer(request, rest)
            case _, ["templates", *rest] | ["v2" | "v3", "templates", *rest]:
                return await self._templates.answer(request, rest)
            case "POST", ["v2", "sandboxes"] | ["sandboxes"]:
                return await self._control.create(request)
            case "GET", ["v2", "sandboxes"] | ["sandboxes"]:
                return await self._control.list(request)
            case method, ["v2", "sandboxes", sandbox_id, *rest] | ["sandboxes", sandbox_id, *rest]:
                return await self._one_sandbox(request, method, sandbox_id, rest)
        return error_reply(404, f"{request.method} {request.url.path} is not served by this server")

    async def _one_sandbox(self, request: Request, method: str, sandbox_id: str, rest: list[str]) -> Response:
        sandbox = self._registry.find(sandbox_id)
        if sandbox is None:
            return error_reply(404, f"sandbox '{sandbox_id}' not found")
        match method, rest:
            case "GET", []:
                return await self._control.info(request, sandbox)
            case "DELETE", []:
                return await self._control.kill(request, sandbox)
            case "POST", ["connect"]:
                return await self._control.connect(request, sandbox)
            case "POST", ["timeout"]:
                return await self._control.set_timeout(request, sandbox)
        return error_reply(400, f"{method} /sandboxes/.../{'/'.join(rest)} is not served by this server")


def _parts(request: Request) -> list[str]:
    """Return the segments of the path, each decoded by itself: a name may hold an encoded slash."""
    raw = request.scope.get("raw_path") or request.url.path.encode()
    return [unquote(part) for part in raw.decode("latin-1").partition("?")[0].split("/") if part]


async def _envd(sandbox: Sandbox, request: Request) -> ASGIApp:
    path = request.url.path
    if path == "/health" and request.method == "GET":
        return Response(status_code=204)
    given = request.headers.get("x-access-token", "").encode()
    authentic = hmac.compare_digest(given, sandbox.access_token.encode())
    if path == "/files" and request.method in {"GET", "POST"}:
        return await _files(sandbox, request, authentic=authentic)
    if not authentic:
        return error_reply(401, "unauthorized access, please provide a valid access token")
    if path.startswith("/process.Process/"):
        return sandbox.process_app
    if path.startswith("/filesystem.Filesystem/"):
        return sandbox.filesystem_app
    return error_reply(404, f"{request.method} {path} is not served by this server")


async def _files(sandbox: Sandbox, request: Request, *, authentic: bool) -> ASGIApp:
    try:
        if not authentic:
            require_signature(request.query_params, request.method, sandbox.access_token)
    except SignatureError as error:
        return error_reply(401, str(error))
    serve = files_http.download if request.method == "GET" else files_http.upload
    return await serve(sandbox, request)


async def _serve(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    callbacks: list[Callable[[], None]] = []
    requests.on_disconnect.set(callbacks)

    async def watched() -> Message:
        message = await receive()
        if message["type"] == "http.disconnect":
            for callback in callbacks:
                callback()
        return message

    await app(scope, watched, send)


def _sandbox_id(request: Request) -> str | None:
    if given := request.headers.get("e2b-sandbox-id"):
        return given
    named = _HOST.match(request.headers.get("host", ""))
    return named.group(1) if named else None


def _count(registry: Registry, request: Request, sandbox_id: str | None) -> None:
    path = request.url.path
    if (request.method, path) == STATS:
        return
    in_path = _ID.search(path)
    registry.stats.count(
        route=f"{request.method} {_OTHER_IDS.sub('/{id}', _ID.sub('/{id}', path))}",
        sandbox_id=sandbox_id or (in_path.group(0)[1:] if in_path else None),
    )
