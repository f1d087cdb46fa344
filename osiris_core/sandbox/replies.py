"""The shapes of answers that are not a success: the API's errors, and those of E2B's edge."""

from __future__ import annotations

from starlette.responses import JSONResponse

ENVD_PORT = 49983


def error_reply(status: int, message: str) -> JSONResponse:
    """Return an error as the control plane and envd write it."""
    return JSONResponse({"code": status, "message": message}, status)


def sandbox_not_found(sandbox_id: str) -> JSONResponse:
    """Return what the edge says of a sandbox that is dead or never was; the SDK looks for the words `was not found`."""
    return JSONResponse({"sandboxId": sandbox_id, "message": "The sandbox was not found", "code": 502}, 502)


def port_not_open(sandbox_id: str) -> JSONResponse:
    """Return what the edge says of a sandbox that does not answer; the SDK looks for the words `port is not open`."""
    message = "The sandbox is running but port is not open"
    return JSONResponse({"sandboxId": sandbox_id, "message": message, "port": ENVD_PORT, "code": 502}, 502)
