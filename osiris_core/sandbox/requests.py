"""What the envd services need to know about the request that they serve."""

from __future__ import annotations

import base64
import binascii
from contextvars import ContextVar
from typing import TYPE_CHECKING

from osiris_core.sandbox.profile import HOMES

if TYPE_CHECKING:
    from collections.abc import Callable

on_disconnect: ContextVar[list[Callable[[], None]]] = ContextVar("on_disconnect")
"""What to call when the client of the current request goes away.

The connectrpc server notices that only when it produces a message, which a silent command never makes it do.
"""


class UnknownUserError(Exception):
    """Raised when a request names a user that the sandbox does not have."""


def require_user(name: str | None) -> str:
    """Return `name`, or the default user; raises UnknownUserError."""
    if name and name not in HOMES:
        raise UnknownUserError(f"invalid username: '{name}'")
    return name or "user"


def user_of(authorization: str | None) -> str:
    """Return the user that an `Authorization: Basic` header names, as the SDK sends it; raises UnknownUserError."""
    if not authorization:
        return require_user(None)
    kind, _, encoded = authorization.partition(" ")
    try:
        decoded = base64.b64decode(encoded, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise UnknownUserError("the Authorization header is not HTTP basic authentication") from error
    if kind.lower() != "basic":
        raise UnknownUserError("the Authorization header is not HTTP basic authentication")
    return require_user(decoded.partition(":")[0])
