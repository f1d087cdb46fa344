"""Everything the targets of one check share, made before the first of them starts."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from osiris_core.backends.bundle import build_bundle
from osiris_core.backends.protocol import Job
from osiris_core.backends.workspace import digest_inputs
from osiris_core.drivers.catalog import check_names
from osiris_core.drivers.registry import RUNTIME_REQUIREMENTS
from osiris_core.errors import UsageError
from osiris_core.project import read_settings
from osiris_core.secrets.environment import host_environment
from osiris_core.secrets.resolution import resolve_secrets, secret_variables
from osiris_core.wire.leaks import Leaks
from osiris_core.wire.masking import MaskTable
from osiris_core.wire.request import RunRequest

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from osiris_core.backends.bundle import Bundle
    from osiris_core.manifest.model import Manifest
    from osiris_core.wire.secrets import Secrets


def prepare(
    manifest: Manifest,
    *,
    session_id: str,
    logical_now: str,
    bundle: Bundle | None = None,
    env_file: Path | None = None,
    secrets: Mapping[str, str] | None = None,
) -> Job:
    """Make everything both targets share: request, bundle, digests of the inputs, values of variables and secrets.

    A `bundle` that was built before is used as it is.
    `env_file` holds variables that are looked at for secrets where the host has none, `secrets` values that come before both.
    Raises `UsageError` for what is missing.
    """
    told = resolve_secrets(manifest, host_environment(env_file, secrets))
    inputs = digest_inputs(manifest)
    if env_file is not None and any(env_file.samefile(manifest.project_root / each) for each in inputs):
        raise UsageError(f"{env_file} is among the files of the run", hint="move it out of `inputs` and `code`")
    request = RunRequest(
        session_id=session_id,
        manifest=manifest.canonical,
        manifest_fingerprint=manifest.fingerprint,
        order=manifest.order,
        logical_now=logical_now,
        seed=int(manifest.fingerprint[:8], 16),
        timeout_s=manifest.timeout_s,
        drivers={
            name: {
                "target": each.target,
                "frame": each.frame,
                "effects": each.effects,
                **({"secret_variables": list(each.secret_variables)} if each.secret_variables else {}),
            }
            for name, each in manifest.drivers.items()
        },
    )
    return Job(
        manifest=manifest,
        request=request,
        bundle=bundle or build_bundle(),
        inputs=inputs,
        requirements=declared_requirements(manifest),
        host_variables=_host_variables(manifest),
        secrets=told,
        leaks=leaks_of(told, manifest),
        secret_variables=secret_variables(manifest),
    )


def leaks_of(secrets: Secrets, manifest: Manifest) -> Leaks | None:
    """Return what looks for a run's secrets; None where it has none."""
    table = MaskTable.of(secrets)
    return None if table is None else Leaks(table=table, waived=tuple(manifest.secrets_in_artifacts))


def _host_variables(manifest: Manifest) -> Mapping[str, str]:
    return {each.name: os.environ[each.name] for each in manifest.env if each.value is None and each.name in os.environ}


def declared_requirements(manifest: Manifest) -> tuple[str, ...]:
    """Return what the manifest, its drivers and the project declare: the roots of the closure."""
    by_drivers = {need for driver in manifest.drivers.values() for need in driver.requirements}
    declared = {*RUNTIME_REQUIREMENTS, *by_drivers, *manifest.requirements, *_project_requirements(manifest)}
    return tuple(sorted(declared))


def _project_requirements(manifest: Manifest) -> tuple[str, ...]:
    """Return `[tool.osiris] requirements` of the project; its own dependencies are not what a pipeline declares."""
    settings = read_settings(manifest.project_root)
    check_names(settings)
    return settings.requirements
