"""Lists whose order means nothing: their items are matched by key, or as a multiset, and duplicates are counted."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from osiris_core.parity.values import ABSENT, same_leaf, show, signature

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Items = list[tuple[str, Any]]
"""Items with how a path names each: `[3]` or `[id=7]`."""


@dataclass(frozen=True, slots=True)
class Matched:
    """Items of two lists that belong together, with how a path names them; one that has no counterpart meets `ABSENT`.

    `moved` are those whose place in the list is another one. `fault` says why items could not be matched.
    """

    pairs: tuple[tuple[str, Any, Any], ...]
    moved: int = 0
    fault: str = ""


def match(
    left: Sequence[Any], right: Sequence[Any], by: Sequence[str], forms: tuple[Callable[[Any], bytes], ...]
) -> Matched:
    """Match the items of two lists; `forms` give the signature of a left and of a right item without what may vary."""
    for items in (left, right):
        if by and any(not isinstance(each, dict) or any(name not in each for name in by) for each in items):
            return Matched((), fault=f"an item has no {' and '.join(f'`{name}`' for name in by)}")
    keys = [
        [signature([each[name] for name in by]) if by else form(each) for each in items]
        for items, form in zip((left, right), forms, strict=True)
    ]
    waiting: dict[bytes, list[int]] = defaultdict(list)
    for index in sorted(range(len(right)), key=lambda index: rank(right[index])):
        waiting[keys[1][index]].append(index)
    pairs: list[tuple[int, int]] = []
    alone: list[int] = []
    taken: dict[bytes, int] = defaultdict(int)
    for index in sorted(range(len(left)), key=lambda index: rank(left[index])):
        key = keys[0][index]
        if taken[key] < len(waiting[key]):
            pairs.append((index, waiting[key][taken[key]]))
            taken[key] += 1
        else:
            alone.append(index)
    matched = {other for _, other in pairs}
    extra = [index for index in range(len(right)) if index not in matched]
    alone.sort()
    if not by:  # what is left over is held against each other, so that a changed item is told by its changed place
        shared = min(len(alone), len(extra))
        pairs += zip(alone[:shared], extra[:shared], strict=True)
        alone, extra = alone[shared:], extra[shared:]
    pairs.sort()
    told = [(_name(left[a], a, by), left[a], right[b]) for a, b in pairs]
    told += [(_name(left[a], a, by), left[a], ABSENT) for a in alone]
    told += [(_name(right[b], b, by), ABSENT, right[b]) for b in extra]
    return Matched(tuple(told), moved=sum(a != b for a, b in pairs))


def _name(item: Any, index: int, by: Sequence[str]) -> str:
    return f"[{','.join(f'{name}={show(item[name])}' for name in by)}]" if by else f"[{index}]"


def rank(value: Any) -> tuple[Any, ...]:
    """Return what sorts values of any type: numbers by size, so that near ones stay together, then texts, then the rest."""
    if isinstance(value, bool) or value is None:
        return (0, str(value))
    if isinstance(value, int | float):
        return (1, value) if same_leaf(value, value) and value == value else (2, "nan")  # noqa: PLR0124 - NaN only
    if isinstance(value, str):
        return (3, value)
    if isinstance(value, dict):
        return (4, tuple((str(name), rank(value[name])) for name in sorted(value, key=str)))
    return (5, tuple(rank(each) for each in value))
