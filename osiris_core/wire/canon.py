"""One JSON text for one value, so that equal values have equal digests wherever they are written."""

from __future__ import annotations

import hashlib
import json
from typing import Any

_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def canonical_json(value: Any) -> bytes:
    """Encode `value` as canonical JSON: sorted keys, no spaces, ASCII only.

    ValueError for NaN, infinities and values that contain themselves; TypeError for what JSON does not know.
    """
    return _ENCODER.encode(value).encode("ascii")


def sha256_hex(data: bytes) -> str:
    """Return the SHA-256 of `data` as 64 lower-case hex digits."""
    return hashlib.sha256(data).hexdigest()
