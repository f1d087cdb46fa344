"""The runtime closure: what a manifest declares, resolved to a locked, transitive list of distributions.

Only what the host has installed counts: the resolution reads the metadata of this environment and downloads
nothing. The list's digest names the sandbox template, so that an undeclared import fails in the sandbox.
"""

from __future__ import annotations

import hashlib
import json
import sys
import sysconfig
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from osiris_core.errors import ClosureError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

CLOSURE_FORMAT = "1"
"""Raised whenever the farm made from a closure changes in shape."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedDistribution:
    """One installed distribution: its site directory and the text of its RECORD."""

    name: str
    version: str
    site: Path
    record: str

    @property
    def pin(self) -> str:
        """Return `name==version`."""
        return f"{self.name}=={self.version}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Closure:
    """The distributions a sandbox shows, sorted by name, and the digest that names them."""

    distributions: tuple[LockedDistribution, ...]
    digest: str


def resolve_closure(requirements: Iterable[str]) -> Closure:
    """Resolve PEP 508 `requirements` against the installed distributions.

    Raises `ClosureError` where one is not installed, has another version, or cannot be shown to a sandbox.
    """
    installed = _installed()
    locked: dict[str, LockedDistribution] = {}
    waiting = [(text, "the manifest") for text in requirements]
    seen: set[tuple[str, frozenset[str]]] = set()
    while waiting:
        text, asked_by = waiting.pop()
        requirement = _parse(text, asked_by)
        name = canonicalize_name(requirement.name)
        key = (name, frozenset(requirement.extras))
        if key in seen:
            continue
        seen.add(key)
        distribution = _find(installed, name, requirement, asked_by)
        locked[name] = locked.get(name) or _lock(name, distribution)
        waiting += [(need, name) for need in _needs(distribution, requirement.extras)]
    ordered = tuple(locked[name] for name in sorted(locked))
    return Closure(distributions=ordered, digest=_digest(ordered))


def _installed() -> dict[str, Path]:
    """Index metadata directories by canonical name; the first on `sys.path` wins, as for imports."""
    found: dict[str, Path] = {}
    for entry in dict.fromkeys(sys.path):
        directory = Path(entry or ".")
        if not directory.is_dir():
            continue
        for info in directory.glob("*.dist-info"):
            found.setdefault(canonicalize_name(info.name.removesuffix(".dist-info").split("-")[0]), info)
        for info in directory.glob("*.egg-info"):
            found.setdefault(canonicalize_name(info.name.removesuffix(".egg-info").split("-")[0]), info)
    return found


def _parse(text: str, asked_by: str) -> Requirement:
    try:
        return Requirement(text)
    except InvalidRequirement as error:
        raise ClosureError(f"{asked_by} requires {text!r}, which is no requirement: {error}") from error


def _find(installed: dict[str, Path], name: str, requirement: Requirement, asked_by: str) -> metadata.Distribution:
    info = installed.get(name)
    if info is None:
        raise ClosureError(
            f"{asked_by} requires {requirement.name!r}, which is not installed beside pytest-osiris",
            hint=f"install it in the environment that runs pytest: pip install '{requirement}'",
        )
    distribution = metadata.PathDistribution(info)
    if not requirement.specifier.contains(distribution.version, prereleases=True):
        raise ClosureError(
            f"{asked_by} requires '{requirement}', but {distribution.version} is installed",
            hint="install a version that fits, or change the requirement",
        )
    return distribution


def _lock(name: str, distribution: metadata.Distribution) -> LockedDistribution:
    record = distribution.read_text("RECORD")
    if record is None:
        raise ClosureError(
            f"{name} {distribution.version} was installed without a list of its files (RECORD)",
            hint="install it with pip or uv in the environment that runs pytest",
        )
    direct_url = distribution.read_text("direct_url.json")
    if direct_url is not None and json.loads(direct_url).get("dir_info", {}).get("editable"):
        raise ClosureError(
            f"{name} is an editable install, which a sandbox cannot be shown",
            hint="declare its directory under `code:` instead, or install it without -e",
        )
    return LockedDistribution(
        name=name, version=distribution.version, site=Path(str(distribution.locate_file(""))).resolve(), record=record
    )


def _needs(distribution: metadata.Distribution, extras: Iterable[str]) -> Iterator[str]:
    """Yield what a distribution requires here, markers evaluated with the extras asked for."""
    environments = [{"extra": ""}, *({"extra": extra} for extra in extras)]
    for text in distribution.requires or ():
        requirement = Requirement(text)
        if requirement.marker is None or any(requirement.marker.evaluate(each) for each in environments):
            requirement.marker = None
            yield str(requirement)


def _digest(distributions: tuple[LockedDistribution, ...]) -> str:
    identity = [CLOSURE_FORMAT, sys.version, sysconfig.get_platform(), sys.base_prefix]
    rows = [
        [each.name, each.version, hashlib.sha256(each.record.encode()).hexdigest(), str(each.site)]
        for each in distributions
    ]
    return hashlib.sha256(json.dumps([identity, rows]).encode()).hexdigest()
