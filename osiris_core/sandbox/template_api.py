"""Templates by their names and tags, as far as the SDK asks for them: found, described, listed, deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response

from osiris_core.sandbox.build_api import BuildApi
from osiris_core.sandbox.catalog import DEFAULT_TAG
from osiris_core.sandbox.control import ENVD_VERSION
from osiris_core.sandbox.given import json_object, page_offset, page_token, template_name, template_tags, whole_number
from osiris_core.sandbox.registry import iso
from osiris_core.sandbox.replies import error_reply

if TYPE_CHECKING:
    from starlette.requests import Request

    from osiris_core.sandbox.builder import Builder
    from osiris_core.sandbox.catalog import Build, Entry
    from osiris_core.sandbox.registry import Registry

LIST_PAGE = 100


class TemplateApi:
    """Answers the routes about templates."""

    def __init__(self, registry: Registry, builder: Builder) -> None:
        self._registry = registry
        self._builder = builder
        self._builds = BuildApi(registry, builder)

    async def upload(self, request: Request) -> Response:
        """Take a file that a build asked for."""
        return await self._builds.upload(request)

    async def answer(self, request: Request, parts: list[str]) -> Response:
        """Answer the request for `/templates/<parts>`, whatever version stands before it: each exists in one only."""
        match request.method, parts:
            case "GET", []:
                answer = self._list(request)
            case "POST", ["tags"]:
                answer = self._assign_tags(request)
            case "DELETE", ["tags"]:
                answer = self._remove_tags(request)
            case "GET", ["aliases", alias]:
                answer = self._alias(alias)
            case "GET", [name]:
                answer = self._info(name)
            case "DELETE", [name]:
                answer = self._delete(name)
            case "GET", [name, "tags"]:
                answer = self._tags_of(name)
            case _:
                answer = self._build(request, parts)
        return await answer

    async def _build(self, request: Request, parts: list[str]) -> Response:
        match request.method, parts:
            case "POST", []:
                return await self._builds.ask(request)
            case "GET", [template_id, "files", digest]:
                return await self._builds.file_link(request, template_id, digest)
            case "POST", [template_id, "builds", build_id]:
                return await self._builds.start(request, template_id, build_id)
            case "GET", [template_id, "builds", build_id, "status"]:
                return await self._builds.status(request, template_id, build_id)
        return error_reply(400, f"{request.method} /templates/{'/'.join(parts)} is not served by this server")

    async def _list(self, request: Request) -> Response:
        """List the templates, a page at a time; the header `x-next-token` asks for the next one."""
        offset = page_offset(request.query_params.get("nextToken"))
        limit = whole_number(request.query_params.get("limit", str(LIST_PAGE)), "limit")
        everything = [_described(entry) for entry in self._registry.built]
        headers = {"x-next-token": page_token(offset + limit)} if offset + limit < len(everything) else {}
        return JSONResponse(everything[offset : offset + limit], headers=headers)

    async def _info(self, reference: str) -> Response:
        """Describe one template and its builds, the newest first."""
        entry = self._registry.built.find(reference)
        if entry is None:
            return _not_found(reference)
        builds = [_described_build(each) for each in reversed(entry.builds)]
        return JSONResponse(_described(entry) | {"builds": builds})

    async def _delete(self, reference: str) -> Response:
        """Forget a template."""
        entry = self._registry.built.find(reference)
        if entry is None:
            return _not_found(reference)
        self._builder.cancel(entry)
        self._registry.built.delete(entry)
        return Response(status_code=204)

    async def _alias(self, alias: str) -> Response:
        """Say whether a name is taken; it is from the moment that its first build was asked for."""
        if entry := self._registry.built.find(alias):
            return JSONResponse({"templateID": entry.template_id, "public": False})
        if alias in self._registry.templates:
            return JSONResponse({"templateID": alias, "public": False})
        return _not_found(alias)

    async def _tags_of(self, reference: str) -> Response:
        """Return the tags of a template."""
        entry = self._registry.built.find(reference)
        if entry is None:
            return _not_found(reference)
        current = entry.current().values()
        return JSONResponse(
            [{"tag": each.tag, "buildID": each.build.build_id, "createdAt": iso(each.at)} for each in current]
        )

    async def _assign_tags(self, request: Request) -> Response:
        """Put tags on the build that `name:tag` stands for."""
        body = await json_object(request)
        name, tag = template_name(str(body.get("target", "")))
        entry = self._registry.built.find(name)
        build = entry.ready(tag or DEFAULT_TAG) if entry else None
        if entry is None or build is None:
            return _not_found(f"{name}:{tag or DEFAULT_TAG}")
        tags = template_tags(body.get("tags"))
        entry.assign(build, tags)
        return JSONResponse({"tags": list(tags), "buildID": build.build_id}, 201)

    async def _remove_tags(self, request: Request) -> Response:
        """Take tags off a template."""
        body = await json_object(request)
        entry = self._registry.built.find(str(body.get("name", "")))
        if entry is None:
            return _not_found(str(body.get("name", "")))
        gone = set(template_tags(body.get("tags")))
        if DEFAULT_TAG in gone:
            return error_reply(400, f"the tag '{DEFAULT_TAG}' cannot be removed")
        entry.assignments = [each for each in entry.assignments if each.tag not in gone]
        return Response(status_code=204)


def _described(entry: Entry) -> dict[str, Any]:
    latest = entry.builds[-1]
    ready = [each for each in entry.builds if each.status == "ready"]
    return {
        "templateID": entry.template_id,
        "buildID": (ready[-1] if ready else latest).build_id,
        "cpuCount": latest.cpus,
        "memoryMB": latest.memory_mb,
        "diskSizeMB": latest.disk_mb,
        "public": False,
        "aliases": [entry.name],
        "names": [entry.name],
        "createdAt": iso(entry.created_at),
        "updatedAt": iso(latest.updated_at),
        "createdBy": None,
        "lastSpawnedAt": None,
        "spawnCount": entry.spawned,
        "buildCount": len(entry.builds),
        "envdVersion": ENVD_VERSION,
        "buildStatus": latest.status,
    }


def _described_build(build: Build) -> dict[str, Any]:
    return {
        "buildID": build.build_id,
        "status": build.status,
        "createdAt": iso(build.created_at),
        "updatedAt": iso(build.updated_at),
        "cpuCount": build.cpus,
        "memoryMB": build.memory_mb,
        "diskSizeMB": build.disk_mb,
        "envdVersion": ENVD_VERSION,
    } | ({"finishedAt": iso(build.updated_at)} if build.finished else {})


def _not_found(reference: str) -> Response:
    return error_reply(404, f"template '{reference}' not found")
