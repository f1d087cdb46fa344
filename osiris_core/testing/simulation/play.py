"""Plays one schedule: a worker, a network and as many lives of the host as it takes, until the session is closed."""

from __future__ import annotations

import asyncio
import os
import random
import traceback
import warnings
from collections import Counter
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from unittest.mock import patch

from osiris_core.backends.protocol import Patience
from osiris_core.errors import OsirisError
from osiris_core.session import contract
from osiris_core.session.reader import open_session
from osiris_core.testing.simulation.clock import Standstill, VirtualLoop
from osiris_core.testing.simulation.disk import Disk, Killed
from osiris_core.testing.simulation.faults import LINE, Kind
from osiris_core.testing.simulation.host import Host, directory_below
from osiris_core.testing.simulation.network import SimulatedWorker, stray
from osiris_core.testing.simulation.sandbox import SimulatedSandbox
from osiris_core.testing.simulation.script import TS
from osiris_core.wire import records
from osiris_core.worker import spool

if TYPE_CHECKING:
    from pathlib import Path

    from osiris_core.session.reader import Session
    from osiris_core.testing.simulation.faults import Fault
    from osiris_core.testing.simulation.line import SimulatedLine
    from osiris_core.testing.simulation.schedule import Schedule

ABANDONED_S = 90.0
"""So long a stream stays open whose reader has died: envd's default keepalive."""
PATIENCE = Patience()
HORIZON_S = 4 * 3600.0
"""More than any schedule may take."""


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
        self.directory = directory_below(self.root)

    @property
    def journal_path(self) -> Path:
        """Where the journal lies."""
        return self.directory / contract.HOST_DIRECTORY / contract.JOURNAL_FILE


class World:
    """Everything of one schedule that lives in its virtual time; one that `forgets` holds no more of a long run than it must."""

    def __init__(
        self, schedule: Schedule, directory: Path, *, patience: Patience = PATIENCE, forgets: bool = False
    ) -> None:
        self.loop = VirtualLoop(horizon_s=HORIZON_S)
        self.rng = random.Random(schedule.seed)  # noqa: S311 - no secret
        self.played = Played(schedule=schedule, root=directory)
        self.sandbox = SimulatedSandbox(
            self.loop,
            directory,
            schedule.script,
            epoch=schedule.epoch,
            heartbeat_s=patience.heartbeat_s,
            segment_bytes=schedule.segment_bytes,
            cap_bytes=None if schedule.cap_segments is None else schedule.cap_segments * schedule.segment_bytes,
            pipe_bytes=schedule.pipe_bytes,
            checkpoint_every=schedule.checkpoint_every,
            gathers=schedule.gathers,
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
        self._forgets = forgets
        self._patches = ExitStack()
        self._journal = self.played.journal_path
        self._journal_checked = 0

    def begin(self) -> None:
        """Start the worker and the first host; from here on the disk and the clocks are the world's."""
        self._patches.enter_context(self._disk.watched())
        self._patches.enter_context(patch.object(records, "timestamp", lambda: TS))
        # This disk never fills; to write the room that is kept for that takes a quarter of a short run's time.
        self._patches.enter_context(patch.object(spool, "_RESERVE_BYTES", 0))
        self._patches.callback(random.setstate, random.getstate())
        random.seed(self.played.schedule.seed)
        self._life = self.loop.create_task(self._live())

    def go_on(self, seconds: float | None = None) -> None:
        """Let so much time pass; without a number, as much as it takes to come to the end."""
        try:
            self.loop.run(asyncio.wait({self._life}, timeout=seconds))
            if self._life.done():
                self._life.result()
        except Standstill as error:
            self.played.standstill = str(error)
        self.played.closed_s = self.loop.time()
        self.check_prefix()

    def close(self) -> None:
        """Close the session, by as many hosts as it takes."""
        deaths = iter(self.played.schedule.closing_deaths)
        while self.host is not None and not self.played.standstill:
            calls = next(deaths, None)
            try:
                with self._disk.killing_after(calls) if calls is not None else nullcontext():
                    self.played.session = self.host.close()
            except Killed as death:
                with warnings.catch_warnings(action="ignore"):  # of files that only the kernel closes
                    traceback.clear_frames(death.__traceback__)
                self._replace_host()
                continue
            except OsirisError as error:
                self.played.refusal = str(error)
            return

    def end(self) -> Played:
        """Let go of everything, and return what happened."""
        played, sandbox = self.played, self.sandbox
        with self._patches:
            if self.host is not None:
                self.host.die()
            if not played.standstill:
                self.loop.run(sandbox.go_on_alone())
            self.loop.end()
            sandbox.close()
        played.finished, played.ended_s, played.printed_bytes = sandbox.finished, sandbox.ended_s, self._printed
        if not self._forgets:
            played.written, played.journal = sandbox.written.all(), self._journal.read_bytes()
        return played

    def _replace_host(self) -> None:
        """Let another host take over from one that was killed while it closed the session."""
        if self.host is not None:
            self.host.die()
        if (self.played.directory / contract.SESSION_FILE).exists():
            self.played.session, self.host = open_session(self.played.directory), None
            return
        self._life = self.loop.create_task(self._follow_on())
        self.go_on()

    async def _follow_on(self) -> None:
        self.host = self._host(self._worker(), None)
        self.played.lives += 1
        await self.host.live()

    async def _live(self) -> None:
        """Start the worker, and follow it with one host behind the other."""
        self.sandbox.start()
        worker = self._worker()
        first: SimulatedLine | None = worker.line()
        while True:
            self.played.lives += 1
            self.host = host = self._host(worker, first)
            self.check_prefix()
            self._following = asyncio.create_task(host.live())
            await asyncio.wait({self._following})
            if self._death is None:
                self._following.result()
                return
            await asyncio.sleep(self._death.seconds)
            self._death, worker, first = None, self._worker(), None

    def _host(self, worker: SimulatedWorker, first: SimulatedLine | None) -> Host:
        return Host(
            self.played.root,
            worker,
            self._patience,
            first=first,
            segment_bytes=self.played.schedule.segment_bytes,
            spread=self.rng.random,
        )

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
        if not self.sandbox.written.has(self._journal_checked, found):
            self.played.breaks.append(f"at {self.loop.time():.3f} s the journal is no prefix of the spool")
        self._journal_checked += len(found)
        if self._forgets:
            self.sandbox.written.forget(self._journal_checked)


def play(schedule: Schedule, directory: Path, *, patience: Patience = PATIENCE, close: bool = True) -> Played:
    """Play a schedule with its session under `directory`, which must be empty; `close` makes the session in the end."""
    world = World(schedule, directory, patience=patience)
    try:
        world.begin()
        world.go_on()
        if close:
            world.close()
    finally:
        played = world.end()
    return played
