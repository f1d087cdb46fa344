"""The `manifest.yaml` of a run: its steps and its fingerprints, without what differs from one compilation to the next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from osiris_core.errors import ManifestError
from osiris_core.session.torn_lines import regular_bytes

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def read_manifest(path: Path, complain: Callable[[str], None]) -> dict[str, Any]:
    """Return `pipeline` (id, version, fingerprints) and `steps` (id, driver, needs); nothing, and a complaint, where it is no manifest."""
    from osiris_core.manifest.nodes import to_json
    from osiris_core.manifest.problems import Problems
    from osiris_core.manifest.tree import read_tree

    data = regular_bytes(path, complain)
    if data is None:
        return {}
    try:
        written = to_json(read_tree(data.decode("utf-8"), Problems(path.name)))
    except (ManifestError, UnicodeDecodeError) as error:
        complain(f"{path.name} cannot be read: {str(error).splitlines()[0]}")
        return {}
    pipeline = written.get("pipeline")
    pipeline = pipeline if isinstance(pipeline, dict) else {}
    steps = written.get("steps")
    return {
        "pipeline": {name: pipeline.get(name) for name in ("id", "version", "fingerprints")},
        "steps": [
            _step(step)
            for step in (steps if isinstance(steps, list) else ())
            if isinstance(step, dict) and "id" in step
        ],
    }


def _step(step: dict[str, Any]) -> dict[str, Any]:
    needs = step.get("needs")
    return {
        "id": str(step["id"]),
        "driver": str(step.get("component") or step.get("driver") or ""),
        "needs": [str(each) for each in needs] if isinstance(needs, list) else [],
        "config": {},
    }
