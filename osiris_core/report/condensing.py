"""A graph made small enough to be looked at, without a node that nobody hears of.

Steps that do alike things alike (same driver, same standing, same place among their neighbours) become one node with a number; so do
long rows of steps in which nothing happens. What is still too much is left out, and counted: the neighbourhood of what is of note stays.
"""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from osiris_core.report.layering import longest_ways

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    Edge = tuple[str, str]

MOST_NODES: Final = 60
FEW_NODES: Final = 24
"""Up to so many steps each has a node of its own."""

_LEAST_ALIKE: Final = 4
_LEAST_ROW: Final = 3
_ROUNDS: Final = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Vertex:
    """A step as the graph sees it: its driver, how it stands, and whether it is to have a node of its own while there is room."""

    id: str
    driver: str
    standing: str
    of_note: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Condensed:
    """A graph of groups: `members` are the steps of each, by the first of them; `left_out` counts the steps in none."""

    members: Mapping[str, tuple[str, ...]]
    edges: tuple[Edge, ...]
    left_out: int
    hidden_edges: int


def known_edges(needs: Mapping[str, Sequence[str]]) -> tuple[Edge, ...]:
    """Return the pairs (needed, needing) of known steps, each once; those that would close a cycle are left out."""
    edges = [(need, step) for step, needed in needs.items() for need in dict.fromkeys(needed) if need in needs]
    waiting = dict.fromkeys(needs, 0)
    following: dict[str, list[str]] = defaultdict(list)
    for source, target in edges:
        waiting[target] += 1
        following[source].append(target)
    rank: dict[str, int] = {}
    ready = deque(step for step in needs if not waiting[step])
    others = iter(needs)
    while len(rank) < len(needs):
        step = ready.popleft() if ready else next(each for each in others if each not in rank)
        if step in rank:
            continue
        rank[step] = len(rank)
        for target in following[step]:
            waiting[target] -= 1
            if not waiting[target] and target not in rank:
                ready.append(target)
    return tuple((source, target) for source, target in edges if rank[source] < rank[target])


def condensed(vertices: Sequence[Vertex], edges: Sequence[Edge]) -> Condensed:
    """Return the graph as it is drawn: whole where it is small."""
    groups: dict[str, tuple[str, ...]] = {vertex.id: (vertex.id,) for vertex in vertices}
    links = list(edges)
    if len(vertices) > FEW_NODES:
        groups, links = _quotient(groups, links, _alike(vertices, edges))
    note = {vertex.id for vertex in vertices if vertex.of_note}
    if len(groups) > FEW_NODES:
        groups, links = _quotient(groups, links, _rows(groups, links, {v.id: v.standing for v in vertices}, note))
    if len(groups) <= MOST_NODES:
        return Condensed(members=groups, edges=tuple(links), left_out=0, hidden_edges=0)
    kept = _around(groups, links, note)
    shown = {first: members for first, members in groups.items() if first in kept}
    drawn = [(source, target) for source, target in links if source in kept and target in kept]
    return Condensed(
        members=shown,
        edges=tuple(drawn),
        left_out=len(vertices) - sum(map(len, shown.values())),
        hidden_edges=len(links) - len(drawn),
    )


def _alike(vertices: Sequence[Vertex], edges: Sequence[Edge]) -> list[list[str]]:
    """Return the steps that cannot be told apart by what they are and what is around them, however far one looks (colour refinement)."""
    before: dict[str, list[str]] = defaultdict(list)
    after: dict[str, list[str]] = defaultdict(list)
    for source, target in edges:
        before[target].append(source)
        after[source].append(target)
    depth = longest_ways([vertex.id for vertex in vertices], edges)
    colours = _numbered({v.id: (v.driver, v.standing, depth[v.id], v.id if v.of_note else "") for v in vertices})
    for _ in range(_ROUNDS):
        finer = _numbered(
            {
                step: (colour, _seen(before[step], colours), _seen(after[step], colours))
                for step, colour in colours.items()
            }
        )
        if len(set(finer.values())) == len(set(colours.values())):
            break
        colours = finer
    classes: dict[int, list[str]] = defaultdict(list)
    for step, colour in colours.items():
        classes[colour].append(step)
    return [steps for steps in classes.values() if len(steps) >= _LEAST_ALIKE]


def _numbered(keys: Mapping[str, object]) -> dict[str, int]:
    numbers: dict[object, int] = {}
    return {step: numbers.setdefault(key, len(numbers)) for step, key in keys.items()}


def _seen(steps: Iterable[str], colours: Mapping[str, int]) -> tuple[int, ...]:
    return tuple(sorted({colours[step] for step in steps}))


def _rows(
    groups: Mapping[str, tuple[str, ...]], edges: Sequence[Edge], standing: Mapping[str, str], note: set[str]
) -> list[list[str]]:
    """Return the rows of steps of no note that stand alike, each with one before and one behind it; their ends stay."""
    before: dict[str, list[str]] = defaultdict(list)
    after: dict[str, list[str]] = defaultdict(list)
    for source, target in edges:
        before[target].append(source)
        after[source].append(target)
    inner = {
        first
        for first, members in groups.items()
        if len(before[first]) == 1 and len(after[first]) == 1 and not note.intersection(members)
    }
    rows = []
    for first in groups:
        if first not in inner or _goes_on(before[first][0], first, inner, standing):
            continue
        row = [first]
        while _goes_on(row[-1], after[row[-1]][0], inner, standing):
            row.append(after[row[-1]][0])
        rows.append(row[1:-1])
    return [row for row in rows if len(row) >= _LEAST_ROW]


def _goes_on(step: str, following: str, inner: set[str], standing: Mapping[str, str]) -> bool:
    return step in inner and following in inner and standing[step] == standing[following]


def _quotient(
    groups: Mapping[str, tuple[str, ...]], edges: Sequence[Edge], joined: Sequence[Sequence[str]]
) -> tuple[dict[str, tuple[str, ...]], list[Edge]]:
    """Return the graph with each list of `joined` as one group, called by its first."""
    owner = {first: first for first in groups}
    for row in joined:
        owner.update(dict.fromkeys(row, row[0]))
    merged: dict[str, tuple[str, ...]] = {}
    for first, members in groups.items():
        merged[owner[first]] = (*merged.get(owner[first], ()), *members)
    links = dict.fromkeys((owner[source], owner[target]) for source, target in edges)
    return merged, [(source, target) for source, target in links if source != target]


def _around(groups: Mapping[str, tuple[str, ...]], edges: Sequence[Edge], note: set[str]) -> set[str]:
    """Return at most `MOST_NODES` groups: those of note first, then what is nearest to them."""
    beside: dict[str, list[str]] = defaultdict(list)
    for source, target in edges:
        beside[source].append(target)
        beside[target].append(source)
    seeds = [first for first, members in groups.items() if note.intersection(members)] or list(groups)[:1]
    kept = dict.fromkeys(seeds[: MOST_NODES // 2])
    waiting = deque(kept)
    while waiting and len(kept) < MOST_NODES:
        for each in beside[waiting.popleft()]:
            if each not in kept and len(kept) < MOST_NODES:
                kept[each] = None
                waiting.append(each)
    return set(kept)
