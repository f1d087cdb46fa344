"""Turns what goes wrong inside into errors of the Connect protocol."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from osiris_core.sandbox.link import AgentError, AgentGoneError
from osiris_core.sandbox.requests import UnknownUserError
from osiris_core.sandbox.stubs import Code, ConnectError

if TYPE_CHECKING:
    from collections.abc import Iterator

SANDBOX_ENDED = "the connection to sandbox {} ended before the stream completed"
"""What E2B's edge says when a sandbox is killed or expires under a request; the SDK then asks /health."""


@contextmanager
def as_connect_errors(sandbox_id: str) -> Iterator[None]:
    """Raise ConnectError for everything that a client must be told."""
    try:
        yield
    except AgentError as error:
        raise ConnectError(Code(error.code), error.message) from error
    except AgentGoneError as error:
        raise gone(sandbox_id) from error
    except UnknownUserError as error:
        raise ConnectError(Code.UNAUTHENTICATED, str(error)) from error


def gone(sandbox_id: str) -> ConnectError:
    """Return the error of a request whose sandbox ended."""
    return ConnectError(Code.UNAVAILABLE, SANDBOX_ENDED.format(sandbox_id))
