"""Which failures of a request may pass, so that asking again makes sense; where it is safe is for the caller to know.

The SDK tries again by itself: to connect (three times), and, on the control plane, where an answer says 429, 502, 503 or 504
(`retries`), for as long as that answer's Retry-After says, which it shows to nobody else. Whoever wants to know of such an
answer asks with `retries=0` first, and leaves the waiting to the SDK when it has seen one.
"""

from __future__ import annotations

import textwrap
from http import HTTPStatus
from typing import TYPE_CHECKING, TypeVar

from osiris_core.backends.backoff import Backoff
from osiris_core.backends.protocol import Retry

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from osiris_core.backends.protocol import Patience, TargetFacts

Result = TypeVar("Result")

_MESSAGE_CHARACTERS = 200
_PASSING = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY})
_ASKING = frozenset(
    {
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
    }
)


def asks_to_wait(error: BaseException) -> bool:
    """Whether an answer asks to come again later: the SDK knows when."""
    return getattr(error, "status_code", None) in _ASKING


def refuses(error: BaseException) -> bool:
    """Whether this is a plain no, so that nothing was begun and the same request will not do better.

    An address without a name, a refused connection or a certificate that nobody trusts will not change in seconds, and the
    SDK has tried to connect more than once: that is no reason to ask again.
    """
    import httpx
    from e2b.exceptions import (
        AuthenticationException,
        InvalidArgumentException,
        NotEnoughSpaceException,
        NotFoundException,
        SandboxNotRunningException,
    )

    plain = (
        AuthenticationException,
        InvalidArgumentException,
        NotEnoughSpaceException,
        NotFoundException,
        SandboxNotRunningException,
    )
    unconnected = (httpx.ConnectError, ConnectionError)
    return isinstance(error, (*plain, *unconnected)) or isinstance(error.__cause__, unconnected)


def may_pass(error: BaseException) -> bool:
    """Whether the same request may succeed a moment later."""
    import httpx
    from e2b.exceptions import TimeoutException

    if refuses(error):
        return False
    status = getattr(error, "status_code", None)
    if status is not None:
        return status in _PASSING or status in _ASKING or status >= HTTPStatus.INTERNAL_SERVER_ERROR
    return isinstance(error, httpx.TransportError | TimeoutException | TimeoutError)


def in_short(error: BaseException) -> str:
    """Return type and first line of an error: transports tell whole resolver dumps."""
    lines = str(error).splitlines() or [""]
    return f"{type(error).__name__}: {textwrap.shorten(lines[0], _MESSAGE_CHARACTERS, placeholder=' …')}"


async def until_it_passes(
    request: Callable[[], Awaitable[Result]], *, what: str, facts: TargetFacts, patience: Patience
) -> Result:
    """Make a request that may be made twice, as often as the patience allows; raise what it raised last."""
    pause = Backoff.between_retries(patience)
    while True:
        facts.http_requests += 1
        try:
            return await request()
        except Exception as error:
            if not may_pass(error) or pause.failures >= patience.retry_attempts - 1:
                raise
            waited_ms = await pause.wait()
            facts.retries.append(Retry(what=what, cause=in_short(error), waited_ms=waited_ms))
