"""A supervisor that is stopped, or slow, changes nothing in what a run says of its time."""

from __future__ import annotations

import json
import os
import time

import pytest

from osiris_core.worker import recorder as recorder_module
from osiris_core.worker.ending import write_ending
from osiris_core.worker.merge import Merger
from osiris_core.worker.outcome import End
from osiris_core.worker.recorder import Recorder
from osiris_core.worker.staging import read_assignment

HELLO_TS = "2026-01-02T03:04:05.000006Z"
STEP_TS = "2026-01-02T03:04:05.100000Z"


@pytest.fixture
def recorder(worker, monkeypatch):
    """A supervisor's recorder for a run of one step; its live copy goes nowhere."""
    worker.prepare("def one(config, inputs, ctx): pass", [("one", "one", (), {})])
    descriptor = os.open(os.devnull, os.O_WRONLY)
    monkeypatch.setattr(recorder_module, "_STDOUT", descriptor)
    made = Recorder(read_assignment(worker.run_directory))
    yield made
    made.spool.close()
    os.close(descriptor)


def told(verb, **values):
    return verb, json.dumps(values).encode()


def events(recorder, worker):
    recorder.flush()
    lines = (worker.run_directory / "spool" / "00000000.os1").read_bytes().splitlines()
    records = [json.loads(line.split(b" ", 7)[7]) for line in lines]
    return {record["name"]: record for record in records if record["kind"] == "event"}


def test_a_run_starts_when_the_executor_says_hello_however_late_that_is_read(recorder, worker):
    """`run_start` has the hello's time, so that no step starts before its run; the run's length counts from there too."""
    hello = {"kind": "hello", "ts": HELLO_TS, "step": None}
    begun = {"kind": "event", "ts": STEP_TS, "step": "one", "name": "step_start", "data": {}}
    said_hello = time.monotonic() - 60  # what the supervisor reads now was said a minute ago
    messages = [told("start", record=hello, monotonic_s=said_hello), told("begin", step="one", record=begun)]
    Merger(recorder).feed(messages, b"")
    recorder.ledger.end("one", "succeeded", None)
    write_ending(
        recorder.spool, read_assignment(worker.run_directory), recorder.ledger, End(outcome="succeeded", error=None)
    )
    found = events(recorder, worker)
    assert found["run_start"]["ts"] == HELLO_TS
    assert found["step_start"]["ts"] == STEP_TS
    assert found["run_complete"]["data"]["duration_ms"] >= 60_000


def test_without_a_hello_the_supervisors_clock_counts(recorder, worker):
    """A run whose executor never spoke has a start of its own, now."""
    recorder.start_run()
    assert events(recorder, worker)["run_start"]["ts"] > HELLO_TS
