"""Drafts of sessions for the parity tests: a healthy pair to which a test adds exactly one difference.

The values are written by hand, except the counts of `session.json`, which `build` takes from the draft
unless a test sets them: a test that plants one difference must not plant a wrong count as well.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from osiris_core.session.reader import ArtifactFile, Session, StepState

if TYPE_CHECKING:
    from pathlib import Path

SESSION_ID = "20261124T120000Z-0a1b2c3d"

MANIFEST = {
    "pipeline": {"id": "flights"},
    "steps": [
        {"id": "read", "driver": "filesystem.csv_extractor", "needs": [], "config": {"path": "data/flights.csv"}},
        {"id": "delays", "driver": "duckdb.processor", "needs": ["read"], "config": {"query": "select 1"}},
        {"id": "write", "driver": "filesystem.csv_writer", "needs": ["delays"], "config": {"path": "delays.csv"}},
        {"id": "report", "driver": "python.callable", "needs": ["delays"], "config": {"function": "report:main"}},
    ],
}

CSV = b"carrier,n,late\r\nAA,2,10\r\nBB,1,-3\r\n"
ROOTS = {
    "local": {
        "project": "/home/ann/flights",
        "work": "/home/ann/flights",
        "output": "/home/ann/flights/.osiris/runs/x/local/.host/outbox",
        "temporary": "/tmp",
        "home": "/home/ann",
        "prefix": "/opt/venv",
        "site": ["/opt/venv/lib/python3.11/site-packages"],
        "bundle": "/home/ann/flights/.osiris/runs/x/local/.host/bundle.pyz",
    },
    "e2b": {
        "project": "/home/user/project",
        "work": "/home/user/project",
        "output": "/home/user/.osiris/run/outbox",
        "temporary": "/tmp",
        "home": "/home/user",
        "prefix": "/usr/local",
        "site": ["/opt/closure/lib/python3.11/site-packages"],
        "bundle": "/home/user/.osiris/run/bundle.pyz",
    },
}
START = {"local": "2026-11-24T12:00:00", "e2b": "2026-11-24T12:00:30"}


@dataclass
class Draft:
    """A session in the making: plain lists and dicts, free to be broken."""

    target: str
    events: list[dict[str, Any]]
    metrics: list[dict[str, Any]]
    steps: list[dict[str, Any]]
    hello: dict[str, Any]
    target_facts: dict[str, Any]
    facts: dict[str, Any]
    logs: dict[str, bytes] = field(default_factory=dict)
    printed: dict[str, bytes] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    modes: dict[str, str] = field(default_factory=dict)
    manifest: dict[str, Any] = field(default_factory=lambda: MANIFEST)
    session_id: str = SESSION_ID
    outcome: str = "succeeded"
    failed_step: str | None = None
    error: dict[str, Any] | None = None
    counts: dict[str, Any] | None = None

    def event(self, name: str, step: str | None = None) -> dict[str, Any]:
        """Return the first event of a name (of a step)."""
        return next(e for e in self.events if e["event"] == name and (step is None or e["step"] == step))

    def metric(self, name: str, step: str) -> dict[str, Any]:
        """Return the first metric of a name and step."""
        return next(m for m in self.metrics if m["metric"] == name and m["step"] == step)

    def table(self, step: str) -> dict[str, Any]:
        """Return the table that a step handed on."""
        table: dict[str, Any] = self.event("step_complete", step)["tables"]["df"]
        return table

    def build(self, root: Path) -> Session:
        """Write the artifacts below `root`, and return the session."""
        directory = root / f"{self.target}-{self.hello['nonce']}"
        artifacts = {path: self._artifact(directory / "artifacts", path, data) for path, data in self.files.items()}
        counts = self.counts or {
            "events": len(self.events),
            "metrics": len(self.metrics),
            "log_lines": {step: data.count(b"\n") for step, data in self.logs.items()},
            "printed_bytes": {step: len(data) for step, data in self.printed.items()},
            "artifacts": len(self.files),
        }
        return Session(
            directory=directory,
            session_id=self.session_id,
            target=self.target,
            outcome=self.outcome,
            failed_step=self.failed_step,
            error=self.error,
            steps=tuple(StepState(**step) for step in self.steps),
            events=tuple(self.events),
            metrics=tuple(self.metrics),
            logs=self.logs,
            printed=self.printed,
            artifacts=artifacts,
            manifest=self.manifest,
            facts={**self.facts, "counts": counts},
            target_facts={**self.target_facts, "hello": self.hello},
            hello=self.hello,
        )

    def _artifact(self, folder: Path, path: str, data: bytes) -> ArtifactFile:
        absolute = folder / path
        absolute.parent.mkdir(parents=True, exist_ok=True)
        absolute.write_bytes(data)
        return ArtifactFile(
            path=path,
            size_bytes=len(data),
            mode=self.modes.get(path, "0644"),
            sha256=hashlib.sha256(data).hexdigest(),
            absolute=absolute,
        )


def healthy(target: str) -> Draft:
    """Return one side of a healthy pair: four steps that succeeded; the two targets differ in nothing that counts."""
    clock = Clock(START[target])
    base = {"local": 10.0, "e2b": 17.5}[target]
    draft = Draft(
        target=target,
        events=[],
        metrics=[],
        steps=[
            {"id": step, "state": "succeeded", "reason": None, "cause": None}
            for step in ("read", "delays", "write", "report")
        ],
        hello={
            "nonce": {"local": "1" * 32, "e2b": "2" * 32}[target],
            "request_digest": "d" * 64,
            "bundle_digest": "b" * 64,
            "boot_id": {"local": "boot-1", "e2b": "boot-1"}[target],
            "pid_namespace": {"local": 4026531836, "e2b": 4026532777}[target],
            "pid": {"local": 51234, "e2b": 7}[target],
            "protocol": 1,
            "environment": {},
            "roots": ROOTS[target],
        },
        target_facts={"isolation": {"local": "none", "e2b": "bubblewrap"}[target]},
        facts={"manifest_fingerprint": "f" * 64, "request_digest": "d" * 64},
        logs={
            "read": b"INFO osiris.read read 3 rows\n",
            "report": b"INFO osiris.report start\nINFO osiris.report done\n",
        },
        printed={"report": b"line one\nline two\nline three\n"},
        files={
            "write/delays.csv": CSV,
            "report/summary.json": b'{"a": 1, "b": [1, 2]}\n',
            "report/blob.bin": b"\0\1\2\3",
        },
    )

    def event(name: str, step: str | None, **data: Any) -> None:
        draft.events.append({"ts": clock.next(), "session": SESSION_ID, "event": name, "step": step, **data})

    def metric(name: str, step: str, value: float, unit: str | None = None, **tags: str) -> None:
        draft.metrics.append(
            {
                "ts": clock.now(),
                "session": SESSION_ID,
                "step": step,
                "metric": name,
                "value": value,
                "unit": unit,
                "volatile": False,
                "tags": tags,
            }
        )

    event(
        "run_start", None, pipeline_id="flights", manifest_fingerprint="f" * 64, steps=4,
        logical_now="2026-11-24T11:59:59.000000Z", seed=7,
    )  # fmt: skip
    event("step_start", "read", driver="filesystem.csv_extractor", needs=[])
    metric("rows_read", "read", 3)
    metric("step_duration_ms", "read", base, unit="ms")
    event("step_complete", "read", rows=3, tables={"df": table(3, "aa")}, duration_ms=base)
    event("step_start", "delays", driver="duckdb.processor", needs=["read"])
    event("inputs_resolved", "delays", key="df_read", from_step="read", rows=3)
    event("step_complete", "delays", rows=2, tables={"df": table(2, "bb")}, duration_ms=base + 1)
    event("step_start", "write", driver="filesystem.csv_writer", needs=["delays"])
    event("inputs_resolved", "write", key="df_delays", from_step="delays", rows=2)
    metric("rows_written", "write", 2, table="delays")
    event("artifact_created", "write", path="write/delays.csv")
    event("step_complete", "write", rows=None, tables={}, duration_ms=base + 2)
    event("step_start", "report", driver="python.callable", needs=["delays"])
    event("inputs_resolved", "report", key="df_delays", from_step="delays", rows=2)
    event("page_made", "report", page="one")
    event("page_made", "report", page="two")
    event("artifact_created", "report", path="report/blob.bin")
    event("artifact_created", "report", path="report/summary.json")
    event("step_complete", "report", rows=None, tables={}, duration_ms=base + 3)
    event("run_complete", None, steps_succeeded=4, duration_ms=base * 10)
    return draft


class Clock:
    """Times of one run, 10 ms apart, written like the worker writes them."""

    def __init__(self, second: str) -> None:
        self._second = second
        self._ticks = 0

    def now(self) -> str:
        """Return the time of the last record."""
        return f"{self._second}.{self._ticks * 10_000:06d}Z"

    def next(self) -> str:
        """Return the time of a new record."""
        self._ticks += 1
        return self.now()


def table(rows: int, digest: str) -> dict[str, Any]:
    """Return the digest of a table of two columns."""
    return {
        "rows": rows,
        "schema": [
            {"name": "carrier", "type": "string", "nullable": True},
            {"name": "late", "type": "int64", "nullable": True},
        ],
        "ordered": f"{digest}-ordered",
        "unordered": f"{digest}-unordered",
        "columns": {
            "carrier": column(f"{digest}-carrier", rows, "AA", "BB", None),
            "late": column(f"{digest}-late", rows, -3, 10, 7),
        },
    }


def column(digest: str, rows: int, low: Any, high: Any, total: Any) -> dict[str, Any]:
    """Return the digest of one column."""
    return {
        "ordered": f"{digest}-o",
        "unordered": f"{digest}-u",
        "count": rows,
        "nulls": 0,
        "min": low,
        "max": high,
        "sum": total,
    }


def failing(target: str, error_type: str = "ValueError", message: str = "no rows") -> Draft:
    """Return one side of a pair where step `delays` fails; `write` and `report` are skipped."""
    draft = healthy(target)
    kept = [e for e in draft.events if e["step"] in {None, "read", "delays"}]
    end = draft.event("step_complete", "delays")
    failed = {
        "ts": end["ts"],
        "session": SESSION_ID,
        "event": "step_failed",
        "step": "delays",
        "error_type": error_type,
        "message": message,
        "traceback": [{"module": "report", "function": "main", "line": 12}],
        "duration_ms": 3.0,
    }
    final = {**draft.event("run_complete"), "event": "run_failed", "failed_step": "delays", "error_type": error_type}
    skipped = [
        {**end, "event": "step_skipped", "step": step, "reason": "upstream-failed", "cause": "delays"}
        for step in ("write", "report")
    ]
    for event in skipped:
        for name in ("rows", "tables", "duration_ms"):
            del event[name]
    draft.events = [failed if e is end else e for e in kept if e["event"] != "run_complete"] + skipped + [final]
    draft.metrics = [m for m in draft.metrics if m["step"] == "read"]
    draft.logs, draft.printed, draft.files = {"read": draft.logs["read"]}, {}, {}
    draft.steps[1]["state"] = "failed"
    for step in draft.steps[2:]:
        step.update(state="skipped", reason="upstream-failed", cause="delays")
    draft.outcome, draft.failed_step = "failed", "delays"
    draft.error = {"type": error_type, "message": message, "traceback": failed["traceback"]}
    return draft


def pair(root: Path, left: Draft | None = None, right: Draft | None = None) -> tuple[Session, Session]:
    """Return two built sessions, healthy ones where a draft is not given."""
    return (left or healthy("local")).build(root), (right or healthy("e2b")).build(root)
