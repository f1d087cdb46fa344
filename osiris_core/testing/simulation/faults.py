"""What can go wrong between a host and a worker, as values: a kind, the place where it happens, and how much of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """The kinds; `size` and `seconds` of a fault mean what stands here."""

    RESET = "the line breaks"
    CLOSE = "the line ends in good order, without the worker's end"
    FALSE_EXIT = "the line says that the worker left with exit code 0, and it runs"
    STALL = "the line stays open, and nothing comes on it any more"
    LOSE = "`size` bytes of the line are lost, and it goes on"
    DOUBLE = "the last `size` bytes come twice"
    GARBLE = "a byte is another one"
    FORGE = "a frame says something else, with a checksum that is right"
    STRAY = (
        "somebody else's bytes come in between: `size` modulo 6 is 0 for text, 1 for garbage, 2 for another session's frame, \
3 for an older worker's, 4 for its heartbeat, 5 for a frame of this worker that it denies"
    )
    SWAP = "the next two pieces come in the wrong order"
    SLOW = "everything from here on comes `seconds` later"
    NO_END = "the worker's end is never told"

    ATTACH_FAILS = "the next `size` attempts to attach fail"
    ATTACH_HANGS = "the next attempt to attach fails after a minute"
    SPOOL_FAILS = "the next `size` ranges of the spool fail"
    SPOOL_HANGS = "the next range of the spool fails after a minute"
    SPOOL_SHORT = "the next range is cut after `size` bytes"
    SPOOL_EMPTY = "the next range has nothing in it"
    SPOOL_GARBLED = "the next range has a byte that is another one"
    SPOOL_SHIFTED = "the next range begins `size` bytes too late"
    STANDING_FAILS = "the next `size` questions what became of the worker fail"
    STANDING_UNKNOWN = "the next answer to it is that nobody knows"
    STANDING_ENDED = "the next answer to it is that it has ended, and it runs"
    STATUS_FAILS = "the next `size` questions for the worker's last word fail"
    SAY_FAILS = "the next line to its stdin is refused"

    KILL_WORKER = "the worker is killed, `size` bytes before its spool was whole"
    KILL_SANDBOX = "the sandbox is killed"
    KILL_HOST = "the host is killed, and a new one goes on after `seconds`"
    POWER_LOSS = (
        "the host's machine loses its power, and what its disk had not kept yet; a new one goes on after `seconds`"
    )
    FREEZE_HOST = "the host stands still for `seconds`"


LINE = tuple(list(Kind)[: list(Kind).index(Kind.ATTACH_FAILS)])
"""Faults of the line: they happen where its byte `at` passes."""
CALLS = tuple(list(Kind)[len(LINE) : list(Kind).index(Kind.KILL_WORKER)])
"""Faults of calls: they lie in wait from `at` on."""
WORLD = tuple(list(Kind)[len(LINE) + len(CALLS) :])
"""Faults of the worker, the sandbox and the host."""
FATAL = (Kind.KILL_WORKER, Kind.KILL_SANDBOX)
"""After these the worker's end cannot come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that goes wrong, when byte `at` of all that the worker prints passes."""

    kind: Kind
    at: int
    size: int = 1
    seconds: float = 0.0

    def __str__(self) -> str:
        """Return it as a test would write it."""
        return f"Fault(kind=Kind.{self.kind.name}, at={self.at}, size={self.size}, seconds={self.seconds:g})"
