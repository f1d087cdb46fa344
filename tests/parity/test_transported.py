"""What a record tells of the way on which a session came: read from `target.json`, which may be anybody's."""

from __future__ import annotations

from osiris_core.parity.record import TransportRetry
from osiris_core.parity.summary import step_runs
from osiris_core.parity.transported import traceback_of, transport_of
from tests.parity.sessions import healthy

FACTS = {
    "frames": 41,
    "duplicates": 3,
    "gaps": 2,
    "reconnects": 1,
    "fills": {"ranges": 2, "bytes": 4096},
    "throttled_ms": 12.5,
    "retries": [{"what": "create", "cause": "429", "waited_ms": 200.0}],
    "worker_digest": "aa",
    "journal_digest": "bb",  # over one record more: the terminal one
    "artifact_root_reported": "r1",
}


def test_a_record_tells_what_transport_did_and_what_was_verified(tmp_path):
    """Counts are those of the file; a digest of the records is there only where it held, the artifact root is compared."""
    draft = healthy("e2b")
    draft.target_facts = FACTS
    draft.facts["artifact_root"] = "r1"
    session = draft.build(tmp_path)

    told = transport_of(session)

    assert (told.records, told.duplicates, told.gaps, told.reconnects) == (41, 3, 2, 1)
    assert (told.fills, told.filled_bytes, told.throttled_ms) == (2, 4096, 12.5)
    assert told.retries == (TransportRetry(what="create", cause="429", waited_ms=200.0),)
    assert (told.verified, told.artifacts_verified) == (True, True)


def test_what_was_not_stated_or_does_not_hold_is_not_called_verified(tmp_path):
    """A worker that stated nothing of its records is neither; another artifact root is damage."""
    draft = healthy("e2b")
    draft.target_facts = {**FACTS, "worker_digest": None}
    draft.facts["artifact_root"] = "r2"

    told = transport_of(draft.build(tmp_path))

    assert (told.verified, told.artifacts_verified) == (None, False)


def test_facts_of_another_form_count_as_nothing(tmp_path):
    """A file that somebody wrote by hand breaks no report, and gives no record that nobody could read."""
    draft = healthy("e2b")
    draft.target_facts = {
        "frames": "many",
        "gaps": -1,
        "stalls": 10**30,
        "reconnects": True,
        "fills": [],
        "retries": [7, {"waited_ms": 1e300}],
        "throttled_ms": float("inf"),
    }

    told = transport_of(draft.build(tmp_path))

    assert (told.records, told.gaps, told.reconnects, told.fills, told.throttled_ms) == (0, 0, 0, 0, 0.0)
    assert (told.stalls, told.retries, told.verified) == (0, (TransportRetry(what="", cause=""),), None)
    assert traceback_of({"traceback": "none"}) == ()


def test_a_step_tells_its_retries_and_why_it_was_skipped(tmp_path):
    """Retries are counted from the events, the reason is the terminal record's."""
    draft = healthy("local")
    draft.events += [{"event": "step_retried", "step": "write", "attempt": number} for number in (1, 2)]
    draft.steps[-1] = {"id": "report", "state": "skipped", "reason": "upstream-failed", "cause": "delays"}

    runs = {run.id: run for run in step_runs(draft.build(tmp_path))}

    assert {name: run.retries for name, run in runs.items()} == {"read": 0, "delays": 0, "write": 2, "report": 0}
    assert (runs["report"].reason, runs["report"].blamed) == ("upstream-failed", "delays")
    assert traceback_of({"traceback": [{"module": "m", "function": "f", "line": 3}]}) == ("m:f:3",)
