"""A farm shows exactly its closure, costs no copy, and outlives changes of the host's environment."""

from __future__ import annotations

import dataclasses
import errno
import json
import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from osiris_core.backends.closure import resolve_closure
from osiris_core.backends.farm import build_farm
from osiris_core.backends.farms import being_built, unfinished_farms
from osiris_core.backends.interpreter import current_interpreter
from osiris_core.backends.leftovers import collect_farms
from osiris_core.backends.protocol import Cancellation
from osiris_core.errors import ClosureError

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Environment

PROBE = """
import importlib.metadata, json, sys
names = sorted(each.metadata["Name"] for each in importlib.metadata.distributions())
try:
    import pytest
    found = True
except ModuleNotFoundError:
    found = False
print(json.dumps({"names": names, "pytest": found, "prefix": sys.prefix}))
"""


def farm_of(*requirements: str) -> Path:
    return build_farm(resolve_closure(requirements), current_interpreter())


def run(farm: Path, code: str) -> str:
    done = subprocess.run([farm / "bin" / "python", "-I", "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_only_the_closure_can_be_imported(cache: Path) -> None:
    """The farm's interpreter sees the closure's distributions and nothing of the host's environment."""
    farm = farm_of("jinja2")

    seen = json.loads(run(farm, PROBE))

    assert seen == {"names": ["Jinja2", "MarkupSafe"], "pytest": False, "prefix": str(farm)}


def test_the_probe_would_see_the_hosts_environment() -> None:
    """The probe above can fail: with the interpreter of this test it finds pytest."""
    import sys

    done = subprocess.run([sys.executable, "-c", PROBE], capture_output=True, text=True, check=True)

    assert json.loads(done.stdout)["pytest"] is True


def test_files_are_links_and_not_copies(cache: Path, environment: Environment) -> None:
    """A file in the farm is the host's own file, so that gigabytes cost nothing."""
    environment.install("thing")
    farm = farm_of("thing")

    [shown] = farm.glob("lib/*/site-packages/thing.py")

    assert shown.samefile(environment.site / "thing.py")


def test_a_host_that_upgrades_does_not_change_the_farm(cache: Path, environment: Environment) -> None:
    """An installer replaces files: the farm keeps those that were locked."""
    environment.install("thing")
    farm = farm_of("thing")
    (environment.site / "new.py").write_text("NAME = 'changed'\n")
    (environment.site / "new.py").rename(environment.site / "thing.py")

    assert run(farm, "import thing; print(thing.NAME)") == "thing"


def test_a_second_build_finds_the_first(cache: Path, environment: Environment) -> None:
    """One closure has one farm."""
    environment.install("thing")

    first = farm_of("thing")
    before = first.stat().st_ino

    assert farm_of("thing") == first
    assert first.stat().st_ino == before
    assert not list(first.parent.glob("building-*"))


def test_what_the_host_never_compiled_is_compiled_once(cache: Path, environment: Environment) -> None:
    """A read-only sandbox could never store compiled modules, so the farm brings them."""
    environment.install("thing")

    farm = farm_of("thing")

    assert list(farm.glob("lib/*/site-packages/__pycache__/thing.*.pyc"))
    assert not (environment.site / "__pycache__").exists()


def test_the_tests_of_packages_are_not_compiled(cache: Path, environment: Environment) -> None:
    """Nobody imports them from a pipeline, and they can be most of a closure; they are there all the same."""
    files = {"thing/__init__.py": "", "thing/tests/test_it.py": "NAME = 'it'\n", "thing/testing.py": ""}
    environment.install("thing", files=files)

    farm = farm_of("thing")

    assert {each.name.partition(".")[0] for each in farm.rglob("*.pyc")} == {"__init__", "testing"}
    assert run(farm, "from thing.tests import test_it; print(test_it.NAME)") == "it"


def test_the_compiler_is_told_no_secret(
    cache: Path, environment: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A driver can read the environment of every process of its user: the compiler's holds what it needs."""
    environment.install("thing")
    monkeypatch.setenv("TOKEN", "a secret")
    seen = tmp_path / "seen"
    compiler = tmp_path / "python"
    compiler.write_text(f"#!/bin/sh\nexec env -0 > {seen}\n")
    compiler.chmod(0o755)

    build_farm(resolve_closure(["thing"]), dataclasses.replace(current_interpreter(), executable=compiler))

    names = {each.partition("=")[0] for each in seen.read_text().split("\0") if each}
    assert {"PATH"} <= names <= {"PATH", "TMPDIR", "LD_LIBRARY_PATH", "PWD", "SHLVL", "OLDPWD", "_"}


def test_another_filesystem_is_copied_from(
    cache: Path, environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where no hard link can be made, the farm is the same, made of copies."""
    environment.install("thing")

    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", refuse)
    farm = farm_of("thing")

    assert run(farm, "import thing; print(thing.NAME)") == "thing"


def test_a_missing_file_is_named_and_nothing_is_left(cache: Path, environment: Environment) -> None:
    """A broken installation is refused with the file's name, and no half farm stays behind."""
    environment.install("thing")
    (environment.site / "thing.py").unlink()

    with pytest.raises(ClosureError, match=r"thing==1\.0 lists thing\.py, which is not on the disk"):
        farm_of("thing")

    assert list((cache / "closures").iterdir()) == []


def test_a_stop_does_not_wait_for_the_compiler(cache: Path, environment: Environment) -> None:
    """The compiler is killed with its helpers, nobody finds half a farm, and the next run builds it."""
    environment.install("thing")
    stopped = Cancellation()
    stopped.request()

    with pytest.raises(ClosureError, match="stopped while the closure was compiled"):
        build_farm(resolve_closure(["thing"]), current_interpreter(), stopped)

    assert list((cache / "closures").iterdir()) == []
    assert list(farm_of("thing").glob("lib/*/site-packages/__pycache__/thing.*.pyc"))


def test_a_farm_that_nobody_builds_any_more_is_found(cache: Path) -> None:
    """The builder's lock says that it is alive; the kernel takes it back when it is not."""
    directory = cache / "closures" / "building-abc"
    directory.mkdir(parents=True)

    with being_built(directory):
        assert unfinished_farms() == []
    assert unfinished_farms() == [directory]
    [found] = collect_farms(dry_run=False)

    assert (found.kind, found.gone, directory.exists()) == ("farm", True, False)
