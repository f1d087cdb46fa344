"""Events of a YAML parser become nodes, one event after the other, without recursion and within bounds.

Whatever a text holds, its cost is bounded by depth, and by nodes and characters as aliases multiply them. Tags are
refused: a manifest makes values, never objects.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from osiris_core.manifest.nodes import BrokenNode, Entry, ListNode, MappingNode, ScalarNode
from osiris_core.manifest.problems import START, At, shown
from osiris_core.manifest.scalars import ScalarError, resolve, text_of
from osiris_core.manifest.text import MAX_SIZE_BYTES

if TYPE_CHECKING:
    from typing import Any

    from osiris_core.manifest.nodes import Node
    from osiris_core.manifest.problems import Place, Problems

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
    """Takes PyYAML's events one after the other; `root` is the tree once the last was taken."""

    problems: Problems
    root: Node | None = None
    event: Any = None
    stack: list[_Open] = field(default_factory=list)
    anchors: dict[str, _Anchored] = field(default_factory=dict)
    nodes: int = 0
    characters: int = 0
    documents: int = 0

    def take(self, event: Any) -> None:
        """Add what one event says to the tree."""
        self.event = event
        kind = type(event).__name__
        if kind == "ScalarEvent":
            self._place(self._scalar(event))
        elif kind in {"MappingEndEvent", "SequenceEndEvent"}:
            self._close()
        elif kind in {"MappingStartEvent", "SequenceStartEvent"}:
            self._open(event, is_mapping=kind == "MappingStartEvent")
        elif kind == "AliasEvent":
            at = _place_of(event)
            self._place(self._alias(event.anchor, at), at)
        elif kind == "DocumentStartEvent":
            self._start_document(event)

    def _start_document(self, event: Any) -> None:
        self.documents += 1
        if self.documents > 1:
            self._stop("a second document starts here", "a file holds one manifest")
        if event.version not in (None, (1, 2)):
            self._stop("a manifest is YAML 1.2", "leave the %YAML line out")

    def _scalar(self, event: Any) -> Node:
        written, is_plain, mark = event.value, event.implicit[0], event.start_mark
        self._count(1, len(written))
        line, column = mark.line + 1, mark.column + 1
        if not written and is_plain and self.stack and self.stack[-1].key is not None:
            at = self.stack[-1].key_at  # a value that is not there has the place of its key
            line, column = at.line, at.column
        node: Node
        try:
            node = ScalarNode(line, column, resolve(written) if is_plain else text_of(written))
        except ScalarError as error:
            node = BrokenNode(line, column)
            self.problems.add(node, f"{shown(written)} {error}", "quote it to make it text" if is_plain else "")
        if event.tag is not None:
            node = BrokenNode(line, column)
            self._refuse_tag(event.tag, node)
        if event.anchor is not None:
            self._remember(event.anchor, node, 1, len(written))
        return node

    def _refuse_tag(self, tag: str, at: Place) -> None:
        written = tag.replace("tag:yaml.org,2002:", "!!")
        self.problems.add(at, f"the tag {shown(written)} is refused", "a manifest has no tags; quotes make text")

    def _alias(self, name: str, at: Place) -> Node:
        anchored = self.anchors.get(name)
        self._count(*((anchored.nodes, anchored.characters) if anchored else (1, 0)))
        if any(each.anchor == name for each in self.stack):
            self.problems.add(at, f"the alias {shown('*' + name)} stands inside of what it repeats")
        elif anchored is None:
            self.problems.add(at, f"the alias {shown('*' + name)} repeats nothing above it")
        else:
            return anchored.node
        return BrokenNode(at.line, at.column)

    def _open(self, event: Any, *, is_mapping: bool) -> None:
        at = _place_of(event)
        if event.tag is not None:
            self._refuse_tag(event.tag, at)
        if len(self.stack) >= MAX_DEPTH:
            self._stop(too_deep(self.problems))
        nodes, characters = self.nodes, self.characters
        self._count(1, 0)
        self.stack.append(_Open(at, event.anchor, is_mapping, nodes, characters))

    def _close(self) -> None:
        done = self.stack.pop()
        line, column = done.at.line, done.at.column
        node: Node = (
            MappingNode(line, column, done.entries) if done.is_mapping else ListNode(line, column, tuple(done.items))
        )
        if done.anchor is not None:
            nodes, characters = self.nodes - done.nodes_before, self.characters - done.characters_before
            self._remember(done.anchor, node, nodes, characters)
        self._place(node)

    def _place(self, node: Node, at: Place | None = None) -> None:
        """Put a finished node where it belongs; `at` is where it is written, for one that stands elsewhere."""
        if not self.stack:
            self.root = node
            return
        parent = self.stack[-1]
        if not parent.is_mapping:
            parent.items.append(node)
        elif parent.key is None:
            parent.key, parent.key_at = node, at or node
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

    def _remember(self, anchor: str, node: Node, nodes: int, characters: int) -> None:
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
        self.problems.add(_place_of(self.event), message, hint)
        raise self.problems.error()


def too_deep(problems: Problems) -> str:
    """Return the sentence about a document that nests too deep."""
    return f"{problems.document} is nested deeper than {MAX_DEPTH} levels"


def _place_of(event: Any) -> At:
    """Return where an event begins: the parser counts characters from 0, and breaks lines where editors do."""
    mark = event.start_mark
    return At(mark.line + 1, mark.column + 1)
