"""Brings the executor's two streams, records and output, into one order that does not depend on timing.

Around a step the executor sends a message on one stream and, on the other, the marker named in it. What comes
behind such a message waits until the marker has been seen; what is printed between the two markers of a step is
the step's. So a record never overtakes the output it follows, and markers never reach the logs.
"""

from __future__ import annotations

import json
from collections import deque
from typing import TYPE_CHECKING, Any, Protocol

from osiris_core.worker.messages import CONTROL_VERBS

if TYPE_CHECKING:
    from collections.abc import Iterable

_BARRIERS = frozenset({"open", "drain"})


class Receiver(Protocol):
    """What is told the merged order."""

    def on_record(self, kind: str, payload: bytes) -> None:
        """Take a record's payload."""

    def on_control(self, verb: str, values: dict[str, Any]) -> None:
        """Take a control message."""

    def on_output(self, step: str | None, data: bytes) -> None:
        """Take bytes printed during `step`, or during none."""


class Merger:
    """Feed it messages before the output that was read earlier than them: then every marker is known when it comes."""

    __slots__ = ("_barrier", "_held", "_messages", "_receiver", "_step")

    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver
        self._messages: deque[tuple[str, bytes]] = deque()
        self._barrier: tuple[bytes, str | None] | None = None
        self._held = b""
        self._step: str | None = None

    def feed(self, messages: Iterable[tuple[str, bytes]], output: bytes) -> None:
        """Take the next messages and the next output."""
        self._messages.extend(messages)
        data = self._held + output
        self._held = b""
        self._deliver()
        while self._barrier is not None:
            marker, step = self._barrier
            before, found, behind = data.partition(marker)
            if not found:
                self._held = _beginning_of(marker, data)
                self._emit(data[: len(data) - len(self._held)])
                return
            self._emit(before)
            self._step, self._barrier, data = step, None, behind
            self._deliver()
        self._emit(data)

    def finish(self) -> None:
        """Release what still waits for a marker: the executor has ended and will not write it any more."""
        while self._barrier is not None or self._held:
            self._emit(self._held)
            self._held = b""
            if self._barrier is not None:
                _, self._step = self._barrier
                self._barrier = None
            self._deliver()

    def _deliver(self) -> None:
        """Pass on messages up to and including the next one that waits for its marker."""
        while self._messages and self._barrier is None:
            verb, payload = self._messages.popleft()
            if verb not in CONTROL_VERBS:
                self._receiver.on_record(verb, payload)
                continue
            values = json.loads(payload)
            if verb in _BARRIERS:
                self._barrier = (values["marker"].encode("ascii"), values["step"] if verb == "open" else None)
            else:
                self._receiver.on_control(verb, values)

    def _emit(self, data: bytes) -> None:
        if data:
            self._receiver.on_output(self._step, data)


def _beginning_of(marker: bytes, data: bytes) -> bytes:
    """Return the longest end of `data` that is a beginning of `marker`."""
    for length in range(min(len(marker) - 1, len(data)), 0, -1):
        if data.endswith(marker[:length]):
            return marker[:length]
    return b""
