"""A stop as the event loop of a run sees it: every phase has until a time after it, and a second request leaves none."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Coroutine

Result = TypeVar("Result")


class Stop:
    """Asked for once, hurried at most once; lives on one loop."""

    def __init__(self) -> None:
        self._asked = asyncio.Event()
        self._hurried = asyncio.Event()
        self._asked_at = 0.0

    def set(self) -> None:
        """Ask to stop; asking again changes nothing."""
        if not self._asked.is_set():
            self._asked_at = asyncio.get_running_loop().time()
            self._asked.set()

    def hurry(self) -> None:
        """Ask to stop, and to leave out everything that is not the end of the sandbox."""
        self.set()
        self._hurried.set()

    def is_set(self) -> bool:
        """Whether someone asked to stop."""
        return self._asked.is_set()

    async def wait(self) -> None:
        """Return when someone asks to stop."""
        await self._asked.wait()

    async def unless_asked(self, work: Coroutine[Any, Any, Result], *, grace_s: float) -> Result | None:
        """Return what `work` returns, or None where it has not ended `grace_s` after the stop was asked for.

        What is left of that time when this is called is all that `work` gets; a hurry takes it away.
        """
        task = asyncio.create_task(work)
        asked, hurried = asyncio.create_task(self._asked.wait()), asyncio.create_task(self._hurried.wait())
        try:
            await asyncio.wait({task, asked}, return_when=asyncio.FIRST_COMPLETED)
            if not task.done():
                left_s = self._asked_at + grace_s - asyncio.get_running_loop().time()
                await asyncio.wait({task, hurried}, timeout=max(0.0, left_s), return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                return task.result()
        finally:
            for each in (asked, hurried, task):
                each.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        return None
