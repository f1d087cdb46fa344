"""One life of the host: the real writer and the real following, from the first attachment until the session is closed."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from osiris_core.backends.following import Following
from osiris_core.backends.protocol import TargetFacts
from osiris_core.backends.reach import LineBroken
from osiris_core.errors import OsirisError, SandboxError
from osiris_core.session import contract
from osiris_core.session.writer import SessionWriter
from osiris_core.testing.simulation.script import MANIFEST, REQUEST

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from osiris_core.backends.protocol import Patience
    from osiris_core.backends.reach import Line
    from osiris_core.session.reader import Session
    from osiris_core.testing.simulation.line import SimulatedLine
    from osiris_core.testing.simulation.network import SimulatedWorker

TARGET = "e2b"


def directory_below(root: Path) -> Path:
    """Return the directory of the simulated session."""
    return contract.session_directory(root, REQUEST.session_id, TARGET)


def open_writer(root: Path, epoch: int = 0) -> SessionWriter:
    """Take the directory of the simulated session: for the first time, or over from an owner that died."""
    directory = directory_below(root)
    if (directory / contract.HOST_DIRECTORY / contract.HANDLE_FILE).exists():
        return SessionWriter.reopen(directory)
    return SessionWriter.open(
        root=root, session_id=REQUEST.session_id, target=TARGET, request=REQUEST, manifest_json=MANIFEST, epoch=epoch
    )


class Absent:
    """A line that could not be had."""

    def __init__(self, why: str) -> None:
        self._why = why

    async def read(self) -> bytes:
        """Say why."""
        raise LineBroken(self._why)

    async def close(self) -> None:
        """Hold nothing."""


class Host:
    """Follows the worker; `first` is the line that it was started with, None where an earlier host started it."""

    def __init__(
        self,
        root: Path,
        worker: SimulatedWorker,
        patience: Patience,
        *,
        first: SimulatedLine | None,
        segment_bytes: int,
        spread: Callable[[], float],
    ) -> None:
        self.worker = worker
        self.session = open_writer(root, worker.epoch)
        self.facts = TargetFacts(target=TARGET, provider="simulated", isolation="none")
        self.failure: OsirisError | None = None
        self._patience = patience
        self._first = first
        self._segment_bytes = segment_bytes
        self._spread = spread

    async def live(self) -> None:
        """Follow the worker to its end; what goes wrong is the `failure`."""
        try:
            await self._follow()
        except OsirisError as error:
            self.failure = error

    async def _follow(self) -> None:
        line: Line = self._first or await self._attached()
        following = Following(
            self.worker,
            line,
            self.session,
            self.facts,
            self._patience,
            heard=lambda: None,
            spread=self._spread,
            segment_bytes=self._segment_bytes,
        )
        try:
            await following.to_the_end()
        finally:
            await following.line.close()

    async def _attached(self) -> Line:
        """Return a line to a worker that an earlier host started; one with nothing on it where that has left long ago."""
        try:
            return await self.worker.attach()
        except SandboxError as error:
            return Absent(str(error))

    def close(self) -> Session:
        """Close the session as `run_target` does."""
        failure = self.failure
        return self.session.close(
            target_facts=self.facts.to_json(),
            error=None if failure is None else {"type": type(failure).__name__, "message": str(failure)},
        )

    def die(self) -> None:
        """Be killed: the kernel closes the files, nobody else does anything."""
        self.worker.dead = True
        journal = self.session._journal  # noqa: SLF001 - a killed process runs no code of its own
        if journal._descriptor >= 0:  # noqa: SLF001 - as above
            os.close(journal._descriptor)  # noqa: SLF001 - as above
            journal._descriptor = -1  # noqa: SLF001 - as above
        self.session._lock.release()  # noqa: SLF001 - as above
