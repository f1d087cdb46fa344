"""What a run of a manifest would do, found out without a run: nothing is started, and no driver is imported.

Values of variables and secrets are in it by name only.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from osiris_core.backends.built import built_name
from osiris_core.backends.closure import resolve_closure
from osiris_core.backends.templates import template_name
from osiris_core.backends.workspace import declared_files
from osiris_core.errors import ClosureError, InfrastructureError
from osiris_core.notes import notes_of_host, notes_of_manifest
from osiris_core.preparation import declared_requirements
from osiris_core.secrets.environment import host_environment
from osiris_core.secrets.resolution import secret_variables, weak_names
from osiris_core.wire.names import table_key

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from osiris_core.manifest.model import Manifest, Step
    from osiris_core.notes import Note


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
    """The distributions that a sandbox shows, and the template's name; `problem` says why there is none.

    `built_template` is the name where a provider builds it from the pins: E2B's cloud, a self-hosted server.
    """

    requirements: tuple[str, ...]
    distributions: tuple[tuple[str, str], ...] = ()
    template: str = ""
    built_template: str = ""
    problem: str = ""


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
            *notes_of_host(
                distributions="" if manifest.template else closure.problem,
                files=upload_problem,
                variables=[each.name for each in variables if each.origin == "missing"],
                secret_variables=missing,
                weak_secrets=weak_names(manifest, secret_values),
            ),
            *notes_of_manifest(manifest, {each.path for each in uploads}),
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
        built_template=manifest.template
        or built_name([each.pin for each in closure.distributions], manifest.resources),
    )
