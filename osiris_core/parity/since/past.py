"""What is known of older runs, and what is told of it: no more than that is kept of each, however many there are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

Key = tuple[str, str]
"""What a manifest's past is told under: its name and its case, whatever the targets were."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One result of a manifest: `mark` is the key of how it is labelled, `cause` why it failed, in one sentence.

    `ran` is False where a target could not run, which says nothing about the manifest. `providers` and `elapsed_ms` are those of
    `targets`; a provider is empty where a target did not start, a time None where it did not succeed. `weight` orders results of one run.
    """

    manifest: str
    case: str
    targets: tuple[str, ...]
    providers: tuple[str, ...]
    elapsed_ms: tuple[float | None, ...]
    fingerprint: str
    weight: tuple[bool, bool, int]
    fails: bool
    ran: bool
    mark: str
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A file of records that was kept: `unit` names the directory whose files are of one run, and is empty where the file may be one by itself.

    `made` is its own time, or an empty string where it does not say when it was made.
    """

    name: str
    unit: str
    made: str
    shard: str
    seen: tuple[Seen, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PastRun:
    """A run, of one file or of several: `seen` has the worst result of each manifest with each set of targets."""

    name: str
    made: str
    files: tuple[Kept, ...]
    seen: Mapping[Key, tuple[Seen, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """A target that takes longer: the median of its last times, and of those `before` them; `times` has one for each run that is shown."""

    target: str
    old_ms: float
    new_ms: float
    before: int
    times: tuple[float | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Strip:
    """One manifest through the runs that are shown: a result for each, or None where it was not part of it; the last one is that of now.

    `breaks` says before which of them something else was asked: the manifest was edited, or other targets or providers ran it. `turns` counts how
    often it went between passing and failing since the last break. `fails_since` names the first of the `failing_runs` in a row, over all runs
    that are known, and is empty where it passes now.
    """

    manifest: str
    case: str
    targets: tuple[str, ...]
    sights: tuple[Seen | None, ...]
    breaks: tuple[str, ...]
    turns: int
    fails_since: str
    failing_runs: int
    never_passed: bool
    trends: tuple[Trend, ...]

    @property
    def is_flaky(self) -> bool:
        """Whether it went between passing and failing more than once, and nobody changed it in between."""
        return self.turns > 1


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """Manifests through `total` runs, of which the first was made at `since`; `runs` names the last of these, with the times they were made at."""

    total: int
    since: str
    runs: tuple[tuple[str, str], ...]
    strips: tuple[Strip, ...]
    left_out: tuple[str, ...] = ()
