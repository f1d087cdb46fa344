"""The records a worker writes: their kinds, the names in them, and one small builder for each.

Every record has `kind`, `ts` (UTC wall clock of the worker, microseconds, `Z`) and `step` (its id, or None).
"""

from __future__ import annotations

import base64
import functools
import time
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

KINDS: Final = (
    "hello",
    "event",
    "metric",
    "log",
    "stdio",
    "artifact",
    "content",
    "pack",
    "checkpoint",
    "throttled",
    "part",
    "terminal",
)

RUN_START: Final = "run_start"
STEP_START: Final = "step_start"
INPUTS_RESOLVED: Final = "inputs_resolved"
STEP_COMPLETE: Final = "step_complete"
STEP_FAILED: Final = "step_failed"
STEP_SKIPPED: Final = "step_skipped"
STEP_RETRIED: Final = "step_retried"
RETRY_REFUSED: Final = "retry_refused"
ARTIFACT_CREATED: Final = "artifact_created"
ARTIFACT_SKIPPED: Final = "artifact_skipped"
RUN_COMPLETE: Final = "run_complete"
RUN_FAILED: Final = "run_failed"
RUN_CANCELLED: Final = "run_cancelled"
FINAL_EVENTS: Final = frozenset({RUN_COMPLETE, RUN_FAILED, RUN_CANCELLED})
EVENT_NAMES: Final = FINAL_EVENTS | {
    RUN_START,
    STEP_START,
    INPUTS_RESOLVED,
    STEP_COMPLETE,
    STEP_FAILED,
    STEP_SKIPPED,
    STEP_RETRIED,
    RETRY_REFUSED,
    ARTIFACT_CREATED,
    ARTIFACT_SKIPPED,
}
"""The worker's own events; a driver may not use these names."""
EVENT_KEYS: Final = frozenset({"ts", "session", "event", "step"})
"""Keys of an event's line in a session directory; an event's data has none of them."""

SUCCEEDED: Final = "succeeded"
FAILED: Final = "failed"
SKIPPED: Final = "skipped"
CANCELLED: Final = "cancelled"
DEADLINE: Final = "deadline"
CRASHED: Final = "crashed"
OUT_OF_MEMORY: Final = "out_of_memory"
DISK_FULL: Final = "disk_full"
LOST: Final = "lost"
INFRASTRUCTURE: Final = "infrastructure"
OUTCOMES: Final = (
    SUCCEEDED,
    FAILED,
    CANCELLED,
    DEADLINE,
    CRASHED,
    OUT_OF_MEMORY,
    DISK_FULL,
    LOST,
    INFRASTRUCTURE,
)
"""How a run ends. Only the host says `lost`, where a terminal record is missing, and `infrastructure`, where no worker ever spoke."""
STEP_STATES: Final = (SUCCEEDED, FAILED, SKIPPED, CANCELLED)

UPSTREAM_FAILED: Final = "upstream-failed"
RUN_STOPPED: Final = "run-stopped"


def timestamp() -> str:
    """Return the time now as records carry it: `YYYY-MM-DDTHH:MM:SS.ffffffZ`."""
    second, microsecond = divmod(time.time_ns() // 1000, 1_000_000)
    return f"{_second(second)}.{microsecond:06d}Z"


@functools.lru_cache(maxsize=2)
def _second(since_epoch: int) -> str:
    """Return the text of a second, once: thousands of records fall into each."""
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(since_epoch))


