"""The graph of a manifest's steps: everything is drawn once, nothing lies on anything else, and the same steps are the same drawing."""

from __future__ import annotations

import itertools
import random

import pytest

from osiris_core.parity.record import Finding, Layer, RecordSet, Verdict
from osiris_core.report.condensing import MOST_NODES, Vertex, condensed, known_edges
from osiris_core.report.graph import NODE_HEIGHT, NODE_WIDTH, graph_of
from osiris_core.report.html import render_html, script_text, style_text
from osiris_core.report.layering import Spacing, laid_out
from osiris_core.report.steps import step_rows
from tests.report.crossed import crossed
from tests.report.samples import comparison, divergent, e2b_run, local_run, record, step
from tests.report.structure import Structure

SPACING = Spacing(height=10, line=2, between=4)
DIAMOND = {"read": [], "left": ["read"], "right": ["read"], "join": ["left", "right"]}


def random_needs(seed: int, size: int) -> dict[str, list[str]]:
    """A net of steps, each of which needs up to three of the thirty before it."""
    rng = random.Random(seed)
    names = [f"s{number:03}" for number in range(size)]
    return {name: rng.sample(names[max(0, at - 30) : at], min(at, rng.randint(0, 3))) for at, name in enumerate(names)}


def vertices(needs, note=()):
    """Steps that stand alike, but for those of note."""
    return [Vertex(id=step, driver="d", standing="same", of_note=step in note) for step in needs]


def chain(length: int) -> dict[str, list[str]]:
    """Steps in a row."""
    return {f"s{at}": [f"s{at - 1}"] if at else [] for at in range(length)}


def drawn(needs, causes=(), effects=()):
    """The graph of a record with such steps, in which the targets part at `causes`."""
    steps = tuple(step(name, "d", *needed, at=at) for at, (name, needed) in enumerate(needs.items()))
    findings = tuple(
        Finding(layer=Layer.TABLES, step=each, code="c", path="p", message="m") for each in (*causes, *effects)
    )
    broken = comparison(
        Verdict.DIVERGENT, findings=findings, causes=tuple(causes), first_diverging_step=next(iter(causes), None)
    )
    rows = step_rows(
        record("m", Verdict.DIVERGENT, targets=(local_run(steps=steps), e2b_run(steps=steps)), comparison=broken)
    )
    return graph_of(rows, {row.id: row.anchor for row in rows})


def test_a_diamond_has_the_places_that_one_would_give_it():
    """Three layers; the two in the middle lie above and below the others, which lie halfway between them."""
    layout = laid_out(list(DIAMOND), known_edges(DIAMOND), SPACING)
    assert layout.layers == {"read": 0, "left": 1, "right": 1, "join": 2}
    assert layout.middles == {"read": 12.0, "left": 5.0, "right": 19.0, "join": 12.0}
    assert (layout.depth, layout.height) == (3, 24.0)


def test_a_line_past_a_layer_does_not_run_through_its_nodes():
    """It has a place of its own between them."""
    needs = {"a": [], "b": ["a"], "c": ["b", "a"]}
    layout = laid_out(list(needs), known_edges(needs), SPACING)
    (passing,) = layout.passes["a", "c"]
    assert abs(passing - layout.middles["b"]) == 5 + 4 + 1  # half a node, what lies between, half a line


def test_crossings_are_untangled():
    """Lines that would cross in the order of the file do not where another order avoids it."""
    needs = {"a": [], "b": [], "x": ["b"], "y": ["a"]}
    middles = laid_out(list(needs), known_edges(needs), SPACING).middles
    assert (middles["a"] < middles["b"]) == (middles["y"] < middles["x"])


@pytest.mark.parametrize("seed", range(4))
def test_nothing_overlaps_and_every_need_points_to_the_right(seed):
    """In nets of any form: nodes of a layer and the lines that pass it keep their distance."""
    needs = random_needs(seed, 40)
    edges = known_edges(needs)
    layout = laid_out(list(needs), edges, SPACING)
    assert all(layout.layers[source] < layout.layers[target] for source, target in edges)
    layers: dict[int, list[tuple[float, float]]] = {}
    for node, middle in layout.middles.items():
        layers.setdefault(layout.layers[node], []).append((middle, 5))
    for (source, _), passes in layout.passes.items():
        for layer, middle in enumerate(passes, layout.layers[source] + 1):
            layers.setdefault(layer, []).append((middle, 1))
    for places in layers.values():
        for (above, half), (below, other) in itertools.pairwise(sorted(places)):
            assert below - above >= half + other + 4 - 1e-6
    assert all(middle - 5 >= 0 and middle + 5 <= layout.height + 1e-6 for middle in layout.middles.values())
    assert laid_out(list(needs), edges, SPACING) == layout


