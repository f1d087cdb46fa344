"""The comparison holds for sessions that were written to disk from a worker's records, and read back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from osiris_core.errors import SameSessionError
from osiris_core.parity.compare import compare
from osiris_core.parity.record import Verdict
from osiris_core.session.reader import open_session
from osiris_core.session.writer import SessionWriter
from osiris_core.wire import records
from osiris_core.wire.canon import canonical_json, sha256_hex
from osiris_core.wire.digest import RunningDigest
from osiris_core.wire.frames import encode_frame, session_tag
from osiris_core.wire.request import RunRequest
from osiris_core.wire.roots import root_of_records
from tests.parity.sessions import MANIFEST, SESSION_ID, healthy

if TYPE_CHECKING:
    from pathlib import Path

    from osiris_core.session.reader import Session
    from tests.parity.sessions import Draft

REQUEST = RunRequest(
    session_id=SESSION_ID,
    manifest=MANIFEST,
    order=("read", "delays", "write", "report"),
    logical_now="2026-11-24T11:59:59.000000Z",
    seed=7,
    manifest_fingerprint="f" * 64,
)


def lines_of(draft: Draft) -> list[dict]:
    """Return the records of a draft as its worker would have sent them, the terminal one left out."""
    at = draft.events[0]["ts"]
    sent = [records.hello(ts=at, facts={**draft.hello, "session": SESSION_ID, "request_digest": REQUEST.digest})]
    for event in draft.events[:-1]:
        data = {name: value for name, value in event.items() if name not in records.EVENT_KEYS}
        sent.append(records.event(ts=event["ts"], step=event["step"], name=event["event"], data=data))
    for line in draft.metrics:
        fields = {name: line[name] for name in ("ts", "step", "value", "unit", "volatile", "tags")}
        sent.append(records.metric(name=line["metric"], **fields))
    for step, data in draft.logs.items():
        for line in data.decode().splitlines():
            level, logger, message = line.split(" ", 2)
            sent.append(records.log(ts=at, step=step, level=level, logger=logger, message=message))
    sent += [records.stdio(ts=at, step=step, data=data) for step, data in draft.printed.items()]
    sent += [
        records.artifact(
            ts=at, step=path.split("/")[0], path=path, size_bytes=len(data), mode=0o644, sha256=sha256_hex(data)
        )
        for path, data in draft.files.items()
    ]
    last = draft.events[-1]
    data = {name: value for name, value in last.items() if name not in records.EVENT_KEYS}
    return [*sent, records.event(ts=last["ts"], step=None, name=last["event"], data=data)]


def frames_of(draft: Draft) -> bytes:
    """Return the worker's stdout: the records as frames, the terminal one with true counts and digests."""
    sent = lines_of(draft)
    tag, out, digest = session_tag(SESSION_ID), b"", RunningDigest()
    counts = {kind: n for kind in records.KINDS if (n := sum(record["kind"] == kind for record in sent))}
    files = [record for record in sent if record["kind"] == "artifact"]
    terminal = records.terminal(
        ts=draft.events[-1]["ts"],
        outcome=draft.outcome,
        failed_step=None,
        error=None,
        steps=draft.steps,
        counts=counts,
        frames=len(sent),
        digest="",
        artifact_root=root_of_records(files),
        artifacts=len(files),
        stray_bytes=0,
    )
    for seq, record in enumerate([*sent, terminal]):
        if record is terminal:
            record["digest"] = digest.hexdigest()
        payload = canonical_json(record)
        out += encode_frame(tag=tag, epoch=0, seq=seq, offset=len(out), payload=payload)
        digest.update(seq, payload)
    return out


def written(root: Path, draft: Draft) -> Session:
    """Write a draft's session as the host does, and read it back from its directory."""
    writer = SessionWriter.open(
        root=root, session_id=SESSION_ID, target=draft.target, request=REQUEST, manifest_json=draft.manifest
    )
    writer.feed(frames_of(draft))
    source = writer.host_directory / "incoming"
    for path, data in draft.files.items():
        (source / path).parent.mkdir(parents=True, exist_ok=True)
        (source / path).write_bytes(data)
        (source / path).chmod(0o644)
    writer.adopt_artifacts(source)
    session = writer.close(target_facts={"target": draft.target, **draft.target_facts})
    return open_session(session.directory)


def test_two_written_sessions_that_did_the_same_are_identical(tmp_path):
    """A healthy pair, through frames, journal, files and reader."""
    result = compare(written(tmp_path, healthy("local")), written(tmp_path, healthy("e2b")))
    assert (result.verdict, result.findings, result.problems) == (Verdict.IDENTICAL, (), ())
    assert result.compared.events == (18, 18)
    assert result.compared.log_lines == (6, 6)
    assert result.compared.artifact_bytes[0] > 0


def test_a_difference_between_written_sessions_is_found(tmp_path):
    """One printed word, one cell, one metric: each at its step."""
    right = healthy("e2b")
    right.printed["report"] = b"line one\nline 2\nline three\n"
    right.files["write/delays.csv"] = b"carrier,n,late\r\nAA,2,10\r\nBB,1,-4\r\n"
    right.metric("rows_read", "read")["value"] = 4
    result = compare(written(tmp_path, healthy("local")), written(tmp_path, right))
    assert (result.verdict, result.first_diverging_step) == (Verdict.DIVERGENT, "read")
    assert [(f.step, f.code, f.path) for f in result.findings] == [
        ("read", "metric-changed", "rows_read"),
        ("write", "table-cells", "write/delays.csv"),
        ("report", "printed-changed", "report.out:2"),
    ]


def test_a_written_session_is_not_compared_with_itself(tmp_path):
    """Opened twice it is still one run."""
    session = written(tmp_path, healthy("local"))
    with pytest.raises(SameSessionError):
        compare(session, open_session(session.directory))


def test_a_session_that_lost_its_end_is_inconclusive(tmp_path):
    """Where the last frame never came, nothing is said about the pipeline."""
    left, right = written(tmp_path, healthy("local")), healthy("e2b")
    writer = SessionWriter.open(
        root=tmp_path, session_id=SESSION_ID, target="e2b", request=REQUEST, manifest_json=MANIFEST
    )
    writer.feed(b"".join(frames_of(right).splitlines(keepends=True)[:-1]))
    result = compare(left, writer.close(target_facts={"target": "e2b", **right.target_facts}))
    assert result.verdict is Verdict.INCONCLUSIVE
    assert any("lost" in problem for problem in result.problems)
