"""The environments of the manifests, each pair once however many ran in it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from osiris_core.report.environment import environment_diff

if TYPE_CHECKING:
    from collections.abc import Iterable

    from osiris_core.parity.record import ParityRecord
    from osiris_core.report.environment import EnvironmentDiff


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedEnvironment:
    """A pair of environments that several manifests may have run in, shown once."""

    anchor: str
    diff: EnvironmentDiff
    manifests: int


def environments_of(record: ParityRecord) -> EnvironmentDiff:
    """Compare the environments that are known: a target that never started has none to differ."""
    return environment_diff([(run.target, run.environment) for run in record.targets if run.environment])


def shared_environments(diffs: Iterable[EnvironmentDiff]) -> dict[EnvironmentDiff, SharedEnvironment]:
    """Give each distinct comparison an anchor; one without any fact has none."""
    shared: dict[EnvironmentDiff, SharedEnvironment] = {}
    number = 0
    for diff, manifests in Counter(diffs).items():
        known = bool(diff.differing or diff.equal)
        number += known
        anchor = f"environment-{number}" if known else ""
        shared[diff] = SharedEnvironment(anchor=anchor, diff=diff, manifests=manifests)
    return shared
