"""Promises about who imports what: this room stands alone, its agent needs nothing but Python."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

import osiris_core.sandbox

ROOM = Path(osiris_core.sandbox.__file__).parent
MODULES = sorted(ROOM.rglob("*.py"))


def imported(source: str) -> set[str]:
    """Return the absolute names that a module's text imports."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names.add(node.module or "")
    return names


def foreign(names: set[str]) -> set[str]:
    """Return those names that belong to other rooms of this project."""
    return {name for name in names if name.startswith("osiris_core") and not name.startswith("osiris_core.sandbox")}


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(ROOM)))
def test_a_module_stays_within_its_borders(module):
    """Nothing of other rooms; the SDK's private parts in one place; only the standard library where it is promised."""
    names = imported(module.read_text())
    assert foreign(names) == set()
    if module.name != "stubs.py":
        assert {name for name in names if name.split(".")[0] in {"e2b", "connectrpc", "protobuf"}} == set()
    if module.parent.name == "agent" or module.name == "launch.py":
        assert {name.split(".")[0] for name in names} <= sys.stdlib_module_names


def test_a_trespass_is_seen():
    """The tests above can fail."""
    assert foreign(imported("from osiris_core.wire import x\nimport osiris_core.errors")) == {
        "osiris_core.wire",
        "osiris_core.errors",
    }
    assert foreign(imported("from osiris_core.sandbox import x")) == set()
