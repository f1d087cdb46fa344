"""The facts of an environment by dotted names, whatever tables they stand in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def flattened(environment: Mapping[str, Any]) -> dict[str, Any]:
    """Return `{"limits": {"cpu_s": 3}}` as `{"limits.cpu_s": 3}`, sorted; an empty table is a fact itself."""
    return dict(_facts("", environment))


def _facts(prefix: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict) and value:
        for key in sorted(value):
            yield from _facts(f"{prefix}.{key}" if prefix else str(key), value[key])
    elif prefix:
        yield prefix, value
