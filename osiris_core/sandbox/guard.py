"""Holds on to the process of a sandbox, so that ending it is certain and known to be complete."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import subprocess


class Guard:
    """The process that was started, and the process whose death ends the sandbox; they are one in plain mode.

    In a namespace the second is the agent, number 1 in there: the kernel ends all other processes of the namespace before
    it reports that one dead, so its death means that nothing is left.
    """

    def __init__(self, started: subprocess.Popen[bytes], root_pid: int | None = None) -> None:
        self._started = started
        self._pidfds = [os.pidfd_open(started.pid)]
        if root_pid is not None:
            with contextlib.suppress(ProcessLookupError):  # it failed to start; its parent is about to say so
                self._pidfds.append(os.pidfd_open(root_pid))

    def kill(self) -> None:
        """SIGKILL what ends the sandbox."""
        if self._pidfds:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._pidfds[-1], signal.SIGKILL)

    async def ended(self) -> None:
        """Wait until nothing of the sandbox is left; to be called once."""
        for pidfd in reversed(self._pidfds):
            await _readable(pidfd)
            os.close(pidfd)
        self._pidfds.clear()
        self._started.wait()


async def _readable(pidfd: int) -> None:
    loop = asyncio.get_running_loop()
    dead = loop.create_future()

    def died() -> None:
        if not dead.done():
            dead.set_result(None)

    loop.add_reader(pidfd, died)
    try:
        await dead
    finally:
        loop.remove_reader(pidfd)
