"""An exhibit: the streams, artifacts and configs of two sessions, side by side, as data for a report."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Standing(StrEnum):
    """How what the two sides have at one place stands to each other."""

    SAME = "same"
    SET_ASIDE = "set-aside"  # equal under the rules, and raw it is not
    CHANGED = "changed"
    LEFT = "left"  # only the left side has it
    RIGHT = "right"


@dataclass(frozen=True, slots=True)
class Row:
    """A line of each side that belong together; numbers count from 1, and are 0 where a side has no such line.

    `left` and `right` are raw, without their line feed; `left_normal` and `right_normal` are what the rules made of them, and
    empty where that is the raw text itself. `rules` names those that replaced something in either.
    """

    standing: Standing
    left_number: int
    right_number: int
    left: str
    right: str
    left_normal: str = ""
    right_normal: str = ""
    rules: tuple[str, ...] = ()


class StreamKind(StrEnum):
    """What a session has as lines; an event or a metric is its line of JSON."""

    EVENTS = "events"
    METRICS = "metrics"
    LOG = "log"
    PRINTED = "printed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """One stream of a step, or of the run as a whole, on both sides.

    `totals` are the lines that each side has; `cut` says why `rows` do not hold them all, and is empty where they do.
    """

    kind: StreamKind
    rows: tuple[Row, ...]
    totals: tuple[int, int]
    cut: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A path of the artifact tree on both sides: what it is (`file`, `link`, `directory`, or empty), sizes in bytes, SHA-256 digests."""

    path: str
    standing: Standing
    kinds: tuple[str, str]
    sizes_bytes: tuple[int | None, int | None]
    digests: tuple[str, str]
    executable: tuple[bool, bool] = (False, False)


@dataclass(frozen=True, slots=True, kw_only=True)
class StepExhibit:
    """What one step was given and left: `configs` as JSON, references to secrets in place of their values."""

    id: str
    configs: tuple[str, str]
    streams: tuple[Stream, ...]
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exhibit:
    """Two sessions side by side; with one target, the right side is empty everywhere.

    `run` has the streams that belong to no step. `masked` counts the tokens that stand for secrets. `problems` are sentences
    about what could not be read: a session that is gone, a file that is torn.
    """

    targets: tuple[str, ...]
    steps: tuple[StepExhibit, ...] = ()
    run: tuple[Stream, ...] = ()
    masked: int = 0
    problems: tuple[str, ...] = ()
