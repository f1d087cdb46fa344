"""What stands for an event when it is held against another: all of it but what may vary."""

from __future__ import annotations

from functools import cache
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final

from osiris_core.parity.layers.event_shapes import volatile_names
from osiris_core.parity.values import signature
from osiris_core.wire.records import STEP_COMPLETE

if TYPE_CHECKING:
    from collections.abc import Mapping

_ENVELOPE: Final = frozenset({"ts", "session"})
"""Judged elsewhere: times by their shape, the session id as evidence."""

_KEY_BYTES: Final = 16
"""Two of 2^32 different events share a digest of 128 bits with a probability of 3e-20; one of 64 bits would do so by 0.4."""


@cache
def left_out(name: str) -> frozenset[str]:
    """Return the fields of an event that are not held against each other."""
    # Tables have a layer of their own.
    tables = {"tables"} if name == STEP_COMPLETE else set()
    return _ENVELOPE | volatile_names(name) | tables


def stable(event: Mapping[str, Any]) -> dict[str, Any]:
    """Return an event without what may vary."""
    varying = left_out(str(event.get("event")))
    return {field: value for field, value in event.items() if field not in varying}


def key_of(event: Mapping[str, Any]) -> bytes:
    """Return 16 bytes that are equal where two events are, what may vary aside; its step and name are in it."""
    return blake2b(signature(stable(event)), digest_size=_KEY_BYTES).digest()
