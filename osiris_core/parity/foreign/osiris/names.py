"""What Osiris calls things, and what they mean here: every name that is read otherwise than it stands, with the reason.

Osiris 0.5.7 has two implementations of a run, one for each target, which say the same in other words and each say what the
other does not. A name that is not in these tables is taken as it is, and compared.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from osiris_core.wire.records import RUN_COMPLETE, RUN_FAILED, STEP_FAILED


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """What an event, a field, a metric or a file becomes here; nothing where it is set aside. `factor` turns a number's unit, `prefix` is cut off a text."""

    becomes: str = ""
    reason: str
    unit: str | None = None
    factor: float = 1.0
    prefix: str = ""


_ERROR = Name(
    becomes="message",
    prefix="Execution failed: ",
    reason="the text of the error, in front of which the local runner says so",
)
_SECONDS = Name(becomes="duration_ms", factor=1000, reason="seconds locally, milliseconds in the sandbox")
_HOST = "what the `osiris` command does around a run, and not what the pipeline did"
_LOCAL = "a phase that only the local adapter has"
_WORKER = "what the worker in the sandbox says of its own start and end; the local runner has no such part"

SYSTEM: Final = "_system"
"""The directory among the artifacts that belongs to no step."""

EVENTS: Final[dict[str, Name]] = {
    "step_error": Name(becomes=STEP_FAILED, reason="the local runner's name for a step that failed"),
    "run_error": Name(becomes=RUN_FAILED, reason="Osiris' name for a run that failed"),
    "run_complete/steps_executed": Name(
        reason="the local runner's own end; the command's run_complete follows on both targets"
    ),
    "run_error/step_id": Name(reason="the local runner's own end; the command's run_error follows on both targets"),
    "execution_error_mapped": Name(reason=f"{_LOCAL}: the error is that of run_error"),
    "execute_error": Name(reason=f"{_LOCAL}: the error is that of run_error"),
    f"artifact_created/{SYSTEM}": Name(reason="what the worker says of itself, which is not compared"),
    "cfg_materialized": Name(reason=f"{_HOST}; the configs themselves are compared"),
    "manifest_materialized": Name(reason=f"{_HOST}; the manifest itself is compared"),
    "execute_start": Name(reason=_LOCAL),
    "execute_complete": Name(reason=_LOCAL),
    "collect_start": Name(reason=_LOCAL),
    "collect_complete": Name(reason=_LOCAL),
    "preflight_validation_success": Name(reason=_LOCAL),
    "adapter_selected": Name(reason=f"{_HOST}: which target was chosen"),
    "adapter_prepare_start": Name(reason=_HOST),
    "adapter_prepare_complete": Name(reason=_HOST),
    "adapter_execute_start": Name(reason=_HOST),
    "adapter_execute_complete": Name(reason=_HOST),
    "adapter_collect_start": Name(reason=_HOST),
    "adapter_collect_complete": Name(reason=_HOST),
    "run_index_updated": Name(reason=f"{_HOST}: its list of runs"),
    "aiop_export_error": Name(reason=f"{_HOST}: what it exports afterwards"),
    "run_end": Name(reason=f"{_HOST}: the run's own end is run_complete"),
    "dependency_check": Name(reason=f"{_WORKER}: which modules are there"),
    "dependency_install_complete": Name(reason=f"{_WORKER}: which modules were installed"),
    "driver_file_verified": Name(reason=f"{_WORKER}: the digest of a file that was uploaded"),
    "driver_registered": Name(reason=f"{_WORKER}: a driver that can be used"),
    "drivers_registered": Name(reason=f"{_WORKER}: the drivers that can be used"),
    "session_initialized": Name(reason=_WORKER),
    "cleanup_start": Name(reason=_WORKER),
    "cfg_opened": Name(reason=f"{_WORKER}: the digest of a config, which is compared itself"),
}
"""Events by their name; one with a field, or a part of its path, that tells two of a name apart as `<name>/<that>`."""

