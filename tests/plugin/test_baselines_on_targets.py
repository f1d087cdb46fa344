"""Baselines of real runs: the same bytes wherever a run was, and held on a sandbox as on this machine."""

from __future__ import annotations

import shutil
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
"""
FAILING = "expect: {outcome: failed, failed_step: only}\n"


def lay_down(root: Path) -> dict[str, bytes]:
    """Return the files of all baselines of a project."""
    home = root / "__baselines__"
    return {each.relative_to(home).as_posix(): each.read_bytes() for each in home.rglob("*") if each.is_file()}


def test_a_baseline_is_the_same_wherever_it_was_made_and_holds_in_a_sandbox(
    project: Project, bubblewrap: None, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Another directory, user, home, time zone, locale and process: the same bytes."""
    (project.root / "code" / "steps.py").write_text(STEPS)
    project.manifest("same", function="same", rest=FAILING)
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

    with monkeypatch.context() as patch:
        patch.chdir(elsewhere)
        for name, value in there.items():
            patch.setenv(name, value)
        assert project.run("--osiris-update=new").ret == 0
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

    assert project.run("--osiris-target=e2b").ret == 0
    baseline = next(each["baseline"] for each in project.records() if each["targets"][0]["target"] == "e2b")
    assert (baseline["state"], [each["target"] for each in baseline["held"]]) == ("holds", ["e2b"])
    assert baseline["held"][0]["comparison"]["compared"]["artifacts"] == [2, 2]
