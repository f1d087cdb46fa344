"""What is planted in a run is found when it is held against its baseline, and what must not matter is not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from osiris_core.baseline.holding import Holding, hold
from osiris_core.parity.record import Layer, Verdict
from tests.baseline.stored import held, stored
from tests.parity.sessions import failing, healthy, pair
from tests.parity.test_benign import IDENTICAL, PAIRS
from tests.parity.test_mutations import MUTATIONS

OF_ONE_RUN = "a number becomes a truth value"
"""It is planted in the seed, which follows from the manifest: a baseline takes it from the run."""
BY_DIGEST = {"one byte of a binary artifact changes": "artifact-content"}


@pytest.mark.parametrize("name", [name for name in MUTATIONS if name != OF_ONE_RUN])
def test_a_planted_difference_is_found_in_a_run_held_against_its_baseline(name, tmp_path):
    """In the same layer, with the same code and at the same step as between two targets; the sides are called so."""
    mutate, layer, code, step = MUTATIONS[name]
    right = healthy("e2b")
    mutate(right)

    found = held(tmp_path / "b", *pair(tmp_path, right=right))

    assert found.verdict is Verdict.DIVERGENT
    assert (layer, code, step) in [(f.layer, f.code, f.step) for f in found.findings]
    assert found.first_diverging_step == step


@pytest.mark.parametrize("draft", [healthy, failing], ids=["good", "failing"])
def test_another_run_of_the_same_holds(draft, tmp_path):
    """The baseline of one target holds for itself and for the other, without any rule."""
    left, right = pair(tmp_path, draft("local"), draft("e2b"))
    baseline = stored(tmp_path / "b", left)

    for session in (left, right):
        found = hold(baseline, session, Holding())
        assert (found.verdict, found.findings, found.problems, found.not_compared) == (Verdict.IDENTICAL, (), (), ())
    counts = found.compared
    assert counts.events[0] == counts.events[1] > 0
    assert counts.artifacts[0] == counts.artifacts[1] == len(right.artifacts)


@pytest.mark.parametrize("name", IDENTICAL)
def test_a_benign_change_holds(name, tmp_path):
    """What decides nothing between two targets decides nothing here."""
    right = healthy("e2b")
    IDENTICAL[name](right)

    found = held(tmp_path / "b", *pair(tmp_path, right=right))

    assert (found.verdict, found.findings, found.problems) == (Verdict.IDENTICAL, (), ())


@pytest.mark.parametrize("name", PAIRS)
def test_text_that_is_equal_under_a_rule_holds_under_that_rule(name, tmp_path):
    """The rule is named, and nothing else decided."""
    one, other, rule = PAIRS[name]
    drafts = healthy("local"), healthy("e2b")
    for draft, data in zip(drafts, (one, other), strict=True):
        draft.printed["report"] = data
    left, right = pair(tmp_path, *drafts)

    found = held(tmp_path / "b", left, right)

    assert (found.verdict, found.findings) == (Verdict.EQUIVALENT, ())
    assert [use.rule for use in found.rules if use.decided] == [rule]


def test_both_sides_are_called_what_they_are(tmp_path):
    """A reader sees which value is stored."""
    right = healthy("e2b")
    right.metric("rows_read", "read")["value"] = 4

    found = held(tmp_path / "b", *pair(tmp_path, right=right))

    assert [(f.message, f.left, f.right) for f in found.findings] == [
        ("rows_read is 3 on baseline and 4 on e2b", "3", "4")
    ]


def test_the_logical_time_counts_where_it_was_fixed(tmp_path):
    """A baseline made at the start of its check is told that of any other; one made at a fixed time is not."""
    right = healthy("e2b")
    right.event("run_start")["logical_now"] = "2027-01-01T00:00:00.000000Z"
    left, right = pair(tmp_path, right=right)

    assert held(tmp_path / "free", left, right).verdict is Verdict.IDENTICAL
    found = held(tmp_path / "fixed", left, right, fixed_now=True)
    assert [(f.path, f.hint) for f in found.findings] == [
        ("run_start.logical_now", "the baseline was made at a fixed time: --osiris-now=2026-11-24T11:59:59.000000Z")
    ]


def test_another_manifest_that_does_the_same_holds(tmp_path):
    """A regression test is there to say that a pipeline which was rewritten does what it did."""
    right = healthy("e2b")
    right.event("run_start").update(manifest_fingerprint="0" * 64, seed=8)
    right.manifest = {**right.manifest, "steps": [{**step, "config": {}} for step in right.manifest["steps"]]}

    assert held(tmp_path / "b", *pair(tmp_path, right=right)).verdict is Verdict.IDENTICAL


def test_only_the_pipelines_own_frames_have_lines(tmp_path):
    """Where another version of this package calls a step from is no difference; where a step fails is one."""
    drafts = failing("local"), failing("e2b"), failing("e2b")
    for draft, (ours, own) in zip(drafts, ((35, 12), (41, 12), (35, 13)), strict=True):
        frames = [{"module": "osiris_core.drivers.python_callable", "function": "run", "line": ours}]
        frames.append({"module": "report", "function": "main", "line": own})
        draft.error = {**draft.error, "traceback": frames}
        draft.event("step_failed")["traceback"] = frames
    left, newer, elsewhere = (draft.build(tmp_path / str(number)) for number, draft in enumerate(drafts))
    baseline = stored(tmp_path / "b", left)

    assert hold(baseline, newer, Holding()).verdict is Verdict.IDENTICAL
    found = hold(baseline, elsewhere, Holding())
    assert {finding.path for finding in found.findings} == {"error.traceback[1].line", "step_failed.traceback[1].line"}


def test_a_run_that_is_no_evidence_does_not_hold(tmp_path):
    """A session without an end for each step, or with something that is no artifact, is never green."""
    right = healthy("e2b")
    right.events.insert(-1, {**right.events[-2], "event": "artifact_skipped", "path": "report/x", "reason": "a link"})
    left, right = pair(tmp_path, right=right)

    found = held(tmp_path / "b", left, right)

    assert found.not_compared == ("e2b: report/x was not compared: a link",)
    assert not found.verdict.passes
    lost = replace(right, outcome="lost", error={"type": "SessionLost", "message": "gone"})
    assert held(tmp_path / "c", left, lost).verdict is Verdict.INCONCLUSIVE


def test_a_long_text_is_held_by_its_digest(tmp_path):
    """Of 200 KB the first lines are kept: a difference in one of them is shown, one behind them is told."""
    drafts = [healthy("local"), healthy("e2b"), healthy("e2b"), healthy("e2b")]
    line = b"a line of some length, in /home/%b/flights, after 3 ms\n"
    for draft, user in zip(drafts, (b"ann", b"user", b"user", b"user"), strict=True):
        draft.printed["report"] = (b"start\n" + line % user * 4_000).replace(
            b"/home/user/flights", b"/home/user/project"
        )
    drafts[2].printed["report"] += b"more\n"
    drafts[3].printed["report"] = drafts[3].printed["report"].replace(b"start", b"begin", 1)
    baseline = stored(tmp_path / "b", drafts[0].build(tmp_path))
    assert (tmp_path / "b" / "baseline.json").stat().st_size < 20_000

    same, behind, first = (
        hold(baseline, draft.build(tmp_path / str(n)), Holding()) for n, draft in enumerate(drafts[1:])
    )

    assert same.verdict is Verdict.IDENTICAL
    assert [(f.layer, f.code, f.step, f.path, f.left, f.right) for f in behind.findings] == [
        (Layer.LOGS, "printed-changed", "report", "report.out", "4,001 lines", "4,002 lines")
    ]
    assert [(f.path, f.left, f.right) for f in first.findings] == [("report.out:1", "start", "begin")]


def test_digests_of_another_engine_are_not_believed(tmp_path, monkeypatch):
    """They say nothing about a run's: the values of tables were not compared, which is never green."""
    left, right = pair(tmp_path)
    baseline = stored(tmp_path / "b", left)
    monkeypatch.setattr("osiris_core.baseline.holding.table_digests", lambda: "another")

    found = hold(baseline, right, Holding())

    assert found.verdict is Verdict.INCONCLUSIVE
    assert "the baseline's digests were made by another version of the engine" in found.not_compared[0]
