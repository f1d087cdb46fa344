"""Tells a worker how much of its spool the host has on its disk, so that it may free what lies before."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from osiris_core.backends.protocol import Retry
from osiris_core.errors import SandboxError

if TYPE_CHECKING:
    from osiris_core.backends.backoff import Backoff
    from osiris_core.backends.protocol import TargetFacts
    from osiris_core.backends.reach import Worker
    from osiris_core.session.writer import SessionWriter


class Acknowledging:
    """Acknowledges whole segments, one message at a time and at most one a segment that was filled since the last one.

    A message that fails is said again later: the worker needs it only when its spool is full.
    """

    def __init__(
        self, worker: Worker, session: SessionWriter, facts: TargetFacts, *, pause: Backoff, segment_bytes: int
    ) -> None:
        self._worker = worker
        self._session = session
        self._facts = facts
        self._pause = pause
        self._segment_bytes = segment_bytes
        self._segments = 0
        self._not_before = 0.0
        self._saying: asyncio.Task[None] | None = None

    def tick(self) -> None:
        """Begin to acknowledge, if there is something to and nothing is being said. SessionError when the disk refuses."""
        segments = self._session.next_offset // self._segment_bytes
        if segments <= self._segments or self._session.terminal is not None:
            return
        if self._saying is not None or asyncio.get_running_loop().time() < self._not_before:
            return
        self._saying = asyncio.create_task(self._say(self._session.keep(), segments))

    async def stop(self) -> None:
        """Let go of what is being said."""
        if self._saying is not None:
            self._saying.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._saying

    async def _say(self, offset: int, segments: int) -> None:
        try:
            await self._worker.say(f"ACK {offset}\n")
        except SandboxError as error:
            wait_s = self._pause.next_s()
            self._not_before = asyncio.get_running_loop().time() + wait_s
            self._facts.retries.append(Retry(what="acknowledgement", cause=error.message, waited_ms=wait_s * 1000))
        else:
            self._segments = segments
            self._facts.acknowledgements += 1
            self._pause.reset()
        finally:
            self._saying = None
