"""Missing or contradicting evidence is named and keeps the verdict from green; the same run twice is refused."""

from __future__ import annotations

import pytest

from osiris_core.errors import SameSessionError
from osiris_core.parity.compare import compare
from osiris_core.parity.evidence import check_minimums, check_two_processes
from osiris_core.parity.record import Verdict
from tests.parity.sessions import MANIFEST, failing, healthy, pair


def both(change):
    """Return a healthy pair to whose both sides the same change was made."""
    drafts = healthy("local"), healthy("e2b")
    for draft in drafts:
        change(draft)
    return drafts


def count(draft, **changes):
    """Let `session.json` count something else than lies on disk."""
    draft.counts = {
        "events": 18,
        "metrics": 3,
        "log_lines": {"read": 1, "report": 2},
        "printed_bytes": {"report": 29},
        "artifacts": 3,
        **changes,
    }


def written_by(driver):
    """Return the manifest with another driver for the step that writes."""
    steps = [{**each, "driver": driver} if each["id"] == "write" else each for each in MANIFEST["steps"]]
    return {**MANIFEST, "steps": steps}


def without_event(name, step=None):
    return lambda draft: draft.events.remove(draft.event(name, step))


def doubled_event(name, step=None):
    def change(draft):
        place = draft.events.index(draft.event(name, step))
        draft.events.insert(place, dict(draft.events[place]))

    return change


VACUOUS = {
    "no start of the run": (without_event("run_start"), "0 run_start events instead of one"),
    "two starts of the run": (doubled_event("run_start"), "2 run_start events instead of one"),
    "no final event": (without_event("run_complete"), "0 final events"),
    "two final events": (doubled_event("run_complete"), "2 final events"),
    "an event before the first": (lambda d: d.events.insert(0, d.events.pop(1)), "the first event is step_start"),
    "an event after the last": (lambda d: d.events.append(d.events.pop(-2)), "the last event is step_complete"),
    "no start of a step": (without_event("step_start", "delays"), "step delays: not one start and one end"),
    "no end of a step": (without_event("step_complete", "delays"), "step delays: not one start and one end"),
    "two starts of a step": (doubled_event("step_start", "read"), "step read: not one start and one end"),
    "two ends of a step": (doubled_event("step_complete", "read"), "step read: not one start and one end"),
    "a state without its event": (lambda d: d.steps[0].update(state="failed"), "step read is failed, but has no step_failed"),
    "a step that nobody knows": (lambda d: d.event("page_made").update(step="ghost"), "events of unknown steps: ghost"),
    "a step of the manifest without a state": (lambda d: d.steps.pop(), "no state for report"),
    "a step with two states": (lambda d: d.steps.append(d.steps[0]), "more than one state for read"),
    "no step at all": (lambda d: d.steps.clear(), "there is no step"),
    "no event at all": (lambda d: d.events.clear(), "0 run_start events"),
    "a writer without an artifact": (
        lambda d: d.files.pop("write/delays.csv"), "step write (filesystem.csv_writer) succeeded without an artifact",
    ),
    "a writer of Osiris' own without an artifact": (
        lambda d: (d.files.pop("write/delays.csv"), setattr(d, "manifest", written_by("osiris.drivers.x:CsvWriterDriver"))),
        "step write (osiris.drivers.x:CsvWriterDriver) succeeded without an artifact",
    ),
    "a success that ended in a failure": (
        lambda d: d.event("run_complete").update(event="run_failed"), "but the run ended with run_failed",
    ),
    "too few events": (lambda d: count(d, events=19), "counts events as 19, on disk are 18"),
    "too few metrics": (lambda d: count(d, metrics=4), "counts metrics as 4, on disk are 3"),
    "too few log lines": (lambda d: count(d, log_lines={"read": 2, "report": 2}), "counts log_lines"),
    "too few printed bytes": (lambda d: count(d, printed_bytes={"report": 30}), "counts printed_bytes"),
    "too few artifacts": (lambda d: count(d, artifacts=4), "counts artifacts as 4, on disk are 3"),
    "an outcome that nobody knows": (lambda d: setattr(d, "outcome", "fine"), "unknown outcome 'fine'"),
}  # fmt: skip


@pytest.mark.parametrize("name", VACUOUS)
def test_evidence_that_lacks_on_both_sides_is_never_green(name, tmp_path):
    """Two sides that are equal by lacking the same are INCONCLUSIVE, and the lack is named for each."""
    change, sentence = VACUOUS[name]
    result = compare(*pair(tmp_path, *both(change)))
    assert result.verdict is Verdict.INCONCLUSIVE
    assert result.findings == ()
    for target in ("local", "e2b"):
        assert any(problem.startswith(f"{target}: ") and sentence in problem for problem in result.problems)


