"""A manifest as nodes: values that know their place, before anything is known about their meaning.

Structs of msgspec and no dataclasses: a big manifest is 150,000 of them, and these are made six times as fast.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterator

    from osiris_core.manifest.scalars import Value


class ScalarNode(Struct, frozen=True, gc=False):
    """One word or text."""

    line: int
    column: int
    value: Value


class ListNode(Struct, frozen=True):
    """A list."""

    line: int
    column: int
    items: tuple[Node, ...]


class MappingNode(Struct, frozen=True):
    """A mapping whose keys are text, each once; the place of an entry is the place of its key."""

    line: int
    column: int
    entries: dict[str, Entry]


class BrokenNode(Struct, frozen=True, gc=False):
    """Something that was reported already; whoever meets it stays silent."""

    line: int
    column: int


Node = ScalarNode | ListNode | MappingNode | BrokenNode


class Entry(Struct, frozen=True):
    """A key with its place, and its value."""

    line: int
    column: int
    node: Node


def kind_of(node: Node) -> str:
    """Return what a node is, in the words of messages."""
    if isinstance(node, ListNode):
        return "a list"
    if isinstance(node, MappingNode):
        return "a mapping"
    value = node.value if isinstance(node, ScalarNode) else None
    kinds = ((bool, "true or false"), (str, "text"), (int, "a whole number"), (float, "a number"))
    return next((words for kind, words in kinds if isinstance(value, kind)), "empty")


def to_json(node: Node) -> Any:
    """Return the plain value of a node, for JSON. Depth was bounded when the node was made."""
    if isinstance(node, ScalarNode):
        return node.value
    if isinstance(node, ListNode):
        return [to_json(each) for each in node.items]
    if isinstance(node, MappingNode):
        return {name: to_json(entry.node) for name, entry in node.entries.items()}
    return None


def texts_of(node: Node) -> Iterator[ScalarNode]:
    """Yield the texts of a value, at any depth."""
    if isinstance(node, ScalarNode):
        if isinstance(node.value, str):
            yield node
    elif isinstance(node, ListNode):
        for each in node.items:
            yield from texts_of(each)
    elif isinstance(node, MappingNode):
        for entry in node.entries.values():
            yield from texts_of(entry.node)
