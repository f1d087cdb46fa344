"""`${params.x}` becomes what it stands for, on the tree of nodes: before anything is known about their meaning.

A text that is nothing but one reference becomes the parameter's value with its type; inside of more text the value is
written out as JSON writes it. What was put in is not looked at again, so that nothing recurses, and the cost is bounded
by the same number of values and characters as the file itself.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Final

from osiris_core.manifest.builder import MAX_CHARACTERS, MAX_NODES
from osiris_core.manifest.nodes import BrokenNode, Entry, ListNode, MappingNode, ScalarNode, kind_of
from osiris_core.manifest.params import REFERENCE
from osiris_core.manifest.problems import MAX_PROBLEMS, known_names, shown
from osiris_core.manifest.text import Lines

if TYPE_CHECKING:
    from collections.abc import Mapping

    from osiris_core.manifest.nodes import Node
    from osiris_core.manifest.params import Parameters
    from osiris_core.manifest.problems import Place, Problems

SERVED: Final = frozenset({"inputs", "env", "resources", "network", "template", "timeout_s", "on_failure", "expect"})
"""Sections whose values may refer to parameters. What names things stays as it is written: `pipeline`, `code`,
`requirements`, and of a step all but `SERVED_IN_STEPS`."""
SERVED_IN_STEPS: Final = frozenset({"config", "timeout_s", "retries"})
_START = re.compile(r"\$?\$\{params\.")
_LONGEST_ESCAPE = 10  # characters, as in `\\U00000024`
_INDENTATION = 4096  # characters that a text may have in the file beside its own
_DOLLAR = re.compile(r"\$|\\(?:x24|u0024|U00000024)")


def substitute(
    problems: Problems, tree: MappingNode, parameters: Parameters, text: str
) -> tuple[MappingNode, frozenset[str]]:
    """Return the tree with every reference replaced, and the names that were referred to; `text` is the file's."""
    if _DOLLAR.search(text) is None:
        return tree, frozenset()
    work = _Substitution(problems=problems, values=parameters.values, text=text)
    entries = dict(tree.entries)
    for name, entry in tree.entries.items():
        if name == "steps":
            node = work.steps(entry.node)
        elif name in SERVED:
            node = work.apply(entry.node, as_text=name == "env", keys=name == "expect")
        elif name == "params":
            continue  # was read already
        else:
            node = work.refuse(entry.node, f"`{name}`")
        entries[name] = Entry(entry.line, entry.column, node)
    return MappingNode(tree.line, tree.column, entries), frozenset(work.used)


