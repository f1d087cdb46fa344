"""`expect` is checked on each target by itself, so that two runs that are wrong alike are not green."""

from __future__ import annotations

from osiris_core.parity.expectations import unmet
from tests.parity.sessions import failing, healthy


def test_what_holds_gives_no_sentence(tmp_path):
    """A session that does what is expected, and more, is fine."""
    session = healthy("e2b").build(tmp_path)
    assert unmet(session) == ()
    assert unmet(session, "succeeded", None, {"delays": 2, "read": 3}, ["write/delays.csv"]) == ()


def test_an_expected_failure_holds(tmp_path):
    """Failing is fine where it is expected, at the step that it is expected of."""
    assert unmet(failing("e2b").build(tmp_path), "failed", "delays", {}, ()) == ()


def test_another_outcome_is_told_with_its_reason(tmp_path):
    """A failure names its step and its error."""
    assert unmet(failing("e2b", message="no rows").build(tmp_path)) == (
        "expected the outcome succeeded, got failed on e2b (step `delays`, ValueError: no rows)",
    )


def test_a_success_where_a_failure_was_expected_is_told(tmp_path):
    """Both the outcome and the missing failure are named."""
    assert unmet(healthy("local").build(tmp_path), "failed", "delays") == (
        "expected the outcome failed, got succeeded on local",
        "expected step `delays` to fail, but no step failed on local",
    )


def test_another_failed_step_is_told(tmp_path):
    """The step that failed instead is named."""
    assert unmet(failing("e2b").build(tmp_path), "failed", "read") == (
        "expected step `read` to fail, but step `delays` failed on e2b",
    )


def test_other_rows_are_told(tmp_path):
    """Wrong rows, no table, and a step that does not exist."""
    session = healthy("e2b").build(tmp_path)
    assert unmet(session, rows={"delays": 16, "write": 1, "ghost": 2}) == (
        "expected 16 rows from step `delays`, got 2 on e2b",
        "expected 1 rows from step `write`, got no table on e2b",
        "expected 2 rows from step `ghost`, got no table on e2b",
    )


def test_a_missing_artifact_is_told_with_what_is_there(tmp_path):
    """The files that the step did leave are named."""
    assert unmet(healthy("e2b").build(tmp_path), artifacts=("write/late.csv",)) == (
        "expected the artifact `write/late.csv`, which is missing on e2b (there: write/delays.csv)",
    )
