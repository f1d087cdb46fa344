"""What only this server has: counters, faults, and templates registered by one call. Paths begin with `/osiris`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, Response

from osiris_core.sandbox.faults.model import FaultError
from osiris_core.sandbox.faults.reading import faults_from_bytes
from osiris_core.sandbox.probe import require_working
from osiris_core.sandbox.replies import error_reply
from osiris_core.sandbox.templates import TemplateError, from_request, require_readable

if TYPE_CHECKING:
    from starlette.requests import Request

    from osiris_core.sandbox.registry import Registry


class LocalApi:
    """Answers this server's own routes."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    async def answer(self, request: Request, parts: list[str]) -> Response:
        """Answer the request for `/osiris/<parts>`."""
        match request.method, parts:
            case "GET", ["stats"]:
                return JSONResponse(self._registry.stats.as_json())
            case "GET", ["faults"]:
                return JSONResponse(self._registry.faults.as_json())
            case "PUT", ["faults"]:
                return await self._put_faults(request)
            case "DELETE", ["faults"]:
                self._registry.faults.put(())
                return Response(status_code=204)
            case "PUT", ["templates", name]:
                return await self._put_template(request, name)
        return error_reply(404, f"{request.method} {request.url.path} is not served by this server")

    async def _put_faults(self, request: Request) -> Response:
        """Put a fault plan into force, in the place of the one before."""
        try:
            self._registry.faults.put(faults_from_bytes(await request.body()))
        except FaultError as error:
            return error_reply(422, str(error))
        return Response(status_code=204)

    async def _put_template(self, request: Request, name: str) -> Response:
        """Register a template after it has been seen to work; the same one again is a matter of nothing."""
        if self._registry.built.find(name):
            return error_reply(422, f"the template '{name}' was built on this server: delete it first")
        try:
            template = from_request(name, await request.json())
            if self._registry.templates.get(name) != template:
                require_readable(template)
                await require_working(self._registry.isolation, template, self._registry.cpus_available)
        except ValueError:
            return error_reply(422, "the template must be a JSON object")
        except TemplateError as error:
            return error_reply(422, str(error))
        self._registry.templates[name] = template
        return Response(status_code=204)
