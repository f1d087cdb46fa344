"""Where two JSON documents differ, place by place, however deep they are; and where an object has a key twice."""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from osiris_core.parity.kinds.json_values import DoubledKeys
from osiris_core.parity.values import ABSENT

if TYPE_CHECKING:
    from collections.abc import Iterator


def differing_places(left: Any, right: Any) -> Iterator[tuple[str, Any, Any]]:
    """Yield `(path, left, right)` for every place that differs, in the order of the paths; what is missing is `ABSENT`.

    Paths look like `rows[0].id`. Nothing is called in turn, so no depth is too deep.
    """
    waiting = [("", left, right)]
    while waiting:
        path, a, b = waiting.pop()
        if isinstance(a, dict) and isinstance(b, dict):
            members = ((name, a.get(name, ABSENT), b.get(name, ABSENT)) for name in a.keys() | b.keys())
            inner = sorted((each for each in members if _may_differ(*each[1:])), key=lambda each: each[0], reverse=True)
            waiting.extend((inside(path, name), x, y) for name, x, y in inner)
        elif isinstance(a, list) and isinstance(b, list):
            items = [(n, x, y) for n, (x, y) in enumerate(zip_longest(a, b, fillvalue=ABSENT)) if _may_differ(x, y)]
            waiting.extend((f"{path}[{n}]", x, y) for n, x, y in reversed(items))
        elif type(a) is not type(b) or isinstance(a, dict | list) or a != b:
            yield path, a, b


def doubled_keys(value: Any) -> Iterator[str]:
    """Yield the path of every key that an object has more than once."""
    waiting = [("", value)]
    while waiting:
        path, each = waiting.pop()
        if isinstance(each, DoubledKeys):
            yield from (inside(path, name) for name in each.doubled)
        if isinstance(each, dict):
            waiting.extend((inside(path, name), each[name]) for name in reversed(each))
        elif isinstance(each, list):
            waiting.extend((f"{path}[{n}]", each[n]) for n in reversed(range(len(each))))


def inside(path: str, name: str) -> str:
    """Return the path of a member."""
    return f"{path}.{name}" if path else name


def _may_differ(left: Any, right: Any) -> bool:
    """Say whether two values are worth a walk; Python's own equality is exact for these, and quick."""
    try:
        return bool(left != right)
    except RecursionError:  # it calls itself for what lies inside, the walk does not
        return True
