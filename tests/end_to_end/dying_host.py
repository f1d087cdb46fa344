"""Hosts that die by SIGKILL at a named point, or stand still there: a process of its own, which forks one host an order.

Reads one JSON object a line: `{"point", "root", "sessions", "url", "api_key", "targets"}`, and `patience` if it is not the
usual one; answers, when the host is dead, with the number of the signal that ended it (0: it reached its end). Of one that
stands still it says `still`, and lets it go on with the next line.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import e2b  # noqa: F401 - so that no host has to import it

from osiris_core.backends.e2b import E2BBackend  # noqa: F401 - as above
from osiris_core.backends.local import LocalBackend  # noqa: F401 - as above
from osiris_core.backends.protocol import Patience
from osiris_core.backends.sandbox_worker import SandboxWorker
from osiris_core.check import Checker, CheckOptions, load
from osiris_core.sandbox.launch import ServerAddress
from osiris_core.session.writer import SessionWriter

if TYPE_CHECKING:
    from collections.abc import Callable


WAITING = b'"waiting"'
"""What the step says, in one piece of its output or in two."""


def die() -> NoReturn:
    """End this process as `kill -9` does."""
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


def of_sandbox(writer: SessionWriter) -> bool:
    """Whether a session is the e2b one."""
    return writer.directory.name == "e2b"


def made(*, noted: bool) -> None:
    """Die between the creation and the writing down of the sandbox's name, or as soon as the name is `noted`."""
    remember = SessionWriter.remember

    def hooked(self: SessionWriter, **facts: Any) -> None:
        if "sandbox_id" in facts and not noted:
            die()
        remember(self, **facts)

    async def start(*_: object, **__: object) -> NoReturn:
        die()

    SessionWriter.remember = hooked  # type: ignore[method-assign]
    if noted:
        SandboxWorker.start = start  # type: ignore[method-assign,assignment]


def hearing(point: Callable[[SessionWriter, bytes], bool]) -> None:
    """Die when what has come is the point."""
    feed = SessionWriter.feed

    def hooked(self: SessionWriter, data: bytes) -> None:
        feed(self, data)
        if of_sandbox(self) and point(self, data):
            die()

    SessionWriter.feed = hooked  # type: ignore[method-assign]


def in_a_step() -> None:
    """Die of the piece that says that the step waits, however much of the run it holds: the rest of it never came."""
    feed = SessionWriter.feed
    fed = bytearray()

    def hooked(self: SessionWriter, data: bytes) -> None:
        if of_sandbox(self):
            already = len(fed)
            fed.extend(data)
            if (place := fed.find(WAITING)) >= 0:
                feed(self, bytes(fed[already:place]))
                die()
        feed(self, data)

    SessionWriter.feed = hooked  # type: ignore[method-assign]


def stand_still() -> None:
    """Stand still, once, when the step has said that it waits."""
    stood: list[bool] = []
    fed = bytearray()

    def point(_: SessionWriter, data: bytes) -> bool:
        fed.extend(data)
        if WAITING in fed and not stood:
            stood.append(True)
            os.kill(os.getpid(), signal.SIGSTOP)
        return False

    hearing(point)


def in_transfer() -> None:
    """Die when the artifacts have come, before they are in their place."""
    adopt = SessionWriter.adopt_incoming

    def hooked(self: SessionWriter, *given: Any, **named: Any) -> None:
        if of_sandbox(self):
            die()
        adopt(self, *given, **named)

    SessionWriter.adopt_incoming = hooked  # type: ignore[method-assign]


def ended() -> None:
    """Die when all is there but the closed session; the other target's session is closed by then."""
    close = SessionWriter.close

    def hooked(self: SessionWriter, **facts: Any) -> Any:
        if not of_sandbox(self):
            return close(self, **facts)
        other = self.directory.parent / "local"
        while other.exists() and not (other / "session.json").exists():
            threading.Event().wait(0.01)
        die()

    SessionWriter.close = hooked  # type: ignore[method-assign]


POINTS = {
    "made, not noted": lambda: made(noted=False),
    "before the start": lambda: made(noted=True),
    "in a step": in_a_step,
    "still in a step": stand_still,
    "after the terminal record": lambda: hearing(lambda writer, _: writer.terminal is not None),
    "in transfer": in_transfer,
    "before the close": ended,
}


def host(order: dict[str, Any]) -> None:
    """Run the manifest until the point."""
    POINTS[order["point"]]()
    root = Path(order["root"])
    patience = Patience(**order.get("patience", {}))
    options = CheckOptions(project_root=root, session_root=Path(order["sessions"]), patience=patience)
    address = ServerAddress(
        url=order["url"], api_key=order["api_key"], isolation="bubblewrap", bubblewrap_version=None, pid=0
    )
    with Checker(options, server=address) as checker:
        checker.check(load(root / "steps.osiris.yaml", project_root=root), order["targets"])


def answer(text: str) -> None:
    """Say one line."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main() -> None:
    """Fork a host for each order."""
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            host(json.loads(line))
            os._exit(0)
        status = os.waitpid(pid, os.WUNTRACED)[1]
        if os.WIFSTOPPED(status):
            answer("still")
            sys.stdin.readline()
            os.kill(pid, signal.SIGCONT)
            status = os.waitpid(pid, 0)[1]
        answer(str(os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0))


if __name__ == "__main__":
    main()
