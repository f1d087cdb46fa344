"""Follows a worker on this machine by the rules that hold for one far away: its lines are a hint, its spool is the truth."""

from __future__ import annotations

from typing import TYPE_CHECKING

from osiris_core.backends.protocol import Retry
from osiris_core.backends.reach import STANDS_STILL
from osiris_core.errors import WorkerLostError

if TYPE_CHECKING:
    from collections.abc import Callable

    from osiris_core.backends.local_worker import LocalWorker
    from osiris_core.backends.protocol import Patience, TargetFacts
    from osiris_core.session.writer import SessionWriter

_RANGE_BYTES = 4 << 20


class LocalFollowing:
    """Feeds one worker's records to one session; `heard` is called when something came."""

    def __init__(
        self,
        worker: LocalWorker,
        session: SessionWriter,
        facts: TargetFacts,
        patience: Patience,
        *,
        heard: Callable[[], None],
    ) -> None:
        self._worker = worker
        self._session = session
        self._facts = facts
        self._patience = patience
        self._heard = heard
        self._segments = 0

    def to_the_end(self) -> None:
        """Return when the worker's stdout has ended.

        WorkerLostError where it gave no sign of life for too long. WireError when what came breaks the protocol, SessionError
        when the disk does not take it.
        """
        silent_s = 0.0
        while (data := self._worker.read(self._patience.stall_s)) != b"":
            if data is None:
                silent_s += self._patience.stall_s
                self._stall(silent_s)
                continue
            silent_s = 0.0
            self._session.feed(data)
            if self._session.behind:
                self._fill()
            self._acknowledge()
            self._heard()

    def _stall(self, silent_s: float) -> None:
        """Take what a silent worker has written; one that is silent for too long is lost, and killed by whoever ends it."""
        self._facts.stalls += 1
        cause = f"nothing came for {self._patience.stall_s:g} s, not even heartbeats"
        self._facts.retries.append(Retry(what="line", cause=cause, waited_ms=self._patience.stall_s * 1000))
        self._fill()
        if silent_s >= self._patience.unreachable_s:
            self._worker.kill()
            raise WorkerLostError(
                f"the local worker gave no sign of life for {self._patience.unreachable_s:g} s",
                last_seq=self._session.next_seq - 1,
                hint=STANDS_STILL,
            )

    def _fill(self) -> None:
        """Read the spool from where the session stands to its present end."""
        while self._session.terminal is None:
            before = self._session.next_offset
            self._session.take_range(self._worker.spool(before, _RANGE_BYTES))
            brought = self._session.next_offset - before
            if not brought:
                return
            self._facts.fills += 1
            self._facts.filled_bytes += brought

    def _acknowledge(self) -> None:
        """Let the worker free the segments that are safe here, once a segment."""
        segments = self._session.next_offset // self._worker.segment_bytes
        if segments > self._segments and self._session.terminal is None:
            self._segments = segments
            self._worker.say(b"ACK %d\n" % self._session.keep())
            self._facts.acknowledgements += 1
