"""Chooses who compares two files, by their content and name; the last one, bytes, compares whatever is left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from osiris_core.parity.kinds.binary import BinaryComparer
from osiris_core.parity.kinds.delimited import DelimitedComparer
from osiris_core.parity.kinds.protocol import HEAD_BYTES, FileComparison, FileFinding
from osiris_core.parity.kinds.structured import JsonComparer
from osiris_core.parity.kinds.text import TextComparer

if TYPE_CHECKING:
    from pathlib import Path

    from osiris_core.parity.kinds.protocol import FileComparer, FilePair

COMPARERS: Final[tuple[FileComparer, ...]] = (DelimitedComparer(), JsonComparer(), TextComparer(), BinaryComparer())
"""The built-in comparers, the most telling first."""


def compare_files(pair: FilePair) -> FileComparison:
    """Compare two files whose bytes differ; one that cannot be read is a gap, told in a sentence."""
    try:
        heads = _head(pair.left), _head(pair.right)
        for comparer in COMPARERS:
            if all(comparer.claims(pair.path, head) for head in heads) and (told := comparer.compare(pair)):
                return told
    except OSError as error:
        message = f"the digests differ; the files cannot be opened any more: {error}"
        gap = f"{pair.path} was compared by digest only: {error.strerror or error}"
        return FileComparison(findings=(FileFinding(message=message),), not_compared=(gap,))
    return FileComparison(not_compared=(f"{pair.path} was not compared: no comparer takes it",))


def _head(path: Path) -> bytes:
    with path.open("rb") as source:
        return source.read(HEAD_BYTES)
