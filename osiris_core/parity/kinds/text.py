"""Two text files: the first differing line and a short unified diff."""

from __future__ import annotations

from osiris_core.parity.hints import text_hint
from osiris_core.parity.kinds.explanation import Explanation
from osiris_core.parity.lines import differing_blocks, unified
from osiris_core.parity.values import counted, show_pair


def explain_text(left: bytes, right: bytes, names: tuple[str, str]) -> Explanation | None:
    """Say which lines of two texts differ; None where one of them is no UTF-8 text, or nothing differs."""
    lines = (decoded_lines(left), decoded_lines(right))
    if lines[0] is None or lines[1] is None:
        return None
    a, b = lines[0], lines[1]
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
    return Explanation(
        message=f"other text in {counted(max(len(removed), len(added)), 'line')}, from line {first.left_start + 1:,} on{ending}",
        left=shown[0],
        right=shown[1],
        diff=unified(a, b, blocks, names),
        hint=text_hint(removed, added),
    )


def decoded_lines(data: bytes) -> list[str] | None:
    """Return the lines with their line feeds, or None for bytes that are no UTF-8 text."""
    if b"\0" in data:
        return None
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return None
    *whole, rest = text.split("\n")
    return [f"{line}\n" for line in whole] + ([rest] if rest else [])
