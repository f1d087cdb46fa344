"""Reads one value of one type from one node, and says what else it found there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeVar, cast

from osiris_core.manifest.model import STEP_ID_RULE
from osiris_core.manifest.nodes import BrokenNode, ListNode, MappingNode, ScalarNode, kind_of
from osiris_core.manifest.problems import shown

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from osiris_core.manifest.nodes import Entry, Node
    from osiris_core.manifest.problems import Place, Problems

_Known = TypeVar("_Known", bound=str)
_ID = re.compile(STEP_ID_RULE)
_SWITCHES = {"yes", "no", "on", "off", "y", "n"}


def reserved(name: str) -> str:
    """Return the answer to a key that a later version will serve."""
    return f"{shown(name)} is reserved: this version does not serve it yet"


def mapping(problems: Problems, node: Node, name: str) -> MappingNode | None:
    """Return the node where it is a mapping."""
    if isinstance(node, MappingNode):
        return node
    _wrong(problems, node, name, "a mapping")
    return None


def keys(
    problems: Problems, node: MappingNode, where: str, *, served: Collection[str], reserved_keys: Collection[str] = ()
) -> Mapping[str, Entry]:
    """Return the entries that are served; report the reserved ones, and the unknown with the nearest known one."""
    found: dict[str, Entry] = {}
    for name, entry in node.entries.items():
        if name in served:
            found[name] = entry
        elif name in reserved_keys:
            problems.add(entry, reserved(name))
        elif name != "<<":  # reported as what it is
            hint = problems.nearest(name, {*served, *reserved_keys}) or "known: " + ", ".join(served)
            problems.add(entry, f"unknown key {shown(name)} in {where}", hint)
    return found


def required(problems: Problems, found: Mapping[str, Entry], name: str, where: str, at: Place) -> Node | None:
    """Return the value of a key that must be there."""
    if name in found:
        return found[name].node
    problems.add(at, f"{shown(name)} is missing in {where}")
    return None


def text(problems: Problems, node: Node, name: str) -> str | None:
    """Return text."""
    if isinstance(node, ScalarNode) and isinstance(node.value, str):
        return node.value
    _wrong(problems, node, name, "text")
    return None


def choice(problems: Problems, node: Node, name: str, known: Sequence[_Known]) -> _Known | None:
    """Return text that is one of the known."""
    value = text(problems, node, name)
    if value is None:
        return None
    if value in known:
        return known[known.index(cast("_Known", value))]
    hint = problems.nearest(value, known) or "known: " + ", ".join(known)
    problems.add(node, f"{shown(name)} cannot be {shown(value)}", hint)
    return None


def identifier(problems: Problems, node: Node, name: str) -> str | None:
    """Return text that may name a step or a pipeline; a bad one is reported and returned, so that it is known."""
    value = text(problems, node, name)
    if value is not None and not _ID.fullmatch(value):
        problems.add(
            node, f"{shown(value)} is no id", "a letter, then up to 62 letters, digits, `_` or `-`, without accents"
        )
    return value


def whole(problems: Problems, node: Node, name: str, *, least: int | None = None) -> int | None:
    """Return a whole number, at least `least`; true and false are none."""
    value = node.value if isinstance(node, ScalarNode) else None
    if isinstance(value, bool) or not isinstance(value, int):
        _wrong(problems, node, name, "a whole number")
        return None
    if least is not None and value < least:
        problems.add(node, f"{shown(name)} must be at least {least}, not {value}")
        return None
    return value


def number(problems: Problems, node: Node, name: str) -> float | None:
    """Return a number, whole or not; true and false are none."""
    value = node.value if isinstance(node, ScalarNode) else None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        _wrong(problems, node, name, "a number")
        return None
    return value


def boolean(problems: Problems, node: Node, name: str) -> bool | None:
    """Return true or false."""
    if isinstance(node, ScalarNode) and isinstance(node.value, bool):
        return node.value
    _wrong(problems, node, name, "true or false")
    return None


def seconds(problems: Problems, node: Node, name: str) -> float | None:
    """Return a number of seconds above zero."""
    value = node.value if isinstance(node, ScalarNode) else None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        _wrong(problems, node, name, "a number of seconds")
        return None
    if value <= 0:
        problems.add(node, f"{shown(name)} must be more than 0 seconds")
        return None
    return float(value)


def items(problems: Problems, node: Node, name: str) -> tuple[Node, ...]:
    """Return the items of a list."""
    if isinstance(node, ListNode):
        return node.items
    _wrong(problems, node, name, "a list", "write it in [brackets]" if isinstance(node, ScalarNode) else "")
    return ()


def texts(problems: Problems, node: Node, name: str) -> Iterator[tuple[str, Node]]:
    """Yield the texts of a list with their nodes, each text once; a second one is reported."""
    seen: set[str] = set()
    for each in items(problems, node, name):
        value = text(problems, each, f"{name}[]")
        if value is not None and value in seen:
            problems.add(each, f"{shown(value)} is listed twice in {shown(name)}")
        elif value is not None:
            seen.add(value)
            yield value, each


def _wrong(problems: Problems, node: Node, name: str, wanted: str, hint: str = "") -> None:
    """Report a value of the wrong type, with the commonest cure."""
    if isinstance(node, BrokenNode):
        return
    value = node.value if isinstance(node, ScalarNode) else None
    if wanted == "text" and isinstance(value, (bool, int, float)):
        hint = "quote it"
    elif wanted == "true or false" and isinstance(value, str) and value.lower() in _SWITCHES:
        hint = "YAML 1.2 knows only true and false"
    elif isinstance(node, ScalarNode) and value is None:
        hint = "leave the key out where there is nothing to say"
    problems.add(node, f"{shown(name)} must be {wanted}, but it is {kind_of(node)}", hint)
