"""What changed between two sets of records, as data."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from osiris_core.parity.record import ParityRecord
    from osiris_core.parity.since.past import History


class Became(StrEnum):
    """What became of a manifest; the order of the members is that of a list: what needs a reader first."""

    NEWLY_FAILS = "newly fails"
    NEW_AND_FAILS = "is new and fails"
    FAILS_OTHERWISE = "fails otherwise"
    FAILS_STILL = "fails as before"
    GONE = "is gone"
    FIXED = "is fixed"
    NEW = "is new"
    PASSES_OTHERWISE = "passes otherwise"
    PASSES_STILL = "passes as before"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recount:
    """Something of a manifest that was there `old` times and is there `new` times.

    `kind` is `finding`, `problem`, `not compared`, `rule`, `waiver` or `compared`; `name` says what, `#` standing for numbers.
    """

    kind: str
    name: str
    old: int
    new: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Slower:
    """A time of a target that is far from what it was: `ratio` is the new one over the old one, and below 1 where it is faster."""

    target: str
    old_ms: float
    new_ms: float

    @property
    def ratio(self) -> float:
        """How many times the old time the new one is."""
        return self.new_ms / self.old_ms


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One manifest that is not as it was: `old` and `new` are the records that stand for it, None where there is none.

    `edited` says that the manifest itself is another one.
    """

    became: Became
    name: str
    targets: tuple[str, ...]
    old: ParityRecord | None = None
    new: ParityRecord | None = None
    edited: bool = False
    recounts: tuple[Recount, ...] = ()
    times: tuple[Slower, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A fact of the surroundings that changed: values of JSON, None where there is none; in how many `manifests`, or 0 for the run itself."""

    name: str
    old: Any
    new: Any
    manifests: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Since:
    """What changed since `against`, the name of the older records, which were made at `made`.

    `changes` are in the order of `Became`; `as_before` counts the manifests that pass, and are as they were in everything that is told
    of here. `facts` are told once for all manifests that share them. `history` is what became of the manifests through these records and older ones,
    where there are several.
    """

    against: str
    made: str
    changes: tuple[Change, ...]
    as_before: int
    facts: tuple[Fact, ...]
    history: History | None = None

    def count(self, *kinds: Became) -> int:
        """Return how many manifests became one of these."""
        return sum(change.became in kinds for change in self.changes)
