"""The bundle is one file, named by what is in it, that a bare interpreter can run."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING

from osiris_core.backends import bundle as bundle_module
from osiris_core.backends.bundle import build_bundle

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_the_bundle_holds_the_worker_and_nothing_of_the_host(cache: Path) -> None:
    """Wire, worker and drivers ship; sessions, backends, parity and the server stay at home."""
    with zipfile.ZipFile(build_bundle().path) as archive:
        packages = {name.split("/")[1] for name in archive.namelist() if name.count("/") > 1}

    assert packages == {"wire", "worker", "drivers"}


def test_every_module_is_compiled_beside_its_source(cache: Path) -> None:
    """A start compiles nothing."""
    with zipfile.ZipFile(build_bundle().path) as archive:
        names = set(archive.namelist())

    sources = {name for name in names if name.endswith(".py")}
    assert sources
    assert names - sources == {f"{name}c" for name in sources}


def test_a_bare_interpreter_runs_it(cache: Path) -> None:
    """Without site directories and from anywhere the bundle starts, and answers a wrong call with its usage."""
    done = subprocess.run(
        [sys.executable, "-I", "-S", build_bundle().path], capture_output=True, text=True, check=False, cwd="/"
    )

    assert (done.returncode, done.stderr) == (2, "usage: bundle.pyz run <run directory>\n")


def test_equal_sources_are_one_bundle(cache: Path) -> None:
    """A second build finds the first."""
    first = build_bundle()
    before = first.path.stat().st_mtime_ns

    assert build_bundle() == first
    assert first.path.stat().st_mtime_ns == before


def test_another_source_is_another_bundle(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One changed byte in one module changes the digest and the file."""
    first = build_bundle()
    sources = bundle_module._sources()
    sources["osiris_core/worker/main.py"] += b"\n"
    monkeypatch.setattr(bundle_module, "_sources", lambda: sources)

    second = build_bundle()

    assert second.digest != first.digest
    assert second.path != first.path
    assert second.sha256 != first.sha256
