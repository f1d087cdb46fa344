"""What is no problem of a manifest, and may become one of a run: said before it, and never in the way of it."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from osiris_core.manifest.patterns import is_pattern
from osiris_core.secrets.resolution import weakness

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from osiris_core.manifest.model import Manifest, Step

_OPAQUE: Final = ("query", "function", "command")
"""Options whose values only their engines understand."""
_MOST_NAMED: Final = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Something that is no problem of the manifest, and may become one of a run; `line` is 1 for the whole of it."""

    line: int
    message: str


def notes_of_host(
    *,
    distributions: str,
    files: str,
    variables: Iterable[str],
    secret_variables: Iterable[str],
    weak_secrets: Iterable[str] = (),
) -> Iterator[Note]:
    """Yield what this host lacks.

    `distributions` and `files` say why these cannot be sent to a sandbox, or nothing; the others are names of variables
    that are missing, or of secrets that cannot be masked everywhere.
    """
    if distributions:
        yield Note(line=1, message=f"it cannot run on e2b here: {distributions}")
    if files:
        yield Note(line=1, message=files)
    for name in variables:
        yield Note(line=1, message=f"the variable `{name}` is not set on this host")
    for name in secret_variables:
        message = f"the variable `{name}`, which a secret or connection has its value from, is not set on this host"
        yield Note(line=1, message=message)
    for name in weak_secrets:
        yield Note(line=1, message=weakness(name))


def notes_of_manifest(manifest: Manifest, uploaded: Collection[str]) -> Iterator[Note]:
    """Yield what may go wrong anywhere; `uploaded` are the files that a sandbox is sent."""
    for note in manifest.notes:  # of a build directory: most are about a file of a step, and say so themselves
        yield Note(line=note.line if note.path == manifest.location else 1, message=str(note))
    for name in manifest.params_unused:
        yield Note(line=1, message=f"the parameter `{name}` is not used")
    for step in manifest.steps:
        yield from _notes_of_step(manifest, step, uploaded)
    opaque = [f"`{name}` of `{step.id}`" for step in manifest.steps for name in step.config if name in _OPAQUE]
    if opaque:
        more = f" and {len(opaque) - _MOST_NAMED} more" if len(opaque) > _MOST_NAMED else ""
        yield Note(line=1, message=f"looked at only when it runs: {', '.join(opaque[:_MOST_NAMED])}{more}")


def _notes_of_step(manifest: Manifest, step: Step, uploaded: Collection[str]) -> Iterator[Note]:
    driver = manifest.drivers[step.driver]
    for name, option in driver.options.items():
        written = step.config.get(name)
        if option.type == "input_path" and isinstance(written, str):
            path = posixpath.normpath(posixpath.join(manifest.work_relative, written))
            if path not in uploaded and not is_pattern(written):
                there = "is not among `inputs`" if (manifest.project_root / path).exists() else "is not there"
                yield Note(
                    line=step.line,
                    message=f"step `{step.id}` reads `{written}`, which {there}: a sandbox will not have it",
                )
    if driver.effects == "external":
        yield Note(
            line=step.line, message=f"step `{step.id}` changes something outside of the run: with both targets, twice"
        )
    if driver.frame in {"pandas", "polars"} and not _is_installed(driver.frame):
        yield Note(
            line=step.line,
            message=f"step `{step.id}` asks for {driver.frame} frames, and {driver.frame} is not installed here",
        )


def _is_installed(distribution: str) -> bool:
    from importlib import metadata

    try:
        metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return False
    return True
