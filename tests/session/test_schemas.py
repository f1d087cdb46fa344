"""Real sessions satisfy the schemas, broken ones do not, and what may vary is read from them."""

from __future__ import annotations

import copy
import json

import pytest
from jsonschema import Draft202012Validator, ValidationError

from osiris_core.session.volatile import SCHEMAS, event_schema, is_volatile_metric, load_schema, volatile_fields
from osiris_core.wire.records import EVENT_NAMES
from tests.session.tape import TARGET_FACTS, Tape, begin, open_writer

WHOLE = {"session": "session.json", "manifest": "manifest.json", "target": "target.json"}
LINES = {"events": "events.jsonl", "metrics": "metrics.jsonl"}


def validate(name, value):
    Draft202012Validator(load_schema(name)).validate(value)


def values(directory):
    """Yield (schema, value) for every file and line of a session."""
    for schema, name in WHOLE.items():
        yield schema, json.loads((directory / name).read_bytes())
    for schema, name in LINES.items():
        for line in (directory / name).read_bytes().splitlines():
            yield schema, json.loads(line)


def every_event(tape):
    """Put an event of every name on a tape."""
    tape.event("artifact_skipped", "read", path="read/link", reason="it is a link")
    tape.event("step_start", "write", driver="filesystem.csv_writer", needs=["read"])
    trace = [{"module": "report", "function": "main", "line": 3}, {"module": "x", "function": "<module>", "line": 0}]
    tape.event("step_failed", "write", error_type="ValueError", message="no", traceback=trace, duration_ms=0.5)
    tape.event("step_retried", "write", attempt=1, error_type="ValueError", message="no", traceback=trace)
    tape.event("retry_refused", "write", attempt=2, reason="it has left files")
    tape.event("step_skipped", "write", reason="upstream-failed", cause="read")
    tape.event("run_failed", failed_step="write", error_type="ValueError", steps_succeeded=1, duration_ms=1)
    tape.event("run_failed", failed_step=None, error_type=None, steps_succeeded=1, duration_ms=1)
    tape.event("run_cancelled", duration_ms=1)


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_schemas_are_schemas(name):
    """Every file of the contract has a valid schema of the draft that it names."""
    schema = load_schema(name)

    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_a_real_session_satisfies_them(record_session):
    """Every file and every line of a session that succeeded."""
    count = 0
    for schema, value in values(record_session().directory):
        validate(schema, value)
        count += 1

    assert count == 3 + 10 + 3


@pytest.mark.parametrize("ending", ["terminal", "cancelled", "lost", "nothing"])
def test_sessions_that_did_not_succeed_satisfy_them(tmp_path, ending):
    """Failed, cancelled and lost sessions, and one in which no record came."""
    writer = open_writer(tmp_path)
    tape = begin(Tape())
    every_event(tape)
    if ending == "terminal":
        error = {"type": "ValueError", "message": "no", "traceback": [{"module": "m", "function": "f", "line": 1}]}
        tape.terminal(outcome="failed", failed_step="write", error=error)
    if ending != "nothing":
        writer.feed(tape.data)
    session = writer.close(target_facts=TARGET_FACTS, outcome_override="cancelled" if ending == "cancelled" else None)

    for schema, value in values(session.directory):
        validate(schema, value)
    assert session.outcome == {"terminal": "failed", "nothing": "lost"}.get(ending, ending)


def test_every_event_of_the_worker_has_a_branch():
    """No event of the worker's is taken for a driver's."""
    branches = load_schema("events")["$defs"].keys() - {"driver_event", "traceback", "table", "column"}

    assert branches == EVENT_NAMES


def drop(name):
    return lambda value: value.pop(name)


def put(name, new):
    return lambda value: value.update({name: new})


