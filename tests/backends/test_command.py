"""The one command of a run finds the template's Python, and says so where there is none."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from osiris_core.backends.sandbox_home import command_of
from osiris_core.backends.templates import ChosenTemplate, named_template

if TYPE_CHECKING:
    from pathlib import Path

JOB: Any = SimpleNamespace(bundle=SimpleNamespace(digest="b" * 64), manifest=SimpleNamespace(work_relative="pipelines"))
MINOR = f"{sys.version_info.major}.{sys.version_info.minor}"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home directory two below a root, with a bundle that says which interpreter runs it."""
    home = tmp_path / "home" / "user"
    bundle = home / ".osiris" / f"{'b' * 32}.pyz"
    bundle.parent.mkdir(parents=True)
    bundle.write_text("import sys, os; print(os.environ['WHO'], *sys.argv[1:], os.path.isdir('work/pipelines'))\n")
    return home


def python(path: Path) -> None:
    """Put an interpreter somewhere, that says where it is."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'#!/bin/sh\nWHO={path.name} exec {sys.executable} "$@"\n')
    path.chmod(0o755)


def run(home: Path, template: ChosenTemplate, *directories: Path) -> subprocess.CompletedProcess[str]:
    tools = home.parent / "tools"  # what a shell needs, and no Python of this machine
    tools.mkdir(parents=True, exist_ok=True)
    if not (tools / "mkdir").exists():
        (tools / "mkdir").symlink_to(shutil.which("mkdir") or "/bin/mkdir")
    environment = {"HOME": str(home), "PATH": os.pathsep.join(map(str, (*directories, tools)))}
    command = ["/bin/bash", "-c", command_of(JOB, template)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_the_closures_interpreter_comes_first(home: Path, tmp_path: Path) -> None:
    """Where a template has both, what the closure brings runs, in the directory of the manifest's project."""
    python(tmp_path / "opt" / "osiris" / "bin" / "python")
    python(tmp_path / "bin" / f"python{MINOR}")

    for template in (ChosenTemplate(name="ours"), named_template("by-hand")):
        assert run(home, template, tmp_path / "bin").stdout == "python run .osiris/run True\n"


def test_a_template_of_somebody_elses_is_run_on_the_python_of_its_path(home: Path, tmp_path: Path) -> None:
    """The host's minor version before any other; `hello` judges what was found."""
    python(tmp_path / "bin" / "python3")
    assert run(home, named_template("by-hand"), tmp_path / "bin").stdout == "python3 run .osiris/run True\n"
    python(tmp_path / "bin" / f"python{MINOR}")
    assert run(home, named_template("by-hand"), tmp_path / "bin").stdout == f"python{MINOR} run .osiris/run True\n"


def test_a_template_of_ours_is_never_run_on_another_python(home: Path, tmp_path: Path) -> None:
    """It would show other distributions; that it is not there is said, with where it was looked for."""
    python(tmp_path / "bin" / f"python{MINOR}")

    ended = run(home, ChosenTemplate(name="ours"), tmp_path / "bin")

    assert (ended.returncode, ended.stdout) == (127, "")
    assert ended.stderr == f"the template has no Python; looked for {home}/../../opt/osiris/bin/python\n"


def test_a_home_that_cannot_be_entered_is_the_shells_own_sentence(tmp_path: Path) -> None:
    """No other reason is made up for it."""
    ended = run(tmp_path / "nowhere", named_template("by-hand"))

    assert ended.returncode != 0
    assert "nowhere" in ended.stderr
    assert "Python" not in ended.stderr
