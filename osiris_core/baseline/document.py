"""A baseline as values: what a session did, without what may vary."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

FORMAT = 1
"""Version of the form; a reader refuses newer ones."""
HOME = "__baselines__"
"""The directory of all baselines of the manifests and tests beside it."""
FILE = "baseline.json"
ARTIFACTS = "artifacts"
"""Beside the file: artifacts as they are."""
SUMMARIES = "summaries"
"""Beside the file: for each artifact that is kept as a digest, what is in it, as `<path>.json`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """One stored session; the members stand in the file in this order.

    `name` says whose it is: the file's name and the case, or the test's id behind its file's name. `text` says whether text has tokens;
    durations up to `longest_s` have. `table_digests` identifies how the digests of tables were made, empty where there are none. `seed` is
    that of the run that was stored, and so is `started`, which is there only where a declared rule asks for times within the run.

    Of `steps`, `events`, `tables`, `metrics` and `artifacts` each item is one line of the file; a table has one for itself and one for each column.
    A stream of text is a list of lines, or, of a long one, its digest and first lines; `unended` names those whose last line has no end.
    """

    osiris_baseline: int = FORMAT
    name: str
    pipeline: str
    text: Literal["normalized", "exact"] = "normalized"
    longest_s: int = 60
    seed: int | None = None
    table_digests: str = ""
    started: str | None = None
    outcome: str
    failed_step: str | None = None
    error: dict[str, Any] | None = None
    steps: tuple[dict[str, Any], ...] = ()
    events: tuple[dict[str, Any], ...] = ()
    tables: tuple[dict[str, Any], ...] = ()
    metrics: tuple[dict[str, Any], ...] = ()
    logs: dict[str, Any] = field(default_factory=dict)
    printed: dict[str, Any] = field(default_factory=dict)
    unended: tuple[str, ...] = ()
    artifacts: tuple[dict[str, Any], ...] = ()
