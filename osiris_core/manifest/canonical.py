"""The one form in which equal manifests are equal, however they were written, and the fingerprint over it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from osiris_core.manifest.model import FORMAT
from osiris_core.wire.canon import canonical_json, sha256_hex

if TYPE_CHECKING:
    from osiris_core.manifest.model import Manifest


def canonical_form(manifest: Manifest) -> dict[str, Any]:
    """Return a manifest for JSON, every served key present: paths from the project root, `env` as a mapping."""
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
        "timeout_s": manifest.timeout_s,
        "steps": [
            {"id": each.id, "driver": each.driver, "needs": list(each.needs), "config": dict(each.config)}
            for each in manifest.steps
        ],
        "expect": {
            "outcome": expect.outcome,
            "failed_step": expect.failed_step,
            "rows": dict(expect.rows),
            "artifacts": list(expect.artifacts),
        },
        "parity": {"text": manifest.parity_text},
    }


def fingerprint_of(canonical: dict[str, Any]) -> str:
    """Return the SHA-256, as hex, over what decides a run: not what is expected of it, nor how it is described."""
    pipeline = {name: value for name, value in canonical["pipeline"].items() if name != "description"}
    deciding = {name: value for name, value in canonical.items() if name not in {"expect", "parity"}}
    return sha256_hex(canonical_json({**deciding, "pipeline": pipeline}))
