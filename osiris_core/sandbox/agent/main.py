"""The agent's loop: one request at a time, exits as they happen, the memory limit in between."""

from __future__ import annotations

import os
import select
import signal
import socket
import sys
from typing import TYPE_CHECKING, Any

from .errors import RefusedError
from .files import Files
from .memory import kill_largest_over
from .paths import Paths
from .processes import Processes
from .wire import ClosedError, Receiver, send

if TYPE_CHECKING:
    from collections.abc import Callable

    from .wire import Message


class Agent:
    """Serves one sandbox over `sock` until the other end closes."""

    def __init__(self, sock: socket.socket, configuration: Message) -> None:
        self._sock = sock
        self._limit_bytes = configuration["memory_mb"] * 1024 * 1024 if configuration["memory_mb"] else 0
        self._poll_ms = int(configuration["memory_poll_s"] * 1000)
        paths = Paths(configuration["root"])
        self.processes = Processes(paths)
        files = Files(paths)
        self._spawned = False
        self._handlers: dict[str, Callable[[Message], tuple[dict[str, Any], tuple[int, ...]]]] = {
            "stat": files.stat,
            "list": files.list,
            "mkdir": files.mkdir,
            "move": files.move,
            "remove": files.remove,
            "open_read": files.open_read,
            "open_write": files.open_write,
            "signal": self.processes.signal,
        }

    def serve(self, receiver: Receiver) -> None:
        """Answer until ClosedError is raised by the socket."""
        child_ended, child_ended_write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(child_ended_write, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        poll = select.poll()
        poll.register(self._sock, select.POLLIN)
        poll.register(child_ended, select.POLLIN)
        while True:
            watching = self._spawned and self._limit_bytes
            ready = dict(poll.poll(self._poll_ms if watching else None))
            if child_ended in ready:
                os.read(child_ended, 4096)
            if self._sock.fileno() in ready:
                for message, descriptors in receiver.receive():
                    self._answer(message, descriptors)
            for pid, exit_code in self.processes.reap():
                send(self._sock, {"event": "exit", "pid": pid, "exit_code": exit_code})
            if watching and (killed := kill_largest_over(self._limit_bytes)):
                send(self._sock, {"event": "memory_kill", "pid": killed[0], "resident_bytes": killed[1]})

    def _answer(self, message: Message, descriptors: list[int]) -> None:
        answer: dict[str, Any] = {"id": message["id"]}
        opened: tuple[int, ...] = ()
        try:
            if message["op"] == "spawn":
                self._spawned = True
                result, opened = self.processes.spawn(message, descriptors)
            else:
                result, opened = self._handlers[message["op"]](message)
            answer["result"] = result
        except RefusedError as error:
            answer |= {"error": error.code, "message": str(error)}
        except (OSError, ValueError) as error:  # one request must never end the sandbox
            answer |= {"error": "internal", "message": f"{type(error).__name__}: {error}"}
        for descriptor in descriptors:
            os.close(descriptor)
        send(self._sock, answer, opened)
        for descriptor in opened:
            os.close(descriptor)


def main() -> None:
    """Serve the socket whose descriptor number is the first argument; the first frame configures the sandbox."""
    sock = socket.socket(fileno=int(sys.argv[1]))
    sock.set_inheritable(False)
    sock.setblocking(True)
    receiver = Receiver(sock)
    plain_root = ""
    try:
        frames = receiver.receive()
        while not frames:
            frames = receiver.receive()
        configuration = frames[0][0]
        os.umask(0o022)
        os.sched_setaffinity(0, configuration["cpus"])
        if plain_root := configuration["root"]:
            from .plain import become_subreaper

            become_subreaper()
        send(sock, {"event": "ready"})
        Agent(sock, configuration).serve(receiver)
    except ClosedError:
        if plain_root:
            from .plain import end_descendants, remove_root

            end_descendants()
            remove_root(plain_root)
