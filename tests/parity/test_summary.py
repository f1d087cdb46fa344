"""Steps and verdicts are put into words and numbers that a stranger understands."""

from __future__ import annotations

import pytest

from osiris_core.parity.compare import ALL, compare
from osiris_core.parity.record import Comparison, Finding, Layer, ParityRecord, RecordSet, TargetRun, Verdict
from osiris_core.parity.record_io import decode_records, encode_records
from osiris_core.parity.summary import headline, step_runs
from tests.parity.sessions import failing, healthy, pair


def test_a_step_tells_what_it_did(tmp_path):
    """Driver, needs, state, rows, time since the run's start, duration and artifacts, and what coverage counts."""
    runs = step_runs(healthy("local").build(tmp_path))
    assert [run.id for run in runs] == ["read", "delays", "write", "report"]
    write = runs[2]
    assert (write.driver, write.needs, write.state) == ("filesystem.csv_writer", ("delays",), "succeeded")
    assert (write.rows, write.duration_ms, write.started_ms) == (None, 12.0, 60.0)
    assert write.artifacts == ("write/delays.csv",)
    assert runs[1].rows == 2
    assert (runs[1].options, runs[1].classes) == (("query",), ("text", "integer"))
    assert (write.options, write.classes) == (("path",), ())


def test_a_step_tells_of_its_attempts(tmp_path):
    """Those that failed and were followed by another, and why there was no other; of the last one tells the step itself."""
    draft = healthy("local")
    end = draft.events.index(draft.event("step_complete", "delays"))
    told = {**draft.events[end - 1], "event": "step_retried", "step": "delays", "traceback": []}
    told |= {"attempt": 1, "error_type": "ConnectionError", "message": "refused"}
    refused = {
        **draft.events[end - 1],
        "event": "retry_refused",
        "step": "delays",
        "attempt": 2,
        "reason": "it has left files",
    }
    draft.events[end:end] = [told, refused]
    step = step_runs(draft.build(tmp_path))[1]
    [attempt] = step.attempts
    assert (step.retries, step.not_retried) == (1, "it has left files")
    assert (attempt.number, attempt.error_type, attempt.error) == (1, "ConnectionError", "refused")
    assert attempt.ended_ms is not None


def test_attempts_of_a_step_are_bounded_and_say_so(tmp_path):
    """The first twenty; of an error so much, with the number of the characters that are not there."""
    draft = healthy("local")
    end = draft.events.index(draft.event("step_complete", "delays"))
    told = {
        **draft.events[end - 1],
        "event": "step_retried",
        "step": "delays",
        "message": "x" * 1_600,
        "error_type": "E" * 300,
    }
    draft.events[end:end] = [{**told, "attempt": number} for number in range(1, 26)]
    step = step_runs(draft.build(tmp_path))[1]
    assert (step.retries, len(step.attempts)) == (25, 20)
    assert step.attempts[0].error == f"{'x' * 1_500}… (100 more characters)"
    assert step.attempts[0].error_type == f"{'E' * 200}… (100 more characters)"


@pytest.mark.parametrize(("rows", "duration_ms"), [(-1, 1e300), (10**30, True), (True, "1 s"), (2.5, float("inf"))])
def test_numbers_that_no_record_may_have_are_left_out(tmp_path, rows, duration_ms):
    """Events may be those of another program; a record that holds them could not be read again."""
    draft = healthy("local")
    draft.event("step_complete", "delays").update(rows=rows, duration_ms=duration_ms)
    steps = step_runs(draft.build(tmp_path))
    assert (steps[1].rows, steps[1].duration_ms) == (None, None)
    run = TargetRun(target="local", provider="host", isolation="none", steps=steps)
    records = RecordSet(
        records=(ParityRecord(manifest="m", pipeline_id="m", passed=True, headline="", targets=(run,)),)
    )
    assert decode_records(encode_records(records)) == records


def test_a_step_that_did_not_run_has_no_numbers(tmp_path):
    """A skipped step has a state and nothing else; a failed one has a duration."""
    runs = step_runs(failing("local").build(tmp_path))
    assert (runs[3].state, runs[3].rows, runs[3].duration_ms, runs[3].started_ms) == ("skipped", None, None, None)
    assert (runs[1].state, runs[1].duration_ms) == ("failed", 3.0)


def test_identical_says_how_much_was_compared(tmp_path):
    """Green is only worth what it looked at."""
    assert headline(compare(*pair(tmp_path))) == (
        "local and e2b did the same: 18 events, 3 metrics, 6 log lines, 2 tables, 3 artifacts compared, no difference."
    )


def test_equivalent_names_its_rules(tmp_path):
    """What was set aside, by which rule, and how often."""
    left, right = healthy("local"), healthy("e2b")
    left.printed["report"], right.printed["report"] = b"took 0.1s\n", b"took 0.2s\n"
    assert "what differs was set aside by `text-noise` (1)" in headline(compare(*pair(tmp_path, left, right)))


def test_divergent_names_step_place_and_values(tmp_path):
    """The first difference is in the sentence, the others are counted."""
    right = healthy("e2b")
    right.event("inputs_resolved", "delays")["rows"] = 4
    right.files["write/delays.csv"] = b"carrier,n,late\r\nAA,2,11\r\nBB,1,-3\r\n"
    assert headline(compare(*pair(tmp_path, right=right))) == (
        "local and e2b part at step `delays`: inputs_resolved.rows is 3 on local and 4 on e2b (1 cause, 1 effect)."
    )


def test_divergent_carries_the_hint(tmp_path):
    """Where the evidence suggests what to do, the sentence ends with it."""
    right = failing("e2b", "ModuleNotFoundError", "No module named 'requests'")
    said = headline(compare(*pair(tmp_path, right=right)))
    assert said.startswith("local and e2b part at step `delays`")
    assert said.endswith('Hint: add "requests" to requirements: (not found on e2b).')
    finding = Finding(layer=Layer.LOGS, step="a", code="c", path="a.log", message="m", hint="set TZ under env:")
    told = Comparison(verdict=Verdict.DIVERGENT, findings=(finding,), first_diverging_step="a")
    assert headline(told) == "local and e2b part at step `a`: a.log: m. Hint: set TZ under env."


def test_inconclusive_says_why(tmp_path):
    """The first reason is named."""
    result = compare(*pair(tmp_path), comparers=ALL - {Layer.LOGS})
    assert headline(result) == "Nothing can be said about local and e2b: layer logs was switched off."


def test_every_verdict_has_a_sentence():
    """No verdict leaves the reader without words."""
    for verdict in Verdict:
        assert headline(Comparison(verdict=verdict)).endswith(".")
