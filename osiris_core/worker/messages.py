"""How the executor tells the supervisor things: one line a message, `<verb> <canonical JSON>`.

The verb is a record's kind, and the JSON its payload as it will be framed; or it is one of the control verbs:

    start   {"record", "monotonic_s"}             the hello, and when it was said by the clock that all processes share
    begin   {"step", "record"}                    the step starts; `record` says so
    open    {"step", "marker"}                    its output starts behind this marker
    drain   {"step", "marker"}                    its output ends before this marker
    attempt  {"step", "number", "monotonic_s"}    an attempt at a step with a timeout starts, and when
    attempted  {"step", "number"}                 it has ended
    done    {"step", "record", "state", "error"}  it has ended, and all its other records have been sent
    result  {"outcome", "error"}                  every step is done and every exit handler has run
"""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Any

from osiris_core.wire.canon import canonical_json

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

CONTROL_VERBS = frozenset({"start", "begin", "open", "attempt", "attempted", "drain", "done", "result"})
_CLOSED = -1


class Channel:
    """The executor's end; safe in threads. In a forked child it is closed, and sending raises RuntimeError."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._lock = threading.Lock()
        self.writer: int | None = None
        """The thread inside a write, which must not be interrupted halfway."""
        self.postponed: Callable[[], None] | None = None
        """What the main thread, interrupted inside a write, does right after it."""
        os.register_at_fork(after_in_child=self.abandon)

    @property
    def is_open(self) -> bool:
        """Whether this process may send."""
        return self._descriptor != _CLOSED

    def record(self, record: Mapping[str, Any]) -> None:
        """Send a record. ValueError or TypeError, before anything is sent, for values that are not JSON."""
        self._send(record["kind"], record)

    def control(self, verb: str, **values: Any) -> None:
        """Send a control message."""
        self._send(verb, values)

    def abandon(self) -> None:
        """Close this process's copy: records come from one process only."""
        self._lock = threading.Lock()
        if self._descriptor != _CLOSED:
            os.close(self._descriptor)
            self._descriptor = _CLOSED

    def _send(self, verb: str, message: Mapping[str, Any]) -> None:
        line = memoryview(b"%s %s\n" % (verb.encode("ascii"), canonical_json(message)))
        with self._lock:
            if self._descriptor == _CLOSED:
                raise RuntimeError("only the step's own process can send records, not a process forked from it")
            self.writer = threading.get_ident()
            try:
                while line:
                    line = line[os.write(self._descriptor, line) :]
            finally:
                self.writer = None
        if self.postponed is not None and threading.current_thread() is threading.main_thread():
            postponed, self.postponed = self.postponed, None
            postponed()


class MessageReader:
    """The supervisor's end: cuts bytes into `(verb, payload)`; an unfinished last line is kept back."""

    __slots__ = ("_held",)

    def __init__(self) -> None:
        self._held: list[bytes] = []

    def feed(self, data: bytes) -> list[tuple[str, bytes]]:
        """Take the next bytes; return the messages that are complete by now."""
        *lines, rest = data.split(b"\n")
        if lines and self._held:
            lines[0] = b"".join((*self._held, lines[0]))
            self._held.clear()
        if rest:
            self._held.append(rest)
        return [_split(line) for line in lines]


def _split(line: bytes) -> tuple[str, bytes]:
    verb, _, payload = line.partition(b" ")
    return verb.decode("ascii"), payload
