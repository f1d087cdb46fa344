"""Two lists of lines that differ, as a finding: how many, from which on, both first lines, a short diff, and a hint."""

from __future__ import annotations

from typing import TYPE_CHECKING

from osiris_core.parity.hints import text_hint
from osiris_core.parity.kinds.protocol import FileFinding
from osiris_core.parity.lines import differing_blocks, unified
from osiris_core.parity.values import counted, show_pair

if TYPE_CHECKING:
    from collections.abc import Sequence


def explain_lines(
    a: Sequence[str], b: Sequence[str], names: tuple[str, str], *, first_line: int = 1
) -> FileFinding | None:
    """Say which of two lists of lines differ; `first_line` is the number of the first of both."""
    blocks = differing_blocks(a, b)
    if not blocks:
        return None
    removed = [line for block in blocks for line in a[block.left_start : block.left_end]]
    added = [line for block in blocks for line in b[block.right_start : block.right_end]]
    first = blocks[0]
    shown = show_pair(
        a[first.left_start].removesuffix("\n") if first.left_start < first.left_end else "(absent)",
        b[first.right_start].removesuffix("\n") if first.right_start < first.right_end else "(absent)",
    )
    ending = "; one side ends without a line feed" if shown[0] == shown[1] else ""
    where = f"from line {first.left_start + first_line:,} on"
    return FileFinding(
        message=f"other text in {counted(max(len(removed), len(added)), 'line')}, {where}{ending}",
        left=shown[0],
        right=shown[1],
        diff=unified(a, b, blocks, names, first_line=first_line),
        hint=text_hint(removed, added),
    )
