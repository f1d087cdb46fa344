"""One private event loop on a thread of its own: the SDK's async flavour inside, a synchronous API outside."""

from __future__ import annotations

import asyncio
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterator
    from concurrent.futures import Future
    from typing import Any

    from osiris_core.backends.protocol import Cancellation
    from osiris_core.backends.stopping import Stop

Result = TypeVar("Result")


class LoopThread:
    """An event loop that no other code of the process sees, so that no other loop's rules reach it."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, name="osiris-e2b", daemon=True)
        self._thread.start()

    def submit(self, coroutine: Coroutine[Any, Any, Result]) -> Future[Result]:
        """Start a coroutine on the loop."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop)

    @contextmanager
    def stoppable(
        self, coroutine: Coroutine[Any, Any, Result], stop: Stop, cancellation: Cancellation
    ) -> Iterator[Future[Result]]:
        """Start a coroutine on the loop; while the block runs, what `cancellation` is asked for reaches its `stop`."""
        future = self.submit(coroutine)

        def ask() -> None:
            self.loop.call_soon_threadsafe(stop.set)

        def hurry() -> None:
            self.loop.call_soon_threadsafe(stop.hurry)

        with cancellation.calling(ask, hurried=hurry):
            yield future

    def close(self) -> None:
        """Cancel what still runs, let it clean up, stop the loop and its thread; closing twice is harmless."""
        if self.loop.is_closed():
            return
        self.submit(_cancel_the_others()).result()
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.run_until_complete(self.loop.shutdown_asyncgens())
        self.loop.run_until_complete(self.loop.shutdown_default_executor())
        self.loop.close()


async def _cancel_the_others() -> None:
    """Cancel every task of this loop but this one, and wait until all have ended."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
