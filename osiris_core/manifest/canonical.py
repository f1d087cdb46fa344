"""The one form in which equal manifests are equal, however they were written, and the fingerprint over it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from osiris_core.manifest.model import FORMAT
from osiris_core.rules.writing import rule_data
from osiris_core.wire.canon import canonical_json, sha256_hex

if TYPE_CHECKING:
    from collections.abc import Mapping

    from osiris_core.manifest.model import Collecting, Manifest


def canonical_form(manifest: Manifest, collecting: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return a manifest for JSON, every served key present: paths from the project root, `env` as a mapping.

    `collecting` is the form of its section `pytest`, where that was made already: all cases of a file share it.
    """
    pipeline, resources, expect = manifest.pipeline, manifest.resources, manifest.expect
    return {
        "osiris": FORMAT,
        "pipeline": {"id": pipeline.id, "version": pipeline.version, "description": pipeline.description},
        "inputs": [each.relative for each in manifest.inputs],
        "code": list(manifest.code),
        "requirements": list(manifest.requirements),
        "env": {each.name: each.value for each in manifest.env},
        "resources": {
            "cpus": resources.cpus,
            "memory_mb": resources.memory_mb,
            "disk_mb": resources.disk_mb,
        },
        "network": manifest.network,
        "template": manifest.template,
        "timeout_s": manifest.timeout_s,
        "on_failure": manifest.on_failure,
        "params": dict(manifest.params),
        "secrets": list(manifest.secrets),
        "secrets_in_artifacts": dict(manifest.secrets_in_artifacts),
        "connections": manifest.connections_file,
        "steps": [
            {
                "id": each.id,
                "driver": each.driver,
                "needs": list(each.needs),
                "config": dict(each.config),
                "timeout_s": each.timeout_s,
                "retries": each.retries,
                **({"tables": dict(each.tables)} if each.tables else {}),  # only of what Osiris compiled
            }
            for each in manifest.steps
        ],
        "expect": {
            "outcome": expect.outcome,
            "failed_step": expect.failed_step,
            "rows": {step: each.to_json() for step, each in expect.rows.items()},
            "metrics": {
                step: {name: each.to_json() for name, each in metrics.items()}
                for step, metrics in expect.metrics.items()
            },
            "artifacts": {path: each.to_json() for path, each in expect.artifacts.items()},
        },
        "parity": _parity(manifest),
        "pytest": collecting_form(manifest.pytest) if collecting is None else collecting,
    }


def _parity(manifest: Manifest) -> dict[str, Any]:
    """Return how the sessions are compared; presets are the rules that they stand for."""
    rules = [rule_data(each) for each in manifest.normalizers]
    required = {"require": manifest.require} if manifest.require else {}
    return {"text": manifest.parity_text, **required, **({"normalizers": rules} if rules else {})}


def collecting_form(pytest: Collecting) -> dict[str, Any]:
    """Return what is said about the collection, and nothing where nothing is."""
    marks = [{each.name: dict(each.kwargs) or list(each.args)} for each in pytest.marks]
    cases = {"parametrize": [dict(each.params) for each in pytest.cases], "ids": [each.id for each in pytest.cases]}
    return {**({"marks": marks} if marks else {}), **(cases if pytest.cases else {})}


_NOT_DECIDING: Final = frozenset({"expect", "parity", "params", "pytest"})
_ADDED: Final[Mapping[str, Any]] = {
    "network": "none",
    "template": None,
    "on_failure": "stop",
    "secrets": [],
    "secrets_in_artifacts": {},
    "connections": None,
}
_ADDED_TO_STEPS: Final[Mapping[str, Any]] = {"timeout_s": None, "retries": 0}
"""Keys that came after the first version, with the defaults at which they are not part of the fingerprint: it stays
what it was for a manifest that does not use them, because baselines carry it."""


def fingerprint_of(canonical: dict[str, Any]) -> str:
    """Return the SHA-256, as hex, over what decides a run: not what is expected of it, nor how it is described.

    Parameters are in it through the values that they become.
    """
    pipeline = {name: value for name, value in canonical["pipeline"].items() if name != "description"}
    deciding = {name: value for name, value in canonical.items() if name not in _NOT_DECIDING}
    steps = [_without(step, _ADDED_TO_STEPS) for step in canonical["steps"]]
    return sha256_hex(canonical_json({**_without(deciding, _ADDED), "pipeline": pipeline, "steps": steps}))


def _without(values: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values without those that are at the default of an added key."""
    return {name: value for name, value in values.items() if name not in defaults or value != defaults[name]}
