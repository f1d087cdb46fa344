"""The plugin with the real engine and a real sandbox: one check that agrees, and one that does not."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conftest import Project

STEPS = """
import os, time

def same(inputs, ctx):
    ctx.logger.info("working in %s", ctx.output_dir)
    ctx.log_event("noted", text="same")
    ctx.log_metric("elapsed", time.perf_counter(), unit="s")
    ctx.log_metric("files", 1)
    (ctx.output_dir / "same.txt").write_text("same\\n")

def region(inputs, ctx):
    (ctx.output_dir / "region.txt").write_text(os.environ.get("REPORT_REGION", "nowhere") + "\\n")
"""


def test_a_manifest_on_both_targets(project: Project, bubblewrap: None, monkeypatch) -> None:
    """Two items and a test function in one run, with one embedded server: what agrees passes, what differs is shown."""
    monkeypatch.setenv("REPORT_REGION", "north")
    (project.root / "code" / "steps.py").write_text(STEPS)
    project.manifest("agrees", function="same")
    project.manifest("differs", function="region")
    project.pytester.makepyfile(
        test_it="""
        import pytest

        @pytest.mark.osiris("agrees.osiris.yaml")
        def test_it(osiris_run, osiris_target, osiris_session_dir):
            assert osiris_target == "both"
            assert osiris_run.targets == ("local", "e2b")
            assert osiris_run.artifacts["only/same.txt"].text() == "same\\n"
            assert [e["text"] for e in osiris_run.events if e["event"] == "noted"] == ["same"]
            assert not [e for e in osiris_run.events if "ts" in e or "duration_ms" in e]
            assert [m["metric"] for m in osiris_run.metrics] == ["files"]
            assert osiris_run.logs["only"] == "INFO osiris.only working in <output>/only\\n"
            assert list(osiris_run.session_directories) == ["local", "e2b"]
            assert osiris_session_dir == osiris_run.session_directories["local"]
    """
    )

    result = project.run("--osiris-target=both", "--osiris-report=r.html", "--osiris-triage=off")

    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(
        [
            "DIVERGENT differs.osiris.yaml first diverging step: only",
            "*at differs.osiris.yaml:5",
            "*only/region.txt*",
            "*local: *north*",
            "*e2b: *nowhere*",
            "*reproduce: pytest differs.osiris.yaml::differs --osiris-target=both --osiris-triage=off",
        ]
    )
    data = json.loads((project.root / "r.json").read_text())
    assert {record["manifest"]: record["verdict"] for record in data["records"]} == {
        "agrees.osiris.yaml": "EQUIVALENT",
        "differs.osiris.yaml": "DIVERGENT",
    }
    assert {run["isolation"] for record in data["records"] for run in record["targets"]} == {"none", "bubblewrap"}


def test_what_takes_long_is_said_at_once_and_not_captured(project: Project) -> None:
    """A line about a template that is being built reaches the terminal of a test that passes, on a line of its own."""
    project.pytester.makepyfile("""
        import threading
        from pytest_osiris.checking.progress import reporter_of

        def test_waits(request):
            thread = threading.Thread(target=reporter_of(request.config), args=["building the template x (12 distributions)"])
            thread.start()
            thread.join()
            print("captured")
    """)

    lines = project.run("-q").outlines

    assert "osiris: building the template x (12 distributions)" in lines
    assert "captured" not in lines
