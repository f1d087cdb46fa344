"""What every layer is given: two sides, the rules between them, and the order of their steps."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from osiris_core.parity.rulebook import Rulebook
    from osiris_core.parity.side import Side
    from osiris_core.parity.text import TextRules

_NO_STEPS_OUT_OF_ORDER: Final = 1 << 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two sides of one comparison; `order` ranks the steps as they were to be executed, `needs` is the graph.

    A layer that cannot compare something says so in `not_compared`, one sentence each; it leaves nothing better than
    INCONCLUSIVE. `compared_by` has the files that installed comparers decided about, by comparer.
    """

    left: Side
    right: Side
    text: TextRules
    rules: Rulebook
    order: dict[str, int]
    needs: dict[str, set[str]]
    not_compared: list[str] = field(default_factory=list)
    compared_by: dict[str, list[str]] = field(default_factory=dict)

    def rank(self, step: str | None) -> int:
        """Return a step's place in the execution; run-level findings come last."""
        return _NO_STEPS_OUT_OF_ORDER if step is None else self.order.get(step, _NO_STEPS_OUT_OF_ORDER - 1)

    def downstream(self, step: str) -> frozenset[str]:
        """Return the steps that take something from `step`, directly or through others."""
        found: set[str] = set()
        frontier = {step}
        while frontier:
            frontier = {name for name, wanted in self.needs.items() if wanted & frontier} - found - {step}
            found |= frontier
        return frozenset(found)
