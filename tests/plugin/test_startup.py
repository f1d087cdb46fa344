"""Whoever installs the plugin and has no manifest pays next to nothing: looked at after a whole run, in a fresh process."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from importlib.metadata import entry_points
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

OWN_MODULES = {
    *("pytest_osiris", "pytest_osiris.fixtures", "pytest_osiris.hooks", "pytest_osiris.keys"),
    *("pytest_osiris.options", "pytest_osiris.plugin", "pytest_osiris.settings"),
}
MOST_OWN_MODULES = 8
MOST_MODULES = 3
"""So many others may come with them, all of the standard library; there is none today."""
HEAVY = {
    *("yaml", "jinja2", "e2b", "httpx", "rich", "asyncio", "duckdb", "pyarrow", "deepdiff", "msgspec"),
    *("starlette", "uvicorn", "numpy", "packaging.specifiers", "re2", "hypothesis", "pandas", "polars"),
}
PROBE = """
def test_one():
    pass
"""
AT_THE_END = """
import atexit, json, sys

atexit.register(lambda: sys.stderr.write("MODULES " + json.dumps(sorted(sys.modules)) + "\\n"))
"""


def modules_after(directory: Path, *options: str, autoload: bool = False) -> set[str]:
    """Return the modules that are loaded when the process of a one-test run ends, whatever was imported last."""
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
    assert (result.returncode, result.stdout.splitlines()[-1][:8]) == (0, "1 passed"), result.stdout + result.stderr
    line = next(line for line in result.stderr.splitlines() if line.startswith("MODULES "))
    return set(json.loads(line.removeprefix("MODULES ")))


def own(modules: set[str]) -> set[str]:
    return {name for name in modules if name.split(".")[0] in {"pytest_osiris", "osiris_core"}}


def heavy(modules: set[str]) -> set[str]:
    return {name for name in modules if name in HEAVY or name.split(".")[0] in HEAVY}


def test_a_run_without_manifests_loads_these_modules_of_ours_and_nothing_heavy(tmp_path: Path) -> None:
    """What the plugin adds to a run, by name; counted when all is over, because laziness is lost in late hooks."""
    without = modules_after(tmp_path)

    added = modules_after(tmp_path, "-p", "osiris") - without

    assert own(without) == set()
    assert heavy(without) == set()  # else they would hide below
    assert own(added) == OWN_MODULES
    assert len(OWN_MODULES) <= MOST_OWN_MODULES
    assert len(added - OWN_MODULES) <= MOST_MODULES, sorted(added - OWN_MODULES)
    assert heavy(added) == set()


def test_options_alone_make_no_run_heavy(tmp_path: Path) -> None:
    """A project may ask for both targets and a report in its ini file: tests without manifests do not pay for it."""
    (tmp_path / "pytest.ini").write_text("[pytest]\nosiris_target = both\nosiris_report = r.html\n")

    modules = modules_after(tmp_path, "-p", "osiris")

    assert "pytest_osiris.plugin" in modules
    assert heavy(modules) == set()


def test_the_look_at_modules_would_find_a_heavy_one(tmp_path: Path) -> None:
    """The checks above can fail: with one import at the very end of a run they would."""
    (tmp_path / "late.py").write_text("def pytest_unconfigure():\n    import jinja2\n")

    assert "jinja2" in heavy(modules_after(tmp_path, "-p", "late", "-o", "pythonpath=."))


def test_the_module_name_loads_the_plugin_too(tmp_path: Path) -> None:
    """`-p pytest_osiris.plugin` and `-p osiris` are the same."""
    assert "pytest_osiris.plugin" in modules_after(tmp_path, "-p", "pytest_osiris.plugin")


def test_a_blocked_plugin_is_not_imported(tmp_path: Path) -> None:
    """`-p no:osiris` costs nothing at all."""
    others = [f"-pno:{each.name}" for each in entry_points(group="pytest11") if each.name != "osiris"]

    assert own(modules_after(tmp_path, *others, autoload=True)) == OWN_MODULES
    assert own(modules_after(tmp_path, *others, "-p", "no:osiris", autoload=True)) == set()


SOURCES = ("osiris_core", "pytest_osiris", "tests", "benchmarks", "docs", "fixtures", ".ci")
PYTHON_BLOCK = re.compile(r"^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)


def test_nothing_private_of_pytest_is_imported_anywhere(repository: Path) -> None:
    """What imports `_pytest` breaks with any release of it: not the plugin, not the core, no test, no example."""
    files = [path for place in SOURCES for path in (repository / place).rglob("*.*") if path.suffix in {".py", ".md"}]
    texts = {path.relative_to(repository).as_posix(): path.read_text() for path in files}

    found = {name: private_imports(name, text) for name, text in texts.items() if "_pytest" in text}

    assert {name: imports for name, imports in found.items() if imports} == {}
    assert {"pytest_osiris/plugin.py", "osiris_core/check.py", "tests/conftest.py", "docs/pytest.md"} <= set(texts)
    assert "tests/plugin/test_startup.py" in found  # for the examples below


@pytest.mark.parametrize(
    ("name", "text", "imports"),
    [
        (
            "x.py",
            "def f():\n    from _pytest.nodes import Item\n\nimport _pytest.config\n",
            ["_pytest.config", "_pytest.nodes"],
        ),
        ("x.py", "x = importlib.import_module('_pytest.nodes')\n", ["_pytest.nodes"]),
        ("x.py", "text = 'import _pytest'  # no import\n", []),
        ("x.md", "As in\n\n```python\nfrom _pytest import nodes\n```\n", ["_pytest"]),
        ("x.md", "Never `import _pytest`.\n", []),
    ],
)
def test_the_look_at_imports_finds_private_ones(name: str, text: str, imports: list[str]) -> None:
    """Every form of them is seen, wherever it stands; a text about them is none."""
    assert private_imports(name, text) == imports


def private_imports(name: str, text: str) -> list[str]:
    """Return the modules below `_pytest` that a Python file, or the Python blocks of a page, import."""
    if name.endswith(".md"):
        return [each for block in PYTHON_BLOCK.findall(text) for each in private_imports("", block)]
    names = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names.append(node.module or "")
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("import_module", "__import__")):
            names += [str(each.value) for each in node.args if isinstance(each, ast.Constant)]
    return sorted(each for each in names if each.split(".")[0] == "_pytest")
