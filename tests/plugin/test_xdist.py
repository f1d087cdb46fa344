"""The plugin is right with several processes: without xdist, with `-n0` and with `-n2` a run says the same."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Project

pytest.importorskip("xdist")


@pytest.mark.parametrize("processes", [[], ["-p", "xdist", "-n0"], ["-p", "xdist", "-n2"]], ids=["none", "n0", "n2"])
def test_all_records_meet_in_one_table_and_one_report(project: Project, processes: list[str]) -> None:
    """Workers write records, the controller reads them: good, failing and unreadable manifests, and a test function."""
    project.manifest("good")
    project.manifest("bad", function="fail")
    project.manifest("broken", rest="nonsense: 1\n")
    project.pytester.makepyfile(
        test_it="""
        import pytest

        @pytest.mark.osiris("good.osiris.yaml")
        def test_it(osiris_run):
            assert osiris_run.ok
    """
    )

    run = project.run_alone if "-n2" in processes else project.run
    result = run("--osiris-target=local", "--osiris-report=r.html", *processes)

    result.assert_outcomes(passed=2, failed=2)
    result.stdout.fnmatch_lines(["osiris: target local", "*= osiris parity =*", "*broken.osiris.yaml *", "report: *"])
    data = json.loads((project.root / "r.json").read_text())
    assert [(record["manifest"], record["passed"]) for record in data["records"]] == [
        ("bad.osiris.yaml", False),
        ("broken.osiris.yaml", False),
        ("good.osiris.yaml", True),
        ("good.osiris.yaml", True),
    ]
    assert len(list(project.root.glob(".osiris/records/*"))) == 1


def test_the_records_of_a_crashed_worker_are_kept(project: Project) -> None:
    """What was checked before the crash is in the report, and the run is red."""
    project.manifest("good")
    project.pytester.makepyfile(
        test_zz="""
        import os

        def test_crash():
            os._exit(1)
    """
    )

    result = project.run_alone("-p", "xdist", "-n1", "--osiris-report=r.html")

    assert result.ret == pytest.ExitCode.TESTS_FAILED
    data = json.loads((project.root / "r.json").read_text())
    assert [record["manifest"] for record in data["records"]] == ["good.osiris.yaml"]


def test_a_wrong_option_is_one_sentence_from_the_controller(project: Project) -> None:
    """No worker is started to find out."""
    result = project.run_alone("-p", "xdist", "-n2", "--osiris-target=moon")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: --osiris-target: unknown target 'moon'*"])
    assert "gw0" not in result.stdout.str()
