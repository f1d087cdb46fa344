"""Two JSON files: what was added, removed and changed, and where the first of it is."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from osiris_core.parity.kinds.protocol import FileComparison
from osiris_core.parity.kinds.text import explain_text, small_contents
from osiris_core.parity.values import counted, leaf_differences, show

if TYPE_CHECKING:
    from osiris_core.parity.kinds.protocol import FileFinding, FilePair

ALIGNED_BYTES: Final = 64 * 1024
"""Larger documents are walked place by place: aligning their lists would take seconds."""

_WORDS: Final = {
    "values_changed": "changed",
    "type_changes": "changed in type",
    "dictionary_item_removed": "missing",
    "iterable_item_removed": "missing",
    "dictionary_item_added": "extra",
    "iterable_item_added": "extra",
}
_KEY: Final = re.compile(r"\['([^']*)'\]")


class JsonComparer:
    """Compares two JSON documents by path."""

    name = "JSON"

    def claims(self, path: str, head: bytes) -> bool:
        """Go by the name alone."""
        del head
        return path.lower().endswith(".json")

    def compare(self, pair: FilePair) -> FileComparison | None:
        """Say at which path two documents differ."""
        contents = small_contents(pair)
        told = explain_json(*contents, pair.names) if contents else None
        return FileComparison(findings=(told,)) if told else None


def explain_json(left: bytes, right: bytes, names: tuple[str, str]) -> FileFinding | None:
    """Say at which path two JSON documents differ; falls back to their text where one is no JSON."""
    told = explain_text(left, right, names)
    if told is None:
        return None
    try:
        a, b = json.loads(left), json.loads(right)
    except (ValueError, RecursionError):
        return told
    differences = list(leaf_differences(a, b))
    if not differences:
        return replace(told, message=f"the same values, written differently; {told.message}")
    path, x, y = differences[0]
    message = f"other values in {counted(len(differences), 'place')}, the first at {path or 'the document'}"
    if max(len(left), len(right)) <= ALIGNED_BYTES:
        message = _aligned(a, b) or message
    return replace(told, message=message, left=show(x), right=show(y))


def _aligned(left: Any, right: Any) -> str:
    """Say what deepdiff finds once it has aligned the lists, so that one item put in front is one difference.

    It explains and never decides: that the documents differ is known, and where it finds nothing (its equality
    is looser than ours) nothing is said.
    """
    from deepdiff import DeepDiff

    found = DeepDiff(left, right, view="tree", ignore_private_variables=False, threshold_to_diff_deeper=0)
    places: dict[str, list[str]] = {}
    for kind, word in _WORDS.items():
        places.setdefault(word, []).extend(_place(level.path()) for level in found.get(kind, ()))
    told = [f"{counted(len(paths), 'value')} {word}, at {paths[0]}" for word, paths in places.items() if paths]
    return "; ".join(told)


def _place(path: str) -> str:
    """Return `a.b[0]` for deepdiff's `root['a']['b'][0]`."""
    return _KEY.sub(r".\1", path.removeprefix("root")).removeprefix(".") or "the document"
