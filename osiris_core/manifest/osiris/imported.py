"""A compiled manifest written out in our own form, for people to read and change."""

from __future__ import annotations

import os
import posixpath
import re
from typing import TYPE_CHECKING, Any

from osiris_core.errors import UsageError
from osiris_core.manifest.model import FORMAT, STEP_ID_RULE
from osiris_core.manifest.osiris.components import INPUTS_OF
from osiris_core.manifest.writing import yaml_text
from osiris_core.wire.names import TABLE, table_key

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from osiris_core.manifest.model import Manifest, Step

_PREFIX = f"{TABLE}_"


def imported_text(manifest: Manifest, place: Path) -> str:
    """Return a manifest that Osiris compiled as the text of one of ours that will lie at `place`.

    What was left out stands above it, as comments. Raises `UsageError` where two steps call one table by different names, which ours cannot say.
    """
    ids = _ids(manifest)
    pipeline = {"id": manifest.pipeline.id, "version": manifest.pipeline.version}
    form: dict[str, Any] = {"osiris": FORMAT, "pipeline": pipeline}
    if manifest.pipeline.description:
        pipeline["description"] = manifest.pipeline.description
    if manifest.inputs:
        form["inputs"] = [_seen_from(place, each.path) for each in manifest.inputs]
    if manifest.requirements:
        form["requirements"] = list(manifest.requirements)
    if manifest.connections_file:
        form["connections"] = _seen_from(place, manifest.project_root / manifest.connections_file)
    form["steps"] = [_step(each, ids, manifest.directory, place) for each in manifest.steps]
    return "\n".join([*_head(manifest, place), "", yaml_text(form)])


def _head(manifest: Manifest, place: Path) -> list[str]:
    """Return the comments: where it is from, and what was left out, by file of the build directory."""
    build = posixpath.dirname(manifest.relative)
    words = [f"# {posixpath.relpath(each.path, build)}: {each.message}" for each in manifest.notes]
    return [f"# Imported from {_seen_from(place, manifest.path)}, which Osiris compiled.", *dict.fromkeys(words)]


def _seen_from(place: Path, path: Path) -> str:
    return os.path.relpath(path, place.parent).replace(os.sep, "/")


def _step(step: Step, ids: Mapping[str, str], directory: Path, place: Path) -> dict[str, Any]:
    form: dict[str, Any] = {"id": ids[step.id], "driver": step.driver}
    if step.needs:
        form["needs"] = [ids[each] for each in step.needs]
    config = dict(step.config)
    for key in INPUTS_OF.get(step.driver, ()):
        if isinstance(config.get(key), str):
            config[key] = _seen_from(place, directory / config[key])
    if config:
        form["config"] = config
    return form


def _ids(manifest: Manifest) -> dict[str, str]:
    """Return what each step is called, so that `df_<id>` is what the steps behind it call its table."""
    ids = {each.id: each.id for each in manifest.steps}
    wanted: dict[str, set[str]] = {each: set() for each in ids}
    for step in manifest.steps:
        for need in step.needs:
            wanted[need].add(step.tables.get(need, ""))
    for step_id, keys in wanted.items():
        if keys <= {""}:
            continue
        key, *others = sorted(keys)
        name = key.removeprefix(_PREFIX)
        if others or not re.fullmatch(STEP_ID_RULE, name) or name in ids.values():
            raise UsageError(
                f"the table of step {step_id} is called {' and '.join(each or table_key(step_id) for each in sorted(keys))}, which "
                "no id of a step here gives",
                hint="run the build directory as it is, or give the step another id in Osiris",
            )
        ids[step_id] = name
    return ids
