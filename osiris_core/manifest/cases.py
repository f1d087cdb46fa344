"""A file as pytest collects it: one manifest for each case of `pytest.parametrize`, read from the same nodes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from osiris_core.errors import ManifestError
from osiris_core.manifest.collecting import read_collecting
from osiris_core.manifest.loader import open_source, read_source
from osiris_core.manifest.nodes import MappingNode
from osiris_core.manifest.params import Overrides
from osiris_core.manifest.problems import Problems

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from osiris_core.manifest.loader import Source
    from osiris_core.manifest.model import Case, Manifest
    from osiris_core.manifest.shapes import DriverSource


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """One reading of a file: a manifest, or what is wrong with it; `case` is None where the file has no cases."""

    case: Case | None
    manifest: Manifest | None = None
    error: ManifestError | None = None


def load_cases(
    path: Path, *, project_root: Path, drivers: DriverSource, offered: Mapping[str, Any] | None = None
) -> tuple[Loaded, ...]:
    """Read a manifest once for each case of `pytest.parametrize`, or once where there are none.

    What a case says comes before what is `offered`. Where all cases have the same problems, there is one reading, as
    for a file that cannot be read at all: this function raises nothing for what a file holds.
    """
    try:
        source = open_source(path, project_root, drivers)
    except ManifestError as error:
        return (Loaded(case=None, error=error),)
    readings = tuple(_reading(source, each, offered or {}) for each in _cases_of(source) or (None,))
    first = readings[0].error
    if first is not None and all(each.error and each.error.problems == first.problems for each in readings):
        return (Loaded(case=None, error=first),)
    return readings


def _cases_of(source: Source) -> tuple[Case, ...]:
    """Return the cases of a file whose section `pytest` is right; where it is not, reading the whole will say so."""
    entries, problems = source.tree.entries, Problems("")
    if "pytest" not in entries:
        return ()
    params = entries["params"].node if "params" in entries else None
    names = params.entries if isinstance(params, MappingNode) else ()
    found = read_collecting(problems, entries["pytest"].node, names)
    return () if problems.any else found.cases


def _reading(source: Source, case: Case | None, offered: Mapping[str, Any]) -> Loaded:
    overrides = Overrides(offered=offered, given={} if case is None else case.params)
    try:
        return Loaded(case=case, manifest=read_source(source, overrides))
    except ManifestError as error:
        return Loaded(case=case, error=error)
