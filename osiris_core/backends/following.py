"""Follows a worker to its terminal record: live lines as a hint, the spool as the truth, and no end by silence.

A line that breaks, ends or falls silent is closed before the next one is attached, and only then is the spool read, so
that no record can fall between the two. What the worker printed meanwhile waits in the new line. Where no line can be had,
the spool alone is read, again and again.

A worker that runs gives signs of life on any line. One that gives none on line after line, while its spool does not grow,
stands still, whatever the provider says of it: that has an end too.
"""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING

from osiris_core.backends.acknowledging import Acknowledging
from osiris_core.backends.backoff import Backoff
from osiris_core.backends.filling import Filling
from osiris_core.backends.protocol import Retry
from osiris_core.backends.reach import STANDS_STILL, LineBroken, LineEnded, Standing
from osiris_core.errors import SandboxError, WorkerLostError
from osiris_core.wire.request import SEGMENT_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from osiris_core.backends.protocol import Patience, TargetFacts
    from osiris_core.backends.reach import Line, Worker
    from osiris_core.session.writer import SessionWriter

_SANDBOX, _SPOOL = "the sandbox", "the worker's spool"
_ABSENCES = 2
"""So often must a worker that left no terminal record be seen to be absent, before that is believed."""


class Following:
    """Feeds one worker's records to one session; `heard` is called when something new came of it.

    `spread` is the random part of the waits. All times are those of the running loop's clock.
    """

    def __init__(
        self,
        worker: Worker,
        line: Line,
        session: SessionWriter,
        facts: TargetFacts,
        patience: Patience,
        *,
        heard: Callable[[], None],
        spread: Callable[[], float] = random.random,
        segment_bytes: int = SEGMENT_BYTES,
    ) -> None:
        self.line = line
        """The line that is listened to now; whoever follows closes it."""
        self._worker = worker
        self._session = session
        self._facts = facts
        self._patience = patience
        self._heard = heard
        self._spread = spread
        self._pause = self._backoff()
        self._filling = Filling(worker, session, facts, pause=self._backoff(), heard=heard)
        self._acknowledging = Acknowledging(worker, session, facts, pause=self._backoff(), segment_bytes=segment_bytes)
        self._failing_since: dict[str, float] = {}
        self._silent_s = 0.0  # counted in stalls, not by the clock: a host that stood still itself has heard nothing
        self._advanced = True

    async def to_the_end(self) -> None:
        """Return when the terminal record has come, or when the worker has ended and its spool has no more.

        WorkerLostError when the sandbox is gone or cannot be reached any more, or the worker stands still. WireError when what came breaks the
        protocol, SessionError when the disk does not take it.
        """
        try:
            while (cause := await self._listen()) is not None:
                await self.line.close()
                if not await self._attached_again(cause):
                    return
        finally:
            await self._acknowledging.stop()

    async def fill(self) -> None:
        """Read the spool from where the session stands to its present end. SandboxError when it cannot be reached."""
        await self._filling.fill()

    # A line.

    async def _listen(self) -> str | None:
        """Feed what the line brings until the terminal record (None), or until it brings no more: return why."""
        while not self._complete():
            try:
                async with asyncio.timeout(self._patience.stall_s):
                    data = await self.line.read()
            except TimeoutError:
                self._facts.stalls += 1
                self._silent_s += self._patience.stall_s
                return f"nothing came for {self._patience.stall_s:g} s"
            except (LineBroken, LineEnded) as error:
                return str(error)
            self._reached()
            self._silent_s = 0.0
            before = self._session.next_offset
            self._session.feed(data)
            self._heard()
            if self._session.behind:
                await self._fill_soon()
            self._advanced |= self._session.next_offset > before
            self._acknowledging.tick()
        return None

    async def _fill_soon(self) -> None:
        """Fill a gap, unless that has just failed; a live line goes on whether or not the spool can be read now."""
        try:
            await self._filling.try_to_fill()
        except SandboxError as error:
            self._unreached(error.message, _SPOOL)
        else:
            self._reached(_SPOOL)

    async def _attached_again(self, cause: str) -> bool:
        """Return whether there is a new line, and the gap before it filled; if not, everything there was has come."""
        waited_ms = 0.0 if self._advanced else await self._pause.wait()
        failures = 0
        while True:
            if await self._has_ended(cause):
                return False
            try:
                self.line = await self._worker.attach()
            except SandboxError as error:
                self._facts.retries.append(Retry(what="line", cause=error.message, waited_ms=waited_ms))
                self._unreached(error.message)
                failures += 1
                if failures >= self._patience.retry_attempts:
                    await self._poll(error.message)
                    return False
                waited_ms = await self._pause.wait()
                continue
            self._facts.reconnects += 1
            self._facts.retries.append(Retry(what="line", cause=cause, waited_ms=waited_ms))
            self._reached()
            self._advanced = False
            before = self._session.next_offset
            await self._fill_soon()
            if self._session.next_offset > before:
                self._advanced = True
                self._silent_s = 0.0
                self._pause.reset()
            self._require_life()
            return True

    # No line.

    async def _poll(self, cause: str) -> None:
        """Read the spool again and again, until the terminal record or the worker's end."""
        self._facts.retries.append(Retry(what="polling", cause=cause, waited_ms=0.0))
        pause = Backoff(first_s=self._patience.poll_first_s, most_s=self._patience.poll_most_s, spread=self._spread)
        while not self._complete():
            before = self._session.next_offset
            try:
                await self._filling.fill()
                self._reached(_SPOOL)
            except SandboxError as error:
                cause = error.message
                self._unreached(cause, _SPOOL)
            self._acknowledging.tick()
            if self._complete():
                return
            if self._session.next_offset > before:
                pause.reset()
            elif await self._has_ended(cause):
                return
            await pause.wait()

    # The worker.

    async def _has_ended(self, cause: str) -> bool:
        """Return whether the terminal record is there, or can never come, and everything before it is.

        An end without a terminal record is believed when the worker's absence was seen twice, with all of its spool
        read in between, and its last word does not speak of more.
        """
        seen = 0
        for _ in range(self._patience.retry_attempts):
            standing = await self._standing(cause)
            if standing is Standing.GONE:
                raise self._lost(f"the sandbox is gone: {cause}")
            if standing is not Standing.ENDED:
                return False
            try:
                await self._filling.fill()
                if self._complete():
                    return True
                status = await self._worker.status()
                self._reached(_SPOOL)
            except SandboxError as error:
                self._unreached(error.message, _SPOOL)
                return False
            seen += not _says_more(status, self._session.next_offset)
            if seen == _ABSENCES:
                return True
            await self._pause.wait()
        return True

    async def _standing(self, cause: str) -> Standing:
        try:
            standing = await self._worker.standing()
        except SandboxError as error:
            self._unreached(error.message)
            return Standing.UNKNOWN
        if standing is Standing.UNKNOWN:
            self._unreached(cause)
        else:
            self._reached()
        return standing

    def _complete(self) -> bool:
        return self._session.terminal is not None

    def _reached(self, what: str = _SANDBOX) -> None:
        """Note that it could be reached: whoever reads a spool has reached its sandbox too."""
        self._failing_since.pop(what, None)
        self._failing_since.pop(_SANDBOX, None)

    def _unreached(self, cause: str, what: str = _SANDBOX) -> None:
        """Note that it could not be reached. WorkerLostError when that has lasted too long."""
        now = asyncio.get_running_loop().time()
        if now - self._failing_since.setdefault(what, now) >= self._patience.unreachable_s:
            raise self._lost(f"{what} could not be reached for {self._patience.unreachable_s:g} s: {cause}")

    def _require_life(self) -> None:
        """WorkerLostError where line after line brought nothing for too long, and the spool has no more either."""
        if self._silent_s >= self._patience.unreachable_s:
            raise self._lost(f"the worker gave no sign of life for {self._silent_s:g} s", hint=STANDS_STILL)

    def _lost(self, what: str, *, hint: str = "") -> WorkerLostError:
        return WorkerLostError(what, last_seq=self._session.next_seq - 1, hint=hint)

    def _backoff(self) -> Backoff:
        return Backoff.between_retries(self._patience, spread=self._spread)


def _says_more(status: Mapping[str, Any] | None, offset: int) -> bool:
    """Whether a worker's last word tells of more spool than this."""
    return status is not None and int(status.get("spool_bytes", 0)) > offset
