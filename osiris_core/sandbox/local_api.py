"""What only this server has: counters, and templates registered by one call. Paths begin with `/osiris`."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response

from osiris_core.sandbox import launcher, profile
from osiris_core.sandbox.replies import error_reply
from osiris_core.sandbox.templates import TemplateError, from_request, require_readable

if TYPE_CHECKING:
    from starlette.requests import Request

    from osiris_core.sandbox.isolation import Isolation
    from osiris_core.sandbox.registry import Registry
    from osiris_core.sandbox.templates import Template

PROBE_TIMEOUT_S = 30.0
_PROBE = "import sys; print(sys.prefix)"


class LocalApi:
    """Answers this server's own routes."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    async def stats(self, _request: Request) -> Response:
        """Return the counters."""
        return JSONResponse(self._registry.stats.as_json())

    async def put_template(self, request: Request, name: str) -> Response:
        """Register a template after it has been seen to work; the same one again is a matter of nothing."""
        try:
            template = from_request(name, await request.json())
            if self._registry.templates.get(name) != template:
                require_readable(template)
                await _require_working(self._registry.isolation, template, self._registry.cpus_available)
        except ValueError:
            return error_reply(422, "the template must be a JSON object")
        except TemplateError as error:
            return error_reply(422, str(error))
        self._registry.templates[name] = template
        return Response(status_code=204)


async def _require_working(isolation: Isolation, template: Template, cpus_available: int) -> None:
    # Readable files are not enough: what the kernel lets a namespace bind is only known by binding it.
    assert template.closure_dir is not None  # noqa: S101 - a registered template always has one
    if isolation.bwrap is None:
        await _probe([str(template.closure_dir / "bin" / "python")], str(template.closure_dir), ())
        return
    files = launcher.file_descriptors(template, cpus_available=cpus_available)
    info_read, info_write = os.pipe2(os.O_CLOEXEC)
    try:
        argv = launcher.namespace_argv(isolation.bwrap, template, files, info_write, cpus_available=cpus_available)
        await _probe([*argv, f"{profile.VIEW}/bin/python"], profile.VIEW, (info_write, *files.values()))
    finally:
        for descriptor in (info_read, info_write, *files.values()):
            os.close(descriptor)


async def _probe(python: list[str], expected_prefix: str, passed: tuple[int, ...]) -> None:
    process = await asyncio.create_subprocess_exec(
        *python,
        "-I",
        "-c",
        _PROBE,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        pass_fds=passed,
        env={},
        cwd="/",
    )
    try:
        async with asyncio.timeout(PROBE_TIMEOUT_S):
            out, err = await process.communicate()
    except TimeoutError as error:
        process.kill()
        await process.wait()
        raise TemplateError(f"the template's interpreter did not answer within {PROBE_TIMEOUT_S:.0f} s") from error
    said = _line(out)
    if process.returncode != 0:
        raise TemplateError(
            f"the template's interpreter does not start in a sandbox: {_line(err) or process.returncode}"
        )
    if said != expected_prefix:
        raise TemplateError(f"the closure is not seen as a virtual environment: its prefix is {said}")


def _line(data: bytes) -> Any:
    return data.decode("utf-8", "replace").strip().rpartition("\n")[2]
