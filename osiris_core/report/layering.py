"""Places for the nodes of a graph without cycles: layers from the left to the right, in each an order that crosses few lines.

A node's layer is the length of the longest way to it. A line that passes a layer has a place of its own there, so that it runs between
the nodes. The order within layers is that of barycentres, swept to and fro; the places are those nearest to a node's neighbours at
which none overlaps another (isotonic regression). The same graph has the same places, always.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence

    Node = Hashable
    Edge = tuple[Node, Node]

_SWEEPS: Final = 8
_MOST_PASSES: Final = 1_500


@dataclass(frozen=True, slots=True, kw_only=True)
class Spacing:
    """Sizes in pixels: of a node, of the place of a passing line, and what lies between two of either."""

    height: float
    line: float
    between: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Where everything is: `layers` counts from 0, `middles` are vertical, `passes` are the middles of a line between its ends."""

    layers: Mapping[Node, int]
    middles: Mapping[Node, float]
    passes: Mapping[Edge, tuple[float, ...]]
    depth: int
    height: float


def laid_out(nodes: Sequence[Node], edges: Sequence[Edge], spacing: Spacing) -> Layout:
    """Return places for `nodes`; `edges` are pairs of them, each once, and have no cycle.

    Where the lines would pass too many layers they go straight.
    """
    layers = longest_ways(nodes, edges)
    chains = {edge: _chain(edge, layers) for edge in edges}
    if sum(len(chain) - 2 for chain in chains.values()) > _MOST_PASSES:
        chains = {edge: [*edge] for edge in edges}
    order: list[list[Node]] = [[] for _ in range(max(layers.values(), default=-1) + 1)]
    for node in nodes:
        order[layers[node]].append(node)
    for edge, chain in chains.items():
        for layer, step in enumerate(chain[1:-1], layers[edge[0]] + 1):
            order[layer].append(step)
    before: dict[Node, list[Node]] = defaultdict(list)
    after: dict[Node, list[Node]] = defaultdict(list)
    for chain in chains.values():
        for source, target in pairwise(chain):
            before[target].append(source)
            after[source].append(target)
    _untangle(order, before, after)
    sizes = dict.fromkeys(nodes, spacing.height)
    middles = _middles(order, before, after, sizes, spacing)
    top = min((middle - sizes.get(node, spacing.line) / 2 for node, middle in middles.items()), default=0.0)
    bottom = max((middle + sizes.get(node, spacing.line) / 2 for node, middle in middles.items()), default=0.0)
    return Layout(
        layers=layers,
        middles={node: middles[node] - top for node in nodes},
        passes={edge: tuple(middles[step] - top for step in chain[1:-1]) for edge, chain in chains.items()},
        depth=len(order),
        height=bottom - top,
    )


def longest_ways(nodes: Sequence[Node], edges: Sequence[Edge]) -> dict[Node, int]:
    """Return the layer of each node, the length of the longest way to it; of a cycle's nodes, that of the way to where it was entered."""
    following: dict[Node, list[Node]] = defaultdict(list)
    waiting = dict.fromkeys(nodes, 0)
    for source, target in edges:
        following[source].append(target)
        waiting[target] += 1
    layers = dict.fromkeys(nodes, 0)
    ready = [node for node in nodes if not waiting[node]]
    for node in ready:
        for target in following[node]:
            layers[target] = max(layers[target], layers[node] + 1)
            waiting[target] -= 1
            if not waiting[target]:
                ready.append(target)
    return layers


def _chain(edge: Edge, layers: Mapping[Node, int]) -> list[Node]:
    """Return an edge as its ends with a step in every layer between them."""
    source, target = edge
    return [source, *((source, target, layer) for layer in range(layers[source] + 1, layers[target])), target]


def _untangle(
    order: list[list[Node]], before: Mapping[Node, Sequence[Node]], after: Mapping[Node, Sequence[Node]]
) -> None:
    """Sort each layer by the mean place of its neighbours in the one before, then from behind, to and fro."""
    for sweep in range(_SWEEPS):
        forward = sweep % 2 == 0
        layers = range(1, len(order)) if forward else range(len(order) - 2, -1, -1)
        for layer in layers:
            beside = order[layer - 1 if forward else layer + 1]
            places = {node: place for place, node in enumerate(beside)}
            neighbours = before if forward else after
            weights = {
                node: _mean([places[each] for each in neighbours.get(node, ()) if each in places], default=place)
                for place, node in enumerate(order[layer])
            }
            order[layer].sort(key=weights.__getitem__)


def _middles(
    order: Sequence[Sequence[Node]],
    before: Mapping[Node, Sequence[Node]],
    after: Mapping[Node, Sequence[Node]],
    sizes: Mapping[Node, float],
    spacing: Spacing,
) -> dict[Node, float]:
    """Return the vertical middle of everything: as near to its neighbours' mean as the order and the sizes of its layer allow."""
    middles: dict[Node, float] = {}
    for layer in order:
        middles.update(zip(layer, _apart(layer, [0.0] * len(layer), sizes, spacing), strict=True))
    for sweep in range(_SWEEPS):
        forward = sweep % 2 == 0
        for layer in order if forward else reversed(order):
            neighbours = before if forward else after
            wanted = [
                _mean([middles[each] for each in neighbours.get(node, ())], default=middles[node]) for node in layer
            ]
            middles.update(zip(layer, _apart(layer, wanted, sizes, spacing), strict=True))
    return middles


def _apart(
    layer: Sequence[Node], wanted: Sequence[float], sizes: Mapping[Node, float], spacing: Spacing
) -> list[float]:
    """Return the places nearest to `wanted` (least squares) at which nothing in the layer overlaps, in its order."""
    offsets, at = [], 0.0
    for position, node in enumerate(layer):
        half = sizes.get(node, spacing.line) / 2
        at += half if position == 0 else half + spacing.between
        offsets.append(at)
        at += half
    blocks: list[tuple[float, int]] = []  # the sum and the count of what stands at the same distance from its offset
    for place, offset in zip(wanted, offsets, strict=True):
        total, count = place - offset, 1
        while blocks and blocks[-1][0] / blocks[-1][1] > total / count:
            more, others = blocks.pop()
            total, count = total + more, count + others
        blocks.append((total, count))
    shifts = [total / count for total, count in blocks for _ in range(count)]
    return [offset + shift for offset, shift in zip(offsets, shifts, strict=True)]


def _mean(values: Sequence[float], *, default: float) -> float:
    return sum(values) / len(values) if values else default
