"""One module a layer: each takes a `Pair` and yields the findings of its layer, and knows no other layer.

`COMPARERS` lists them in the order of comparison.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from osiris_core.parity.layers.artifacts import compare_artifacts
from osiris_core.parity.layers.events import compare_events
from osiris_core.parity.layers.logs import compare_logs
from osiris_core.parity.layers.metrics import compare_metrics
from osiris_core.parity.layers.outcome import compare_outcome
from osiris_core.parity.layers.steps import compare_steps
from osiris_core.parity.layers.tables import compare_tables
from osiris_core.parity.record import Layer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from osiris_core.parity.pair import Pair
    from osiris_core.parity.record import Finding

    Comparer = Callable[[Pair], Iterator[Finding]]

COMPARERS: Final[dict[Layer, Comparer]] = {
    Layer.OUTCOME: compare_outcome,
    Layer.STEPS: compare_steps,
    Layer.EVENTS: compare_events,
    Layer.METRICS: compare_metrics,
    Layer.LOGS: compare_logs,
    Layer.TABLES: compare_tables,
    Layer.ARTIFACTS: compare_artifacts,
}
