"""Where a target ran, in words: a run on our own server must never be taken for a run in E2B's cloud."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from osiris_core.parity.record import ParityRecord, TargetRun

MOST_TIME_COLUMNS: Final = 3
_ISOLATIONS = {
    "bubblewrap": "bubblewrap namespaces",
    "plain": "plain processes, no isolation",
    "microvm": "microVM",
    "none": "no isolation",
    "unknown": "isolation not known",
}


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Place:
    """A place where runs took place: `kind` is `host`, `embedded`, `cloud`, `self-hosted`, `directory`, `brought` or `unreached`."""

    kind: str
    title: str
    isolation: str
    remark: str
    weak: bool


def place_of(run: TargetRun) -> Place:
    """Return the place of one target's run."""
    isolation = _ISOLATIONS.get(run.isolation, run.isolation)
    weak = run.isolation == "plain"
    if run.provider == "host":
        return Place(kind="host", title="this machine", isolation="", remark="", weak=False)
    if run.provider == "embedded":
        remark = "the E2B API served on this machine, not E2B's cloud"
        return Place(kind="embedded", title="embedded server", isolation=isolation, remark=remark, weak=weak)
    if run.provider == "directory":
        remark = "a directory; where it was made is not known"
        return Place(kind="directory", title="read from disk", isolation="", remark=remark, weak=False)
    if run.provider == "cloud":
        remark = "sandboxes of E2B"
        return Place(kind="cloud", title="E2B cloud", isolation=isolation, remark=remark, weak=weak)
    if not run.provider:
        return Place(kind="unreached", title="not reached", isolation="", remark="the target never started", weak=False)
    if run.provider.startswith(("http://", "https://")):
        kind, remark = "self-hosted", "a self-hosted E2B API, not E2B's cloud"
    else:
        kind, remark = "brought", "reached by a backend that is not built in"
    return Place(kind=kind, title=run.provider, isolation=isolation, remark=remark, weak=weak)


def sandbox_places(records: Iterable[ParityRecord]) -> list[Place]:
    """Return the distinct places of every target but the host and what was only read from disk, sorted."""
    runs = (run for record in records for run in record.targets if run.provider not in {"host", "directory"})
    return sorted({place_of(run) for run in runs})


def time_columns(records: Iterable[ParityRecord]) -> tuple[str, ...]:
    """Return the targets that have a column of times in a list of all records; none where there are too many for that."""
    targets = tuple(dict.fromkeys(run.target for record in records for run in record.targets))
    return targets if len(targets) <= MOST_TIME_COLUMNS else ()
