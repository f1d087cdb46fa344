"""`params`: the values that a manifest leaves open, by default and as given for one run.

A run's values come from three places, the later before the earlier: the manifest's own defaults; what was *offered* to
every manifest of a command, and counts where it is declared; what was *given* to this one, and has to be declared.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from osiris_core.manifest import fields
from osiris_core.manifest.model import STEP_ID_RULE
from osiris_core.manifest.nodes import Entry, ListNode, MappingNode, ScalarNode
from osiris_core.manifest.problems import START, known_names, shown

if TYPE_CHECKING:
    from osiris_core.manifest.nodes import Node
    from osiris_core.manifest.problems import Place, Problems

NAME_RULE = STEP_ID_RULE
"""Names of parameters, as a regular expression for the whole name."""
REFERENCE = re.compile(r"\$\$\{params\.|\$\{params\.(?:([^{}]*)\})?")
"""`${params.NAME}`, with the name as its group; `$${params.` stands for itself, with one `$`."""
_MAX_DEPTH = 32
_MAX_VALUES = 10_000  # of one value that was given
_WHOLE = range(-(2**63), 2**63)


@dataclass(frozen=True, slots=True, kw_only=True)
class Overrides:
    """Values from outside of the file: `offered` to every manifest that declares them, `given` to this one."""

    offered: Mapping[str, Any] = field(default_factory=dict)
    given: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """The values of one run, as nodes; `overridden` names those that are not the defaults."""

    values: Mapping[str, Node] = field(default_factory=dict)
    overridden: frozenset[str] = frozenset()


class _NoValueError(ValueError):
    """Raised for a value that JSON does not have; the message is a clause about it."""


def read_params(problems: Problems, entry: Entry | None, overrides: Overrides) -> Parameters:
    """Return the values of the parameters that the section `params` declares; without the section there are none."""
    section = None if entry is None else fields.mapping(problems, entry.node, "params")
    defaults = {} if section is None else section.entries
    for name, each in defaults.items():
        if not re.fullmatch(NAME_RULE, name) and name != "<<":
            problems.add(each, f"{shown(name)} is no name of a parameter", "a letter, then letters, digits, `_`, `-`")
    _refuse_unknown(problems, overrides.given, defaults, entry or START)
    chosen = {**overrides.offered, **overrides.given}
    values: dict[str, Node] = {}
    for name, each in defaults.items():
        value = _node(problems, name, chosen[name], each) if name in chosen else each.node
        values[name] = _literal(problems, value)
    return Parameters(values=values, overridden=frozenset(chosen) & frozenset(values))


def _refuse_unknown(problems: Problems, given: Mapping[str, Any], known: Mapping[str, Any], at: Place) -> None:
    for name in given:
        if name not in known:
            some = known_names(known) or "the manifest declares none in `params`"
            problems.add(at, f"unknown parameter {shown(str(name))}", problems.nearest(str(name), known) or some)


def _literal(problems: Problems, node: Node) -> Node:
    """Return a value with escapes resolved; a reference in it is reported, because parameters are not made of others."""
    if isinstance(node, ListNode):
        return ListNode(node.line, node.column, tuple(_literal(problems, each) for each in node.items))
    if isinstance(node, MappingNode):
        entries = {
            name: Entry(each.line, each.column, _literal(problems, each.node)) for name, each in node.entries.items()
        }
        return MappingNode(node.line, node.column, entries)
    if isinstance(node, ScalarNode) and isinstance(node.value, str) and "{params." in node.value:
        if any(not each[0].startswith("$$") for each in REFERENCE.finditer(node.value)):
            problems.add(node, "a parameter cannot be made of others", "write `$${params.` for the text itself")
        return ScalarNode(node.line, node.column, node.value.replace("$${params.", "${params."))
    return node


def _node(problems: Problems, name: str, value: Any, at: Place) -> Node:
    """Return a value that was given as a node at a place, or report what JSON does not have."""
    try:
        return _Nodes(at).make(value, _MAX_DEPTH)
    except _NoValueError as error:
        problems.add(at, f"the value given for {shown(name)} {error}", "give what JSON can say")
        return ScalarNode(at.line, at.column, None)


@dataclass(slots=True)
class _Nodes:
    """Makes nodes of plain values, up to a number and a depth: a value may come from a program, and hold itself."""

    at: Place
    left: int = _MAX_VALUES

    def make(self, value: Any, depth: int) -> Node:
        """Return the node of one value."""
        self.left -= 1
        if depth == 0 or self.left < 0:
            raise _NoValueError(f"is nested deeper than {_MAX_DEPTH} levels, or has more than {_MAX_VALUES:,} values")
        line, column = self.at.line, self.at.column
        if isinstance(value, Mapping):
            if not all(isinstance(each, str) for each in value):
                raise _NoValueError("has a key that is not text")
            entries = {name: Entry(line, column, self.make(each, depth - 1)) for name, each in value.items()}
            return MappingNode(line, column, entries)
        if isinstance(value, Sequence) and not isinstance(value, (str, bytes, bytearray)):
            return ListNode(line, column, tuple(self.make(each, depth - 1) for each in value))
        return ScalarNode(line, column, _scalar(value))


def _scalar(value: Any) -> str | int | float | bool | None:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int) and value in _WHOLE:
        return int(value)
    if isinstance(value, float) and math.isfinite(value):
        return float(value)
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            raise _NoValueError("holds half of a surrogate pair, which is no character") from None
        return str(value)
    raise _NoValueError(f"is {value!r:.60}")
