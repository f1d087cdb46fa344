"""The entries of ours in pytest's ini file, of whatever kind it is; one that nobody knows is refused."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any, Final

import pytest

from osiris_core.nearest import nearest
from osiris_core.project import place_of
from pytest_osiris.options import ALL_NAMES, ON_COMMAND_LINE_ONLY

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PREFIX: Final = "osiris_"
_SECTIONS: Final = {"setup.cfg": "tool:pytest"}
_TABLES: Final = {"pyproject.toml": (("tool", "pytest"), ("tool", "pytest", "ini_options"))}


def require_known_entries(config: pytest.Config) -> None:
    """Raise `pytest.UsageError` for an entry `osiris_...` that there is not: pytest itself would only warn."""
    known = {f"{PREFIX}{name}" for name in ALL_NAMES if name not in ON_COMMAND_LINE_ONLY}
    written = [*entries_of(config.inipath), *(("-o", each.partition("=")[0].strip()) for each in overridden(config))]
    for place, entry in written:
        if entry.startswith(PREFIX) and entry not in known:
            advice = nearest(entry, known) or f"there are {', '.join(sorted(known))}"
            raise pytest.UsageError(f"{place}: there is no entry `{entry}`; {advice}")


def entries_of(path: Path | None) -> Iterator[tuple[str, str]]:
    """Yield place and name of every entry of pytest's section in its ini file."""
    if path is None:
        return
    if path.suffix == ".toml":
        document: Any = tomllib.loads(path.read_text(encoding="utf-8"))
        for table_names in _TABLES.get(path.name, (("pytest",),)):
            inner = document
            for name in table_names:
                inner = inner.get(name, {}) if isinstance(inner, dict) else {}
            for entry in inner:
                yield place_of(path, table_names, entry), entry
        return
    from iniconfig import IniConfig

    section = _SECTIONS.get(path.name, "pytest")
    ini = IniConfig(str(path))
    for entry in ini.sections.get(section, {}):
        yield f"{path.name}:{ini.lineof(section, entry)}", entry


def overridden(config: pytest.Config) -> list[str]:
    """Return what `-o` gives."""
    return list(config.getoption("override_ini", None) or ())