def test_the_right_counts_are_no_problem(tmp_path):
    """The counts that the broken ones above are made from are accepted."""
    assert compare(*pair(tmp_path, *both(count))).problems == ()


def test_a_complete_session_has_no_problem(tmp_path):
    """Neither a success nor a failure with skipped steps lacks anything."""
    assert check_minimums(healthy("local").build(tmp_path)) == []
    assert check_minimums(failing("e2b").build(tmp_path)) == []


def test_a_real_difference_outweighs_a_problem(tmp_path):
    """Where something differs the verdict is DIVERGENT, and the problem stays listed."""
    right = healthy("e2b")
    right.events.remove(right.event("step_complete", "delays"))
    result = compare(*pair(tmp_path, right=right))
    assert result.verdict is Verdict.DIVERGENT
    assert any("step delays" in problem for problem in result.problems)


def test_a_lost_session_is_inconclusive_whatever_differs(tmp_path):
    """Without a terminal record a side says nothing, not even that it differs."""
    right = healthy("e2b")
    right.outcome, right.error = "lost", {"type": "Lost", "message": "the sandbox went away", "traceback": []}
    result = compare(*pair(tmp_path, right=right))
    assert result.verdict is Verdict.INCONCLUSIVE
    assert result.findings_total > 0
    assert any("the sandbox went away" in problem for problem in result.problems)


def test_a_session_is_not_compared_with_itself(tmp_path):
    """The same directory is refused, also by another name."""
    session = healthy("local").build(tmp_path)
    with pytest.raises(SameSessionError, match="cannot be compared with itself"):
        compare(session, session)


def test_a_copy_of_a_session_is_not_compared_with_it(tmp_path):
    """Two directories with one nonce come from one worker."""
    left = healthy("local").build(tmp_path / "a")
    right = healthy("local").build(tmp_path / "b")
    with pytest.raises(SameSessionError, match="one worker process"):
        compare(left, right)


DOUBTFUL = {
    "no nonce": (lambda d: d.hello.update(nonce=""), "e2b: the worker's hello has no nonce"),
    "one namespace": (lambda d: d.hello.update(pid_namespace=4026531836), "both workers ran in one process namespace"),
    "another session": (lambda d: setattr(d, "session_id", "other"), "the session id is"),
    "another manifest": (lambda d: d.facts.update(manifest_fingerprint="e" * 64), "the manifest fingerprint is"),
    "another request": (lambda d: d.facts.update(request_digest="e" * 64), "the request digest is"),
    "another request in the worker": (
        lambda d: d.hello.update(request_digest="e"),
        "request digest in the worker's hello",
    ),
    "another bundle": (lambda d: d.hello.update(bundle_digest="e"), "bundle digest in the worker's hello"),
    "no bundle": (lambda d: d.hello.pop("bundle_digest"), "missing on e2b"),
    "another manifest text": (lambda d: setattr(d, "manifest", {**d.manifest, "more": 1}), "different manifests"),
}


@pytest.mark.parametrize("name", DOUBTFUL)
def test_sessions_that_are_not_two_runs_of_one_check_are_inconclusive(name, tmp_path):
    """Equal content proves nothing where the runs were not of the same thing, or not apart."""
    change, sentence = DOUBTFUL[name]
    right = healthy("e2b")
    change(right)
    result = compare(*pair(tmp_path, right=right))
    assert result.verdict is Verdict.INCONCLUSIVE
    assert any(sentence in problem for problem in result.problems)


def test_two_local_runs_may_share_a_namespace(tmp_path):
    """Only a target that claims to be isolated must have a namespace of its own."""
    right = healthy("e2b")
    right.hello["pid_namespace"] = 4026531836
    right.target_facts["isolation"] = "plain"
    assert check_two_processes(*pair(tmp_path, right=right)) == []


def test_a_step_that_was_skipped_has_not_started(tmp_path):
    """In a run that nobody stopped, a skipped step with a start contradicts itself."""
    draft = failing("local")
    draft.events.insert(-3, {**draft.event("step_start", "delays"), "step": "write"})
    (problem,) = check_minimums(draft.build(tmp_path))
    assert "step write: not one start and one end, or one skip, but 1 step_start" in problem


@pytest.mark.parametrize("outcome", ["cancelled", "deadline", "crashed"])
def test_a_run_that_was_stopped_may_have_started_what_it_skips(outcome, tmp_path):
    """A step that was running when the run was stopped has a start and a skip, and that is complete."""
    draft = failing("local")
    draft.outcome = outcome
    draft.event("step_skipped", "write")["reason"] = outcome
    draft.events.insert(-3, {**draft.event("step_start", "delays"), "step": "write"})
    assert check_minimums(draft.build(tmp_path)) == []
