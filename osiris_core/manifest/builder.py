"""Events of a YAML parser become nodes, one event after the other, without recursion and within bounds.

Whatever a text holds, its cost is bounded by depth, and by nodes and characters as aliases multiply them. Tags are
refused: a manifest makes values, never objects.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ruamel.yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    CollectionStartEvent,
    DocumentStartEvent,
    MappingStartEvent,
    ScalarEvent,
)

from osiris_core.manifest.nodes import BrokenNode, Entry, ListNode, MappingNode, ScalarNode
from osiris_core.manifest.problems import START, shown
from osiris_core.manifest.scalars import ScalarError, resolve, text_of
from osiris_core.manifest.text import MAX_SIZE_BYTES

if TYPE_CHECKING:
    from typing import Any

    from osiris_core.manifest.nodes import Node
    from osiris_core.manifest.problems import Place, Problems
    from osiris_core.manifest.text import Lines

MAX_DEPTH = 64
MAX_NODES = 250_000
"""The most values and keys of a manifest, aliases followed; 10,000 steps take about 150,000."""
MAX_CHARACTERS = 2 * MAX_SIZE_BYTES
"""The most characters of all values and keys together, aliases followed."""


@dataclass(slots=True)
class _Open:
    """A list or mapping whose end was not seen yet."""

    at: Place
    anchor: str | None
    is_mapping: bool
    nodes_before: int
    characters_before: int
    items: list[Node] = field(default_factory=list)
    entries: dict[str, Entry] = field(default_factory=dict)
    key: Node | None = None
    key_at: Place = START


@dataclass(frozen=True, slots=True)
class _Anchored:
    """What an alias repeats, and what repeating it costs."""

    node: Node
    nodes: int
    characters: int


@dataclass(slots=True)
class Builder:
    """Takes events one after the other; `root` is the tree once the last was taken."""

    problems: Problems
    lines: Lines
    root: Node | None = None
    last: Place = START
    stack: list[_Open] = field(default_factory=list)
    anchors: dict[str, _Anchored] = field(default_factory=dict)
    nodes: int = 0
    characters: int = 0
    documents: int = 0

    def take(self, event: Any) -> None:
        """Add what one event says to the tree."""
        self.last = self.lines.at(event.start_mark.index)
        if isinstance(event, DocumentStartEvent):
            self._start_document(event)
        elif isinstance(event, ScalarEvent):
            self._count(1, len(event.value))
            if not event.value and event.implicit[0] and self.stack and self.stack[-1].key is not None:
                self.last = self.stack[-1].key_at  # a value that is not there has the place of its key
            node = self._scalar(event)
            self._remember(event.anchor, node, 1, len(event.value))
            self._place(node, self.last)
        elif isinstance(event, AliasEvent):
            self._place(self._alias(event.anchor), self.last)
        elif isinstance(event, CollectionStartEvent):
            self._open(event)
        elif isinstance(event, CollectionEndEvent):
            self._close()

    def _start_document(self, event: Any) -> None:
        self.documents += 1
        if self.documents > 1:
            self._stop("a second document starts here", "a file holds one manifest")
        if event.version not in (None, (1, 2)):
            self._stop("a manifest is YAML 1.2", "leave the %YAML line out")

    def _scalar(self, event: Any) -> Node:
        if self._refuses_tag(event):
            return BrokenNode(self.last.line, self.last.column)
        try:
            value = resolve(event.value) if event.implicit[0] else text_of(event.value)
        except ScalarError as error:
            hint = "quote it to make it text" if event.implicit[0] else ""
            self.problems.add(self.last, f"{shown(event.value)} {error}", hint)
            return BrokenNode(self.last.line, self.last.column)
        return ScalarNode(self.last.line, self.last.column, value)

    def _refuses_tag(self, event: Any) -> bool:
        tag = None if event.ctag is None else str(event.ctag)
        if tag is not None:
            written = tag.replace("tag:yaml.org,2002:", "!!")
            self.problems.add(
                self.last, f"the tag {shown(written)} is refused", "a manifest has no tags; quotes make text"
            )
        return tag is not None

    def _alias(self, name: str) -> Node:
        anchored = self.anchors.get(name)
        if any(each.anchor == name for each in self.stack):
            self.problems.add(self.last, f"the alias {shown('*' + name)} stands inside of what it repeats")
        elif anchored is None:
            self.problems.add(self.last, f"the alias {shown('*' + name)} repeats nothing above it")
        else:
            self._count(anchored.nodes, anchored.characters)
            return anchored.node
        return BrokenNode(self.last.line, self.last.column)

    def _open(self, event: Any) -> None:
        self._refuses_tag(event)
        if len(self.stack) >= MAX_DEPTH:
            self._stop(f"{self.problems.document} is nested deeper than {MAX_DEPTH} levels")
        before = self.nodes, self.characters
        self._count(1, 0)
        self.stack.append(
            _Open(
                at=self.last,
                anchor=event.anchor,
                is_mapping=isinstance(event, MappingStartEvent),
                nodes_before=before[0],
                characters_before=before[1],
            )
        )

    def _close(self) -> None:
        done = self.stack.pop()
        line, column = done.at.line, done.at.column
        node: Node = (
            MappingNode(line, column, done.entries) if done.is_mapping else ListNode(line, column, tuple(done.items))
        )
        self._remember(done.anchor, node, self.nodes - done.nodes_before, self.characters - done.characters_before)
        self._place(node, done.at)

    def _place(self, node: Node, at: Place) -> None:
        """Put a finished node, written at `at`, where it belongs."""
        if not self.stack:
            self.root = node
            return
        parent = self.stack[-1]
        if not parent.is_mapping:
            parent.items.append(node)
        elif parent.key is None:
            parent.key, parent.key_at = node, at
            self._check_key(parent)
        else:
            key, parent.key = parent.key, None
            if isinstance(key, ScalarNode) and isinstance(key.value, str):
                parent.entries.setdefault(key.value, Entry(parent.key_at.line, parent.key_at.column, node))

    def _check_key(self, parent: _Open) -> None:
        key, at = parent.key, parent.key_at
        if isinstance(key, BrokenNode):
            return
        if not isinstance(key, ScalarNode) or not isinstance(key.value, str):
            self.problems.add(at, "a key must be text", "quote it" if isinstance(key, ScalarNode) else "")
        elif key.value == "<<":
            self.problems.add(at, "merge keys (`<<`) are no part of YAML 1.2", "write the keys out")
        elif key.value in parent.entries:
            first = parent.entries[key.value]
            self.problems.add(at, f"duplicate key {shown(key.value)}", f"it stands at line {first.line} already")

    def _remember(self, anchor: str | None, node: Node, nodes: int, characters: int) -> None:
        if anchor is not None:
            self.anchors[anchor] = _Anchored(node, nodes, characters)

    def _count(self, nodes: int, characters: int) -> None:
        """Refuse what is too much as soon as it is, which for aliases is before anything was copied."""
        self.nodes += nodes
        self.characters += characters
        if self.nodes > MAX_NODES:
            self._stop(f"{self.problems.document} has more than {MAX_NODES:,} values, aliases followed")
        if self.characters > MAX_CHARACTERS:
            self._stop(f"{self.problems.document} has more than {MAX_CHARACTERS:,} characters, aliases followed")

    def _stop(self, message: str, hint: str = "") -> None:
        self.problems.add(self.last, message, hint)
        raise self.problems.error()
