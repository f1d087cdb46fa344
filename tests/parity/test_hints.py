"""What a failure on one side alone suggests is said beside the finding; what both share suggests nothing."""

from __future__ import annotations

import pytest

from osiris_core.parity.compare import compare
from osiris_core.parity.record import Layer
from tests.parity.sessions import failing, healthy, pair

FAILURES = {
    "an undeclared import": (
        "ModuleNotFoundError",
        "No module named 'requests.adapters'",
        'add "requests" to requirements: (not found on e2b)',
    ),
    "an undeclared file": (
        "FileNotFoundError",
        "[Errno 2] No such file or directory: 'data/more.csv'",
        'add "data/more.csv" to inputs: (not found on e2b)',
    ),
    "an undeclared file by its absolute path": (
        "FileNotFoundError",
        "[Errno 2] No such file or directory: '/home/user/project/data/more.csv'",
        'add "data/more.csv" to inputs: (not found on e2b)',
    ),
    "an undeclared file of an engine": (
        "duckdb.IOException",
        'IO Error: No files found that match the pattern "data/more.csv"',
        'add "data/more.csv" to inputs: (not found on e2b)',
    ),
    "an undeclared variable": ("KeyError", "'API_URL'", 'add "API_URL" to env: (not set on e2b)'),
    "a missing key of a table": ("KeyError", "'late'", ""),
    "something else": ("ValueError", "no rows", ""),
}


@pytest.mark.parametrize("name", FAILURES)
def test_a_failure_on_one_side_suggests_what_to_declare(name, tmp_path):
    """The hint stands beside the outcome, the step and the event of the failure."""
    error_type, message, hint = FAILURES[name]
    result = compare(*pair(tmp_path, right=failing("e2b", error_type, message)))
    told = [f for f in result.findings if f.step == "delays" and f.layer in {Layer.OUTCOME, Layer.STEPS, Layer.EVENTS}]
    assert len(told) >= 3
    assert {f.hint for f in told} == {hint}


def test_a_failure_on_both_sides_suggests_nothing(tmp_path):
    """What is missing everywhere is not missing because it was not declared."""
    message = "No module named 'requests'"
    left, right = failing("local", "ModuleNotFoundError", message), failing("e2b", "ModuleNotFoundError", message)
    right.event("step_failed")["traceback"] = []
    result = compare(*pair(tmp_path, left, right))
    assert result.findings
    assert {f.hint for f in result.findings} == {""}


def test_a_healthy_step_gets_no_hint(tmp_path):
    """A hint belongs to the step that failed, not to every difference."""
    right = failing("e2b", "KeyError", "'API_URL'")
    right.event("step_start", "read")["driver"] = "other"
    result = compare(*pair(tmp_path, healthy("local"), right))
    assert {f.hint for f in result.findings if f.step == "read"} == {""}
