"""A rule of normalization: where it holds, what it makes comparable, and how much it may hide.

A value that is not of the rule's shape is a difference even where the rule covers its place. A rule that hides more
than its bounds allow fails the check; one that never met a value is told, and fails where it has to fire.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

ANY = "*"


class RecordKind(StrEnum):
    """Of what kind the records are in which a rule holds."""

    EVENT = "event"
    METRIC = "metric"
    LOG = "log"
    PRINTED = "printed"
    ERROR = "error"
    TABLE = "table"
    ARTIFACT = "artifact"


class RuleKind(StrEnum):
    """What a rule does with two values that it covers.

    `TOKEN` sets both aside once they have the shape; `BIJECTION` demands that each side's values correspond one to one;
    `TOLERANCE` holds numbers against each other within a distance; `UNORDERED` compares items as a multiset, or by key;
    `KNOWN_VALUE` replaces what that run is known to have been given; `CANONICAL` compares another form of both.
    """

    TOKEN = "token"  # noqa: S105 - a placeholder in text, no secret
    BIJECTION = "bijection"
    TOLERANCE = "tolerance"
    UNORDERED = "unordered"
    KNOWN_VALUE = "known-value"
    CANONICAL = "canonical"


STAGES: Final = (
    RuleKind.KNOWN_VALUE,
    RuleKind.CANONICAL,
    RuleKind.BIJECTION,
    RuleKind.TOKEN,
    RuleKind.TOLERANCE,
    RuleKind.UNORDERED,
)
"""The order in which rules are asked, whatever their order in a list; of two of one kind the first in the list."""

KNOWN: Final = ("roots", "user", "host", "sandbox", "session")
"""What a run is known to have been given: its directories, user, host name, and the ids of its sandbox and session."""

SHAPE_TYPES: Final = ("string", "number", "integer", "boolean", "time", "duration_ms", "uuid")

TEXT_RECORDS: Final = (RecordKind.LOG, RecordKind.PRINTED, RecordKind.ERROR)
"""Records that are lines of text, without places inside."""

WITH_PLACES: Final = (RecordKind.EVENT, RecordKind.TABLE)
"""Records whose rules have to say a place: a field, a column."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Where a rule holds; every pattern may have `*` in it.

    `name` is the name of the event, metric or table, or the artifact's path (`write/*.csv`, with `**` for any depth).
    `path` is a place inside: a field of an event or metric (`detail.ids[*]`), a path in a JSON file, a column. `match` is
    a regular expression that finds the values in a text, in a line or at `path`: its first group, or else the whole match.
    Without it the whole value is judged.
    """

    record: RecordKind
    step: str = ANY
    name: str = ANY
    path: str = ANY
    match: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What a value must be on both sides; an empty shape is any scalar value.

    `type` is `string`, `number`, `integer`, `boolean`, `time`, `duration_ms` or `uuid`; `pattern` a regular expression
    for the whole text; numbers lie between `least` and `greatest`.
    """

    type: str = ""
    pattern: str = ""
    least: float | None = None
    greatest: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """How much a rule may set aside: at most `max_hits` values on a side, at most `max_share` (0 to 1) of those it covers."""

    max_hits: int | None = None
    max_share: float | None = None
    must_fire: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerance:
    """How far two numbers may be apart; any one of the three distances is enough. NaN equals NaN, infinities equal themselves.

    `signed_zero` False makes -0.0 equal to 0.0.
    """

    absolute: float = 0.0
    relative: float = 0.0
    ulp: int = 0
    signed_zero: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One declared rule; `source` says who declared it: `manifest`, `pyproject`, `marker`, `hook`, `preset <name>`.

    `by` are the keys of an `UNORDERED` rule (none: a multiset), `form` the form of a `CANONICAL` one (see `rules.forms.Form`),
    `known` what of `KNOWN` a `KNOWN_VALUE` rule replaces. `BIJECTION`s of one `space` share their renaming; alone, where it is empty.
    """

    id: str
    reason: str
    scope: Scope
    kind: RuleKind
    shape: Shape = field(default_factory=Shape)
    bounds: Bounds = field(default_factory=Bounds)
    tolerance: Tolerance = field(default_factory=Tolerance)
    by: tuple[str, ...] = ()
    form: str = ""
    known: tuple[str, ...] = KNOWN
    space: str = ""
    source: str = ""

    @property
    def stage(self) -> int:
        """When it is asked, by its kind."""
        return STAGES.index(self.kind)
