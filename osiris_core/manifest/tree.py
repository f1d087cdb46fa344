"""The text of a manifest becomes one mapping of nodes, or a list of what is wrong with it as YAML.

`parser` finds the events, and reads JSON too; what they build is ours (`builder`), because PyYAML's own composer
recurses, follows aliases without a bound, takes words for what they are in YAML 1.1, and loses the places of keys.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from osiris_core.manifest.builder import Builder, too_deep
from osiris_core.manifest.nodes import BrokenNode, MappingNode, ScalarNode
from osiris_core.manifest.parser import events
from osiris_core.manifest.problems import START

if TYPE_CHECKING:
    from osiris_core.manifest.problems import Problems


def read_tree(text: str, problems: Problems) -> MappingNode:
    """Return the mapping that a text is. Raises `ManifestError` where it is none, or is no YAML."""
    builder = Builder(problems=problems)
    for event in events(text, problems, too_deep=too_deep(problems)):
        builder.take(event)
    root = builder.root
    if isinstance(root, MappingNode):
        return root
    if root is None or (isinstance(root, ScalarNode) and root.value is None):
        problems.add(START, f"{problems.document} is empty", problems.beginning)
    elif not isinstance(root, BrokenNode):
        problems.add(root, f"{problems.document} must be a mapping", problems.beginning)
    raise problems.error()
