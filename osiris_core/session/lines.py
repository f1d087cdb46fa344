"""Values as lines of JSON, and back: one value a line, UTF-8, keys in the order given."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Sequence

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


def decode_only_line(line: bytes) -> Any:
    """Return the value of a line that has no key twice in one object. ValueError when it is not JSON, or has one."""
    value = decode_line(line)
    try:
        again = _encoder.encode(value)
    except UnicodeEncodeError:
        again = b""
    if again != line[:-1]:  # another way of writing, or a key that is lost: what we wrote ourselves comes out the same
        json.loads(line, object_pairs_hook=_only)
    return value


def are_only_lines(text: bytes, values: Sequence[Any]) -> bool:
    """Whether lines, decoded to these values, are as `encode_line` writes them, so that none has a key twice.

    False says nothing: each of them is then one for `decode_only_line`.
    """
    try:
        return _encoder.encode_lines(values) == text
    except UnicodeEncodeError:
        return False


def _only(pairs: list[tuple[str, Any]]) -> None:
    seen: set[str] = set()
    for key, _ in pairs:
        if key in seen:
            raise ValueError(f"it has the key {key!r} twice")
        seen.add(key)


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
