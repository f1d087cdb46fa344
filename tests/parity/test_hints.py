"""What a failure on one side alone suggests is said beside the finding; what both share suggests nothing."""

from __future__ import annotations

import pytest

from osiris_core.parity.compare import compare
from osiris_core.parity.hints import ABSOLUTE_PATH, CLOCK, LAST_DIGITS, column_hint, text_hint
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


def test_what_an_environment_of_this_machine_lacks_is_to_be_installed_there(tmp_path):
    """What a manifest declares is shown to sandboxes only; a virtual environment has what is installed in it."""
    right = failing("e2b", "ModuleNotFoundError", "No module named 'requests.adapters'")
    right.target_facts = {"provider": "host", "isolation": "none"}
    right.hello["roots"]["prefix"] = "/envs/old"
    result = compare(*pair(tmp_path, healthy("local"), right))
    hint = 'install what brings "requests" in /envs/old (not found on e2b)'
    assert {f.hint for f in result.findings if f.code == "outcome"} == {hint}


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


@pytest.mark.parametrize(
    ("left", "right", "hint"),
    [
        ("figures from /home/ann/flights/data/a.csv\n", "figures from /home/user/work/data/a.csv\n", ABSOLUTE_PATH),
        ('"/srv/x/a.csv", 3\n', '"/tmp/y/a.csv", 3\n', ABSOLUTE_PATH),
        ("figures from /home/ann/a.csv\n", "figures from /home/user/b.csv\n", ""),
        ("see http://one/x/a\n", "see http://two/x/a\n", ""),
        ("a/b/c\n", "a/d/c\n", ""),
    ],
)
def test_absolute_paths_are_recognized(left: str, right: str, hint: str):
    """The directories differ and nothing else: the path is the target's own."""
    assert text_hint([left], [right]) == hint


@pytest.mark.parametrize(
    ("left", "right", "hint"),
    [
        ({"min": 0.1, "max": 2.5, "sum": 9.3}, {"min": 0.1, "max": 2.5000000000000004, "sum": 9.3}, LAST_DIGITS),
        ({"min": 0.1, "max": 2.5, "sum": 2.6}, {"min": 0.1, "max": 2.6, "sum": 2.7}, ""),
        ({"min": 0.1, "max": 2.5, "sum": 5.0}, {"min": 0.1, "max": 2.5, "sum": 6.0}, ""),
        ({"min": 0.1, "max": 2.5, "sum": 5.0}, {"min": 0.1, "max": 2.5, "sum": 5.0}, ""),
        ({"min": 1, "max": 3}, {"min": 1, "max": 3}, ""),
        ({"min": "2026-01-01 10:00:00.5", "max": "2026-01-01 10:00:00.5"}, {"min": "2026-01-01 10:00:04", "max": "2026-01-01 10:00:04"}, CLOCK),
        ({"min": "2026-01-01 10:00:00", "max": "2026-01-01 10:00:00"}, {"min": "2026-01-01 10:30:00", "max": "2026-01-01 10:30:00"}, ""),
        ({"min": "2026-01-01 10:00:00", "max": "2026-01-01 10:00:00"}, {"min": "2027-01-01 10:00:01", "max": "2027-01-01 10:00:01"}, ""),
        ({"min": "N1", "max": "N2"}, {"min": "N1", "max": "N3"}, ""),
        ({"min": None, "max": None}, {"min": None, "max": None}, ""),
    ],
)  # fmt: skip
def test_columns_that_almost_agree_suggest_why(left: dict[str, object], right: dict[str, object], hint: str):
    """Sums in another order and clocks leave traces in the least and the greatest value."""
    assert column_hint([(left, right)]) == hint
    assert column_hint([(left, right), ({"min": 1.0, "max": 2.0}, {"min": 7.0, "max": 9.0})]) == ""
    assert column_hint([]) == ""