def hello(*, ts: str, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return the first record: who runs, on which request, in which world (`facts`: see docs/wire.md)."""
    return {**facts, "kind": "hello", "ts": ts, "step": None}


def event(*, ts: str, step: str | None, name: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """Return something that happened; `data` is a JSON object without the keys of `EVENT_KEYS`."""
    return {"kind": "event", "ts": ts, "step": step, "name": name, "data": dict(data)}


def metric(
    *, ts: str, step: str | None, name: str, value: float, unit: str | None, volatile: bool, tags: Mapping[str, str]
) -> dict[str, Any]:
    """Return one measured number; `volatile` when two good runs may differ in it."""
    return {
        "kind": "metric",
        "ts": ts,
        "step": step,
        "name": name,
        "value": value,
        "unit": unit,
        "volatile": volatile,
        "tags": dict(tags),
    }


def log(*, ts: str, step: str | None, level: str, logger: str, message: str) -> dict[str, Any]:
    """Return one log line; the message becomes a single line (`escape_line`)."""
    return {
        "kind": "log",
        "ts": ts,
        "step": step,
        "level": level,
        "logger": escape_line(logger),
        "message": escape_line(message),
    }


def stdio(*, ts: str, step: str, data: bytes) -> dict[str, Any]:
    """Return raw bytes that a step wrote to fd 1 or 2."""
    return {"kind": "stdio", "ts": ts, "step": step, "data": base64.b64encode(data).decode("ascii")}


def artifact(*, ts: str, step: str, path: str, size_bytes: int, mode: int, sha256: str) -> dict[str, Any]:
    """Return one file a step left: `path` is `<step>/<path below>`, `mode` its permission bits (written as octal text)."""
    return {
        "kind": "artifact",
        "ts": ts,
        "step": step,
        "path": path,
        "size_bytes": size_bytes,
        "mode": f"{mode & 0o777:04o}",
        "sha256": sha256,
    }


def content(*, ts: str, step: str, path: str, offset: int, data: bytes) -> dict[str, Any]:
    """Return bytes of a small artifact from `offset` on; they come before its `artifact` record, which has the digest."""
    return {
        "kind": "content",
        "ts": ts,
        "step": step,
        "path": path,
        "offset": offset,
        "data": base64.b64encode(data).decode("ascii"),
    }


def pack(*, ts: str, step: str, path: str, size_bytes: int, sha256: str, members: int) -> dict[str, Any]:
    """Return a file of the run directory that is ready to be fetched: a pack of artifacts of a step that has ended."""
    return {
        "kind": "pack",
        "ts": ts,
        "step": step,
        "path": path,
        "size_bytes": size_bytes,
        "sha256": sha256,
        "members": members,
    }


def throttled(*, ts: str, step: str | None, waited_ms: float, offset: int) -> dict[str, Any]:
    """Return that the worker stood still, because the spool was at its cap and nothing of it was acknowledged."""
    return {"kind": "throttled", "ts": ts, "step": step, "waited_ms": waited_ms, "offset": offset}


def checkpoint(*, ts: str, step: str | None, seq: int, offset: int, digest: str) -> dict[str, Any]:
    """Return the state before this record's own frame: `seq` frames, `offset` bytes of spool, the running digest."""
    return {"kind": "checkpoint", "ts": ts, "step": step, "seq": seq, "offset": offset, "digest": digest}


def terminal(
    *,
    ts: str,
    outcome: str,
    failed_step: str | None,
    error: Mapping[str, Any] | None,
    steps: Sequence[Mapping[str, Any]],
    counts: Mapping[str, int],
    frames: int,
    digest: str,
    artifact_root: str,
    artifacts: int,
    stray_bytes: int,
) -> dict[str, Any]:
    """Return the last record: how it ended, and what must have arrived for that to be believed."""
    return {
        "kind": "terminal",
        "ts": ts,
        "step": None,
        "outcome": outcome,
        "failed_step": failed_step,
        "error": error,
        "steps": list(steps),
        "counts": dict(counts),
        "frames": frames,
        "digest": digest,
        "artifact_root": artifact_root,
        "artifacts": artifacts,
        "stray_bytes": stray_bytes,
    }


_SURROGATES = {code: f"\\u{code:04x}" for code in range(0xD800, 0xE000)}  # a string that is no Unicode text
_ESCAPES = (
    {code: f"\\x{code:02x}" for code in (*range(0x20), *range(0x7F, 0xA0))}
    | _SURROGATES
    | {
        ord("\\"): "\\\\",
        ord("\n"): "\\n",
        ord("\r"): "\\r",
        ord("\t"): "\\t",
        0x2028: "\\u2028",
        0x2029: "\\u2029",
    }
)


def escape_line(text: str) -> str:
    """Return `text` as one line of valid Unicode: backslash, control characters, line separators become escapes."""
    return text.translate(_ESCAPES)
