"""What `--osiris-config` shows: each option that is in force, and where it is said."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from osiris_core.backends.provider import public_address
from osiris_core.project import FILE, place_of
from pytest_osiris.entries import PREFIX, entries_of, overridden
from pytest_osiris.options import ALL_NAMES, OPTIONS, flag_of
from pytest_osiris.settings import given_values, read_settings

if TYPE_CHECKING:
    import pytest

    from pytest_osiris.settings import Given

_DEFAULT = re.compile(r"\(default: (?P<value>[^()]*)\)$")


def table(config: pytest.Config) -> str:
    """Return what is in force, a line an option: its name, its value, and where that is said."""
    settings = read_settings(config)
    given = given_values(config)
    defaults = {name: _default_of(explanation) for name, _, explanation in OPTIONS}
    defaults |= {"strict": "false", "param": "none", "manifests": " ".join(settings.manifests)}
    rows = [("option", "value", "said in")]
    for name in ALL_NAMES:
        each = given.get(name)
        rows.append((name, _shown(each, defaults[name]), "default" if each is None else _said_in(name, each, config)))
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    return "".join(f"{name:<{widths[0]}}  {value:<{widths[1]}}  {where}".rstrip() + "\n" for name, value, where in rows)


def _default_of(explanation: str) -> str:
    found = _DEFAULT.search(explanation)
    return found["value"] if found else ""


def _shown(given: Given | None, default: str) -> str:
    if given is None:
        return default
    if isinstance(given.value, bool):
        return str(given.value).lower()
    if isinstance(given.value, list):
        return " ".join(given.value)
    return public_address(given.value) or '""'


def _said_in(name: str, given: Given, config: pytest.Config) -> str:
    """Return the place of a value: `pytest.ini:3`, `pyproject.toml:12 [tool.osiris]`, the command line, or what adds to it."""
    if given.source == "project":
        return f"{place_of(config.rootpath / FILE, ('tool', 'osiris'), name)} [tool.osiris]"
    if given.source == "command line":
        flag = flag_of(name)
        typed = any(each == flag or each.startswith(f"{flag}=") for each in map(str, config.invocation_params.args))
        return "command line" if typed else "addopts, or PYTEST_ADDOPTS"
    entry = f"{PREFIX}{name}"
    if any(each.partition("=")[0].strip() == entry for each in overridden(config)):
        return "command line, -o"
    return next((place for place, written in entries_of(config.inipath) if written == entry), "ini file")
