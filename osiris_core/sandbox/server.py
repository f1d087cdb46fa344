"""The server's process: its port, its signals, its lifeline, its end."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import secrets
import signal
import stat
from typing import TYPE_CHECKING

import uvicorn

from osiris_core.sandbox.app import App
from osiris_core.sandbox.builder import Builder
from osiris_core.sandbox.faults.plan import FaultPlan
from osiris_core.sandbox.launch import ServerAddress
from osiris_core.sandbox.registry import Registry
from osiris_core.sandbox.settings import BACKLOG
from osiris_core.sandbox.stats import Stats

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator

    from osiris_core.sandbox.isolation import Isolation
    from osiris_core.sandbox.settings import Settings

STREAMS_END_S = 2
_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_PARENT_DIED = signal.SIGUSR1


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers: what a signal means here is more than leaving the loop."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve(
    sock: socket.socket,
    isolation: Isolation,
    settings: Settings,
    *,
    parent_pid: int | None = None,
    announce: Callable[[ServerAddress], None],
) -> None:
    """Serve until a signal, the end of the lifeline or the parent's death; then end every sandbox.

    `sock` listens already. `announce` is called once, when the server answers.
    """
    registry = Registry(
        isolation=isolation,
        stats=Stats(),
        timing=settings.timing,
        concurrent_builds=settings.concurrent_builds,
        network_allowed=settings.network_allowed,
        faults=FaultPlan(settings.faults),
    )
    builder = Builder(registry)
    api_key = "e2b_" + secrets.token_hex(20)
    app = App(registry, builder, api_key)
    config = uvicorn.Config(
        app,
        http="h11",
        ws="none",
        lifespan="off",
        loop="asyncio",
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_keep_alive=300,
        backlog=BACKLOG,
    )
    server = _Server(config)
    stop = asyncio.Event()
    _stop_on_signals(stop)
    _stop_on_end_of_stdin(stop)
    if parent_pid is not None:
        _stop_when_parent_dies(parent_pid, stop)
    serving = asyncio.create_task(server.serve(sockets=[sock]))
    announce(_address(sock, api_key, isolation.level, isolation.bwrap_version))
    try:
        await asyncio.wait([serving, asyncio.create_task(stop.wait())], return_when=asyncio.FIRST_COMPLETED)
    finally:
        app.close()
        await registry.close()
        await builder.close()
        await _finish(server, serving)


async def _finish(server: _Server, serving: asyncio.Task[None]) -> None:
    # Streams that have just been told that their sandbox is gone may still be saying so. uvicorn's own way out looks for
    # them every tenth of a second; there is nothing else to wait for.
    server.should_exit = True
    if answering := tuple(server.server_state.tasks):
        await asyncio.wait(answering, timeout=STREAMS_END_S)
    serving.cancel()
    await asyncio.wait([serving])


def _address(sock: socket.socket, api_key: str, level: str, version: str | None) -> ServerAddress:
    host, port = sock.getsockname()[:2]
    name = f"[{host}]" if ":" in host else host
    return ServerAddress(
        url=f"http://{name}:{port}", api_key=api_key, isolation=level, bubblewrap_version=version, pid=os.getpid()
    )


def _stop_on_signals(stop: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(number, stop.set)


def _stop_on_end_of_stdin(stop: asyncio.Event) -> None:
    # Only a pipe or a socket is somebody's lifeline; a terminal or /dev/null says nothing by ending.
    mode = os.fstat(0).st_mode
    if not (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)):
        return
    loop = asyncio.get_running_loop()

    def readable() -> None:
        if not os.read(0, 4096):
            loop.remove_reader(0)
            stop.set()

    loop.add_reader(0, readable)


def _stop_when_parent_dies(parent_pid: int, stop: asyncio.Event) -> None:
    # The kernel sends the signal already when the parent's *thread* that started this process ends, so it only means: look.
    def look() -> None:
        if os.getppid() != parent_pid:
            stop.set()

    asyncio.get_running_loop().add_signal_handler(_PARENT_DIED, look)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, int(_PARENT_DIED), 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) failed")
    look()  # it may have died before
