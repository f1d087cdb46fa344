"""The leaves of JSON values by path, so that one of them can be drawn and changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

Path = tuple[str | int, ...]


def leaves(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Yield `(path, leaf)` for every scalar in a value."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    if items is None:
        yield path, value
        return
    for name, inner in items:
        yield from leaves(inner, (*path, name))


def branches(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Yield `(path, branch)` for every object and list in a value, itself first."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    if items is None:
        return
    yield path, value
    for name, inner in items:
        yield from branches(inner, (*path, name))


def at(value: Any, path: Path) -> Any:
    """Return what lies at a path."""
    for name in path:
        value = value[name]
    return value


def put(value: Any, path: Path, leaf: Any) -> None:
    """Put another leaf at a path."""
    at(value, path[:-1])[path[-1]] = leaf


def take_out(value: Any, path: Path) -> None:
    """Remove a member or an item."""
    del at(value, path[:-1])[path[-1]]
