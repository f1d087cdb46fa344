"""The graph of a manifest's steps, coloured by how each stands between the targets: a drawing, or for a plain row of steps a list.

The table of steps below it has everything that the drawing has; the drawing shows where a difference begins and how it spreads.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from osiris_core.report.condensing import Vertex, condensed, known_edges
from osiris_core.report.layering import Spacing, laid_out
from osiris_core.report.text import shortened, visible_line
from osiris_core.report.units import plural

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from osiris_core.report.condensing import Condensed
    from osiris_core.report.layering import Layout
    from osiris_core.report.standing import Standing
    from osiris_core.report.steps import StepRow

NODE_WIDTH: Final = 172
NODE_HEIGHT: Final = 42
_SPACING: Final = Spacing(height=NODE_HEIGHT, line=6, between=12)
_LAYER_GAP: Final = 46
_MARGIN: Final = 6
_LABEL_COLUMNS: Final = 19
_SPREADS: Final = frozenset({"cause", "effect"})
_GROUPED: Final = frozenset({"same", "aside", "ran", "uncompared", "unreached", "skipped", "effect"})
"""How steps stand that may be drawn as one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One step, or `count` of them that are alike: the labels that fit, the whole in `title`, and the row it links to, if it has one."""

    label: str
    below: str
    title: str
    standing: Standing
    count: int
    row: str
    x: float = 0.0
    y: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """From a step to one that needs it: a path of SVG; `spreads` where a difference went along it."""

    path: str
    spreads: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """The steps as nodes. With `lines` they are a drawing of `width` and `height` pixels, without a row from the first to the last.

    `description` says in words what the drawing shows; `key` has the standings that occur; `left_out` counts the steps that have no node.
    """

    nodes: tuple[Node, ...]
    description: str
    key: tuple[Standing, ...]
    grouped: int
    left_out: int
    lines: tuple[Line, ...] = ()
    width: int = 0
    height: int = 0


def graph_of(rows: Sequence[StepRow], addresses: Mapping[str, str]) -> Graph | None:
    """Return the graph of the steps of `rows`; `addresses` are those of the rows that the page has. None for a single step."""
    if len(rows) < 2:  # noqa: PLR2004 - one step is no graph
        return None
    by_id = {row.id: row for row in rows}
    edges = known_edges({row.id: row.needs for row in rows})
    small = condensed([_vertex(row) for row in rows], edges)
    nodes = {first: _node(members, by_id, addresses) for first, members in small.members.items()}
    graph = Graph(
        nodes=tuple(nodes.values()),
        description=_description(rows, small),
        key=tuple(dict.fromkeys(node.standing for node in nodes.values())),
        grouped=sum(node.count for node in nodes.values() if node.count > 1),
        left_out=small.left_out,
    )
    if _is_a_row(small):
        return graph
    layout = laid_out(list(nodes), small.edges, _SPACING)
    return replace(
        graph,
        nodes=tuple(_placed(nodes, layout)),
        lines=tuple(_lines(small, nodes, layout)),
        width=2 * _MARGIN + layout.depth * NODE_WIDTH + (layout.depth - 1) * _LAYER_GAP,
        height=round(2 * _MARGIN + layout.height),
    )


def _vertex(row: StepRow) -> Vertex:
    return Vertex(id=row.id, driver=row.driver, standing=row.standing.key, of_note=row.standing.key not in _GROUPED)


def _node(members: Sequence[str], rows: Mapping[str, StepRow], addresses: Mapping[str, str]) -> Node:
    first, last = rows[members[0]], rows[members[-1]]
    address = next((addresses[each] for each in members if each in addresses), "")
    if len(members) == 1:
        return Node(
            label=_cut(first.id),
            below=_cut(first.driver),
            title=f"{first.id} ({first.driver}): {first.standing.word}",
            standing=first.standing,
            count=1,
            row=address,
        )
    return Node(
        label=plural(len(members), "step"),
        below=_cut(f"{first.id} … {last.id}"),
        title=f"{plural(len(members), 'step')} alike, {first.id} to {last.id}: {first.standing.word}",
        standing=first.standing,
        count=len(members),
        row=address,
    )


def _cut(text: str) -> str:
    return shortened(visible_line(text), _LABEL_COLUMNS)


def _is_a_row(graph: Condensed) -> bool:
    """Whether the nodes stand in one row, each needing the one before it alone, in the order in which they are."""
    order = list(graph.members)
    return list(graph.edges) == list(pairwise(order))


def _placed(nodes: Mapping[str, Node], layout: Layout) -> Iterator[Node]:
    for first, node in nodes.items():
        y = round(_MARGIN + layout.middles[first] - NODE_HEIGHT / 2, 1)
        yield replace(node, x=_left(layout.layers[first]), y=y)


def _left(layer: int) -> int:
    return _MARGIN + layer * (NODE_WIDTH + _LAYER_GAP)


def _lines(graph: Condensed, nodes: Mapping[str, Node], layout: Layout) -> Iterator[Line]:
    """Yield the lines: from the right side of a node through the layers between to the left side of the other."""
    for source, target in graph.edges:
        layer = layout.layers[source]
        x, y = _left(layer) + NODE_WIDTH, _MARGIN + layout.middles[source]
        path = f"M{x} {y:.1f}"
        for middle in layout.passes[source, target]:
            layer += 1
            path += f"{_curve(x, y, _left(layer), _MARGIN + middle)}h{NODE_WIDTH}"
            x, y = _left(layer) + NODE_WIDTH, _MARGIN + middle
        path += _curve(x, y, _left(layout.layers[target]), _MARGIN + layout.middles[target])
        spreads = nodes[source].standing.key in _SPREADS and nodes[target].standing.key in _SPREADS
        yield Line(path=path, spreads=spreads)


def _curve(from_x: float, from_y: float, to_x: float, to_y: float) -> str:
    """Return a curve that leaves and comes in level."""
    half = (to_x - from_x) / 2
    return f"C{from_x + half:g} {from_y:.1f} {to_x - half:g} {to_y:.1f} {to_x:g} {to_y:.1f}"


def _description(rows: Sequence[StepRow], graph: Condensed) -> str:
    counts = Counter(row.standing.word for row in rows)
    said = [f"{count:,} {word}" for word, count in counts.items()]
    where = next((f" At {row.id}: {row.parts}." for row in rows if row.parts), "")
    drawn = f" Drawn as {plural(len(graph.members), 'node')}." if len(graph.members) < len(rows) else ""
    return f"{plural(len(rows), 'step')} and what each needs: {'; '.join(said)}.{where}{drawn} The table below has the same."
