"""Plays one schedule: a worker, a network and as many lives of the host as it takes, until the session is closed."""

from __future__ import annotations

import asyncio
import os
import random
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from unittest.mock import patch

from osiris_core.backends.protocol import Patience
from osiris_core.errors import OsirisError
from osiris_core.session import contract
from osiris_core.testing.simulation.clock import Standstill, VirtualLoop
from osiris_core.testing.simulation.disk import Disk
from osiris_core.testing.simulation.faults import LINE, Kind
from osiris_core.testing.simulation.host import TARGET, Host
from osiris_core.testing.simulation.network import SimulatedWorker, stray
from osiris_core.testing.simulation.sandbox import SimulatedSandbox
from osiris_core.testing.simulation.script import REQUEST, TS
from osiris_core.wire import records

if TYPE_CHECKING:
    from pathlib import Path

    from osiris_core.session.reader import Session
    from osiris_core.testing.simulation.faults import Fault
    from osiris_core.testing.simulation.line import SimulatedLine
    from osiris_core.testing.simulation.schedule import Schedule

ABANDONED_S = 90.0
"""So long a stream stays open whose reader has died: envd's default keepalive."""
PATIENCE = Patience()


@dataclass(slots=True, kw_only=True)
class Played:
    """What happened, as the simulated world knows it, and where the session lies; `session` is what closing it gave."""

    schedule: Schedule
    root: Path
    written: bytes = b""
    finished: bool = False
    ended_s: float = 0.0
    closed_s: float = 0.0
    standstill: str = ""
    session: Session | None = None
    refusal: str = ""
    breaks: list[str] = field(default_factory=list)
    happened: list[Fault] = field(default_factory=list)
    lives: int = 0
    printed_bytes: int = 0

    directory: Path = field(init=False)
    """The session's directory."""
    journal: bytes = b""
    """The journal on the disk, when all was over."""

    def __post_init__(self) -> None:
        """Find the session's directory."""
        self.directory = contract.session_directory(self.root, REQUEST.session_id, TARGET)

    @property
    def journal_path(self) -> Path:
        """Where the journal lies."""
        return self.directory / contract.HOST_DIRECTORY / contract.JOURNAL_FILE