@dataclass(slots=True, kw_only=True)
class _Substitution:
    problems: Problems
    values: Mapping[str, Node]
    text: str
    used: set[str] = field(default_factory=set)
    nodes: int = 0
    characters: int = 0
    lines: Lines | None = None
    places: tuple[ScalarNode, list[Place]] | None = None
    reported: int = 0

    def steps(self, node: Node) -> Node:
        """Return the steps with their configs, and whatever else is served in them, replaced."""
        if not isinstance(node, ListNode):
            return self.refuse(node, "`steps`")
        return ListNode(node.line, node.column, tuple(self._step(each) for each in node.items))

    def _step(self, node: Node) -> Node:
        if not isinstance(node, MappingNode):
            return self.refuse(node, "`steps`")
        entries = {
            name: Entry(
                each.line,
                each.column,
                self.apply(each.node) if name in SERVED_IN_STEPS else self.refuse(each.node, f"`{name}` of a step"),
            )
            for name, each in node.entries.items()
        }
        return MappingNode(node.line, node.column, entries)

    def apply(self, node: Node, *, as_text: bool = False, keys: bool = False) -> Node:
        """Return a node with all references in it replaced; with `as_text`, whole texts stay texts; with `keys`, in keys."""
        if isinstance(node, ScalarNode):
            return self._scalar(node, as_text=as_text)
        if isinstance(node, ListNode):
            return ListNode(node.line, node.column, tuple(self.apply(each, as_text=as_text) for each in node.items))
        if isinstance(node, MappingNode):
            entries: dict[str, Entry] = {}
            for name, each in node.entries.items():
                key = self._key(name, each) if keys else self._plain_key(name, each)
                if key in entries:
                    at = entries[key]
                    self.problems.add(each, f"duplicate key {shown(key)}", f"it stands at line {at.line} already")
                value = self.apply(each.node, as_text=as_text, keys=keys)
                entries.setdefault(key, Entry(each.line, each.column, value))
            return MappingNode(node.line, node.column, entries)
        return node

    def refuse(self, node: Node, where: str) -> Node:
        """Report the references in a section that does not serve them; return it as it is."""
        if isinstance(node, ListNode):
            for each in node.items:
                self.refuse(each, where)
        elif isinstance(node, MappingNode):
            for entry in node.entries.values():
                self.refuse(entry.node, where)
        elif isinstance(node, ScalarNode) and isinstance(node.value, str) and _refers(node.value):
            self.problems.add(node, f"{where} cannot refer to parameters", "write `$${params.` for the text itself")
        return node

    def _key(self, name: str, at: Place) -> str:
        """Return a key with all references in it replaced; it is text always."""
        node = self._scalar(ScalarNode(at.line, at.column, name), as_text=True)
        return str(node.value) if isinstance(node, ScalarNode) else name

    def _plain_key(self, name: str, at: Place) -> str:
        if _refers(name):
            self.problems.add(at, f"the key {shown(name)} cannot refer to parameters", "values can")
        return name

    def _scalar(self, node: ScalarNode, *, as_text: bool) -> Node:
        written = node.value
        if not isinstance(written, str) or "{params." not in written:
            return node
        whole = REFERENCE.fullmatch(written)
        if as_text or whole is None or whole[1] is None:
            return self._interpolated(node, written)
        value = self._value(whole[1], node, 0)
        if value is None:
            return _broken(node)
        self._count(node, *_size(value))
        self.problems.remark(node, f"written as {shown(written)}")
        return _moved(value, node)

    def _interpolated(self, node: ScalarNode, written: str) -> Node:
        pieces: list[str] = []
        end, is_whole = 0, True
        for nth, match in enumerate(REFERENCE.finditer(written)):
            piece = self._piece(node, match, nth)
            is_whole = is_whole and piece is not None
            pieces += [written[end : match.start()], piece or ""]
            end = match.end()
            self._count(node, 0, len(pieces[-1]))
        if _refers(written):
            self.problems.remark(node, f"written as {shown(written)}")
        return ScalarNode(node.line, node.column, "".join([*pieces, written[end:]])) if is_whole else _broken(node)

    def _piece(self, node: ScalarNode, match: re.Match[str], nth: int) -> str | None:
        """Return what stands for one match inside of more text, or None where that was reported."""
        if match[0].startswith("$$"):
            return "${params."
        if match[1] is None and not self._reports():
            return None
        if match[1] is None:
            self.problems.add(self._place(node, nth), "`${params.` has no closing brace", "write `${params.NAME}`")
            return None
        value = self._value(match[1], node, nth)
        if value is None or isinstance(value, BrokenNode):
            return None
        if not isinstance(value, ScalarNode) or value.value is None:
            message = f"the parameter {shown(match[1])} is {kind_of(value)}, which cannot stand inside of text"
            if self._reports():
                self.problems.add(self._place(node, nth), message)
            return None
        return value.value if isinstance(value.value, str) else json.dumps(value.value)

    def _value(self, name: str, node: ScalarNode, nth: int) -> Node | None:
        """Return a parameter's value, or report that there is no such parameter."""
        self.used.add(name)
        value = self.values.get(name)
        if value is None and self._reports():
            hint = self.problems.nearest(name, self.values) or known_names(self.values) or "declare it in `params`"
            self.problems.add(self._place(node, nth), f"unknown parameter {shown(name)}", hint)
        return value

    def _reports(self) -> bool:
        """Say whether one more problem will be read by anybody: finding a place has its cost."""
        self.reported += 1
        return self.reported <= MAX_PROBLEMS

    def _place(self, node: ScalarNode, nth: int) -> Place:
        """Return the place of the nth reference of a text; that of the text where escapes hide it.

        A text is not much longer in the file than it is: the search for its references ends where it must have.
        """
        if self.places is None or self.places[0] is not node:
            self.lines = self.lines or Lines(self.text)
            start, text = self.lines.index(node), str(node.value)
            written = [each[0] for each in _START.finditer(text)]
            found = _START.finditer(self.text, start, start + _LONGEST_ESCAPE * len(text) + _INDENTATION)
            matches = list(islice(found, len(written)))
            is_same = [each[0] for each in matches] == written
            self.places = node, [self.lines.at(each.start()) if is_same else node for each in matches]
        places = self.places[1]
        return places[nth] if nth < len(places) else node

    def _count(self, at: Place, nodes: int, characters: int) -> None:
        self.nodes += nodes
        self.characters += characters
        if self.nodes > MAX_NODES or self.characters > MAX_CHARACTERS:
            limit = f"{MAX_NODES:,} values or {MAX_CHARACTERS:,} characters"
            self.problems.add(at, f"parameters make the manifest longer by more than {limit}")
            raise self.problems.error()


def _refers(text: str) -> bool:
    return "{params." in text and any(not each[0].startswith("$$") for each in REFERENCE.finditer(text))


def _broken(node: Node) -> BrokenNode:
    return BrokenNode(node.line, node.column)


def _moved(node: Node, at: Place) -> Node:
    """Return a parameter's value as the place says that refers to it; what is inside of it keeps its own."""
    if isinstance(node, ScalarNode):
        return ScalarNode(at.line, at.column, node.value)
    if isinstance(node, ListNode):
        return ListNode(at.line, at.column, node.items)
    if isinstance(node, MappingNode):
        return MappingNode(at.line, at.column, node.entries)
    return _broken(node)


def _size(node: Node) -> tuple[int, int]:
    """Return how many values and characters a node has."""
    if isinstance(node, ListNode):
        sizes = [_size(each) for each in node.items]
    elif isinstance(node, MappingNode):
        sizes = [(1, len(name)) for name in node.entries] + [_size(each.node) for each in node.entries.values()]
    else:
        text = node.value if isinstance(node, ScalarNode) else None
        return 1, len(text) if isinstance(text, str) else 0
    return 1 + sum(nodes for nodes, _ in sizes), sum(characters for _, characters in sizes)
