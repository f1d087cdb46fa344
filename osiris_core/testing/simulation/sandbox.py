"""The simulated sandbox: one worker that carries out its script, writes a real spool, and prints what it writes.

Its own memory of what it wrote is the truth that a session is held against.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from osiris_core.backends.reach import LineEnded
from osiris_core.errors import WireError
from osiris_core.testing.simulation.script import REQUEST, TS
from osiris_core.testing.simulation.truth import Truth
from osiris_core.wire import records
from osiris_core.wire.frames import session_tag
from osiris_core.wire.roots import root_of_records
from osiris_core.wire.segments import segment_pieces
from osiris_core.worker.spool import Spool

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from osiris_core.testing.simulation.clock import VirtualLoop
    from osiris_core.testing.simulation.line import SimulatedLine
    from osiris_core.testing.simulation.script import Script

TAG = session_tag(REQUEST.session_id)
KILLED = 137


class SimulatedSandbox:
    """A sandbox with one worker in it; `printed` is called for every piece of its stdout, before it is carried away."""

    def __init__(
        self,
        loop: VirtualLoop,
        directory: Path,
        script: Script,
        *,
        epoch: int = 0,
        heartbeat_s: float = 5.0,
        segment_bytes: int = 1 << 20,
        cap_bytes: int | None = None,
        checkpoint_every: int = 5,
        pipe_bytes: int = 1 << 20,
        gathers: bool = False,
    ) -> None:
        self.loop = loop
        self.script = script
        self.epoch = epoch
        self.written = Truth()
        """Every whole frame in the spool, in order."""
        self.torn = b""
        """What a killed worker had written of its last frames."""
        self.before = (0, 0)
        """Number and place of what was written last."""
        self.exit_code: int | None = None
        self.ended_s = 0.0
        self.gone = False
        self.lines: list[SimulatedLine] = []
        self.carry: Callable[[bytes], None] = lambda _: None
        self._heartbeat_s = heartbeat_s
        self._segment_bytes = segment_bytes
        self._cap_bytes = cap_bytes
        self._pipe_bytes = pipe_bytes
        self._gathers = gathers
        self._gathered = False
        self._killed_in_write = 0
        self._terminal_at: int | None = None
        self._cancelled = asyncio.Event()
        self._acknowledged = asyncio.Event()
        self._directory = directory
        self._checkpoint_every = checkpoint_every
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Start the worker: its first record comes as soon as the loop runs."""
        run = self._directory / "run"
        run.mkdir()
        self._spool = Spool(
            run / "spool",
            tag=TAG,
            epoch=self.epoch,
            checkpoint_every=self._checkpoint_every,
            segment_bytes=self._segment_bytes,
        )
        self._tasks = [self.loop.create_task(self._work()), self.loop.create_task(self._beat())]

    @property
    def running(self) -> bool:
        """Whether the worker runs."""
        return self.exit_code is None and not self.gone

    @property
    def finished(self) -> bool:
        """Whether the worker wrote its terminal record, whole."""
        return self._terminal_at is not None and self.written.end > self._terminal_at

    def kill_worker(self, torn_bytes: int) -> None:
        """Kill it in its next write, of which the last `torn_bytes` do not reach the spool."""
        self._killed_in_write = max(1, torn_bytes)

    def kill(self) -> None:
        """End the sandbox with all that is in it: nothing of it can be read any more."""
        if not self.gone:
            self.gone = True
            self.ended_s = self.loop.time()
            self._stop(KILLED)

    def hear(self, line: str) -> None:
        """Take a line of stdin."""
        word, _, value = line.strip().partition(" ")
        if word == "CANCEL":
            self._cancelled.set()
        if word == "ACK":
            self._spool.acknowledge(int(value))
            self._acknowledged.set()

    def read(self, offset: int, size_bytes: int) -> bytes:
        """Read the spool's segments. WireError where they were freed."""
        end = min(self.written.end + len(self.torn), offset + size_bytes)
        found = []
        for piece in segment_pieces(offset, max(0, end - offset), self._segment_bytes):
            path = self._directory / "run" / "spool" / piece.name
            if not path.exists():
                raise WireError(f"the spool was freed at byte {offset}")
            with path.open("rb") as segment:
                segment.seek(piece.start)
                found.append(segment.read(piece.size_bytes))
        return b"".join(found)

    async def go_on_alone(self) -> None:
        """Carry out the rest of the script, with nobody who listens: what could have been had counts, too."""
        self.carry = lambda _: None
        self._cap_bytes = None
        self._acknowledged.set()
        if self._tasks:
            await asyncio.wait(self._tasks[:1])

    def close(self) -> None:
        """Let go of the spool's file."""
        self._spool.close()

    async def _work(self) -> None:
        """Carry out the script, and end it with a terminal record."""
        outcome, failed = self.script.outcome, self.script.failed_step
        for deed in self.script.deeds:
            if deed.after_s:
                self._flush()
                if await self._cancelled_within(deed.after_s):
                    outcome, failed = records.CANCELLED, None
                    break
            await self._below_the_cap()
            self._record(deed.record)
        self._terminal(outcome, failed)
        await asyncio.sleep(self.script.leaves_after_s)
        self._stop(0)

    async def _below_the_cap(self) -> None:
        """Wait while too much of the spool is not acknowledged."""
        while self._cap_bytes is not None and self._spool.unacknowledged_bytes >= self._cap_bytes:
            self._acknowledged.clear()
            await self._acknowledged.wait()

    async def _cancelled_within(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                await self._cancelled.wait()
        except TimeoutError:
            return False
        return True

    async def _beat(self) -> None:
        """Print heartbeats, which are never in the spool."""
        while True:
            await asyncio.sleep(self._heartbeat_s)
            self._print(self._spool.heartbeat())

    def _record(self, record: dict[str, object]) -> None:
        """Append a record to the spool; with `gathers` it is written with those that come at the same moment."""
        if not self._gathers or not self._gathered:
            self.before = (self._spool.tally.seq, self._spool.tally.offset)
        self._spool.record(record)
        self._gathered = True
        if not self._gathers:
            self._flush()

    def _flush(self) -> None:
        """Write what was appended, and print it when it is in the spool."""
        if not self._gathered:
            return
        self._gathered = False
        batch = self._spool.flush()
        if self._killed_in_write:
            kept = batch[: max(0, len(batch) - self._killed_in_write)]
            whole = kept.rfind(b"\n") + 1
            self.written.append(kept[:whole])
            self.torn = kept[whole:]
            self._stop(KILLED)
            raise asyncio.CancelledError
        self.written.append(batch)
        self._print(batch)

    def _terminal(self, outcome: str, failed: str | None) -> None:
        self._spool.checkpoint()  # as the worker's own ending does
        tally = self._spool.tally
        self._terminal_at = tally.offset
        error = None if outcome == records.SUCCEEDED else {"type": "Told", "message": "as scripted", "traceback": []}
        state = records.SUCCEEDED if outcome == records.SUCCEEDED else records.FAILED
        self._record(
            records.terminal(
                ts=TS,
                outcome=outcome,
                failed_step=failed,
                error=error,
                steps=[{"id": step, "state": state, "reason": None, "cause": None} for step in REQUEST.order],
                counts=dict(sorted(tally.counts.items())),
                frames=tally.seq,
                digest=tally.digest.hexdigest(),
                artifact_root=root_of_records(self._spool.artifacts),
                artifacts=tally.artifacts,
                stray_bytes=0,
            )
        )
        self._flush()

    def _print(self, data: bytes) -> None:
        """Print a batch, or leave it out where a reader is so far behind that the pipe is full."""
        if all(line.waiting_bytes <= self._pipe_bytes for line in self.lines):
            self.carry(data)
        if not self.running:
            raise asyncio.CancelledError  # it was killed by what it printed

    def _stop(self, exit_code: int) -> None:
        """Be no process any more, and let the lines say so."""
        if self.exit_code is None:
            self.exit_code = exit_code
            self.ended_s = self.loop.time()
        current = asyncio.current_task(self.loop)
        for task in self._tasks:
            if task is not current:
                task.cancel()
        for line in self.lines:
            line.end(LineEnded(f"the worker left with exit code {exit_code}"))
