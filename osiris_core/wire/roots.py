"""One digest for a whole tree of files: equal roots mean equal paths, sizes, executable bits and contents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from osiris_core.wire.canon import canonical_json, sha256_hex

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_EXECUTABLE = 0o111


def artifact_root(entries: Iterable[tuple[str, int, int | str, str]]) -> str:
    """Return the root of `(path, size_bytes, mode, sha256)` entries, in any order, as 64 hex digits.

    `mode` is permission bits as a number or as octal text ("0644"); only whether the file is executable counts.
    """
    rows = [
        [path, size_bytes, bool(_bits(mode) & _EXECUTABLE), sha256]
        for path, size_bytes, mode, sha256 in sorted(entries, key=lambda entry: entry[0].encode("utf-8"))
    ]
    return sha256_hex(canonical_json(rows))


def root_of_records(records: Iterable[Mapping[str, Any]]) -> str:
    """Return the root of `artifact` records."""
    return artifact_root((record["path"], record["size_bytes"], record["mode"], record["sha256"]) for record in records)


def _bits(mode: int | str) -> int:
    return int(mode, 8) if isinstance(mode, str) else mode
