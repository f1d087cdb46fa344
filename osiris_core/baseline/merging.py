"""A new baseline that keeps what did not differ as it was: a value that a rule sets aside is no reason for a line in a diff.

Without declared rules there is nothing to do: what does not differ is stored with the same bytes anyway.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from osiris_core.baseline.document import ARTIFACTS, FILE
from osiris_core.baseline.layout import decode_baseline, encode_baseline
from osiris_core.parity.record import Layer

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from osiris_core.baseline.reading import StoredBaseline
    from osiris_core.parity.record import Comparison


def merged(files: Mapping[str, bytes], stored: StoredBaseline, comparison: Comparison) -> dict[str, bytes]:
    """Return the files of a new baseline, with those parts of the stored one that the run was found to be equal to."""
    kept = dict(files)
    if comparison.findings_total > len(comparison.findings):
        return kept  # not every difference is known by its place
    differs = {layer: _places(comparison, layer) for layer in Layer}
    for path, file in stored.kept.items():
        if f"{ARTIFACTS}/{path}" in kept and not _touched(path, differs[Layer.ARTIFACTS]):
            kept[f"{ARTIFACTS}/{path}"] = file.absolute.read_bytes()
    new, old = decode_baseline(files[FILE], FILE), stored.baseline
    steps = {finding.step for finding in comparison.findings if finding.layer in {Layer.EVENTS, Layer.OUTCOME}}
    kept[FILE] = encode_baseline(
        replace(
            new,
            started=old.started or new.started,
            longest_s=max(new.longest_s, old.longest_s),
            events=_events(new.events, old.events, steps),
            metrics=old.metrics if not differs[Layer.METRICS] else new.metrics,
            logs=_streams(new.logs, old.logs, ".log", differs[Layer.LOGS]),
            printed=_streams(new.printed, old.printed, ".out", differs[Layer.LOGS]),
        )
    )
    return kept


def _places(comparison: Comparison, layer: Layer) -> list[str]:
    return [finding.path for finding in comparison.findings if finding.layer is layer]


def _touched(path: str, places: Collection[str]) -> bool:
    return any(place == path or place.startswith((f"{path}:", f"{path}/")) for place in places)


def _events(
    new: Sequence[dict[str, Any]], old: Sequence[dict[str, Any]], differing: Collection[str | None]
) -> tuple[dict[str, Any], ...]:
    """Return the new events, and for each step that does not differ the old ones in their places."""
    of_step: dict[Any, list[dict[str, Any]]] = {}
    for event in old:
        of_step.setdefault(event["step"], []).append(event)
    counts = {step: sum(event["step"] == step for event in new) for step in of_step}
    waiting = {
        step: iter(events) for step, events in of_step.items() if step not in differing and counts[step] == len(events)
    }
    return tuple(next(waiting[event["step"]]) if event["step"] in waiting else event for event in new)


def _streams(new: Mapping[str, Any], old: Mapping[str, Any], suffix: str, places: Collection[str]) -> dict[str, Any]:
    return {
        step: old[step] if step in old and not _touched(f"{step}{suffix}", places) else lines
        for step, lines in new.items()
    }
