"""A worker on tape: frames made by hand, which a test may cut, double, change or lie with."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from osiris_core.session.writer import SessionWriter
from osiris_core.wire import records
from osiris_core.wire.canon import canonical_json
from osiris_core.wire.digest import RunningDigest
from osiris_core.wire.frames import encode_frame, session_tag
from osiris_core.wire.parts import split_payload
from osiris_core.wire.request import RunRequest
from osiris_core.wire.roots import root_of_records

if TYPE_CHECKING:
    from pathlib import Path

SESSION_ID = "20261124T120000Z-0a1b2c3d"
FINGERPRINT = "f" * 64
MANIFEST: dict[str, Any] = {
    "pipeline": {"id": "flights"},
    "steps": [
        {"id": "read", "driver": "filesystem.csv_extractor", "needs": [], "config": {"path": "data/flights.csv"}},
        {"id": "write", "driver": "filesystem.csv_writer", "needs": ["read"], "config": {"path": "out.csv"}},
    ],
}
REQUEST = RunRequest(
    session_id=SESSION_ID,
    manifest=MANIFEST,
    order=("read", "write"),
    logical_now="2026-11-24T11:59:59.000000Z",
    seed=7,
    manifest_fingerprint=FINGERPRINT,
)
CSV = b"carrier,n\nAA,2\n"
SCRIPT = b"#!/bin/sh\n"
FILES = {"write/out.csv": (CSV, 0o644), "write/deep/run.sh": (SCRIPT, 0o755)}
TARGET_FACTS = {
    "target": "local",
    "provider": "host",
    "isolation": "none",
    "sandbox_id": "",
    "template": "",
    "phases": [{"name": "run", "elapsed_ms": 12.5}],
    "bytes": {"up": 0, "down": 0},
    "http_requests": 0,
    "reconnects": 0,
    "retries": [],
}


@dataclass
class Tape:
    """Frames in order; `lines` are the frames, `said` the records they carry."""

    session_id: str = SESSION_ID
    epoch: int = 0
    lines: list[bytes] = field(default_factory=list)
    said: list[dict[str, Any]] = field(default_factory=list)
    digest: RunningDigest = field(default_factory=RunningDigest)
    counts: Counter[str] = field(default_factory=Counter)
    ticks: int = 0

    @property
    def data(self) -> bytes:
        """The whole spool."""
        return b"".join(self.lines)

    def ts(self) -> str:
        """Return the time of the next record."""
        self.ticks += 1
        return f"2026-11-24T12:00:{self.ticks // 1000:02d}.{self.ticks % 1000:03d}000Z"

    def say(self, record: dict[str, Any]) -> None:
        """Append a record, in parts where it is long."""
        self.said.append(record)
        self.counts[record["kind"]] += 1
        payloads = split_payload(canonical_json(record), ts=record["ts"], step=record["step"])
        for payload in payloads:
            self.counts["part"] += len(payloads) > 1
            self.frame(payload)
        self.counts += Counter()  # forget the zero

    def frame(self, payload: bytes) -> None:
        """Append a payload as the next frame."""
        seq = len(self.lines)
        line = encode_frame(
            tag=session_tag(self.session_id), epoch=self.epoch, seq=seq, offset=len(self.data), payload=payload
        )
        self.digest.update(seq, payload)
        self.lines.append(line)

    def hello(self, **changed: Any) -> None:
        """Say hello."""
        facts = {
            "protocol": 1,
            "session": SESSION_ID,
            "nonce": "0123456789abcdef" * 2,
            "request_digest": REQUEST.digest,
            "bundle_digest": "b" * 64,
            "boot_id": "boot-1",
            "pid_namespace": 4026531836,
            "roots": {"project": "/home/ann/flights"},
            "environment": {"python": "3.11.2"},
        }
        self.say(records.hello(ts=self.ts(), facts={**facts, **changed}))

    def event(self, name: str, step: str | None = None, **data: Any) -> None:
        """Say that something happened."""
        self.say(records.event(ts=self.ts(), step=step, name=name, data=data))

    def metric(self, name: str, step: str | None, value: float, **changed: Any) -> None:
        """Say a number."""
        body: dict[str, Any] = {"unit": None, "volatile": False, "tags": {}, **changed}
        self.say(records.metric(ts=self.ts(), step=step, name=name, value=value, **body))

    def log(self, step: str | None, message: str, level: str = "INFO") -> None:
        """Say a log line."""
        self.say(records.log(ts=self.ts(), step=step, level=level, logger=f"osiris.{step}", message=message))

    def printed(self, step: str, data: bytes) -> None:
        """Say what a step printed."""
        self.say(records.stdio(ts=self.ts(), step=step, data=data))

    def artifact(self, path: str, data: bytes, mode: int = 0o644) -> None:
        """Say that a step left a file."""
        step = path.partition("/")[0]
        sha256 = hashlib.sha256(data).hexdigest()
        self.say(records.artifact(ts=self.ts(), step=step, path=path, size_bytes=len(data), mode=mode, sha256=sha256))
        self.event("artifact_created", step, path=path)

    def checkpoint(self, **changed: Any) -> None:
        """Say the state before this record."""
        state = {"seq": len(self.lines), "offset": len(self.data), "digest": self.digest.hexdigest()}
        self.say(records.checkpoint(ts=self.ts(), step=None, **{**state, **changed}))

    def throttled(self, waited_ms: float) -> None:
        """Say that the run waited for the host."""
        self.say(records.throttled(ts=self.ts(), step="write", waited_ms=waited_ms, offset=len(self.data)))

    def terminal(self, **changed: Any) -> None:
        """Say the end, truthfully but for what is `changed`."""
        artifacts = [record for record in self.said if record["kind"] == "artifact"]
        body: dict[str, Any] = {
            "outcome": "succeeded",
            "failed_step": None,
            "error": None,
            "steps": [{"id": step, "state": "succeeded", "reason": None, "cause": None} for step in ("read", "write")],
            "counts": dict(self.counts),
            "frames": len(self.lines),
            "digest": self.digest.hexdigest(),
            "artifact_root": root_of_records(artifacts),
            "artifacts": len(artifacts),
            "stray_bytes": 0,
        }
        self.say(records.terminal(ts=self.ts(), **{**body, **changed}))


def begin(tape: Tape) -> Tape:
    """Put a run up to the end of its first step on a tape."""
    tape.hello()
    tape.event(
        "run_start", pipeline_id="flights", manifest_fingerprint=FINGERPRINT, steps=2,
        logical_now="2026-11-24T11:59:59.000000Z", seed=7,
    )  # fmt: skip
    tape.event("step_start", "read", driver="filesystem.csv_extractor", needs=[])
    tape.log("read", "reading flights")
    tape.metric("rows_read", "read", 2)
    tape.metric("step_duration_ms", "read", 1.5, unit="ms", volatile=True)
    tape.event("step_complete", "read", rows=2, tables={"df": TABLE}, duration_ms=1.5)
    tape.checkpoint()
    return tape


def go_on(tape: Tape, files: dict[str, tuple[bytes, int]] | None = None) -> Tape:
    """Put the second step and the final event on a tape."""
    tape.event("step_start", "write", driver="filesystem.csv_writer", needs=["read"])
    tape.event("inputs_resolved", "write", key="df_read", from_step="read", rows=2)
    tape.event("page_made", "write", page=1, note="zürich \ud800")
    tape.printed("write", b"half a li")
    tape.printed("write", b"ne\n\xff\x00 no text")
    tape.metric("rows_written", "write", 2, tags={"table": "out"})
    for path, (data, mode) in (FILES if files is None else files).items():
        tape.artifact(path, data, mode)
    tape.event("step_complete", "write", rows=None, tables={}, duration_ms=2.25)
    tape.checkpoint()
    tape.event("run_complete", steps_succeeded=2, duration_ms=5)
    return tape


def healthy() -> Tape:
    """Return a tape of a run that succeeded."""
    tape = go_on(begin(Tape()))
    tape.terminal()
    return tape


TABLE: dict[str, Any] = {
    "rows": 2,
    "schema": [{"name": "n", "type": "decimal128(38, 0)", "nullable": True}],
    "ordered": "aa",
    "unordered": "bb",
    "columns": {
        "n": {"ordered": "cc", "unordered": "dd", "count": 2, "nulls": 0, "min": 1, "max": 2, "sum": 2**70},
    },
}


def outbox(directory: Path, files: dict[str, tuple[bytes, int]] | None = None) -> Path:
    """Write files as the steps of a run leave them."""
    for path, (data, mode) in (FILES if files is None else files).items():
        place = directory / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
        place.chmod(mode)
    return directory


def open_writer(root: Path, **changed: Any) -> SessionWriter:
    """Open the session of the tapes under `root`."""
    known: dict[str, Any] = {
        "root": root,
        "session_id": SESSION_ID,
        "target": "local",
        "request": REQUEST,
        "manifest_json": MANIFEST,
    }
    return SessionWriter.open(**{**known, **changed})
