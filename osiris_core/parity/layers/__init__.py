"""One module a layer: each takes a `Pair` and yields the findings of its layer, and knows no other layer.

`comparer_of` returns what compares a layer; its module is loaded then, since many a pair has few layers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from osiris_core.parity.record import Layer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from osiris_core.parity.pair import Pair
    from osiris_core.parity.record import Finding

    Comparer = Callable[[Pair], Iterator[Finding]]


def comparer_of(layer: Layer) -> Comparer:
    """Return what compares a layer."""
    match layer:
        case Layer.OUTCOME:
            from osiris_core.parity.layers.outcome import compare_outcome as found
        case Layer.STEPS:
            from osiris_core.parity.layers.steps import compare_steps as found
        case Layer.EVENTS:
            from osiris_core.parity.layers.events import compare_events as found
        case Layer.METRICS:
            from osiris_core.parity.layers.metrics import compare_metrics as found
        case Layer.LOGS:
            from osiris_core.parity.layers.logs import compare_logs as found
        case Layer.TABLES:
            from osiris_core.parity.layers.tables import compare_tables as found
        case Layer.ARTIFACTS:
            from osiris_core.parity.layers.artifacts import compare_artifacts as found
    return found
