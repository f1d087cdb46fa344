"""Whether a template's interpreter really starts where its sandboxes will: found out before the first of them is made."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

from osiris_core.sandbox import launcher, profile
from osiris_core.sandbox.templates import TemplateError

if TYPE_CHECKING:
    from osiris_core.sandbox.isolation import Isolation
    from osiris_core.sandbox.templates import Template

PROBE_TIMEOUT_S = 60.0
_PROBE = "import sys; print(sys.prefix)"


async def require_working(isolation: Isolation, template: Template, cpus_available: int) -> None:
    """Raise TemplateError unless the template's interpreter starts in a sandbox and sees the view it is part of."""
    # Readable files are not enough: what the kernel lets a namespace bind is only known by binding it.
    assert template.closure_dir is not None  # noqa: S101 - only `base` has none, and it is never probed
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


def _line(data: bytes) -> str:
    return data.decode("utf-8", "replace").strip().rpartition("\n")[2]
