"""Manifests as a command line names them, with the values that it gives their parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from osiris_core.check import load
from osiris_core.errors import ManifestError, UsageError
from osiris_core.manifest.loader import find_project_root
from osiris_core.manifest.overrides import read_overrides, unknown_names

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from osiris_core.manifest.model import Manifest

Reading = tuple["Path", "Manifest | ManifestError"]
"""A path as it was given, and what the file says or what is wrong with it."""


def read_all(paths: Sequence[Path], params: Sequence[str]) -> list[Reading]:
    """Read every manifest; each takes those of the `NAME=VALUE` that it declares.

    Raises `UsageError` for a value that is none, and for a name that no manifest declares.
    """
    offered = read_overrides(params, "--param")
    readings: list[Reading] = []
    for path in paths:
        absolute = path.absolute()
        try:
            manifest = load(absolute, project_root=find_project_root(absolute), offered=offered)
        except ManifestError as error:
            readings.append((path, error))
        else:
            readings.append((path, manifest))
    require_known(offered, readings)
    return readings


def require_known(names: Sequence[str] | dict[str, object], readings: Sequence[Reading]) -> None:
    """Raise `UsageError` for a name that no manifest declares; one that cannot be read may declare it."""
    manifests = [each for _, each in readings if not isinstance(each, ManifestError)]
    if len(manifests) == len(readings) and (sentence := unknown_names(names, (n for m in manifests for n in m.params))):
        raise UsageError(f"--param: {sentence}")
