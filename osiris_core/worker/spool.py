"""The spool: numbers, checksums and writes every record, and keeps the tallies that the terminal record states.

Records are gathered and written in batches; a batch that the disk does not take is taken back as a whole, so that
what the tallies say is always what the segments hold.
"""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

from osiris_core.wire import records
from osiris_core.wire.canon import canonical_json
from osiris_core.wire.digest import RunningDigest
from osiris_core.wire.frames import MAX_PAYLOAD, encode_frame, encode_heartbeat
from osiris_core.wire.parts import split_payload
from osiris_core.wire.values import field, replace, state
from osiris_core.worker.segments import Segments
from osiris_core.worker.shipping import Freight

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_RESERVE_BYTES = 1 << 20
_SYNC_INTERVAL_S = 1.0
_FREIGHT = frozenset({"artifact", "content"})


class SpoolError(OSError):
    """Raised when the disk refused a batch, which was taken back, or refused to keep one.

    `needed_bytes` is what was to be written, `free_bytes` what the disk had then, `path` the file below the run directory.
    """

    def __init__(self, error: OSError, *, needed_bytes: int, free_bytes: int, path: str) -> None:
        super().__init__(error.errno, f"the spool could not be written: {error.strerror}")
        self.needed_bytes = needed_bytes
        self.free_bytes = free_bytes
        self.path = path


@state
class Tally:
    """What the spool holds: `counts` of records by kind (`part` counts frames), and how many artifacts."""

    seq: int = 0
    offset: int = 0
    digest: RunningDigest = field(default_factory=RunningDigest)
    counts: Counter[str] = field(default_factory=Counter)
    artifacts: int = 0
    checkpoint_seq: int = 0

    def copy(self) -> Tally:
        """Return a tally that goes on from here by itself."""
        return replace(self, digest=self.digest.copy(), counts=self.counts.copy())


class Spool:
    """Appends frames to a new directory of segments, which must not be there yet, and frees what was acknowledged."""

    def __init__(
        self,
        directory: Path,
        *,
        tag: str,
        epoch: int,
        checkpoint_every: int,
        segment_bytes: int,
        sync_interval_s: float = _SYNC_INTERVAL_S,
    ) -> None:
        self._segments = Segments(directory, segment_bytes)
        self._reserve = directory.parent / "spool.reserve"
        self._reserve.write_bytes(bytes(_RESERVE_BYTES))
        self._tag, self._epoch = tag, epoch
        self._checkpoint_every = checkpoint_every
        self._sync_interval_s, self._synced = sync_interval_s, time.monotonic()
        self._synced_offset = 0
        self._acknowledged = 0
        self._batch: list[bytes] = []
        self._written = Tally()
        self.tally = Tally()
        self.artifacts: list[Mapping[str, Any]] = []
        """The artifact records so far."""
        self.freight = Freight()

    @property
    def written_seq(self) -> int:
        """How many frames the segments hold, or held: fewer than the tally has while a batch is gathered."""
        return self._written.seq

    @property
    def unacknowledged_bytes(self) -> int:
        """How much of what was written the host may still need."""
        return self._written.offset - self._acknowledged

    @property
    def sync_due(self) -> float | None:
        """When, by the monotonic clock, the disk is next asked to keep what was written; None if it was."""
        return None if self._synced_offset == self._written.offset else self._synced + self._sync_interval_s

    def record(self, record: Mapping[str, Any]) -> None:
        """Append a record."""
        self.payload(record["kind"], canonical_json(record))

    def payload(self, kind: str, payload: bytes) -> None:
        """Append a record that has been encoded already."""
        if kind == "artifact":
            self.tally.artifacts += 1
            self.artifacts.append(json.loads(payload))
        if kind in _FREIGHT:
            self.freight.note(kind, payload)
        self.tally.counts[kind] += 1
        if len(payload) <= MAX_PAYLOAD:
            self._frame(payload)
        else:
            head = json.loads(payload)
            for part in split_payload(payload, ts=head["ts"], step=head["step"]):
                self.tally.counts["part"] += 1
                self._frame(part)
        if self.tally.seq - self.tally.checkpoint_seq >= self._checkpoint_every:
            self.checkpoint()

    def checkpoint(self) -> None:
        """Append a checkpoint: the state before its own frame."""
        tally = self.tally
        tally.counts["checkpoint"] += 1
        record = records.checkpoint(
            ts=records.timestamp(), step=None, seq=tally.seq, offset=tally.offset, digest=tally.digest.hexdigest()
        )
        self._frame(canonical_json(record))
        tally.checkpoint_seq = tally.seq

    def flush(self) -> bytes:
        """Write what was gathered and return it. SpoolError when the disk does not take it."""
        batch = b"".join(self._batch)
        self._batch.clear()
        if not batch:
            return b""
        try:
            self._segments.write(batch)
        except OSError as error:
            refusal = self._refusal(error, len(batch))
            self._take_back()
            raise refusal from error
        self._written = self.tally.copy()
        return batch

    def heartbeat(self) -> bytes:
        """Return the line that says how far the spool has been written."""
        return encode_heartbeat(tag=self._tag, epoch=self._epoch, seq=self._written.seq, offset=self._written.offset)

    def acknowledge(self, offset: int) -> None:
        """Free the segments before `offset`, which the host has on its own disk; one from the past changes nothing."""
        self._acknowledged = max(self._acknowledged, min(offset, self._written.offset))
        self._segments.free(self._acknowledged)

    def sync(self, *, now: bool = False) -> None:
        """Have the disk keep what was written, at most once in an interval unless it must be `now`.

        SpoolError when it cannot.
        """
        due = self.sync_due
        if due is None or not (now or time.monotonic() >= due):
            return
        self._synced, self._synced_offset = time.monotonic(), self._written.offset
        try:
            self._segments.sync()
        except OSError as error:
            raise self._refusal(error, 0) from error

    def make_room(self) -> None:
        """Give the reserved room up for the last records of a run that found the disk full."""
        self._reserve.unlink(missing_ok=True)

    def close(self) -> None:
        """Close the segments, and give the reserved room back."""
        self._segments.close()
        self.make_room()

    def _frame(self, payload: bytes) -> None:
        tally = self.tally
        line = encode_frame(tag=self._tag, epoch=self._epoch, seq=tally.seq, offset=tally.offset, payload=payload)
        tally.digest.update(tally.seq, payload)
        tally.seq += 1
        tally.offset += len(line)
        self._batch.append(line)

    def _take_back(self) -> None:
        self._segments.take_back(self._written.offset)
        self.tally = self._written.copy()
        del self.artifacts[self.tally.artifacts :]
        self.freight.forget_but({each["path"] for each in self.artifacts})

    def _refusal(self, error: OSError, needed_bytes: int) -> SpoolError:
        """Return what is known of the disk that refused."""
        path, directory = self._segments.path_of(self._segments.end), self._segments.directory
        disk = os.statvfs(directory)
        return SpoolError(
            error,
            needed_bytes=needed_bytes,
            free_bytes=disk.f_bavail * disk.f_frsize,
            path=str(path.relative_to(directory.parent)),
        )
