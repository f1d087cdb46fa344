"""Two JSON files: the path of the first value that differs."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from osiris_core.parity.kinds.text import explain_text
from osiris_core.parity.values import counted, leaf_differences, show

if TYPE_CHECKING:
    from osiris_core.parity.kinds.explanation import Explanation


def explain_json(left: bytes, right: bytes, names: tuple[str, str]) -> Explanation | None:
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
    place = path or "the document"
    return replace(
        told,
        message=f"other values in {counted(len(differences), 'place')}, the first at {place}",
        left=show(x),
        right=show(y),
    )
