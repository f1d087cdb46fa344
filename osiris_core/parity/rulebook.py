"""The declared rules between two sides: which of them cover a place, what they say of two values, and what they did.

The layers ask here wherever raw values differ; nothing is set aside anywhere else but by the schema's volatile fields
and the text rules.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from osiris_core.parity.record import RuleUse
from osiris_core.parity.values import same_leaf, show

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from osiris_core.parity.side import Side
    from osiris_core.rules.model import RecordKind, Rule

EXAMPLES: Final = 3
"""Raw pairs kept for each rule."""


@dataclass(frozen=True, slots=True)
class Place:
    """One place in a session: the kind of record, its step, its name, and the path inside (see `rules.model.Scope`)."""

    record: RecordKind
    step: str | None
    name: str
    path: str = ""

    def __str__(self) -> str:
        """Return how a report names the place."""
        return ".".join(part for part in (self.name, self.path) if part)


@dataclass(frozen=True, slots=True)
class Leaf:
    """What is to be said of two values: whether they count as equal, by which rule, or what keeps them from its shape."""

    equal: bool
    rule: str = ""
    fault: str = ""


@dataclass(slots=True)
class _Tally:
    reason: str
    left_hits: int = 0
    right_hits: int = 0
    decided: int = 0
    examples: list[tuple[str, str, str]] = field(default_factory=list)


class Rulebook:
    """The rules of one comparison. Not for two threads."""

    def __init__(self, rules: Sequence[Rule], left: Side, right: Side) -> None:
        self.rules = tuple(rules)
        self._left = left
        self._right = right
        self._tallies: dict[str, _Tally] = {}

    def leaf(self, place: Place, left: Any, right: Any) -> Leaf:
        """Say whether two values at `place` count as equal; what a rule set aside is counted."""
        del place
        return Leaf(equal=same_leaf(left, right))

    def covering(self, place: Place) -> tuple[Rule, ...]:
        """Return the rules whose scope covers a place, in their order."""
        del place
        return ()

    def credit(self, rule: str, reason: str, place: str, left: Any, right: Any) -> None:
        """Count that `rule` made two values at `place` equal, which are not equal as they stand."""
        tally = self._tallies.setdefault(rule, _Tally(reason))
        tally.left_hits += 1
        tally.right_hits += 1
        tally.decided += 1
        if len(tally.examples) < EXAMPLES:
            tally.examples.append((place, show(left), show(right)))

    def uses(self) -> tuple[RuleUse, ...]:
        """Return what each rule did, in the order in which they first did something."""
        return tuple(
            RuleUse(
                rule=name,
                reason=tally.reason,
                left_hits=tally.left_hits,
                right_hits=tally.right_hits,
                decided=tally.decided,
                examples=tuple(tally.examples),
            )
            for name, tally in self._tallies.items()
        )
