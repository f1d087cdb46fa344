"""Artifacts come back whole, through cuts and while the run goes on; or not at all, where they are equal and that is asked for."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from osiris_core.testing import Fault, fault_plan
from osiris_core.wire.limits import ArtifactLimits

if TYPE_CHECKING:
    from conftest import Project

MANIFEST = """
osiris: "1"
pipeline: {id: leaving}
code: [code]
steps:
  - {id: leave, driver: python.callable, config: {function: "leave:leave"}}
  - {id: wait, driver: python.callable, needs: [leave], config: {function: "leave:wait"}}
"""
CODE = """
import os

def leave(inputs, ctx):
    here = os.environ.get("E2B_SANDBOX", "")
    (ctx.output_dir / "same.bin").write_bytes(bytes(range(256)) * 2000)
    (ctx.output_dir / "other.bin").write_bytes(OTHER * 200_000)
    for number in range(20):
        (ctx.output_dir / f"small{number}.txt").write_text("small" * number)

def wait(inputs, ctx):
    ctx.log_event("waiting")
"""
SAME, SANDBOX_DIFFERS = 'b"xx"', '(b"xy" if here else b"xx")'
PACKED = ArtifactLimits(stream_bytes=0)


@pytest.fixture
def leaving(project: Project) -> Project:
    """A pipeline whose first step leaves two large files and twenty small ones, equal on both targets."""
    project.write("leaving.osiris.yaml", MANIFEST)
    project.write("code/leave.py", CODE.replace("OTHER", SAME))
    return project


def target_facts(project: Project, target: str) -> dict:
    """Read the newest session's `target.json`."""
    newest = max(project.session_root.glob(f"**/{target}/target.json"), key=lambda path: path.stat().st_mtime_ns)
    return json.loads(newest.read_bytes())


def test_cut_downloads_go_on_where_they_broke_off(leaving: Project) -> None:
    """Packs and files that break off twice each come back whole, by ranges, and the retries are said."""
    with fault_plan(Fault(at="download", what="cut", after_bytes=100_000, times=2), server=leaving.server):
        record = leaving.check("leaving.osiris.yaml", artifact_limits=PACKED)

    assert record.verdict == "IDENTICAL", record.headline
    facts = target_facts(leaving, "e2b")
    assert len([each for each in facts["retries"] if each["what"].startswith(("outbox/", "packs/"))]) == 2
    sizes = 256 * 2000 + 400_000 + sum(5 * number for number in range(20))
    assert facts["bytes"]["down"] < sizes + 100_000, "what had come was not fetched again"


def test_what_is_equal_is_not_fetched_and_what_differs_is(leaving: Project) -> None:
    """With `differing`, equal files are copies of this machine's and counted; a file that differs is fetched and found."""
    record = leaving.check("leaving.osiris.yaml", fetch="differing")
    assert (record.verdict, record.targets[1].artifacts_not_fetched) == ("IDENTICAL", 2)
    assert record.targets[1].bytes_down < 400_000, "neither of the large files came"
    assert target_facts(leaving, "e2b")["artifacts_not_fetched"] == 2

    leaving.write("code/leave.py", CODE.replace("OTHER", SANDBOX_DIFFERS))
    record = leaving.check("leaving.osiris.yaml", fetch="differing")
    assert (record.verdict, record.first_diverging_step) == ("DIVERGENT", "leave"), record.headline
    assert record.targets[1].artifacts_not_fetched == 1
    [other] = list(leaving.session_root.glob(f"**/{record.session_id}/e2b/artifacts/leave/other.bin"))
    assert other.read_bytes() == b"xy" * 200_000

    record = leaving.check("leaving.osiris.yaml")
    assert (record.verdict, record.targets[1].artifacts_not_fetched) == ("DIVERGENT", 0)


def test_a_step_that_leaves_too_much_fails_alike_on_both_targets(leaving: Project) -> None:
    """The limit is declared once: both sides fail by the same name; what was left out was not compared, which is said."""
    record = leaving.check("leaving.osiris.yaml", artifact_limits=ArtifactLimits(file_bytes=400_000))

    assert (record.verdict, record.passed) == ("INCONCLUSIVE", False)
    assert [each.outcome for each in record.targets] == ["failed", "failed"]
    assert "leave/same.bin: it has 512000 bytes, and an artifact may have 400000" in record.targets[1].error
