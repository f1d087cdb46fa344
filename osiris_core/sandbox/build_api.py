"""Builds as the SDK's builder asks for them: registered, given their files, started, watched to their end."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response

from osiris_core.sandbox.catalog import DEFAULT_TAG, Build
from osiris_core.sandbox.given import BadRequestError, json_object, template_name, template_tags
from osiris_core.sandbox.registry import iso
from osiris_core.sandbox.replies import error_reply

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.requests import Request

    from osiris_core.sandbox.builder import Builder
    from osiris_core.sandbox.catalog import LogEntry
    from osiris_core.sandbox.registry import Registry

LOG_PAGE = 100
CPUS = (1, 32)
MEMORY_MB = (128, 65536)
LEAST_DISK_MB = 1024
UPLOADS = "/osiris/uploads/"


class BuildApi:
    """Answers the routes about builds."""

    def __init__(self, registry: Registry, builder: Builder) -> None:
        self._registry = registry
        self._builder = builder
        self._uploads: dict[str, str] = {}  # where a file may be put: the hash it has
        self._uploaded: set[str] = set()

    async def ask(self, request: Request) -> Response:
        """Register a build under a name; nothing is built before it is started."""
        body = await json_object(request)
        name, tags = _name_and_tags(body)
        if name in self._registry.templates:
            return error_reply(403, f"the template '{name}' is registered with this server and cannot be built over")
        limit = self._registry.concurrent_builds
        if self._registry.built.unfinished(but=name) >= limit:
            return error_reply(
                429,
                f"you have reached the maximum number of concurrent template builds ({limit}). Please wait for existing "
                "builds to complete",
            )
        build = Build(
            cpus=_within(body.get("cpuCount"), CPUS, 2, "CPU count"),
            memory_mb=_within(body.get("memoryMB"), MEMORY_MB, 512, "memory in MB"),
            disk_mb=max(_within(body.get("minFreeDiskMb"), (0, 1 << 20), 0, "free disk in MB"), LEAST_DISK_MB),
        )
        entry = self._registry.built.ask(name, tags, build)
        names = {"aliases": [entry.name], "names": [entry.name], "tags": list(tags), "public": False}
        return JSONResponse({"templateID": entry.template_id, "buildID": build.build_id, **names}, 202)

    async def start(self, request: Request, template_id: str, build_id: str) -> Response:
        """Start a build that was asked for."""
        found = self._registry.built.find_build(template_id, build_id)
        if found is None:
            return _no_build(template_id, build_id)
        entry, build = found
        if build.status != "waiting":
            return error_reply(400, "build is not in waiting state")
        body = await json_object(request)
        steps = body.get("steps") or []
        if not isinstance(steps, list) or not all(isinstance(each, dict) for each in steps):
            raise BadRequestError("steps must be a list of objects")
        self._builder.start(entry, build, body)
        return Response(status_code=202)

    async def status(self, request: Request, template_id: str, build_id: str) -> Response:
        """Return the state of a build, and at most a page of its log from an offset."""
        found = self._registry.built.find_build(template_id, build_id)
        if found is None:
            return _no_build(template_id, build_id)
        build, offset = found[1], _from_zero(request.query_params.get("logsOffset"))
        page = build.log[offset : offset + LOG_PAGE]
        answer: dict[str, Any] = {"templateID": template_id, "buildID": build_id, "status": build.status, "logs": []}
        if build.reason is not None:
            own = [each for each in build.log if each.step == build.reason.step]
            answer["reason"] = {"message": build.reason.message, "logEntries": _entries(own[-LOG_PAGE:])}
            if build.reason.step is not None:
                answer["reason"]["step"] = build.reason.step
        return JSONResponse(answer | {"logEntries": _entries(page)})

    async def file_link(self, request: Request, template_id: str, digest: str) -> Response:
        """Return where a file of a COPY step may be put; it is taken, and the step is refused when the build comes to it."""
        if self._registry.built.find(template_id) is None:
            return error_reply(404, f"template '{template_id}' not found")
        if digest in self._uploaded:
            return JSONResponse({"present": True}, 201)
        token = secrets.token_urlsafe(32)
        self._uploads[token] = digest
        return JSONResponse(
            {"present": False, "url": f"{request.url.scheme}://{request.url.netloc}{UPLOADS}{token}"}, 201
        )

    async def upload(self, request: Request) -> Response:
        """Take a file of a COPY step, as object storage does: by its address, without a key."""
        digest = self._uploads.pop(request.url.path.removeprefix(UPLOADS), None)
        if digest is None:
            return error_reply(403, "this address is not, or no longer, one to upload to")
        async for _ in request.stream():
            pass
        self._uploaded.add(digest)
        return Response(status_code=200)


def _name_and_tags(body: dict[str, Any]) -> tuple[str, tuple[str, ...]]:
    given = body.get("name") or body.get("alias")
    if not isinstance(given, str):
        raise BadRequestError("Name is required")
    name, tag = template_name(given)
    tags = dict.fromkeys((*filter(None, [tag]), *template_tags(body.get("tags"))))
    return name, tuple(tags) or (DEFAULT_TAG,)


def _within(value: Any, bounds: tuple[int, int], default: int, name: str) -> int:
    if value is None:
        return default
    if not isinstance(value, int) or isinstance(value, bool) or not bounds[0] <= value <= bounds[1]:
        raise BadRequestError(f"{name} must be a whole number from {bounds[0]} to {bounds[1]}")
    return value


def _from_zero(text: str | None) -> int:
    if text is None:
        return 0
    if not text.isdigit():
        raise BadRequestError("logsOffset must be a whole number")
    return int(text)


def _entries(log: Iterable[LogEntry]) -> list[dict[str, Any]]:
    return [
        {"timestamp": iso(each.at), "level": each.level, "message": each.message}
        | ({} if each.step is None else {"step": each.step})
        for each in log
    ]


def _no_build(template_id: str, build_id: str) -> Response:
    return error_reply(404, f"build '{build_id}' of template '{template_id}' not found")
