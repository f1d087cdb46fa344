"""The drivers that a manifest may name, as declarations: nothing of a driver is imported to look it up.

A step's `driver` is looked for in this order, and the first that has it decides:

1. the built-in drivers; nothing can take their names
2. `module:Class` itself, where it has a colon
3. `[tool.osiris.drivers."NAME"]` of the project, which is nearer to the manifest than what happens to be installed
4. the entry points `osiris.drivers` of installed distributions; one name in two of them is refused, as which
   is found first would depend on the machine

This module and those that it reads declarations with are the host's; a target is told which class to load.
"""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from osiris_core.drivers.declaration import spec_of
from osiris_core.drivers.registry import builtin_specs
from osiris_core.drivers.stated import ATTRIBUTES, Stated, read_class
from osiris_core.errors import DriverDeclarationError, UsageError
from osiris_core.nearest import nearest
from osiris_core.project import FILE, ProjectSettings, read_settings

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from importlib.metadata import EntryPoint

    from osiris_core.drivers.protocol import DriverSpec

GROUP: Final = "osiris.drivers"
"""The entry point group: the name is the driver's, the value its class as `module:Class`."""
_TARGET: Final = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*")
_CONFIGURED: Final = ("class", "summary", *ATTRIBUTES)


class DriverCatalog:
    """Finds drivers by the name that a step gives. `project_root` is the project's directory, if there is one."""

    def __init__(self, project_root: Path | None = None) -> None:
        self._root = project_root
        self._read: ProjectSettings | None = None
        self._points: Collection[EntryPoint] | None = None  # finding them reads every installed distribution

    def names(self) -> Collection[str]:
        """Return the names that can be suggested for one that is unknown, sorted."""
        return sorted({*builtin_specs(), *self._settings().drivers, *(each.name for each in self._installed_points())})

    def find(self, name: str, code: Sequence[Path]) -> DriverSpec | None:
        """Return the declaration of the driver called `name`, or None; `code` are the project's code directories.

        Raises `DriverDeclarationError` for a driver whose declaration cannot be understood.
        """
        builtin = builtin_specs().get(name)
        if builtin is not None:
            return builtin
        if ":" in name:
            return _direct(name, code)
        settings = self._settings()
        if name in settings.drivers:
            return _configured(settings, name, code)
        return _installed(name, code, [each for each in self._installed_points() if each.name == name])

    def _settings(self) -> ProjectSettings:
        if self._read is None:
            try:
                self._read = _settings_of(self._root)
            except UsageError as error:
                raise DriverDeclarationError(error.message, hint=error.hint) from error
        return self._read

    def _installed_points(self) -> Collection[EntryPoint]:
        if self._points is None:
            self._points = _entry_points()
        return self._points


def check_names(settings: ProjectSettings) -> None:
    """Raise `UsageError` where a project gives a driver the name of a built-in one, or one that no step can say."""
    for name in settings.drivers:
        if name in builtin_specs():
            raise UsageError(f"{settings.at(name)}: the driver `{name}` is built in", hint="choose another name")
        if ":" in name or not name.strip():
            raise UsageError(
                f"{settings.at(name)}: `{name}` is no name of a driver", hint="a colon is for module:Class"
            )


def _settings_of(root: Path | None) -> ProjectSettings:
    if root is None:
        return ProjectSettings(path=Path(FILE))
    settings = read_settings(root)
    check_names(settings)
    return settings


def _search_path(code: Sequence[Path]) -> list[str]:
    return [*(str(each) for each in code), *sys.path]


def _direct(target: str, code: Sequence[Path]) -> DriverSpec:
    _check_target(target, "it")
    found = read_class(target, _search_path(code))
    return spec_of(target, target, found.stated, source=found.at, documentation=found.documentation)


def _configured(settings: ProjectSettings, name: str, code: Sequence[Path]) -> DriverSpec:
    """Return a driver of the project's configuration: what that says replaces what the class says."""
    table = settings.drivers[name]
    unknown = next((key for key in table if key not in _CONFIGURED), None)
    if unknown is not None:
        hint = nearest(unknown, _CONFIGURED) or "known: " + ", ".join(_CONFIGURED)
        if isinstance(table[unknown], dict):
            hint = f'a name with dots is quoted: [tool.osiris.drivers."{name}.{unknown}"]'
        raise DriverDeclarationError(f"{settings.at(name, unknown)}: unknown key `{unknown}`", hint=hint)
    target, summary = table.get("class"), table.get("summary", "")
    if not isinstance(target, str) or not isinstance(summary, str):
        raise DriverDeclarationError(
            f"{settings.at(name, 'class')}: a driver needs its class, and its summary is text",
            hint='class = "module:Class"',
        )
    _check_target(target, settings.at(name, "class"))
    found = read_class(target, _search_path(code))
    given = {key: Stated(value=table[key], at=settings.at(name, key)) for key in ATTRIBUTES if key in table}
    return spec_of(
        name,
        target,
        {**found.stated, **given},
        source=settings.at(name),
        documentation=found.documentation,
        summary=summary,
    )


def _installed(name: str, code: Sequence[Path], points: Sequence[EntryPoint]) -> DriverSpec | None:
    """Return a driver of an installed distribution, which joins what the driver requires."""
    if not points:
        return None
    homes = sorted({_distribution(each) for each in points})
    if len({each.value for each in points}) > 1 or len(homes) > 1:
        hint = f'say which in {FILE}: [tool.osiris.drivers."{name}"] class = "{points[0].value}"'
        raise DriverDeclarationError(f"{' and '.join(homes)} have a driver of this name", hint=hint)
    point, home = points[0], homes[0]
    _check_target(point.value, f"the entry point of {home}")
    found = read_class(point.value, _search_path(code))
    spec = spec_of(name, point.value, found.stated, source=home, documentation=found.documentation)
    is_own = any(found.path.is_relative_to(each) for each in code)
    return spec if is_own else replace(spec, requirements=(*spec.requirements, home.partition(" ")[0]))


def _entry_points() -> Collection[EntryPoint]:
    """Return the entry points of the group; what is installed is looked through again where a directory has changed."""
    return _entry_points_of(tuple((each, _changed_at(Path(each))) for each in dict.fromkeys(sys.path)))


@lru_cache(maxsize=1)
def _entry_points_of(_places: tuple[tuple[str, int], ...]) -> tuple[EntryPoint, ...]:
    from importlib.metadata import entry_points

    return tuple(entry_points(group=GROUP))


def _changed_at(directory: Path) -> int:
    return directory.stat().st_mtime_ns if directory.exists() else 0


def _distribution(point: EntryPoint) -> str:
    return f"{point.dist.name} {point.dist.version}" if point.dist is not None else "an unknown distribution"


def _check_target(target: str, at: str) -> None:
    if not _TARGET.fullmatch(target):
        raise DriverDeclarationError(f"{at} is not of the form module:Class, but {target!r}")
