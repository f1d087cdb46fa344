"""The target `venv:PATH`: which environments it takes, and how its worker is started. What runs there: `end_to_end/test_venv.py`."""

from __future__ import annotations

import os
import stat
import sys
import venv
from pathlib import Path

import pytest

from osiris_core.backends.extension import BackendRequest
from osiris_core.backends.protocol import Patience
from osiris_core.backends.venv import _activated, venv_backend
from osiris_core.errors import UsageError

HERE = f"{sys.version_info.major}.{sys.version_info.minor}"


def made(root, argument):
    target = f"venv:{argument}" if argument else "venv"
    return venv_backend(
        BackendRequest(
            target=target, argument=argument, patience=Patience(), project_root=root, report=lambda _line: None
        )
    )


def interpreter(home, says):
    """Write an environment whose interpreter answers with this."""
    (home / "bin").mkdir(parents=True)
    python = home / "bin" / "python"
    python.write_text(f"#!/bin/sh\n{says}\n")
    python.chmod(python.stat().st_mode | stat.S_IXUSR)


def test_a_relative_path_counts_from_the_projects_root(tmp_path, monkeypatch):
    """Wherever the process stands."""
    venv.create(tmp_path / "envs" / "old", symlinks=True)
    monkeypatch.chdir("/")

    backend = made(tmp_path, "envs/../envs/old")

    assert backend.home == tmp_path / "envs" / "old"
    assert backend.target == "venv:envs/../envs/old"
    assert (backend.facts().provider, backend.facts().isolation) == ("host", "none")


@pytest.mark.parametrize(
    ("argument", "sentence"),
    [
        ("", r"the target `venv` needs a virtual environment \(write its path, as in venv:envs/old"),
        (
            "none",
            r"the target `venv:none` is no virtual environment: .*/none does not exist \(python -m venv .*/none\)",
        ),
        ("empty", r"the target `venv:empty` is no virtual environment: .*/empty has no bin/python"),
        ("file", r"the target `venv:file` is no virtual environment: .*/file has no bin/python"),
    ],
)
def test_what_is_no_environment_is_refused(tmp_path, argument, sentence):
    """One sentence, with what makes one."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("")

    with pytest.raises(UsageError, match=sentence):
        made(tmp_path, argument)


@pytest.mark.parametrize(
    ("says", "sentence"),
    [
        (
            """echo '["cpython", [3, 9, 2], "/x"]'""",
            rf"has cpython 3.9.2, and this process cpython {HERE} \(make it with python{HERE} -m venv",
        ),
        (f"""echo '["pypy", {list(sys.version_info[:3])}, "/x"]'""", r"has pypy .*, and this process cpython"),
        ("exit 3", r"has an interpreter that does not run: .*exit status 3. \(make it anew\)"),
        ("echo hello", r"has an interpreter that does not run: "),
        ("true", r"has an interpreter that does not run: "),
        (
            f"""echo '["cpython", {list(sys.version_info[:3])}, "/usr"]'""",
            r"has an interpreter of another environment: /usr",
        ),
    ],
    ids=["version", "implementation", "fails", "nonsense", "silent", "elsewhere"],
)
def test_an_interpreter_that_could_not_run_this_worker_is_refused_at_once(tmp_path, says, sentence):
    """It is asked before anything starts: a version that differs would be no run of the same code."""
    interpreter(tmp_path / "env", says)

    with pytest.raises(UsageError, match=f"the target `venv:env` {sentence}"):
        made(tmp_path, "env")


def test_the_environment_is_active_in_the_worker_and_that_of_this_process_is_not():
    """As its `activate` would leave it; what names no environment stays."""
    own = str(Path(sys.prefix) / "bin")
    here = {"PATH": f"/a{os.pathsep}{own}{os.pathsep}/b", "VIRTUAL_ENV": sys.prefix, "PYTHONHOME": "/x", "TZ": "UTC"}

    there = _activated(here, Path("/env"))

    assert there == {"PATH": f"/env/bin{os.pathsep}/a{os.pathsep}/b", "VIRTUAL_ENV": "/env", "TZ": "UTC"}
    assert "VIRTUAL_ENV" not in _activated({"PATH": "/a"}, Path("/env"))
