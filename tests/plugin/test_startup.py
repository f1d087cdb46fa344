"""Whoever installs the plugin and has no manifest pays next to nothing: looked at after a whole run, in a fresh process."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import pytest_osiris

MOST_OWN_MODULES = 8
HEAVY = {
    *("yaml", "jinja2", "e2b", "httpx", "rich", "asyncio", "duckdb", "pyarrow", "deepdiff", "msgspec"),
    *("starlette", "uvicorn", "numpy", "packaging.specifiers", "re2", "hypothesis", "pandas", "polars"),
}
PROBE = """
import json, sys

def test_one():
    pass
"""
AT_THE_END = """
import json, sys

def pytest_unconfigure(config):
    sys.stderr.write("MODULES " + json.dumps(sorted(sys.modules)) + "\\n")
"""


def modules_after(directory: Path, *options: str, autoload: bool = False) -> set[str]:
    """Return the modules that are loaded when a one-test run is over."""
    switch = {} if autoload else {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    (directory / "test_one.py").write_text(PROBE)
    (directory / "conftest.py").write_text(AT_THE_END)
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *options],
        cwd=directory,
        env={**os.environ, **switch},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    line = next(line for line in result.stderr.splitlines() if line.startswith("MODULES "))
    return set(json.loads(line.removeprefix("MODULES ")))


def own(modules: set[str]) -> set[str]:
    return {name for name in modules if name.split(".")[0] in {"pytest_osiris", "osiris_core"}}


def test_a_run_without_manifests_loads_at_most_8_of_our_modules_and_nothing_heavy(tmp_path: Path) -> None:
    """What the plugin adds to a run, by name; counted at the end, because laziness is lost in late hooks."""
    without = modules_after(tmp_path)

    added = modules_after(tmp_path, "-p", "osiris") - without

    assert own(without) == set()
    assert "pytest_osiris.plugin" in added
    assert len(own(added)) <= MOST_OWN_MODULES, sorted(own(added))
    assert {name for name in added if name in HEAVY or name.split(".")[0] in HEAVY} == set()


def test_the_look_at_modules_would_find_a_heavy_one(tmp_path: Path) -> None:
    """The check above can fail: with one import in a test file it would."""
    without = modules_after(tmp_path)
    (tmp_path / "test_heavy.py").write_text("import jinja2\n\ndef test_x():\n    pass\n")

    added = modules_after(tmp_path) - without

    assert "jinja2" in added


def test_the_module_name_loads_the_plugin_too(tmp_path: Path) -> None:
    """`-p pytest_osiris.plugin` and `-p osiris` are the same."""
    assert "pytest_osiris.plugin" in modules_after(tmp_path, "-p", "pytest_osiris.plugin")


def test_a_blocked_plugin_is_not_imported(tmp_path: Path) -> None:
    """`-p no:osiris` costs nothing at all."""
    others = [word for name in ("hypothesispytest", "anyio", "xdist") for word in ("-p", f"no:{name}")]

    assert own(modules_after(tmp_path, *others, autoload=True)) != set()
    assert own(modules_after(tmp_path, *others, "-p", "no:osiris", autoload=True)) == set()


@pytest.mark.parametrize("path", sorted(Path(pytest_osiris.__file__).parent.glob("*.py")), ids=lambda path: path.name)
def test_nothing_private_of_pytest_is_imported(path: Path) -> None:
    """Plugins that import `_pytest` break with every release of it."""
    assert private_imports(path.read_text()) == []


def test_the_look_at_imports_finds_private_ones() -> None:
    """Both forms of the import statement are seen, wherever they stand."""
    source = "def f():\n    from _pytest.nodes import Item\n\nimport _pytest.config\n"

    assert private_imports(source) == ["_pytest.config", "_pytest.nodes"]


def private_imports(source: str) -> list[str]:
    names = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names.append(node.module or "")
    return sorted(name for name in names if name.split(".")[0] == "_pytest")
