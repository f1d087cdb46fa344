"""Baselines of real runs: the same bytes wherever a run was, and held on a sandbox as on this machine."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from conftest import Project

STEPS = """
import datetime, json, os, tempfile, time

def same(inputs, ctx):
    began = time.perf_counter()
    ctx.logger.info("working in %s, home %s", ctx.output_dir, os.path.expanduser("~"))
    ctx.logger.warning("it is %s", datetime.datetime.now(datetime.timezone.utc).isoformat())
    print("process", os.getpid(), "took", f"{time.perf_counter() - began:.6f} s", object(), ctx.now.isoformat())
    print(tempfile.mkdtemp(), time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime()), "timeout 30 s <x>")
    ctx.log_metric("elapsed", time.perf_counter(), unit="s")
    ctx.log_event("drawn", number=ctx.rng.random(), seed=ctx.seed)
    (ctx.output_dir / "numbers.json").write_text(json.dumps([1, 2]))
    (ctx.output_dir / "bytes.bin").write_bytes(bytes(range(200)))
    raise ValueError(f"nothing in {ctx.output_dir}")

def region(inputs, ctx):
    (ctx.output_dir / "region.txt").write_text(os.environ.get("REPORT_REGION", "nowhere") + "\\n")
"""
FAILING = "expect: {outcome: failed, failed_step: only}\n"


def lay_down(root: Path) -> dict[str, bytes]:
    """Return the files of all baselines of a project."""
    home = root / "__baselines__"
    return {each.relative_to(home).as_posix(): each.read_bytes() for each in home.rglob("*") if each.is_file()}


def test_a_baseline_is_the_same_wherever_it_was_made_and_holds_in_a_sandbox(
    project: Project, bubblewrap: None, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Another directory, user, home, time zone, locale and process: the same bytes. What a target does by itself is shown with both values."""
    monkeypatch.setenv("REPORT_REGION", "north")
    (project.root / "code" / "steps.py").write_text(STEPS)
    project.manifest("same", function="same", rest=FAILING)
    project.manifest("region", function="region")
    elsewhere = tmp_path_factory.mktemp("some-where-else") / "deeper" / "project"
    shutil.copytree(project.root, elsewhere)
    monkeypatch.setenv("HOME", str(tmp_path_factory.mktemp("home-of-ann")))
    home, temporary = tmp_path_factory.mktemp("home-of-bob"), tmp_path_factory.mktemp("temporary")
    there = {
        "HOME": str(home),
        "USER": "bob",
        "LOGNAME": "bob",
        "TZ": "Asia/Tokyo",
        "LC_ALL": "C",
        "TMPDIR": str(temporary),
    }

    new = ["--osiris-update=new", "-p", "osiris"]
    subprocess.run([sys.executable, "-m", "pytest", *new], cwd=elsewhere, env={**os.environ, **there}, check=True)
    assert project.run("--osiris-update=new").ret == 0

    here = lay_down(project.root)
    assert here == lay_down(elsewhere)
    text = here["same/baseline.json"].decode()
    for each in (
        "working in <output>/only, home <home>",
        "it is <time+00:00>",
        "process <pid> took <duration> <<object object at <address:1>> <time+00:00>",
        "<temporary>/<made> <time UTC> timeout <duration> <<x>",
        "nothing in <output>/only",
        '{"function": "PythonCallable.run", "module": "osiris_core.drivers.python_callable"}',
        '{"function": "same", "line": 14, "module": "steps"}',
    ):
        assert each in text

    held = project.run("--osiris-target=e2b", "--osiris-isolation=bubblewrap")
    held.assert_outcomes(passed=1, failed=1)
    held.stdout.fnmatch_lines(
        [
            "FAILED region.osiris.yaml the baseline and e2b part at step `only`: *",
            "    baseline: north",
            "         e2b: nowhere",
            "    baseline: __baselines__/region/baseline.json (e2b differs)",
        ]
    )
