"""Follows a worker to its terminal record: live lines as a hint, the spool as the truth, and no end by silence.

A line that breaks, ends or falls silent is closed before the next one is attached, and only then is the spool read, so
that no record can fall between the two. What the worker printed meanwhile waits in the new line.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from osiris_core.backends.protocol import Retry
from osiris_core.backends.reach import LineBroken, LineEnded, Standing
from osiris_core.errors import SandboxError

if TYPE_CHECKING:
    from collections.abc import Callable

    from osiris_core.backends.protocol import Patience, TargetFacts
    from osiris_core.backends.reach import Line, Worker
    from osiris_core.session.writer import SessionWriter

RANGE_BYTES = 4 << 20
"""Most bytes of one range of the spool: longer than any line, so that every range brings a whole one."""


class Following:
    """Feeds one worker's records to one session; `heard` is called when something new came of it."""

    def __init__(
        self,
        worker: Worker,
        line: Line,
        session: SessionWriter,
        facts: TargetFacts,
        patience: Patience,
        *,
        heard: Callable[[], None],
    ) -> None:
        self.line = line
        """The line that is listened to now; whoever follows closes it."""
        self._worker = worker
        self._session = session
        self._facts = facts
        self._patience = patience
        self._heard = heard

    async def to_the_end(self) -> None:
        """Return when the terminal record has come, or when the worker has ended and its spool has no more.

        SandboxError when the sandbox is gone, or cannot be reached any more.
        """
        while (cause := await self._listen()) is not None:
            await self.line.close()
            standing = await self._worker.standing()
            if standing is Standing.GONE:
                raise SandboxError(f"the sandbox is gone: {cause}")
            if standing is Standing.ENDED:
                await self.fill()
                return
            self._facts.reconnects += 1
            self._facts.retries.append(Retry(what="line", cause=cause, waited_ms=0.0))
            self.line = await self._worker.attach()
            await self.fill()

    async def fill(self) -> None:
        """Read the spool from where the session stands to its present end."""
        while self._session.terminal is None:
            before = self._session.next_offset
            data = await self._worker.spool(before, RANGE_BYTES)
            if data:
                self._session.take_range(data)
                self._heard()
            if self._session.next_offset == before:
                return

    async def _listen(self) -> str | None:
        """Feed what the line brings until the terminal record (None), or until it brings no more: return why."""
        while self._session.terminal is None:
            try:
                async with asyncio.timeout(self._patience.stall_s):
                    data = await self.line.read()
            except TimeoutError:
                return f"nothing came for {self._patience.stall_s:g} s"
            except (LineBroken, LineEnded) as error:
                return str(error)
            self._session.feed(data)
            self._heard()
            if self._session.behind:
                await self.fill()
        return None
