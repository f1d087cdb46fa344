"""A run directory of Osiris as one side of a comparison."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final

from osiris_core.choices import TARGETS
from osiris_core.parity.evidence import WRITER_SUFFIXES
from osiris_core.parity.foreign.osiris import files, marks, paths
from osiris_core.parity.foreign.osiris.ending import contradictions, ending_of
from osiris_core.parity.foreign.osiris.manifest import read_manifest
from osiris_core.parity.foreign.osiris.records import as_events, as_metrics
from osiris_core.parity.foreign.protocol import Reading, SetAside
from osiris_core.parity.foreign.trees import bare_session
from osiris_core.parity.record import Layer
from osiris_core.session.torn_lines import torn_lines, torn_object
from osiris_core.wire.records import LOST, SUCCEEDED

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from osiris_core.parity.foreign.osiris.ending import Ending
    from osiris_core.parity.foreign.osiris.files import RunFiles

_LOCAL, _E2B = TARGETS
_EVENT_KEYS: Final = {"ts": str, "session": str, "event": str}
_METRIC_KEYS: Final = {"ts": str, "session": str, "metric": str, "value": (int, float)}
_WORKER_EVENTS: Final = frozenset({"session_initialized", "drivers_registered", "driver_registered", "cfg_opened"})
_CONFIGS: Final = ("cfg.json", "cleaned_config.json")


def read_run(path: Path, layout: str) -> Reading:
    """Read the run, under our names; `layout` is what its layout is called."""
    problems: list[str] = []
    set_aside = SetAside()
    found = files.read_files(path, set_aside)
    lines = _lines(path, paths.EVENTS, _EVENT_KEYS, found, problems)
    raw_metrics = _lines(path, paths.METRICS, _METRIC_KEYS, found, problems)
    status = torn_object(path / paths.STATUS, problems.append)
    manifest = read_manifest(path / paths.MANIFEST, problems.append)
    hidden = found.secrets.hidden
    events = as_events([hidden(line) for line in lines], set_aside)
    metrics = as_metrics([hidden(line) for line in raw_metrics], events, set_aside)
    steps = [step["id"] for step in manifest.get("steps", ())]
    ending = ending_of(events, steps)
    if ending.outcome == LOST:
        problems.append("it has no last event, run_complete or run_error: it did not come to its end")
    problems += [*found.problems, *_missing(ending, manifest, found)]
    target = _E2B if _is_e2b(path, lines, found) else _LOCAL
    session = bare_session(
        path,
        target,
        {name: file for name, file in found.artifacts.items() if name not in found.leaking},
        session_id=str(lines[0]["session"]) if lines else "",
        outcome=ending.outcome,
        failed_step=ending.failed_step,
        error=ending.error,
        steps=ending.steps,
        events=events,
        metrics=metrics,
        manifest=manifest,
        hello={"roots": _roots(lines)},
    )
    return Reading(
        layout=layout,
        session=session,
        identity=_identity(path / paths.EVENTS) if lines else "",
        lost=ending.outcome == LOST,
        problems=tuple(problems),
        not_compared=tuple(found.not_compared),
        marks=(
            *marks.session_marks(lines),
            *marks.nested_marks(found),
            *marks.secret_marks(found),
            *marks.masking_marks([*lines, *raw_metrics]),
            *marks.path_marks(hidden(_configs(found))),
            *marks.order_marks(events),
            *contradictions(ending, status, metrics, events),
        ),
        set_aside=set_aside,
        guarded={name: found.artifacts[name] for name in found.leaking},
        secrets=found.secrets,
        layers=(Layer.OUTCOME, Layer.STEPS, Layer.EVENTS, Layer.METRICS, Layer.ARTIFACTS),
        loose_paths=True,
    )


def _lines(path: Path, name: str, keys: Any, found: RunFiles, problems: list[str]) -> list[dict[str, Any]]:
    """Return the lines of a file, and behind them those of the nested session's; only the first has to be there."""
    lines = list(torn_lines(path / name, keys, problems.append))
    nested = f"{paths.NESTED}/{name}"
    if nested in found.nested:
        lines += torn_lines(path / nested, keys, problems.append)
    return lines


def _is_e2b(path: Path, lines: list[dict[str, Any]], found: RunFiles) -> bool:
    if found.nested or (path / "commands.jsonl").exists():
        return True
    return any(line["event"] in _WORKER_EVENTS or line.get("adapter") == _E2B for line in lines)


def _configs(found: RunFiles) -> dict[str, Any]:
    """Return the configs of the steps, by the names of their artifacts."""
    named = {name: file for name, file in found.artifacts.items() if _is_config(name)}
    return {name: torn_object(file.absolute, lambda _: None) for name, file in named.items()}


def _is_config(name: str) -> bool:
    return name.rpartition("/")[2] in _CONFIGS


def _missing(ending: Ending, manifest: dict[str, Any], found: RunFiles) -> Iterator[str]:
    """Yield what must be there and is not: steps at all, and what writers wrote."""
    if not ending.steps:
        yield "there is no step"
    wrote = {name.partition("/")[0] for name in found.artifacts if not _is_config(name)}
    drivers = {step["id"]: step["driver"] for step in manifest.get("steps", ())}
    for step in ending.steps:
        if step.state == SUCCEEDED and drivers.get(step.id, "").endswith(WRITER_SUFFIXES) and step.id not in wrote:
            yield f"step {step.id} ({drivers[step.id]}) succeeded, but what it wrote is not in the run's directory: it is not compared"


def _roots(lines: list[dict[str, Any]]) -> dict[str, Any]:
    """Return where the run's directory and its project lay when it ran, as far as its events name them."""
    for line in lines:
        for _, text in files.strings_of(
            {key: line[key] for key in line if key in {"path", "output_dir", "manifest_path"}}
        ):
            project, found, _ = text.partition("/run_logs/")
            if found and project.startswith("/"):
                return {"project": project}
    return {}


def _identity(file: Path) -> str:
    data = file.read_bytes() if file.is_file() else b""
    return hashlib.sha256(data).hexdigest()
