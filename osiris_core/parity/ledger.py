"""Keeps the findings of a comparison within bounds, and knows which steps they speak of.

Every finding is counted; of each layer at most `limit` are kept, and in the end `limit` altogether, so that
a flood in one layer cannot hide what another one found.
"""

from __future__ import annotations

from collections import deque
from itertools import islice
from typing import TYPE_CHECKING

from osiris_core.parity.record import Layer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from osiris_core.parity.pair import Pair
    from osiris_core.parity.record import Finding


class Ledger:
    """All findings of one comparison; `deciding` counts those that make it DIVERGENT."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.total = 0
        self.deciding = 0
        self.order_only: list[Finding] = []  # table orders, kept for the rule that sets them aside
        self._kept: dict[Layer, list[Finding]] = {layer: [] for layer in Layer}
        self._deciding_steps: set[str] = set()
        self._locating_steps: set[str] = set()

    def extend(self, findings: Iterable[Finding]) -> None:
        """Take in the findings of a layer."""
        for finding in findings:
            self.total += 1
            self.deciding += not finding.locates
            if finding.step is not None:
                (self._locating_steps if finding.locates else self._deciding_steps).add(finding.step)
            if finding.locates and len(self.order_only) < self.limit:
                self.order_only.append(finding)
            if len(self._kept[finding.layer]) < self.limit:
                self._kept[finding.layer].append(finding)

    def selected(self, pair: Pair) -> tuple[Finding, ...]:
        """Return at most `limit` findings, a fair share of each layer, in the order of the steps."""
        chosen = islice(_in_turn(deque(found) for found in self._kept.values()), self.limit)
        layers = list(Layer)
        return tuple(sorted(chosen, key=lambda finding: (pair.rank(finding.step), layers.index(finding.layer))))

    def first_diverging_step(self, pair: Pair) -> str | None:
        """Return the first step with a finding that decides, or that locates one there or downstream."""
        candidates = set(self._deciding_steps)
        candidates |= {step for step in self._locating_steps if ({step} | pair.downstream(step)) & self._deciding_steps}
        return min(candidates, key=pair.rank, default=None)


def _in_turn(queues: Iterable[deque[Finding]]) -> Iterator[Finding]:
    waiting = deque(queue for queue in queues if queue)
    while waiting:
        queue = waiting.popleft()
        yield queue.popleft()
        if queue:
            waiting.append(queue)
