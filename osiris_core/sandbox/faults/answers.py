"""The answers that faults give in the place of the real ones."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from osiris_core.sandbox.faults.model import HTTP_OF_CODE
from osiris_core.sandbox.replies import port_not_open, sandbox_not_found

if TYPE_CHECKING:
    from starlette.types import Message, Scope

    from osiris_core.sandbox.faults.model import Fault

_END_OF_STREAM = 2  # the flag of the last message of a Connect stream
_MESSAGES = {
    400: "bad request", 404: "not found", 429: "Rate limit exceeded, please try again later.",
    500: "internal server error", 503: "service unavailable", 507: "not enough disk space available",
}  # fmt: skip


def answer_of(fault: Fault, scope: Scope, sandbox_id: str | None) -> tuple[Message, Message]:
    """Return the answer of an `answer`, a `refuse`, or one of the edge: the two parts of an ASGI answer."""
    if fault.what == "sandbox_not_found":
        reply = sandbox_not_found(sandbox_id or "")
        return _parts(502, bytes(reply.body))
    if fault.what == "port_not_open":
        reply = port_not_open(sandbox_id or "")
        return _parts(502, bytes(reply.body))
    if fault.what == "refuse":
        return _refusal(str(fault.code), fault.message, _content_type(scope))
    status = fault.status or 500
    if status == 204:  # noqa: PLR2004 - No Content: it has none
        return _parts(status, b"")
    retry = {} if fault.retry_after_s is None else {"retry-after": f"{fault.retry_after_s:g}"}
    return _parts(
        status, _json({"code": status, "message": fault.message or _MESSAGES.get(status, "a fault")}), **retry
    )


def _refusal(code: str, message: str | None, content_type: str) -> tuple[Message, Message]:
    error = {"code": code, "message": message or f"{code}, by the fault plan"}
    if not content_type.startswith("application/connect+"):
        return _parts(HTTP_OF_CODE[code], _json(error))
    # A stream is refused in its last message; the status was good.
    body = _json({"error": error})
    return _parts(200, bytes([_END_OF_STREAM]) + len(body).to_bytes(4, "big") + body, **{"content-type": content_type})


def _parts(status: int, body: bytes, **headers: str) -> tuple[Message, Message]:
    said = {"content-type": "application/json", "content-length": str(len(body))} | headers
    listed = [(name.encode(), value.encode()) for name, value in said.items()]
    return (
        {"type": "http.response.start", "status": status, "headers": listed},
        {"type": "http.response.body", "body": body, "more_body": False},
    )


def _content_type(scope: Scope) -> str:
    headers: dict[bytes, bytes] = dict(scope["headers"])
    return headers.get(b"content-type", b"").decode("latin-1")


def _json(value: Any) -> bytes:
    return json.dumps(value).encode()
