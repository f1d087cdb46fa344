"""Says where two files differ that are known to differ, by kind of file: CSV, JSON, other text, or bytes.

This never decides anything: equality was settled by digest before. Files are read once, up to a limit; beyond
it the first differing byte is all that is said.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from osiris_core.parity.kinds.binary import explain_bytes
from osiris_core.parity.kinds.delimited import explain_delimited
from osiris_core.parity.kinds.explanation import Explanation
from osiris_core.parity.kinds.structured import explain_json
from osiris_core.parity.kinds.text import explain_text

if TYPE_CHECKING:
    from collections.abc import Callable

    Kind = Callable[[bytes, bytes, tuple[str, str]], Explanation | None]

__all__ = ["Explanation", "explain"]

READ_BYTES: Final = 2 * 1024 * 1024
"""Files larger than this are not parsed, only searched for the first differing byte."""

_BY_SUFFIX: Final[dict[str, Kind]] = {
    ".csv": explain_delimited,
    ".tsv": explain_delimited,
    ".json": explain_json,
}


def explain(path: str, left: Path, right: Path, names: tuple[str, str]) -> Explanation:
    """Say where two differing files differ; `names` head the diff. A file that cannot be read is said to be so."""
    try:
        if max(left.stat().st_size, right.stat().st_size) > READ_BYTES:
            return explain_bytes(left, right)
        return _explain_small(path, left.read_bytes(), right.read_bytes(), names) or explain_bytes(left, right)
    except OSError as error:
        return Explanation(message=f"the digests differ; the files cannot be opened any more: {error}")


def _explain_small(path: str, left: bytes, right: bytes, names: tuple[str, str]) -> Explanation | None:
    kind = _BY_SUFFIX.get(Path(path).suffix.lower())
    return (kind(left, right, names) if kind else None) or explain_text(left, right, names)
