"""Keeps the findings of a comparison within bounds, and knows which steps they speak of.

Every finding is counted; of each layer at most `limit` are kept, and in the end `limit` altogether, so that
a flood in one layer cannot hide what another one found. A finding that a waiver accepts is kept, and decides nothing.
"""

from __future__ import annotations

from collections import deque
from itertools import islice
from typing import TYPE_CHECKING

from osiris_core.parity.causes import Grouping, causing_steps
from osiris_core.parity.record import Layer

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from osiris_core.parity.pair import Pair
    from osiris_core.parity.record import Finding, FindingGroup
    from osiris_core.parity.waived import Waivers


class Ledger:
    """All findings of one comparison; `deciding` counts those that make it DIVERGENT, `waived` those that are accepted."""

    def __init__(self, limit: int, waivers: Waivers | None = None) -> None:
        self.limit = limit
        self.waivers = waivers
        self.total = 0
        self.deciding = 0
        self.waived = 0
        self.order_only: list[Finding] = []  # table orders, kept for the rule that sets them aside
        self._kept: dict[Layer, list[Finding]] = {layer: [] for layer in Layer}
        self._grouping = Grouping()
        self._deciding_steps: set[str] = set()
        self._locating_steps: set[str] = set()

    def extend(self, findings: Iterable[Finding]) -> None:
        """Take in the findings of a layer."""
        for found in findings:
            finding = self.waivers.applied(found) if self.waivers and not found.locates else found
            self.total += 1
            self._take(finding)
            if finding.locates and finding.layer is Layer.TABLES and len(self.order_only) < self.limit:
                self.order_only.append(finding)
            if len(self._kept[finding.layer]) < self.limit:
                self._kept[finding.layer].append(finding)

    def _take(self, finding: Finding) -> None:
        """Count what a finding decides, and where."""
        if finding.waived_by:
            self.waived += 1
            return
        if finding.locates:
            steps = self._locating_steps
        else:
            steps = self._deciding_steps
            self.deciding += 1
            self._grouping.add(finding)
        if finding.step is not None:
            steps.add(finding.step)

    def selected(self, pair: Pair) -> tuple[Finding, ...]:
        """Return at most `limit` findings, a fair share of each layer, in the order of the steps."""
        chosen = islice(_in_turn(deque(found) for found in self._kept.values()), self.limit)
        layers = list(Layer)
        return tuple(sorted(chosen, key=lambda finding: (pair.rank(finding.step), layers.index(finding.layer))))

    def causes(self, pair: Pair) -> tuple[str, ...]:
        """Return the steps where a difference begins: one that decides, or one that locates it there or downstream."""
        candidates = set(self._deciding_steps)
        candidates |= {step for step in self._locating_steps if has_consequence(pair, step, self._deciding_steps)}
        return causing_steps(pair, candidates)

    def harmless_orders(self, pair: Pair) -> tuple[Finding, ...]:
        """Return the tables whose rows are in another order, and nothing at their step or made from it differs."""
        return tuple(
            each for each in self.order_only if not has_consequence(pair, str(each.step), self._deciding_steps)
        )

    def groups(self, pair: Pair) -> tuple[FindingGroup, ...]:
        """Return the deciding findings by what they have in common."""
        return self._grouping.groups(pair, self.causes(pair))


def has_consequence(pair: Pair, step: str, deciding: Collection[str]) -> bool:
    """Whether a difference that decides, given by their steps, is at a step or downstream of it."""
    return not ({step} | pair.downstream(step)).isdisjoint(deciding)


def _in_turn(queues: Iterable[deque[Finding]]) -> Iterator[Finding]:
    waiting = deque(queue for queue in queues if queue)
    while waiting:
        queue = waiting.popleft()
        yield queue.popleft()
        if queue:
            waiting.append(queue)
