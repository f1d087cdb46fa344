"""Templates that were built here: their names, their builds, and the tags that point at builds.

As with E2B a template exists under its name from the moment its first build is asked for, whether that ever succeeds
or not; a sandbox is made from the newest build that is ready.
"""

from __future__ import annotations

import re
import secrets
import string
import time
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from osiris_core.sandbox.templates import Template

DEFAULT_TAG = "default"
UNFINISHED = ("waiting", "building")

_NAME = re.compile(r"[a-z0-9_-]{1,128}")
_TAG = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9._-]{0,127}")
_ID_LETTERS = string.ascii_lowercase + string.digits


class NameRefusedError(ValueError):
    """Raised for a name or a tag that cannot be one; the sentence is for the caller."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEntry:
    """One line of a build's log; `at` is in seconds since the epoch, `step` as the SDK counts steps."""

    at: float
    level: str
    message: str
    step: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why a build failed, at which step where one is to blame."""

    message: str
    step: str | None = None


@dataclass(slots=True, kw_only=True)
class Build:
    """One build of a template; `status` is waiting, building, ready or error."""

    build_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    cpus: int
    memory_mb: int
    disk_mb: int
    status: str = "waiting"
    log: list[LogEntry] = field(default_factory=list)
    reason: Reason | None = None
    template: Template | None = None
    created_at: float = field(default_factory=time.time)
    updated_at: float = field(default_factory=time.time)

    @property
    def finished(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.status not in UNFINISHED

    def say(self, message: str, *, level: str = "info", step: str | None = None) -> None:
        """Add a line to the log."""
        self.log.append(LogEntry(at=time.time(), level=level, message=message, step=step))

    def turn(self, status: str, reason: Reason | None = None) -> None:
        """Change the state."""
        self.status, self.reason, self.updated_at = status, reason, time.time()


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """A tag that was put on a build; the latest one of a tag counts."""

    tag: str
    build: Build
    at: float = field(default_factory=time.time)


@dataclass(slots=True, kw_only=True)
class Entry:
    """A template by its id: a name, builds in the order in which they were asked for, and tags on them."""

    template_id: str
    name: str
    builds: list[Build] = field(default_factory=list)
    assignments: list[Assignment] = field(default_factory=list)
    created_at: float = field(default_factory=time.time)
    spawned: int = 0

    def ready(self, tag: str) -> Build | None:
        """Return the build that a tag stands for: the last one it was put on that is ready."""
        found = (each.build for each in reversed(self.assignments) if each.tag == tag)
        return next((build for build in found if build.status == "ready"), None)

    def assign(self, build: Build, tags: tuple[str, ...]) -> None:
        """Put tags on a build."""
        self.assignments += [Assignment(tag=tag, build=build) for tag in tags]

    def current(self) -> dict[str, Assignment]:
        """Return the latest assignment of each tag."""
        return {each.tag: each for each in self.assignments}


class Catalog:
    """All templates that were built by one server."""

    def __init__(self) -> None:
        self._by_id: dict[str, Entry] = {}

    def __iter__(self) -> Iterator[Entry]:
        """Iterate over the templates, the oldest first."""
        return iter(tuple(self._by_id.values()))

    def find(self, name_or_id: str) -> Entry | None:
        """Return a template by its id or its name, a tag behind it being of no matter."""
        wanted = name_or_id.partition(":")[0].lower()
        return self._by_id.get(wanted) or next((each for each in self if each.name == wanted), None)

    def find_build(self, template_id: str, build_id: str) -> tuple[Entry, Build] | None:
        """Return a build of a template."""
        entry = self._by_id.get(template_id)
        build = next((each for each in entry.builds if each.build_id == build_id), None) if entry else None
        return (entry, build) if entry and build else None

    def template(self, reference: str) -> Template | None:
        """Return what a sandbox is made from: `name`, `id`, or either with `:tag`."""
        entry = self.find(reference)
        build = entry.ready(reference.partition(":")[2] or DEFAULT_TAG) if entry else None
        if entry is None or build is None:
            return None
        entry.spawned += 1
        return build.template

    def ask(self, name: str, tags: tuple[str, ...], build: Build) -> Entry:
        """Add a build to the template of that name, which is made where it is new."""
        entry = self.find(name)
        if entry is None:
            entry = Entry(template_id="t" + "".join(secrets.choice(_ID_LETTERS) for _ in range(19)), name=name)
            self._by_id[entry.template_id] = entry
        entry.builds.append(build)
        entry.assign(build, tags)
        return entry

    def delete(self, entry: Entry) -> None:
        """Forget a template; sandboxes that were made from it live on."""
        del self._by_id[entry.template_id]

    def unfinished(self, *, but: str) -> int:
        """Count the templates that are being built, the one called `but` aside."""
        return sum(1 for each in self if each.name != but and any(not build.finished for build in each.builds))


def parse_name(text: str) -> tuple[str, str | None]:
    """Return the name and the tag in `name[:tag]`, in lower case as E2B keeps names; raises NameRefusedError."""
    name, _, tag = text.strip().partition(":")
    name = name.lower()
    if not _NAME.fullmatch(name):
        raise NameRefusedError(f"Invalid name: '{text}' must be of lower case letters, digits, '-' and '_'")
    return name, parse_tag(tag) if tag else None


def parse_tag(text: str) -> str:
    """Return a tag; raises NameRefusedError."""
    if not _TAG.fullmatch(text):
        raise NameRefusedError(f"Invalid tag: '{text}' must be of letters, digits, '.', '-' and '_'")
    return text