@pytest.mark.parametrize(
    ("needs", "note"),
    [
        (DIAMOND, ()),
        (chain(1_000), ("s500",)),
        (random_needs(7, 1_000), ("s500", "s700")),
        ({"a": [], **{f"b{at}": ["a"] for at in range(500)}}, ()),
        ({f"a{at}": [] for at in range(500)}, tuple(f"a{at}" for at in range(500))),
    ],
)
def test_every_step_is_in_one_node_or_counted_as_left_out(needs, note):
    """Of a thousand steps too; and there are never more nodes than one can look at."""
    small = condensed(vertices(needs, note), known_edges(needs))
    members = [step for group in small.members.values() for step in group]
    assert len(members) == len(set(members))
    assert len(members) + small.left_out == len(needs)
    assert len(small.members) <= MOST_NODES
    assert all(source in small.members and target in small.members for source, target in small.edges)
    assert {step for step in note if step in small.members} or not note


def test_steps_that_do_alike_things_alike_are_one_node():
    """Sixty steps of four weeks are a handful of nodes; the day where the targets part stands by itself, and so does what follows it."""
    needs = {"read": []}
    for day in range(28):
        needs |= {f"day-{day}": ["read"], f"calm-{day}": [f"day-{day}"]}
    needs["write"] = [f"calm-{day}" for day in range(28)]
    small = condensed(vertices(needs, note=("day-7",)), known_edges(needs))
    sizes = {first: len(members) for first, members in small.members.items()}
    assert sizes == {"read": 1, "day-0": 27, "calm-0": 27, "day-7": 1, "calm-7": 1, "write": 1}
    assert ("day-0", "calm-0") in small.edges
    assert ("day-0", "calm-7") not in small.edges


def test_a_long_row_is_folded_and_its_cause_is_not():
    """What is around the cause stays; the rows before and behind it become a node each."""
    small = condensed(vertices(chain(1_000), note=("s500",)), known_edges(chain(1_000)))
    sizes = {first: len(members) for first, members in small.members.items()}
    assert sizes == {"s0": 1, "s1": 1, "s2": 497, "s499": 1, "s500": 1, "s501": 1, "s502": 496, "s998": 1, "s999": 1}


def test_needs_that_cannot_be_are_not_drawn():
    """A cycle, a step that needs itself, and one that nobody knows: a directory may hold anything."""
    needs = {"a": ["c", "a"], "b": ["a", "ghost"], "c": ["b"]}
    assert known_edges(needs) == (("a", "b"), ("b", "c"))
    assert drawn(needs).lines == ()


def test_a_plain_row_is_a_list_and_not_a_drawing():
    """Compact, and it wraps on a narrow screen; one step alone is no graph."""
    row = drawn(chain(5))
    assert (row.lines, row.width) == ((), 0)
    assert [node.label for node in row.nodes] == ["s0", "s1", "s2", "s3", "s4"]
    assert drawn(chain(1)) is None


def test_nodes_keep_their_distance_in_the_drawing():
    """In pixels, as the page has them."""
    graph = drawn(random_needs(3, 40))
    for one, other in itertools.combinations(graph.nodes, 2):
        assert abs(one.x - other.x) >= NODE_WIDTH or abs(one.y - other.y) >= NODE_HEIGHT
    assert all(node.x + NODE_WIDTH <= graph.width and node.y + NODE_HEIGHT <= graph.height for node in graph.nodes)


def test_a_difference_is_seen_to_spread():
    """From the cause along the lines to its effects, and along no other."""
    needs = {"read": [], "a": ["read"], "b": ["read"], "write": ["a", "b"]}
    graph = drawn(needs, causes=("a",), effects=("write",))
    assert [node.standing.symbol for node in graph.nodes] == ["=", "≠", "=", "⇢"]
    assert [line.spreads for line in graph.lines] == [False, False, True, False]
    assert "1 the targets part here" in graph.description
    assert "At a: here the targets part." in graph.description


def test_the_page_says_the_graph_in_words_and_links_its_nodes_to_their_rows():
    """Every link finds its row, in a drawing and in a list; a thousand steps do not blow up the page."""
    net = random_needs(5, 1_000)
    steps = tuple(step(name, "d", *needed, at=at) for at, (name, needed) in enumerate(net.items()))
    many = record("net", Verdict.IDENTICAL, targets=(local_run(steps=steps), e2b_run(steps=steps)))
    whole = render_html(RecordSet(records=(crossed(), divergent(), many)))
    page = Structure(whole)
    links = [href[1:] for href in page.values("href") if "-s-" in href]
    assert len(links) >= 7 + 3
    assert set(links) <= set(page.values("id"))
    assert "7 steps and what each needs: " in " ".join(page.values("aria-label"))
    assert "940 steps are not drawn" in page.text
    assert "region" not in page.values("role")  # many landmarks of one name are none
    assert len(whole) - len(style_text()) - len(script_text()) < 220_000
