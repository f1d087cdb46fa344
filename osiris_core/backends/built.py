"""Templates of E2B's cloud and of self-hosted servers: built once from the pinned closure, then found by name.

The name is the digest of what is installed, so that every machine with the same pins and the same version of
Python finds what another one built. A template is asked for before it is built, remembered on disk once it was
seen ready, and built by one run at a time.
"""

from __future__ import annotations

import hashlib
import json
import re
import time
from typing import TYPE_CHECKING

from osiris_core.backends.known_templates import KnownTemplates
from osiris_core.backends.template_service import TemplateService, install_commands
from osiris_core.backends.templates import MINOR, ChosenTemplate, silent, template_name
from osiris_core.errors import SandboxError, TemplateBuildError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from osiris_core.backends.closure import Closure
    from osiris_core.backends.protocol import Cancellation, Patience
    from osiris_core.backends.provider import Provider
    from osiris_core.backends.templates import Report
    from osiris_core.manifest.model import Resources

LAST_LINES = 15
_NOT_RELEASED = (
    "this host has a version that was never released, or has it from another index: install a released one here, or "
    "declare its directory under `code:`"
)
_NO_VERSION = re.compile(r"No matching distribution found for ([^\s:]+)")


class BuiltTemplates:
    """Makes sure that a provider has the template of a closure.

    `report` is called with a line when something takes long or fails, `log` with every line of a builder's log.
    """

    def __init__(
        self, provider: Provider, patience: Patience, *, report: Report = silent, log: Report = silent
    ) -> None:
        self._provider = provider
        self._patience = patience
        self._report = report
        self._log = log
        self._service = TemplateService(provider)
        self._known = KnownTemplates(provider)
        self._seen: set[str] = set()

    def ensure(self, closure: Closure, resources: Resources, cancellation: Cancellation) -> ChosenTemplate:
        """Return the template, found or built; raises `InfrastructureError` where it cannot be had."""
        pins = [each.pin for each in closure.distributions]
        name = built_name(pins, resources)
        if name not in self._seen and self._known.recall(name) is None:
            with self._known.alone(name, cancellation, poll_s=self._patience.build_poll_s):
                if self._known.recall(name) is None:  # whoever held the lock may have built it
                    template_id = self._find_or_build(name, pins, resources, cancellation)
                    self._known.remember(name, {"template_id": template_id, "python": MINOR, "distributions": pins})
        self._seen.add(name)
        return ChosenTemplate(name=name)

    def forget(self, name: str) -> bool:
        """Ask the provider again next time."""
        seen = name in self._seen
        self._seen.discard(name)
        return self._known.forget(name) or seen

    def _find_or_build(self, name: str, pins: Sequence[str], resources: Resources, cancellation: Cancellation) -> str:
        found = self._service.find(name)
        if found is not None and found.ready:
            return found.template_id
        if found is not None and found.unfinished_build is not None:
            self._report(f"waiting for the template {name}, which is being built at {self._provider.name}")
            template_id, build_id = found.template_id, found.unfinished_build
        else:
            self._report(f"building the template {name} at {self._provider.name} ({_counted(len(pins))})")
            template_id, build_id = self._service.start(name, pins, resources)
        started = time.monotonic()
        self._watch(name, template_id, build_id, cancellation)
        self._report(f"built the template {name} in {time.monotonic() - started:.0f} s")
        return template_id

    def _watch(self, name: str, template_id: str, build_id: str, cancellation: Cancellation) -> None:
        """Follow a build to its end; raises `TemplateBuildError` where that is no success or takes too long."""
        lines: list[str] = []
        ends_at = time.monotonic() + self._patience.build_s
        while True:
            state = self._service.state(template_id, build_id, len(lines))
            lines += state.lines
            for line in state.lines:
                self._log(line)
            if state.finished and not state.lines:  # the log comes in pages: the last one is empty
                break
            if not state.finished and time.monotonic() >= ends_at:
                raise self._failed(
                    name,
                    f"took longer than {self._patience.build_s:g} s",
                    lines,
                    hint="it may still end well: the next run finds it",
                )
            if not state.finished and cancellation.wait(self._patience.build_poll_s):
                raise SandboxError(f"the run was stopped while {self._provider.name} built the template {name}")
        if state.status != "ready":
            missing = _missing((*lines, state.reason))
            why = f"the index there has no {missing}" if missing else state.reason or "no reason is given"
            raise self._failed(name, f"failed: {why}", lines, hint=_NOT_RELEASED if missing else "")

    def _failed(self, name: str, what: str, lines: Sequence[str], *, hint: str) -> TemplateBuildError:
        tail = tuple(lines[-LAST_LINES:])
        self._report(f"the template {name} was not built; the last lines of its log:")
        for line in tail:
            self._report(f"  {line}")
        return TemplateBuildError(
            f"the build of the template {name} at {self._provider.name} {what}", hint=hint, log=tail
        )


def built_name(pins: Sequence[str], resources: Resources) -> str:
    """Return the name of the template that shows `pins`: a digest of everything that a build is told."""
    told = json.dumps([MINOR, install_commands(pins)])
    return template_name(hashlib.sha256(told.encode()).hexdigest(), resources)


def _counted(number: int) -> str:
    return f"{number} distribution{'' if number == 1 else 's'}"


def _missing(lines: Sequence[str]) -> str:
    """Return the pin that pip found no distribution for, or an empty string."""
    found = next(filter(None, map(_NO_VERSION.search, lines)), None)
    return found[1] if found else ""
