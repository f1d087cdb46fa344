"""Where two JSON documents differ, place by place, however deep they are; and where an object has a key twice."""

from __future__ import annotations

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
            names = sorted(a.keys() | b.keys(), reverse=True)
            inner = [(inside(path, name), a.get(name, ABSENT), b.get(name, ABSENT)) for name in names]
        elif isinstance(a, list) and isinstance(b, list):
            inner = [
                (f"{path}[{n}]", a[n] if n < len(a) else ABSENT, b[n] if n < len(b) else ABSENT)
                for n in reversed(range(max(len(a), len(b))))
            ]
        else:
            if type(a) is not type(b) or isinstance(a, dict | list) or a != b:
                yield path, a, b
            continue
        waiting.extend(inner)


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
