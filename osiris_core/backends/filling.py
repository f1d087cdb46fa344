"""Reads what is missing from the spool, a range at a time, and reads again what came damaged."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from osiris_core.backends.protocol import Retry
from osiris_core.errors import SandboxError, WireError
from osiris_core.wire.frames import MAX_LINE

if TYPE_CHECKING:
    from collections.abc import Callable

    from osiris_core.backends.backoff import Backoff
    from osiris_core.backends.protocol import TargetFacts
    from osiris_core.backends.reach import Worker
    from osiris_core.session.writer import SessionWriter

RANGE_BYTES = 4 << 20
"""Most bytes of one range of the spool: longer than any line, so that every range brings a whole one."""
_DAMAGED_RANGES = 8
"""So often in a row may a range come without the line that it must begin with."""


class Filling:
    """Brings one session to the present end of its worker's spool; `heard` is called when that brought something."""

    def __init__(
        self, worker: Worker, session: SessionWriter, facts: TargetFacts, *, pause: Backoff, heard: Callable[[], None]
    ) -> None:
        self._worker = worker
        self._session = session
        self._facts = facts
        self._pause = pause
        self._heard = heard
        self._not_before = 0.0

    async def fill(self) -> None:
        """Read from where the session stands to the spool's present end.

        SandboxError when it cannot be reached, WireError when it is not what it must be.
        """
        damaged = 0
        while self._session.terminal is None:
            before = self._session.next_offset
            data = await self._worker.spool(before, RANGE_BYTES)
            self._session.take_range(data)
            if self._session.next_offset > before:
                damaged = 0
                self._facts.fills += 1
                self._facts.filled_bytes += self._session.next_offset - before
                self._heard()
                if len(data) < RANGE_BYTES and not self._session.behind:
                    return
            elif b"\n" in data or len(data) >= MAX_LINE:
                damaged += 1
                if damaged == _DAMAGED_RANGES:
                    raise WireError(f"the spool is damaged at byte {before}: what stands there is no record")
            else:
                return

    async def try_to_fill(self) -> None:
        """Fill, unless that brought nothing a moment ago; if it does not bring everything, the next one is later.

        Errors as in `fill`; one of SandboxError is a retry.
        """
        clock = asyncio.get_running_loop().time
        if clock() < self._not_before:
            return
        before = self._session.next_offset
        try:
            await self.fill()
        except SandboxError as error:
            wait_s = self._pause.next_s()
            self._not_before = clock() + wait_s
            self._facts.retries.append(Retry(what="spool", cause=error.message, waited_ms=wait_s * 1000))
            raise
        if self._session.next_offset > before or not self._session.behind:
            self._pause.reset()
        else:
            self._not_before = clock() + self._pause.next_s()
