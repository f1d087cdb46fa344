"""Two text files: the first differing line and a short unified diff."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from osiris_core.parity.hints import text_hint
from osiris_core.parity.kinds.protocol import FileComparison, FileFinding
from osiris_core.parity.lines import differing_blocks, unified
from osiris_core.parity.values import counted, show_pair

if TYPE_CHECKING:
    from osiris_core.parity.kinds.protocol import FilePair

READ_BYTES: Final = 2 * 1024 * 1024
"""Files larger than this are not held in memory; their first differing byte is all that is said."""


class TextComparer:
    """Compares two files of UTF-8 text line by line."""

    name = "text"

    def claims(self, path: str, head: bytes) -> bool:
        """Text has no NUL byte."""
        del path
        return b"\0" not in head

    def compare(self, pair: FilePair) -> FileComparison | None:
        """Say which lines differ."""
        contents = small_contents(pair)
        told = explain_text(*contents, pair.names) if contents else None
        return FileComparison(findings=(told,)) if told else None


def small_contents(pair: FilePair) -> tuple[bytes, bytes] | None:
    """Return what both files hold, or None where one is too large to be held in memory."""
    if max(pair.left.stat().st_size, pair.right.stat().st_size) > READ_BYTES:
        return None
    return pair.left.read_bytes(), pair.right.read_bytes()


def explain_text(left: bytes, right: bytes, names: tuple[str, str]) -> FileFinding | None:
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
    return FileFinding(
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