FIELDS: Final[dict[tuple[str, str], Name]] = {
    ("step_complete", "duration"): _SECONDS,
    ("step_complete", "driver"): Name(
        reason="the local runner repeats it at the end; step_start has it on both targets"
    ),
    ("step_complete", "output_dir"): Name(reason="where artifacts lie on one machine; the artifacts are compared"),
    ("step_complete", "rows_processed"): Name(
        reason="only the worker counts at a step's end; the metrics count on both targets"
    ),
    (STEP_FAILED, "error"): _ERROR,
    (STEP_FAILED, "error_type"): Name(reason="only the worker says it; the text of the error is compared"),
    (STEP_FAILED, "traceback"): Name(reason="only the worker says it; the text of the error is compared"),
    (RUN_FAILED, "error"): _ERROR,
    (RUN_FAILED, "duration"): _SECONDS,
    (STEP_FAILED, "duration"): _SECONDS,
    (STEP_FAILED, "driver"): Name(reason="the local runner repeats it at the end; step_start has it on both targets"),
    (RUN_COMPLETE, "total_duration"): Name(becomes="duration_ms", factor=1000, reason="a time, in seconds"),
    ("run_start", "session_dir"): Name(reason="where the run's directory lay on one machine"),
    ("run_start", "session_id"): Name(reason="the session's id, which is in every line"),
    ("run_start", "manifest_path"): Name(reason="where the manifest lay on one machine; it is compared itself"),
    ("artifacts_dir_created", "relative_path"): Name(becomes="path", reason="the worker's name for the same path"),
    ("config_meta_stripped", "config_meta_stripped"): Name(reason="says what the event's name says"),
    ("inputs_resolved", "from_memory"): Name(reason="how a table travels between steps"),
    ("inputs_resolved", "from_spill"): Name(reason="how a table travels between steps in the sandbox"),
    ("inputs_resolved", "artifact"): Name(reason="how a table travels between steps in the sandbox"),
}
"""Fields by event, as it is called here, and field."""

_SANDBOX_METRIC = "only the sandbox's side counts it"

METRICS: Final[dict[str, Name]] = {
    "execution_duration": Name(reason="only the local runner takes this time"),
    "e2b_overhead_ms": Name(reason="the time of making and filling a sandbox"),
    "steps_total": Name(reason=f"{_SANDBOX_METRIC}; the steps themselves are compared"),
    "steps_completed": Name(reason=f"{_SANDBOX_METRIC}; the steps themselves are compared"),
    "rows_in": Name(reason=f"{_SANDBOX_METRIC}; rows_read and rows_written are on both"),
    "rows_out": Name(reason=f"{_SANDBOX_METRIC}; rows_read and rows_written are on both"),
    "rows_processed": Name(reason=f"{_SANDBOX_METRIC}; rows_read and rows_written are on both"),
    "artifacts_bytes_total": Name(reason=f"{_SANDBOX_METRIC}; the artifacts themselves are compared"),
    "artifacts_files_total": Name(reason=f"{_SANDBOX_METRIC}; the artifacts themselves are compared"),
    "artifacts_copy_ms": Name(reason="the time of bringing artifacts back"),
    "step_duration_ms": Name(becomes="step_duration_ms", unit="ms", reason="a time"),
    "adapter_execution_duration": Name(becomes="adapter_execution_duration", unit="s", reason="a time"),
    "total_duration": Name(becomes="total_duration", unit="s", reason="a time"),
    "session_duration_seconds": Name(becomes="session_duration_seconds", unit="s", reason="a time"),
}
STEP_DURATION: Final = re.compile(r"step_(.+)_duration")
STEP_DURATION_MS: Final = Name(
    becomes="step_duration_ms",
    unit="ms",
    factor=1000,
    reason="the local runner puts the step into the name, and counts seconds",
)
ROWS: Final = ("rows_read", "rows_written")
ROWS_REASON: Final = "the local runner does not say which step counted; the values are compared for the whole run"

FILES: Final[dict[str, str]] = {
    "osiris.log": "the log of the `osiris` command",
    "debug.log": "the log of the `osiris` command",
    "commands.jsonl": "what the host asks of the worker in the sandbox",
    SYSTEM: "what the worker says of itself: its run card, its installer's log",
}
"""Files that are looked at for secrets and not compared, with the reason."""

UNITS: Final = {"seconds": "s", "milliseconds": "ms"}
"""Osiris' names of units of time."""

STEP_FIELD: Final = "step_id"
_RUN_PLACE: Final = re.compile(
    r"^(?:.*/)?run_logs/[^/]+/[^/]+/[^/]+/|^(?:.*/)?logs/run_\d+/|^/home/[^/]+/session/[^/]+/|^session/[^/]+/"
)
PATHS_REASON: Final = "where the run's directory lay on one machine; the path in it is compared"


def in_run(value: str) -> str:
    """Return the path inside of the run's directory that a path names, or the path itself."""
    return _RUN_PLACE.sub("", value, count=1)


def is_final(name: str) -> bool:
    """Whether an event of this name, as it is called here, ends a run."""
    return name in {RUN_COMPLETE, RUN_FAILED}
