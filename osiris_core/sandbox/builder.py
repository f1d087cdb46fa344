"""Runs builds: reads what is asked, installs it, proves that its interpreter starts, and keeps the log meanwhile."""

from __future__ import annotations

import asyncio
import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from osiris_core.sandbox.catalog import Reason
from osiris_core.sandbox.install import make_view, place, resolve
from osiris_core.sandbox.probe import require_working
from osiris_core.sandbox.recipe import BASE_STEP, StepError, read_recipe
from osiris_core.sandbox.templates import Template, TemplateError, base_template
from osiris_core.sandbox.workshop import Workshop

if TYPE_CHECKING:
    from osiris_core.sandbox.catalog import Build, Entry
    from osiris_core.sandbox.install import Found
    from osiris_core.sandbox.recipe import Recipe
    from osiris_core.sandbox.registry import Registry

FINAL_STEP = "finalize"
log = logging.getLogger(__name__)


class Builder:
    """Builds templates of one server, each as a task of its own."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._workshop = Workshop()
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def start(self, entry: Entry, build: Build, body: dict[str, Any]) -> None:
        """Start a build; as with E2B it ends the template's other unfinished ones."""
        self._cancel(entry, "the build was cancelled by a newer one", but=build)
        build.turn("building")
        task = asyncio.create_task(self._run(entry, build, body))
        self._tasks[build.build_id] = task
        task.add_done_callback(lambda _: self._tasks.pop(build.build_id, None))

    def cancel(self, entry: Entry) -> None:
        """End the unfinished builds of a template."""
        self._cancel(entry, "the build was cancelled", but=None)

    async def close(self) -> None:
        """End all builds and remove what they made."""
        for task in tuple(self._tasks.values()):
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        self._workshop.close()

    def _cancel(self, entry: Entry, sentence: str, *, but: Build | None) -> None:
        for build in entry.builds:
            if build is not but and not build.finished:
                build.turn("error", Reason(message=sentence))
                if task := self._tasks.get(build.build_id):
                    task.cancel()

    async def _run(self, entry: Entry, build: Build, body: dict[str, Any]) -> None:
        try:
            template = await self._build(entry, build, body)
        except StepError as error:
            _fail(build, str(error), error.step)
        except (TemplateError, OSError) as error:
            _fail(build, str(error), FINAL_STEP)
        except Exception as error:  # a build that never ended would be watched for ever
            log.exception("the build %s failed for a reason of this server's", build.build_id)
            _fail(build, f"this server failed: {type(error).__name__}: {error}", FINAL_STEP)
        else:
            build.template = template
            build.say("the template is ready")
            build.turn("ready")

    async def _build(self, entry: Entry, build: Build, body: dict[str, Any]) -> Template:
        try:
            recipe = read_recipe(body)
        except StepError as error:
            build.say(f"building {entry.name}", step=error.step)
            raise
        await asyncio.sleep(self._registry.timing.build_s)
        view = self._workshop.new_view()
        template = _template(entry, build, recipe, view)
        filling = asyncio.ensure_future(asyncio.to_thread(_fill, template, recipe, build))
        try:
            await asyncio.shield(filling)
        except asyncio.CancelledError:
            await asyncio.wait(
                [filling]
            )  # a thread cannot be stopped, and what it writes to must not go before it ends
            raise
        await require_working(self._registry.isolation, template, self._registry.cpus_available)
        return template


def _template(entry: Entry, build: Build, recipe: Recipe, view: Path) -> Template:
    return Template(
        name=entry.name,
        template_id=entry.template_id,
        interpreter=base_template().interpreter,
        closure_dir=view,
        workdir=recipe.workdir,
        cpus=build.cpus,
        memory_mb=build.memory_mb,
        disk_mb=build.disk_mb,
    )


def _fill(template: Template, recipe: Recipe, build: Build) -> None:
    assert template.closure_dir is not None  # noqa: S101 - made a moment ago
    site = make_view(template.closure_dir, template.interpreter)
    installs = {each.step: each for each in recipe.installs}
    placed: dict[str, Found] = {}
    for step, line in recipe.lines:
        build.say(line, step=step)
        if step not in installs:
            continue
        found = resolve(installs[step])
        if changed := [
            name for name in found if name in placed and placed[name].pin.version != found[name].pin.version
        ]:
            raise StepError(step, f"{changed[0]} was installed at another version by an earlier step")
        for each in found.values():
            place(each, template.closure_dir, site)
        placed |= found
        names = sorted(f"{each.pin.name}-{each.pin.version}" for each in found.values())
        build.say(f"Successfully installed {' '.join(names)}", step=step)
    for directory, _, _ in os.walk(template.closure_dir):
        Path(directory).chmod(0o755)


def _fail(build: Build, sentence: str, step: str | None) -> None:
    build.say(sentence, level="error", step=step)
    build.turn("error", Reason(message=sentence, step=step or BASE_STEP))
