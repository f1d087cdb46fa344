"""Puts a draft of a session on disk, closed and whole, where a record would name it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from osiris_core.parity.record import ParityRecord, TargetRun
from osiris_core.testing.mutations.seal import seal
from tests.parity.sessions import SESSION_ID, healthy

if TYPE_CHECKING:
    from pathlib import Path

    from tests.parity.sessions import Draft


def put(draft: Draft, root: Path) -> Path:
    """Write a session below a project root, and return its directory."""
    directory = root / ".osiris" / "runs" / draft.session_id / draft.target
    files = {
        "events.jsonl": lines(draft.events),
        "metrics.jsonl": lines(draft.metrics),
        "manifest.json": json.dumps(draft.manifest).encode(),
        "target.json": json.dumps(
            {"contract": 1, "target": draft.target, "hello": draft.hello, **draft.target_facts}
        ).encode(),
        **{f"logs/{step}.log": data for step, data in draft.logs.items()},
        **{f"logs/{step}.out": data for step, data in draft.printed.items()},
        **{f"artifacts/{path}": data for path, data in draft.files.items()},
    }
    for name, data in files.items():
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_bytes(data)
    facts = {
        "contract": 1,
        "session": draft.session_id,
        "target": draft.target,
        "logical_now": "2026-11-24T11:59:59.000000Z",
        "seed": 7,
        "outcome": draft.outcome,
        "failed_step": draft.failed_step,
        "error": draft.error,
        "steps": draft.steps,
        **draft.facts,
    }
    sealed = seal(directory, facts, draft.events, draft.metrics)
    (directory / "session.json").write_text(json.dumps(sealed))
    return directory


def lines(records: list[dict[str, Any]]) -> bytes:
    """Return records as the lines of a file."""
    return b"".join(json.dumps(each, separators=(",", ":")).encode() + b"\n" for each in records)


def run_of(target: str, named: str | None = None) -> TargetRun:
    """Return a target's half of a check, which names the place that `put` gives its session, or another."""
    place = f".osiris/runs/{SESSION_ID}/{target}" if named is None else named
    return TargetRun(target=target, provider="host", isolation="none", session_directory=place, outcome="succeeded")


def record_of(*runs: TargetRun, **given: Any) -> ParityRecord:
    """Return a record of these halves; by default of both targets, where `put` gives them their sessions."""
    targets = runs or (run_of("local"), run_of("e2b"))
    return ParityRecord(manifest="m", pipeline_id="m", headline="", targets=targets, **{"passed": True, **given})


def put_both(root: Path, *drafts: Draft) -> list[Path]:
    """Write both sides of a healthy pair, or of one that is given."""
    return [put(draft, root) for draft in drafts or (healthy("local"), healthy("e2b"))]