BROKEN = [
    ("session", {}, drop("outcome")),
    ("session", {}, drop("counts")),
    ("session", {}, put("contract", 2)),
    ("session", {}, put("outcome", "great")),
    ("session", {}, put("outcome", "failed")),
    ("session", {}, put("error", {"type": "x", "message": "y", "traceback": []})),
    ("session", {}, put("seed", -1)),
    ("session", {}, put("more", 1)),
    ("session", {}, put("digest", "x")),
    ("session", {}, put("steps", [{"id": "a"}])),
    ("manifest", {}, drop("pipeline")),
    ("manifest", {}, put("steps", [{"id": "1", "driver": "x"}])),
    ("target", {}, drop("journal_digest")),
    ("target", {}, put("hello", {})),
    ("target", {}, put("phases", [{"name": "run"}])),
    ("target", {}, put("gaps", -1)),
    ("metrics", {"metric": "rows_read"}, put("value", "2")),
    ("metrics", {"metric": "rows_read"}, put("tags", {"a": 1})),
    ("metrics", {"metric": "rows_read"}, drop("unit")),
    ("metrics", {"metric": "rows_read"}, put("more", 1)),
    ("events", {"event": "run_start"}, drop("seed")),
    ("events", {"event": "run_start"}, put("step", "read")),
    ("events", {"event": "run_start"}, put("ts", "yesterday")),
    ("events", {"event": "run_start"}, put("more", 1)),
    ("events", {"event": "step_start"}, put("step", None)),
    ("events", {"event": "step_complete"}, drop("duration_ms")),
    ("events", {"event": "step_complete"}, put("duration_ms", -1)),
    ("events", {"event": "step_complete"}, put("tables", {"df": {"rows": 1}})),
    ("events", {"event": "page_made"}, drop("step")),
    ("events", {"event": "page_made"}, put("step", 1)),
    ("events", {"event": "page_made"}, put("event", "")),
    ("events", {"event": "page_made"}, put("event", "run_complete")),
]


@pytest.mark.parametrize(("schema", "which", "change"), BROKEN)
def test_a_broken_one_does_not(record_session, schema, which, change):
    """Each planted fault is found, and the value without it is fine."""
    directory = record_session().directory
    good = next(value for name, value in values(directory) if name == schema and which.items() <= value.items())
    broken = copy.deepcopy(good)
    change(broken)

    validate(schema, good)
    with pytest.raises(ValidationError):
        validate(schema, broken)


def test_what_may_vary_in_events_is_marked_in_their_schema():
    """Time everywhere, durations where an event has one, nothing else; a driver's events have a time only."""
    assert volatile_fields("events", "step_complete") == {"ts": "time", "duration_ms": "duration_ms"}
    assert volatile_fields("events", "step_failed") == {"ts": "time", "duration_ms": "duration_ms"}
    assert volatile_fields("events", "run_cancelled") == {"ts": "time", "duration_ms": "duration_ms"}
    assert volatile_fields("events", "step_start") == {"ts": "time"}
    assert volatile_fields("events", "page_made") == {"ts": "time"}
    assert volatile_fields("events") == {"ts": "time"}


def test_a_drivers_own_duration_does_not_vary_by_its_name():
    """Only the marked fields of known events are volatile."""
    assert "duration_ms" not in volatile_fields("events", "page_made")
    assert event_schema("page_made") == load_schema("events")["$defs"]["driver_event"]


def test_what_may_vary_in_the_other_files():
    """A metric's time may vary; session.json and manifest.json hold nothing that may; target.json may as a whole."""
    assert volatile_fields("metrics") == {"ts": "time"}
    assert volatile_fields("session") == {}
    assert volatile_fields("manifest") == {}
    assert load_schema("target")["x-osiris-volatile"] == "all"


@pytest.mark.parametrize(
    ("volatile", "unit", "varies"),
    [(True, None, True), (False, "ms", True), (False, "seconds", True), (False, None, False), (False, "rows", False)],
)
def test_a_metric_varies_when_it_says_so_or_is_a_time(volatile, unit, varies):
    """The flag and the units are the schema's."""
    assert is_volatile_metric({"volatile": volatile, "unit": unit}) is varies


def test_an_unknown_schema_is_refused():
    """There are five files."""
    with pytest.raises(ValueError, match="there is no schema 'logs'"):
        load_schema("logs")
