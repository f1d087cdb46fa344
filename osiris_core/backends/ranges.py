"""Reads a file of a sandbox from any place on: the one way by which spool and artifacts come back, and come back again.

The SDK reads whole files only, E2B's files API serves ranges. Address, headers and transport are the SDK's own, so that
both trust and reach the same.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from osiris_core.errors import SandboxError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from osiris_core.backends.protocol import Patience, TargetFacts

PARTIAL, WHOLE, NOT_FOUND, BEHIND_THE_END = 206, 200, 404, 416
"""HTTP's own numbers for how a request for a range ends."""
_SHOWN_CHARACTERS = 200


class RangeReader:
    """Reads files of one sandbox; lives on one loop, and is closed by whoever made it."""

    def __init__(self, sandbox: Any, facts: TargetFacts, patience: Patience) -> None:
        self._sandbox = sandbox
        self._facts = facts
        self._patience = patience
        self._client: Any = None

    @asynccontextmanager
    async def answer(self, path: str, offset: int, size_bytes: int) -> AsyncIterator[Any]:
        """Ask for a range of the file `path`, below the user's home; yield the answer, as httpx has it, without its body.

        Whatever the transport raises passes through; TimeoutError where nothing comes.
        """
        self._facts.http_requests += 1
        client = self._opened()
        request = client.build_request(
            "GET",
            self._sandbox.download_url(path),
            headers={
                **self._sandbox.connection_config.sandbox_headers,
                "Range": f"bytes={offset}-{offset + size_bytes - 1}",
                "Accept-Encoding": "identity",
            },
        )
        async with asyncio.timeout(self._patience.stall_s):
            response = await client.send(request, stream=True)
        try:
            yield response
        finally:
            await response.aclose()

    async def pieces(self, response: Any) -> AsyncIterator[bytes]:
        """Yield the body of an answer as it comes. TimeoutError where nothing comes for the time of a stall."""
        chunks = response.aiter_bytes()
        while True:
            async with asyncio.timeout(self._patience.stall_s):
                chunk = await anext(chunks, None)
            if chunk is None:
                return
            self._facts.came(len(chunk))
            yield chunk

    async def stream(self, path: str, offset: int, size_bytes: int) -> AsyncIterator[bytes]:
        """Yield what a file holds from `offset` on, `size_bytes` at most, in pieces; a whole file is cut to that.

        FileNotFoundError where it is not there, SandboxError where the provider refuses.
        """
        async with self.answer(path, offset, size_bytes) as response:
            if response.status_code == NOT_FOUND:
                raise FileNotFoundError(path)
            if response.status_code not in {PARTIAL, WHOLE}:
                said = (await response.aread()).decode("utf-8", "replace")[:_SHOWN_CHARACTERS]
                raise SandboxError(f"the provider answered {response.status_code}: {said}")
            skipped = offset if response.status_code == WHOLE else 0  # by one who knows no ranges
            left = size_bytes
            async for chunk in self.pieces(response):
                piece = chunk[skipped : skipped + left]
                skipped = max(0, skipped - len(chunk))
                left -= len(piece)
                if piece:
                    yield piece
                if not left:
                    return

    async def close(self) -> None:
        """Let go of the connections; a second time is harmless."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    def _opened(self) -> Any:
        if self._client is None:
            import httpx
            from pyqwest import HTTPTransport, HTTPVersion
            from pyqwest.httpx import AsyncPyqwestTransport

            pool = HTTPTransport(tls_include_system_certs=True, http_version=HTTPVersion.HTTP1, follow_redirects=False)
            self._client = httpx.AsyncClient(transport=AsyncPyqwestTransport(pool), timeout=None)  # noqa: S113 - each read has its own
        return self._client
