"""Signed file URLs, which carry no headers: `v1_` + base64(sha256("path:operation:user:token[:expiration]")), unpadded."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from osiris_core.sandbox.registry import Sandbox

OPERATIONS = {"GET": "read", "POST": "write"}


class SignatureError(Exception):
    """Raised when a URL's signature is missing, wrong or too old."""


def require_signature(query: Mapping[str, str], method: str, access_token: str) -> None:
    """Raise SignatureError unless `query` is signed with `access_token` and has not expired."""
    given = query.get("signature")
    if not given:
        raise SignatureError("missing access token and signature")
    if not hmac.compare_digest(given.encode(), _sign(query, method, access_token).encode()):
        raise SignatureError("invalid signature")
    expiration = query.get("signature_expiration", "")
    if expiration and int(expiration) < time.time():
        raise SignatureError("signature is already expired")


def signed_by(query: Mapping[str, str], method: str, sandboxes: Iterable[Sandbox]) -> Sandbox | None:
    """Return the sandbox whose token signed `query`, expired or not."""
    given = query.get("signature", "").encode()
    for sandbox in sandboxes:
        if hmac.compare_digest(given, _sign(query, method, sandbox.access_token).encode()):
            return sandbox
    return None


def _sign(query: Mapping[str, str], method: str, access_token: str) -> str:
    parts = [query.get("path", ""), OPERATIONS[method], query.get("username", ""), access_token]
    expiration = query.get("signature_expiration")
    if expiration:
        if not expiration.isdigit():
            raise SignatureError("signature_expiration is not a number")
        parts.append(expiration)
    digest = hashlib.sha256(":".join(parts).encode()).digest()
    return "v1_" + base64.b64encode(digest).rstrip(b"=").decode()
