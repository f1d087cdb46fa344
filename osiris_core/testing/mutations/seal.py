"""Closes a changed session again, so that its counts and digests hold: a comparer must find the change by comparing.

Written from `docs/contract.md` alone; `open_session` is what checks it.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

_WITH_DURATION: Final = frozenset({"step_complete", "step_failed", "run_complete", "run_failed", "run_cancelled"})
TIME_UNITS: Final = frozenset(
    "ns us µs μs ms s min h nanoseconds microseconds milliseconds seconds second sec minutes minute hours hour".split()  # noqa: SIM905 - two letters that look alike are two units
)
"""Units whose metrics are volatile."""
_EXECUTABLE: Final = 0o111
_SHARED: Final[dict[tuple[int, ...], str]] = {}


def canonical(value: Any) -> bytes:
    """Return JSON with sorted keys, without spaces, in ASCII."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False).encode("ascii")


def stable_event(event: Mapping[str, Any]) -> dict[str, Any]:
    """Return an event without what may vary."""
    varies = {"ts", "session", "duration_ms"} if event["event"] in _WITH_DURATION else {"ts", "session"}
    return {name: value for name, value in event.items() if name not in varies}


def is_volatile(metric: Mapping[str, Any]) -> bool:
    """Whether a metric's value may vary."""
    return bool(metric["volatile"]) or metric["unit"] in TIME_UNITS


def stable_metric(metric: Mapping[str, Any]) -> dict[str, Any]:
    """Return a metric without what may vary."""
    varies = {"ts", "session", "value"} if is_volatile(metric) else {"ts", "session"}
    return {name: value for name, value in metric.items() if name not in varies}


def seal(directory: Path, facts: dict[str, Any], events: list[Any], metrics: list[Any]) -> dict[str, Any]:
    """Return the `session.json` of a directory that holds these events and metrics, from the one that it had."""
    logs = _streams(directory / "logs", ".log")
    printed = _streams(directory / "logs", ".out")
    rows = _artifact_rows(directory / "artifacts")
    sealed = {
        **facts,
        "artifact_root": _sha256(canonical(rows)),
        "counts": {
            "events": len(events),
            "metrics": len(metrics),
            "log_lines": {step: data.count(b"\n") for step, data in logs.items()},
            "printed_bytes": {step: len(data) for step, data in printed.items()},
            "artifacts": len(rows),
        },
    }
    error = sealed["error"]
    content = {
        **{name: sealed[name] for name in ("contract", "outcome", "failed_step", "steps", "artifact_root")},
        "error": error and {name: value for name, value in error.items() if name != "data"},
        "manifest": _sha256(canonical(json.loads((directory / "manifest.json").read_bytes()))),
        "events": _sha256(b"".join(canonical(stable_event(each)) + b"\n" for each in events)),
        "metrics": _sha256(b"".join(canonical(stable_metric(each)) + b"\n" for each in metrics)),
        "logs": {step: _sha256(data) for step, data in logs.items()},
        "printed": {step: _sha256(data) for step, data in printed.items()},
    }
    sealed["digest"] = _sha256(canonical(content))
    return sealed


def _streams(directory: Path, suffix: str) -> dict[str, bytes]:
    if not directory.is_dir():
        return {}
    return {path.name.removesuffix(suffix): path.read_bytes() for path in sorted(directory.glob(f"*{suffix}"))}


def _artifact_rows(tree: Path) -> list[list[Any]]:
    rows = []
    for folder, _, names in os.walk(tree):
        for name in names:
            path = Path(folder, name)
            facts = path.lstat()
            if stat.S_ISREG(facts.st_mode):
                executable = bool(facts.st_mode & _EXECUTABLE)
                rows.append([path.relative_to(tree).as_posix(), facts.st_size, executable, _digest_of(path, facts)])
    return sorted(rows, key=lambda row: str(row[0]).encode())


def _digest_of(path: Path, facts: os.stat_result) -> str:
    """Return the digest of a file; one that several copies share is read once."""
    if facts.st_nlink == 1:
        return _sha256(path.read_bytes())
    key = (facts.st_dev, facts.st_ino, facts.st_mtime_ns, facts.st_size)
    if key not in _SHARED:
        _SHARED[key] = _sha256(path.read_bytes())
    return _SHARED[key]


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
