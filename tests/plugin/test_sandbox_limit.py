"""The limit of sandboxes, over all workers of a run: with real sandboxes, in a pytest that takes every warning for an error."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

    from conftest import Project


CRASHING = """
import os, time

from osiris_core.backends.limits import LIMITS_DIRECTORY, Limits
from osiris_core.backends.protocol import Cancellation

def test_a_worker_that_crashes_with_a_slot(pytestconfig):
    root = pytestconfig.rootpath
    with Limits(directory=root / LIMITS_DIRECTORY, sandboxes=1).sandbox(Cancellation()):
        while not list(root.glob(".osiris/records/*/one*.json")):  # until a check of the other worker has begun
            time.sleep(0.01)
        os._exit(1)
"""


def test_two_workers_never_have_two_sandboxes_and_a_crashed_one_gives_its_slot_back(
    project: Project, bubblewrap: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One file is the one slot, which a kernel lends to one process at a time; nor do the runs overlap.

    All of it under strict pytest, Python's development mode, and warnings as errors in every process.
    """
    monkeypatch.setenv("PYTHONWARNINGS", "error")
    monkeypatch.setenv("PYTHONDEVMODE", "1")
    project.ini("strict = true", "filterwarnings = error", "python_files = a_*.py")
    (project.root / "a_crash.py").write_text(CRASHING)
    project.manifest("one")
    project.manifest("two")

    result = project.run(
        *("-p", "xdist", "-n2", "-W", "error", "--strict-markers"),
        *("--osiris-target=e2b", "--osiris-max-sandboxes=1", "--osiris-keep-sessions=all"),
    )

    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(["worker 'gw*' crashed while running 'a_crash.py::test_a_worker_*'"])
    limits = project.root / ".osiris" / "limits"
    assert [each.name for each in limits.iterdir() if each.name.startswith("slot")] == ["slot-0000"]
    first, second = sorted(
        [json.loads(line)["ts"] for line in path.read_text().splitlines()]
        for path in project.root.glob(".osiris/runs/*/e2b/events.jsonl")
    )
    assert first[-1] < second[0]
