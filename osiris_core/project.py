"""What a project says for all of its pipelines: `[tool.osiris]` in its `pyproject.toml`, read here and nowhere else.

[tool.osiris]
target = "both"
requirements = ["jinja2>=3"]

[tool.osiris.drivers."shop.orders"]
class = "shop.drivers:Orders"

[[tool.osiris.parity.normalizers]]
preset = "uuids-in-text"
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from osiris_core.choices import PROJECT_OPTIONS
from osiris_core.errors import UsageError
from osiris_core.nearest import nearest

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from osiris_core.rules.model import Rule

FILE: Final = "pyproject.toml"
_KNOWN: Final = ("requirements", "drivers", "parity", *PROJECT_OPTIONS)
_EXAMPLES: Final = {"text": '"..."', "number": "3", "switch": "true", "texts": '["...", "..."]'}


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectSettings:
    """`drivers` holds the tables below `[tool.osiris.drivers]` as they are written; `path` need not exist.

    `normalizers` are the rules of `[tool.osiris.parity]`, for all manifests of the project.
    """

    path: Path
    requirements: tuple[str, ...] = ()
    drivers: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    normalizers: tuple[Rule, ...] = ()

    def at(self, driver: str, key: str = "") -> str:
        """Return the place of a driver's table, or of one of its keys, as `pyproject.toml:line`."""
        return place_of(self.path, ("tool", "osiris", "drivers", driver), key)


def read_settings(root: Path) -> ProjectSettings:
    """Return the settings of the project in `root`; without a file, or a section in it, they are empty.

    Raises `UsageError` for a file that is no TOML, and for a section that is not understood.
    """
    path = root / FILE
    section = _section(path)
    requirements = section.get("requirements", [])
    if not isinstance(requirements, list) or not all(isinstance(each, str) for each in requirements):
        raise UsageError(f"[tool.osiris] in {path} is not understood", hint='for example: requirements = ["jinja2>=3"]')
    for each in requirements:
        _require_requirement(each, path)
    drivers = section.get("drivers", {})
    if not isinstance(drivers, dict) or not all(isinstance(each, dict) for each in drivers.values()):
        hint = '[tool.osiris.drivers."shop.orders"] with class = "shop.drivers:Orders"'
        raise UsageError(f"[tool.osiris.drivers] in {path} is not understood", hint=f"for example: {hint}")
    rules = _rules(section["parity"], path) if "parity" in section else ()
    return ProjectSettings(path=path, requirements=tuple(requirements), drivers=drivers, normalizers=rules)


def read_options(root: Path) -> dict[str, Any]:
    """Return the options that the project in `root` settles, as the command line would have them: texts, lists of them, and booleans.

    Raises `UsageError` as `read_settings` does; the rest of the section is not looked at.
    """
    path = root / FILE
    return {name: _option(name, value, path) for name, value in _section(path).items() if name in PROJECT_OPTIONS}


def _option(name: str, value: Any, path: Path) -> Any:
    form = PROJECT_OPTIONS[name]
    match form, value:
        case ("text", str()) | ("switch", bool()):
            return value
        case ("number", int() | float()) if not isinstance(value, bool):
            return str(value)
        case ("texts", list()) if all(isinstance(each, str) for each in value):
            return value
    raise UsageError(
        f"`{name}` of [tool.osiris] in {path} is not understood", hint=f"for example: {name} = {_EXAMPLES[form]}"
    )


def _section(path: Path) -> dict[str, Any]:
    """Return `[tool.osiris]`, of which only the names of its keys are looked at."""
    if not path.is_file():
        return {}
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read: {error}") from error
    tool = document.get("tool", {})
    section = tool.get("osiris", {}) if isinstance(tool, dict) else {}
    if not isinstance(section, dict):
        raise UsageError(f"[tool.osiris] in {path} is not understood", hint="it is a table")
    unknown = next((key for key in section if key not in _KNOWN), None)
    if unknown is not None:
        hint = nearest(unknown.replace("-", "_"), _KNOWN) or f"it has {', '.join(_KNOWN)}"
        raise UsageError(f"[tool.osiris] in {path} has no key `{unknown}`", hint=hint)
    return section


def _rules(section: Any, path: Path) -> tuple[Rule, ...]:
    from osiris_core.rules.reading import read_rules

    where = f"[tool.osiris.parity] in {path}"
    if not isinstance(section, dict):
        raise UsageError(f"{where} is not understood", hint="it is a table")
    unknown = next((key for key in section if key != "normalizers"), None)
    if unknown is not None:
        raise UsageError(f"{where} has no key `{unknown}`", hint="it has normalizers")
    rules, problems = read_rules(section.get("normalizers", []), "pyproject")
    if problems:
        raise UsageError(f"{where}: {'; '.join(map(str, problems))}")
    return rules


def _require_requirement(written: str, path: Path) -> None:
    from packaging.requirements import InvalidRequirement, Requirement

    try:
        address = Requirement(written).url
    except InvalidRequirement:
        hint = "write the name of a distribution, as in `jinja2>=3`"
        raise UsageError(
            f"`requirements` of [tool.osiris] in {path}: {written!r} is no requirement", hint=hint
        ) from None
    if address is not None:
        hint = "install it beside pytest-osiris, and name it only"
        raise UsageError(f"`requirements` of [tool.osiris] in {path}: {written!r} names an address", hint=hint)


def place_of(path: Path, table: tuple[str, ...], key: str) -> str:
    """Return `pyproject.toml:12` for a key in a table of it, or the file's name where the line is not found."""
    line = _line_of(path, table, key)
    return f"{path.name}:{line}" if line else path.name


def _line_of(path: Path, table: tuple[str, ...], key: str) -> int | None:
    """Return the line of `key` in a table that has a header of its own, or of the header, counted from 1."""
    found = None
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if line.lstrip().startswith("["):
            if found is not None:
                break
            found = number if _is_header(line, table) else None
        elif found is not None and key and line.split("=")[0].strip().strip("\"'") == key:
            return number
    return found


def _is_header(line: str, table: tuple[str, ...]) -> bool:
    try:
        inner: Any = tomllib.loads(line)
    except tomllib.TOMLDecodeError:
        return False  # the inside of a list or of a text
    for name in table:
        inner = inner.get(name) if isinstance(inner, dict) else None
    return isinstance(inner, dict) and not inner
