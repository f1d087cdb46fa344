"""Delta debugging: the smallest part of a set that still has an effect, found by halves where one part is enough.

The algorithm is `ddmin` of Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input" (2002). For one item of
`n` it asks about 2 log2(n) times; what it returns is minimal in that no single item of it can be left out.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_Item = TypeVar("_Item")


def smallest(items: Sequence[_Item], has_effect: Callable[[Sequence[_Item]], bool]) -> tuple[_Item, ...]:
    """Return a smallest part of `items` for which `has_effect` holds; that it holds for all of them is known.

    Nothing is asked twice.
    """
    asked: dict[tuple[_Item, ...], bool] = {}

    def ask(part: tuple[_Item, ...]) -> bool:
        if part not in asked:
            asked[part] = has_effect(part)
        return asked[part]

    current, pieces = tuple(items), 2
    while len(current) > 1:
        parts = _split(current, pieces)
        rests = [tuple(each for each in current if each not in part) for part in parts] if pieces > 2 else []  # noqa: PLR2004 - of two parts, each is the rest of the other
        found = next((each for each in parts if ask(each)), None)
        rest = next((each for each in rests if ask(each)), None) if found is None else None
        if found is not None:
            current, pieces = found, 2
        elif rest is not None:
            current, pieces = rest, max(pieces - 1, 2)
        elif pieces >= len(current):
            break
        else:
            pieces = min(2 * pieces, len(current))
    return current


def _split(items: tuple[_Item, ...], pieces: int) -> list[tuple[_Item, ...]]:
    """Return `items` in so many parts, none empty, of sizes that differ by one at most."""
    size, longer = divmod(len(items), pieces)
    ends = [0]
    for number in range(pieces):
        ends.append(ends[-1] + size + (number < longer))
    return [items[begin:end] for begin, end in itertools.pairwise(ends) if begin < end]
