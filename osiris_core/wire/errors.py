"""The one error of this room."""

from __future__ import annotations


class WireProtocolError(ValueError):
    """Raised when bytes, paths or values break the wire's rules; the message names the rule."""
