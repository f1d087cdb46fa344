"""A copy of a session directory that can be changed: hard links to the original, and new files for what is changed."""

from __future__ import annotations

import json
import os
from functools import cached_property
from typing import TYPE_CHECKING, Any

from osiris_core.testing.mutations.places import NoPlaceError
from osiris_core.testing.mutations.seal import seal

if TYPE_CHECKING:
    from pathlib import Path


class SessionCopy:
    """One copy. `events`, `metrics`, `facts` (session.json), `target` and `manifest` may be changed in place.

    Files are changed by `write` alone, never where they lie: the original has the same ones. `close` writes the rest
    and seals the session.
    """

    def __init__(self, original: Path, directory: Path) -> None:
        self.original = original
        self.directory = directory
        _link(original, directory)

    @cached_property
    def facts(self) -> dict[str, Any]:
        """What `session.json` says; its counts and digests are made anew by `close`."""
        return self._object("session.json")

    @cached_property
    def target(self) -> dict[str, Any]:
        """What `target.json` says."""
        return self._object("target.json")

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """What `manifest.json` says."""
        return self._object("manifest.json")

    @cached_property
    def events(self) -> list[dict[str, Any]]:
        """The lines of `events.jsonl`."""
        return self._lines("events.jsonl")

    @cached_property
    def metrics(self) -> list[dict[str, Any]]:
        """The lines of `metrics.jsonl`."""
        return self._lines("metrics.jsonl")

    @property
    def steps(self) -> list[str]:
        """The steps in their order."""
        return [step["id"] for step in self.facts["steps"]]

    def streams(self, suffix: str = "") -> list[str]:
        """Return the streams of steps that there are, as paths: `logs/read.log`."""
        return sorted(f"logs/{path.name}" for path in (self.directory / "logs").glob(f"*{suffix}"))

    def artifacts(self, *suffixes: str) -> list[str]:
        """Return the artifacts whose names end so, as paths below `artifacts`."""
        tree = self.directory / "artifacts"
        found = sorted(path.relative_to(tree).as_posix() for path in tree.rglob("*") if path.is_file())
        return [path for path in found if not suffixes or path.endswith(suffixes)]

    def artifact(self, path: str) -> Path:
        """Return where an artifact lies."""
        return self.directory / "artifacts" / path

    def read(self, relative: str) -> bytes:
        """Return what a file holds."""
        return (self.directory / relative).read_bytes()

    def write(self, relative: str, data: bytes, *, mode: int | None = None) -> None:
        """Put a new file in the place of an old one, whose mode it keeps, or in a new place."""
        path = self.directory / relative
        if mode is None:
            mode = path.stat().st_mode & 0o777 if path.exists() else 0o644
        path.unlink(missing_ok=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        path.chmod(mode)

    def remove(self, relative: str) -> None:
        """Remove a file, and the directories that it leaves empty."""
        path = self.directory / relative
        path.unlink()
        while path.parent not in {self.directory, self.directory / "artifacts"} and not any(path.parent.iterdir()):
            path = path.parent
            path.rmdir()

    def close(self, *, sort_keys: bool = False) -> Path:
        """Write what was changed in memory, make counts and digests hold, and return the directory."""
        for name in ("target", "manifest"):
            if name in self.__dict__:
                self._put(f"{name}.json", json.dumps(self.__dict__[name], sort_keys=sort_keys))
        for name in ("events", "metrics"):
            if name in self.__dict__:
                lines = [json.dumps(line, sort_keys=sort_keys, allow_nan=False) for line in self.__dict__[name]]
                self._put(f"{name}.jsonl", "".join(f"{line}\n" for line in lines))
        facts = seal(self.directory, self.facts, self.events, self.metrics)
        self._put("session.json", json.dumps(facts, sort_keys=sort_keys))
        return self.directory

    def _put(self, relative: str, text: str) -> None:
        self.write(relative, text.encode("utf-8", "surrogatepass"), mode=0o600)

    def _object(self, name: str) -> dict[str, Any]:
        value = json.loads(self.read(name))
        if not isinstance(value, dict):
            raise NoPlaceError(f"{self.directory / name} holds no object")
        return value

    def _lines(self, name: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.read(name).splitlines()]


def _link(source: Path, target: Path) -> None:
    """Make a directory like another one, of the same files, without what is the host's own."""
    target.mkdir(parents=True)
    for entry in os.scandir(source):
        if entry.is_dir(follow_symlinks=False):
            if entry.name != ".host":
                _link(source / entry.name, target / entry.name)
        else:
            os.link(entry.path, target / entry.name)