class World:
    """Everything of one schedule that lives in its virtual time."""

    def __init__(self, schedule: Schedule, directory: Path, *, patience: Patience = PATIENCE) -> None:
        self.loop = VirtualLoop()
        self.rng = random.Random(schedule.seed)  # noqa: S311 - no secret
        self.played = Played(schedule=schedule, root=directory)
        self.sandbox = SimulatedSandbox(
            self.loop,
            directory,
            schedule.script,
            epoch=schedule.epoch,
            heartbeat_s=patience.heartbeat_s,
            segment_bytes=schedule.segment_bytes,
            pipe_bytes=schedule.pipe_bytes,
        )
        self.sandbox.carry = self._carry
        self.host: Host | None = None
        self._patience = patience
        self._disk = Disk()
        self._faults = list(schedule.faults)
        self._waiting: Counter[Kind] = Counter()
        self._sizes: dict[Kind, int] = {}
        self._printed = 0
        self._following: asyncio.Task[None] | None = None
        self._death: Fault | None = None
        self._journal = self.played.journal_path
        self._journal_checked = 0

    def play(self, *, close: bool = True) -> Played:
        """Let everything happen, and close the session, where that is wanted."""
        played = self.played
        before = random.getstate()
        random.seed(played.schedule.seed)
        try:
            with self._disk.watched(), patch.object(records, "timestamp", lambda: TS):
                self._play()
                if close and not played.standstill:
                    self._close()
        finally:
            random.setstate(before)
            if self.host is not None:
                self.host.die()
            self.loop.end()
            self.sandbox.close()
        played.written, played.finished = self.sandbox.written, self.sandbox.finished
        played.ended_s = self.sandbox.ended_s
        played.journal, played.printed_bytes = self._journal.read_bytes(), self._printed
        return played

    def _play(self) -> None:
        played = self.played
        try:
            self.loop.run(self._live())
        except Standstill as error:
            played.standstill = str(error)
        played.closed_s = self.loop.time()
        self.check_prefix()

    def _close(self) -> None:
        """Close the session, as far as it can be."""
        if self.host is None:
            return
        try:
            self.played.session = self.host.close()
        except OsirisError as error:
            self.played.refusal = str(error)

    async def _live(self) -> None:
        """Start the worker, and follow it with one host behind the other."""
        self.sandbox.start()
        worker = self._worker()
        first: SimulatedLine | None = worker.line()
        while True:
            self.played.lives += 1
            self.host = host = Host(self.played.root, worker, self._patience, first)
            self.check_prefix()
            self._following = asyncio.create_task(host.live())
            await asyncio.wait({self._following})
            if self._death is None:
                self._following.result()
                return
            await asyncio.sleep(self._death.seconds)
            self._death, worker, first = None, self._worker(), None

    def _worker(self) -> SimulatedWorker:
        return SimulatedWorker(self.sandbox, self._waiting, self._sizes, self.rng)

    def _carry(self, data: bytes) -> None:
        """Carry what the worker prints to the lines, and let happen what happens in between."""
        while self._faults and self._faults[0].at < self._printed + len(data):
            fault = self._faults.pop(0)
            here = max(0, fault.at - self._printed)
            self._pass(data[:here])
            data = data[here:]
            self.suffer(fault)
        self._pass(data)

    def _pass(self, data: bytes) -> None:
        self._printed += len(data)
        for line in list(self.sandbox.lines):
            line.carry(data)
        self.check_prefix()

    def suffer(self, fault: Fault) -> None:
        """Let a fault happen now."""
        self.played.happened.append(fault)
        match fault.kind:
            case Kind.KILL_WORKER:
                self.sandbox.kill_worker(fault.size)
            case Kind.KILL_SANDBOX:
                self.sandbox.kill()
            case Kind.KILL_HOST | Kind.POWER_LOSS:
                self._kill_host(fault)
            case Kind.FREEZE_HOST:
                self.loop.jump(fault.seconds)
            case kind if kind in LINE:
                for line in list(self.sandbox.lines):
                    line.suffer(fault, stray(fault.size, self.sandbox))
            case kind:
                self._waiting[kind] += fault.size if kind.name.endswith("_FAILS") else 1
                self._sizes[kind] = fault.size

    def _kill_host(self, fault: Fault) -> None:
        """End this life of the host, if it has not come to its end by itself."""
        if self.host is None or self._following is None or self._following.done():
            return
        self._death = fault
        self.host.die()
        self._following.cancel()
        for line in self.host.worker.lines:
            self.loop.call_later(ABANDONED_S, line.let_go)
        self._tear(fault)

    def _tear(self, fault: Fault) -> None:
        """Leave of the journal what the disk has: all but the end of the last write, or what it was told to keep."""
        size, kept = self._journal.stat().st_size, self._disk.kept(self._journal)
        left = self.rng.randint(kept, size) if fault.kind is Kind.POWER_LOSS else max(kept, size - fault.size)
        os.truncate(self._journal, left)
        self._journal_checked = 0

    def check_prefix(self) -> None:
        """Note it where the journal is not what the spool begins with, now."""
        if self.host is None:
            return
        if self._journal.stat().st_size == self._journal_checked:
            return
        with self._journal.open("rb") as journal:
            journal.seek(self._journal_checked)
            found = journal.read()
        known = self.sandbox.written[self._journal_checked :]
        if not known.startswith(found):
            self.played.breaks.append(f"at {self.loop.time():.3f} s the journal is no prefix of the spool")
        self._journal_checked += len(found)


def play(schedule: Schedule, directory: Path, *, patience: Patience = PATIENCE, close: bool = True) -> Played:
    """Play a schedule with its session under `directory`, which must be empty; `close` makes the session in the end."""
    return World(schedule, directory, patience=patience).play(close=close)
