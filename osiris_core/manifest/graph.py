"""Orders steps by their needs, and names the cycles where no order exists. Never recursive, linear but for a heap."""

from __future__ import annotations

import heapq
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping


def execution_order(needs: Mapping[str, Collection[str]]) -> tuple[str, ...]:
    """Return the steps so that each comes after what it needs; of those that are ready, the first in the file goes.

    `needs` has an entry for every step, in the file's order. Steps in a cycle, or behind one, are left out.
    """
    ids = list(needs)
    place = {each: index for index, each in enumerate(ids)}
    waiting = [len(set(needs[each])) for each in ids]
    followers: list[list[int]] = [[] for _ in ids]
    for index, each in enumerate(ids):
        for need in set(needs[each]):
            followers[place[need]].append(index)
    ready = [index for index, count in enumerate(waiting) if not count]
    order = []
    while ready:
        index = heapq.heappop(ready)
        order.append(ids[index])
        for follower in followers[index]:
            waiting[follower] -= 1
            if not waiting[follower]:
                heapq.heappush(ready, follower)
    return tuple(order)


def cycles(needs: Mapping[str, Collection[str]]) -> tuple[tuple[str, ...], ...]:
    """Return one shortest cycle for every knot of steps that need each other, from the knot's first step in the file.

    Each step of a cycle needs the next one, and the last one needs the first.
    """
    done = set(execution_order(needs))
    rest = {each: [need for need in needs[each] if need not in done] for each in needs if each not in done}
    place = {each: index for index, each in enumerate(rest)}
    knots = [sorted(knot, key=place.__getitem__) for knot in _knots(rest) if len(knot) > 1 or knot[0] in rest[knot[0]]]
    return tuple(_shortest_cycle(knot, rest) for knot in sorted(knots, key=lambda knot: place[knot[0]]))


def _shortest_cycle(knot: list[str], needs: Mapping[str, Collection[str]]) -> tuple[str, ...]:
    """Walk breadth first from the knot's first step until a step needs that one again."""
    start, members = knot[0], set(knot)
    before: dict[str, str] = {}
    queue = deque([start])
    while queue:
        here = queue.popleft()
        for need in needs[here]:
            if need == start:
                return _path_to(here, start, before)
            if need in members and need not in before:
                before[need] = here
                queue.append(need)
    raise AssertionError(f"{start} is in no cycle")  # a knot is one by definition


def _path_to(here: str, start: str, before: Mapping[str, str]) -> tuple[str, ...]:
    path = [here]
    while path[-1] != start:
        path.append(before[path[-1]])
    return tuple(reversed(path))


def _knots(needs: Mapping[str, Collection[str]]) -> Iterator[list[str]]:
    """Yield the strongly connected components (Kosaraju and Sharir): against the needs, last finished first."""
    needed_by: dict[str, list[str]] = {each: [] for each in needs}
    for each, wanted in needs.items():
        for need in wanted:
            needed_by[need].append(each)
    taken: set[str] = set()
    for root in reversed(_finished(needs)):
        knot, todo = [], [root]
        while todo:
            here = todo.pop()
            if here not in taken:
                taken.add(here)
                knot.append(here)
                todo.extend(needed_by[here])
        if knot:
            yield knot


def _finished(needs: Mapping[str, Collection[str]]) -> list[str]:
    """Return the steps in the order in which a depth-first walk along the needs leaves them."""
    seen: set[str] = set()
    finished = []
    for root in needs:
        work = [] if root in seen else [(root, iter(needs[root]))]
        seen.add(root)
        while work:
            here, rest = work[-1]
            need = next((each for each in rest if each not in seen), None)
            if need is None:
                work.pop()
                finished.append(here)
            else:
                seen.add(need)
                work.append((need, iter(needs[need])))
    return finished
