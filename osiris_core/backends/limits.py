"""How many sandboxes live at once, and how fast they are made: one limit for all processes of a session root.

Both are files: whoever has a slot holds a lock on its file, which the kernel takes back however the process ends; the times of
creations stand in one file, read and written under a lock. The monotonic clock is the same for all processes of a machine.
"""

from __future__ import annotations

import fcntl
import os
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from osiris_core.backends.templates import silent
from osiris_core.errors import SandboxError
from osiris_core.session.files import make_directory, open_private, refused
from osiris_core.session.owner import this_machine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from osiris_core.backends.protocol import Cancellation
    from osiris_core.backends.templates import Report

LIMITS_DIRECTORY: Final = Path(".osiris") / "limits"
_CREATIONS: Final = "creations"
_NOTE_BYTES: Final = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """`sandboxes` at once and `creations_per_s`, each None for no limit; `directory` is where all processes meet.

    `look_s` lies between two looks at taken slots; after `say_s` of waiting, `report` is told once.
    """

    directory: Path
    sandboxes: int | None = None
    creations_per_s: float | None = None
    look_s: float = 0.1
    say_s: float = 5.0
    report: Report = silent
    clock: Callable[[], float] = time.monotonic

    @contextmanager
    def sandbox(self, cancellation: Cancellation) -> Iterator[None]:
        """Hold one slot while the block runs, entered when a sandbox may be made.

        SandboxError where the run is stopped before that, or where the files of the limits cannot be used.
        """
        descriptor = self._slot(cancellation)
        try:
            self._turn(cancellation)
            yield
        finally:
            if descriptor is not None:
                os.close(descriptor)

    def _slot(self, cancellation: Cancellation) -> int | None:
        """Return the descriptor of a slot's file, locked; None where there is no limit."""
        if self.sandboxes is None:
            return None
        make_directory(self.directory)
        began, said = self.clock(), False
        while True:
            for number in range(self.sandboxes):
                descriptor = _locked(self.directory / f"slot-{number:04}", wait=False)
                if descriptor is not None:
                    return descriptor
            if not said and self.clock() - began >= self.say_s:
                said = True
                self.report(
                    f"waiting: {self.sandboxes} sandboxes run, and there may be no more (--osiris-max-sandboxes)"
                )
            if cancellation.wait(self.look_s):
                raise SandboxError("the run was stopped while it waited for another sandbox to end")

    def _turn(self, cancellation: Cancellation) -> None:
        """Return when a creation is due; one second's creations may come at once."""
        if self.creations_per_s is None:
            return
        make_directory(self.directory)
        wait_s = self._booked()
        if wait_s >= self.say_s:
            self.report(
                f"waiting {wait_s:.0f} s: {self.creations_per_s:g} sandboxes may be made in a second (--osiris-create-rate)"
            )
        if wait_s > 0 and cancellation.wait(wait_s):
            raise SandboxError("the run was stopped while it waited for its turn to make a sandbox")

    def _booked(self) -> float:
        """Book the next creation, and return the seconds until it is due: the generic cell rate algorithm."""
        rate = self.creations_per_s or 1.0
        interval, burst = 1 / rate, max(1.0, rate)
        path = self.directory / _CREATIONS
        descriptor = _locked(path, wait=True)
        if descriptor is None:
            raise AssertionError("a lock that was waited for")
        with refused(path, "cannot be used"):
            try:
                now, machine = self.clock(), this_machine()
                noted, _, by = os.pread(descriptor, _NOTE_BYTES, 0).decode("utf-8", "replace").partition(" ")
                due = max(now, float(noted)) if by == machine else now  # another start of the machine, another clock
                os.ftruncate(descriptor, 0)
                os.pwrite(descriptor, f"{due + interval!r} {machine}".encode(), 0)
            finally:
                os.close(descriptor)
        return max(0.0, due - now - (burst - 1) * interval)


def _locked(path: Path, *, wait: bool) -> int | None:
    """Return a descriptor of a file that this process has locked; None where another one has, and `wait` is false."""
    with refused(path, "cannot be locked"):
        descriptor = open_private(path, os.O_RDWR | os.O_CREAT)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            os.close(descriptor)
            return None
        except OSError:
            os.close(descriptor)
            raise
    return descriptor
