"""Values as lines of JSON, and back: one value a line, UTF-8, keys in the order given."""

from __future__ import annotations

import json
from typing import Any

import msgspec

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder()


def encode_line(value: Any) -> bytes:
    """Return a value as one line with its LF; text that is no Unicode is escaped, so nothing is lost."""
    try:
        return _encoder.encode(value) + b"\n"
    except UnicodeEncodeError:  # a lone surrogate: JSON can escape it, UTF-8 cannot hold it
        return json.dumps(value, separators=(",", ":"), allow_nan=False).encode("ascii") + b"\n"


def decode_line(line: bytes) -> Any:
    """Return the value of a line. ValueError when it is not JSON."""
    try:
        return _decoder.decode(line)
    except msgspec.DecodeError:  # a lone surrogate, or really no JSON: the standard library tells them apart
        return json.loads(line, parse_constant=_no_constant)


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
