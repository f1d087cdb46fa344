"""HTTP byte ranges, as far as they are served: one range of one file (RFC 9110, section 14)."""

from __future__ import annotations

import re

_ONE_RANGE = re.compile(r"bytes=\s*(\d*)-(\d*)\s*")


class UnsatisfiableError(Exception):
    """Raised when a range begins behind the end of the file."""


def wanted(header: str | None, size_bytes: int) -> tuple[int, int] | None:
    """Return (first, last + 1) of the range asked for, or None for the whole file: no range, several, or nonsense."""
    found = _ONE_RANGE.fullmatch(header or "")
    if not found or found.group(0) == "bytes=-" or not any(found.groups()):
        return None
    first, last = found.groups()
    if not first:
        suffix = int(last)
        if suffix == 0:
            raise UnsatisfiableError
        return max(0, size_bytes - suffix), size_bytes
    if int(first) >= size_bytes:
        raise UnsatisfiableError
    if last and int(last) < int(first):
        return None
    return int(first), min(int(last) + 1, size_bytes) if last else size_bytes
