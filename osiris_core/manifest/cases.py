"""A file as pytest collects it: one manifest for each case of `pytest.parametrize`, read from the same nodes."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from osiris_core.errors import ManifestError
from osiris_core.manifest.canonical import collecting_form
from osiris_core.manifest.collecting import read_collecting
from osiris_core.manifest.loader import open_source, read_source
from osiris_core.manifest.nodes import ListNode, MappingNode
from osiris_core.manifest.params import Overrides
from osiris_core.manifest.problems import Problems

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from osiris_core.manifest.loader import Source
    from osiris_core.manifest.model import Case, Collecting, Manifest
    from osiris_core.manifest.shapes import DriverSource


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """One reading of a file: a manifest, or what is wrong with it; `case` is None where the file has no cases.

    `line` is where it stands in the file: the case's own line, or that of `pipeline`.
    """

    case: Case | None
    line: int = 1
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
    collecting = _collecting_of(source)
    if collecting is not None:
        source = replace(source, collecting=collecting, collecting_form=collecting_form(collecting))
    cases = collecting.cases if collecting else ()
    lines = _lines(source) if cases else [_line_of(source, "pipeline")]
    numbered = zip(cases or (None,), lines, strict=False)
    readings = tuple(_reading(source, each, offered or {}, line) for each, line in numbered)
    first = readings[0].error
    if first is not None and all(each.error and each.error.problems == first.problems for each in readings):
        return (Loaded(case=None, error=first),)
    return readings


def _collecting_of(source: Source) -> Collecting | None:
    """Return what the section `pytest` of a file says where it is right; where it is not, reading the whole will say so."""
    entries, problems = source.tree.entries, Problems("")
    if "pytest" not in entries:
        return None
    params = entries["params"].node if "params" in entries else None
    names = params.entries if isinstance(params, MappingNode) else ()
    found = read_collecting(problems, entries["pytest"].node, names)
    return None if problems.any else found


def _lines(source: Source) -> Iterator[int]:
    """Yield the line of each case: of a list its own, of a product that of `parametrize`."""
    section = source.tree.entries["pytest"].node
    if isinstance(section, MappingNode):
        found = section.entries["parametrize"]
        yield from (each.line for each in found.node.items) if isinstance(found.node, ListNode) else ()
        yield from itertools.repeat(found.line)


def _line_of(source: Source, key: str) -> int:
    entry = source.tree.entries.get(key)
    return entry.line if entry else 1


def _reading(source: Source, case: Case | None, offered: Mapping[str, Any], line: int) -> Loaded:
    overrides = Overrides(offered=offered, given={} if case is None else case.params)
    try:
        return Loaded(case=case, line=line, manifest=read_source(source, overrides))
    except ManifestError as error:
        return Loaded(case=case, line=line, error=error)
