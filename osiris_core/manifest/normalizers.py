"""Reads `parity.normalizers`: the rules are `osiris_core.rules`' own, here what is wrong with them gets its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from osiris_core.manifest.nodes import BrokenNode, ListNode, MappingNode, to_json
from osiris_core.rules.reading import read_rules

if TYPE_CHECKING:
    from osiris_core.manifest.nodes import Node
    from osiris_core.manifest.problems import Place, Problems
    from osiris_core.rules.model import Rule
    from osiris_core.rules.reading import RuleProblem

SOURCE = "manifest"


def read_normalizers(problems: Problems, node: Node) -> tuple[Rule, ...]:
    """Return the declared rules; none where something is wrong with one of them."""
    rules, found = read_rules(to_json(node), SOURCE)
    for each in found:
        place = _place(node, each)
        if not isinstance(place, BrokenNode):  # reported already
            problems.add(place, each.message, each.hint)
    return rules


def _place(node: Node, problem: RuleProblem) -> Place:
    """Return the nearest place in the file to where something is wrong."""
    place: Place = node
    for step in problem.where:
        if isinstance(node, ListNode) and isinstance(step, int):
            node = place = node.items[step]
        elif isinstance(node, MappingNode) and step in node.entries:
            entry = node.entries[str(step)]
            node = entry.node
            place = entry if problem.at_key else node
        else:
            break
    return place
