"""What a run of a manifest would do, found out without a run: nothing is started, and no driver is imported.

Values of variables and secrets are in it by name only.
"""

from __future__ import annotations

import os
import posixpath
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from osiris_core.backends.closure import resolve_closure
from osiris_core.backends.templates import template_name
from osiris_core.backends.workspace import declared_files
from osiris_core.errors import ClosureError, InfrastructureError
from osiris_core.manifest.patterns import is_pattern
from osiris_core.preparation import declared_requirements
from osiris_core.secrets.environment import host_environment
from osiris_core.secrets.resolution import secret_variables
from osiris_core.wire.names import table_key

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from pathlib import Path

    from osiris_core.manifest.model import Manifest, Step

_OPAQUE: Final = ("query", "function", "command")
"""Options whose values only their engines understand."""
_MOST_NAMED: Final = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file of the project that a sandbox is sent: `kind` is `input` or `code`."""

    path: str
    size_bytes: int
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedVariable:
    """A variable that steps see: `origin` is `manifest`, `host`, or `missing` where the host does not have it now."""

    name: str
    origin: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A table that a step is given: under which name, from which step."""

    name: str
    step: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedStep:
    """One step with what it is given; `frame` is as what a driver is handed its tables."""

    id: str
    driver: str
    kind: str
    target: str
    frame: str
    effects: str
    receives: tuple[Received, ...]
    config: Mapping[str, Any]
    timeout_s: float | None
    retries: int
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedClosure:
    """The distributions that a sandbox shows, and the template's name; `problem` says why there is none."""

    requirements: tuple[str, ...]
    distributions: tuple[tuple[str, str], ...] = ()
    template: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Something that is no problem of the manifest, and may become one of a run; `line` is 1 for the whole of it."""

    line: int
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Everything that can be said of a run before it; `params` are the values that it would have."""

    manifest: str
    pipeline: str
    version: str
    description: str
    fingerprint: str
    params: Mapping[str, Any]
    params_given: tuple[str, ...]
    steps: tuple[PlannedStep, ...]
    uploads: tuple[Upload, ...]
    code: tuple[str, ...]
    variables: tuple[PlannedVariable, ...]
    secrets: tuple[str, ...]
    connections: tuple[str, ...]
    closure: PlannedClosure
    resources: Mapping[str, int]
    network: str
    timeout_s: float | None
    on_failure: str
    expect: Mapping[str, Any]
    cases: tuple[str, ...]
    notes: tuple[Note, ...]


def plan(manifest: Manifest, env_file: Path | None = None) -> Plan:
    """Return the plan of a run with the values that the manifest was read with.

    `env_file` may hold variables of secrets that the host does not have. Raises `UsageError` where it cannot be read.
    """
    secret_values = host_environment(env_file)
    missing = sorted(each for each in secret_variables(manifest) if not secret_values.get(each))
    uploads, upload_problem = _uploads(manifest)
    closure, variables = _closure(manifest), _variables(manifest)
    by_id = {each.id: each for each in manifest.steps}
    return Plan(
        manifest=manifest.location,
        pipeline=manifest.pipeline.id,
        version=manifest.pipeline.version,
        description=manifest.pipeline.description,
        fingerprint=manifest.fingerprint,
        params=manifest.params,
        params_given=manifest.params_given,
        steps=tuple(_step(manifest, by_id[each]) for each in manifest.order),
        uploads=uploads,
        code=manifest.code,
        variables=variables,
        secrets=manifest.secrets,
        connections=tuple(each.reference for each in manifest.connections),
        closure=closure,
        resources=manifest.canonical["resources"],
        network=manifest.network,
        timeout_s=manifest.timeout_s,
        on_failure=manifest.on_failure,
        expect=manifest.canonical["expect"],
        cases=tuple(each.id for each in manifest.pytest.cases),
        notes=(
            *_notes_of_host(manifest, closure, variables, missing),
            *([Note(line=1, message=upload_problem)] if upload_problem else []),
            *_notes_of_manifest(manifest, {each.path for each in uploads}),
        ),
    )


def _step(manifest: Manifest, step: Step) -> PlannedStep:
    driver = manifest.drivers[step.driver]
    return PlannedStep(
        id=step.id,
        driver=step.driver,
        kind=driver.kind,
        target=driver.target,
        frame=driver.frame,
        effects=driver.effects,
        receives=tuple(Received(name=step.tables.get(each, table_key(each)), step=each) for each in step.needs),
        config=step.config,
        timeout_s=step.timeout_s,
        retries=step.retries,
        line=step.line,
    )


def _uploads(manifest: Manifest) -> tuple[tuple[Upload, ...], str]:
    """Return the files with their sizes, or what keeps them from being sent."""
    inputs = {each.relative for each in manifest.inputs}
    try:
        files = [
            Upload(path=path, size_bytes=file.stat().st_size, kind="input" if path in inputs else "code")
            for path, file in declared_files(manifest)
        ]
    except (InfrastructureError, OSError) as error:
        return (), f"what is declared cannot be sent: {error}"
    return tuple(files), ""


def _variables(manifest: Manifest) -> tuple[PlannedVariable, ...]:
    def origin(name: str, value: str | None) -> str:
        return "manifest" if value is not None else "host" if name in os.environ else "missing"

    return tuple(PlannedVariable(name=each.name, origin=origin(each.name, each.value)) for each in manifest.env)


def _closure(manifest: Manifest) -> PlannedClosure:
    """Return what a sandbox would show: found in the metadata of what is installed here."""
    requirements = declared_requirements(manifest)
    try:
        closure = resolve_closure(requirements)
    except ClosureError as error:
        return PlannedClosure(requirements=requirements, template=manifest.template or "", problem=str(error))
    return PlannedClosure(
        requirements=requirements,
        distributions=tuple((each.name, each.version) for each in closure.distributions),
        template=manifest.template or template_name(closure.digest, manifest.resources),
    )


def _notes_of_host(
    manifest: Manifest, closure: PlannedClosure, variables: tuple[PlannedVariable, ...], missing: Iterable[str]
) -> Iterator[Note]:
    """Yield what this host lacks."""
    if closure.problem and not manifest.template:
        yield Note(line=1, message=f"it cannot run on e2b here: {closure.problem}")
    for variable in variables:
        if variable.origin == "missing":
            yield Note(line=1, message=f"the variable `{variable.name}` is not set on this host")
    for name in missing:
        message = f"the variable `{name}`, which a secret or connection has its value from, is not set on this host"
        yield Note(line=1, message=message)


def _notes_of_manifest(manifest: Manifest, uploaded: Collection[str]) -> Iterator[Note]:
    """Yield what may go wrong anywhere."""
    yield from (Note(line=each.line, message=f"{each.path}: {each.message}") for each in manifest.notes)
    for name in manifest.params_unused:
        yield Note(line=1, message=f"the parameter `{name}` is not used")
    if manifest.secrets or manifest.connections:
        message = "what drivers print, log or write is not masked yet: a secret that they show is in the session"
        yield Note(line=1, message=message)
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
