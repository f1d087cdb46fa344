"""The real engine in several processes; what else is promised of them is in `test_modes.py`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Project


def test_all_records_meet_in_one_table_and_one_report(project: Project) -> None:
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

    result = project.run("-p", "xdist", "-n2", "--osiris-target=local", "--osiris-report=r.html")

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


def test_a_wrong_option_is_one_sentence_from_the_controller(project: Project) -> None:
    """No worker is started to find out."""
    result = project.run("-p", "xdist", "-n2", "--osiris-target=moon")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: --osiris-target: unknown target 'moon'*"])
    assert "gw0" not in result.stdout.str()
