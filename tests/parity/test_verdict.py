"""The verdict, the first diverging step, and the bounds on what is kept."""

from __future__ import annotations

import pytest

from osiris_core.parity.compare import ALL, compare
from osiris_core.parity.record import Layer, Verdict
from tests.parity.sessions import healthy, pair


def reorder(draft, step):
    """Let a step hand on its rows in another order."""
    draft.table(step)["ordered"] = "another order"


def test_the_first_diverging_step_is_the_first_in_execution_order(tmp_path):
    """Of several steps that differ the earliest is named, whatever the layers."""
    right = healthy("e2b")
    right.files["write/delays.csv"] = b"carrier,n,late\r\nAA,2,10\r\nBB,1,-4\r\n"
    right.metric("rows_read", "read")["value"] = 4
    right.printed["report"] = b"other\n"
    result = compare(*pair(tmp_path, right=right))
    assert result.first_diverging_step == "read"
    assert [f.step for f in result.findings] == ["read", "write", "report"]


def test_another_order_upstream_locates_a_difference_downstream(tmp_path):
    """Where rows came in another order before a written file differs, that step is where the sides part."""
    right = healthy("e2b")
    reorder(right, "read")
    right.files["write/delays.csv"] = b"carrier,n,late\r\nBB,1,-3\r\nAA,2,10\r\n"
    result = compare(*pair(tmp_path, right=right))
    assert (result.verdict, result.first_diverging_step) == (Verdict.DIVERGENT, "read")
    assert [(f.step, f.code) for f in result.findings] == [("read", "table-order"), ("write", "table-row-order")]
    assert not result.rules  # that order is not set aside, it is what happened
    assert result.findings[1].hint == "rows in another order: add an ORDER BY"


def test_another_order_locates_nothing_that_is_not_downstream(tmp_path):
    """A difference at a step that takes nothing from the reordered one did not begin there."""
    right = healthy("e2b")
    right.manifest = left_manifest = {
        **right.manifest,
        "steps": [{**step, "needs": []} for step in right.manifest["steps"]],
    }
    left = healthy("local")
    left.manifest = left_manifest
    reorder(right, "read")
    right.files["write/delays.csv"] = b"other\r\n"
    result = compare(*pair(tmp_path, left, right))
    assert (result.verdict, result.first_diverging_step) == (Verdict.DIVERGENT, "write")


def test_a_run_level_difference_names_no_step(tmp_path):
    """Where no step differs there is no first diverging step."""
    right = healthy("e2b")
    right.event("run_start")["seed"] = 8
    result = compare(*pair(tmp_path, right=right))
    assert (result.verdict, result.first_diverging_step) == (Verdict.DIVERGENT, None)


def test_a_step_finding_goes_before_a_run_level_one(tmp_path):
    """A run-level difference does not hide the step that a reader wants to see."""
    right = healthy("e2b")
    right.event("run_start")["seed"] = 8
    right.printed["report"] = b"other\n"
    result = compare(*pair(tmp_path, right=right))
    assert result.first_diverging_step == "report"
    assert [f.step for f in result.findings] == ["report", None]


def test_findings_are_capped_and_counted(tmp_path):
    """A flood is cut at the limit, its true size is told, and it cannot push another layer out."""
    right = healthy("e2b")
    right.files.update({f"report/{n:04}.txt": b"x" for n in range(500)})
    right.metric("rows_read", "read")["value"] = 4
    right.printed["report"] = b"other\n"
    result = compare(*pair(tmp_path, right=right), max_findings=10)
    assert len(result.findings) == 10
    assert result.findings_total == 502
    assert {f.layer for f in result.findings} == {Layer.METRICS, Layer.LOGS, Layer.ARTIFACTS}


def test_the_step_that_only_a_cut_finding_names_still_counts(tmp_path):
    """The first diverging step is known even where its finding was not kept."""
    right = healthy("e2b")
    for event in right.events:
        if event["step"] == "report" and "page" in event:
            event["page"] += "!"
    right.event("step_start", "read")["driver"] = "other"
    result = compare(*pair(tmp_path, right=right), max_findings=1)
    assert (len(result.findings), result.findings_total, result.first_diverging_step) == (1, 3, "read")


@pytest.mark.parametrize("layer", Layer)
def test_a_layer_that_was_not_compared_is_never_green(layer, tmp_path):
    """Two healthy sessions are INCONCLUSIVE as soon as one layer is left out."""
    result = compare(*pair(tmp_path), comparers=ALL - {layer})
    assert (result.verdict, result.findings) == (Verdict.INCONCLUSIVE, ())


def test_two_runs_of_one_target_are_told_apart_in_words(tmp_path):
    """A rerun on the same target is compared like any pair; messages say first and second."""
    again = healthy("local")
    again.hello["nonce"] = "3" * 32
    again.metric("rows_read", "read")["value"] = 4
    result = compare(*pair(tmp_path, right=again))
    assert [f.message for f in result.findings] == ["rows_read is 3 on first local run and 4 on second local run"]


def test_a_changed_event_names_the_field_and_both_values(tmp_path):
    """The finding of a changed field can be read without the session."""
    right = healthy("e2b")
    right.event("inputs_resolved", "delays")["rows"] = 4
    (finding,) = compare(*pair(tmp_path, right=right)).findings
    assert finding.path == "inputs_resolved.rows"
    assert (finding.left, finding.right) == ("3", "4")
    assert finding.message == "inputs_resolved.rows is 3 on local and 4 on e2b"
