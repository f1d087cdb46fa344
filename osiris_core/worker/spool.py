"""The spool: numbers, checksums and writes every record, and keeps the tallies that the terminal record states.

Records are gathered and written in batches; a batch that the disk does not take is taken back as a whole, so that
what the tallies say is always what the file holds.
"""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from osiris_core.wire import records
from osiris_core.wire.canon import canonical_json
from osiris_core.wire.digest import RunningDigest
from osiris_core.wire.frames import MAX_PAYLOAD, encode_frame
from osiris_core.wire.parts import split_payload

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_RESERVE_BYTES = 1 << 20
_SYNC_INTERVAL_S = 1.0


class SpoolError(OSError):
    """Raised when a batch could not be written; it was taken back, and room was made for a last word."""


@dataclass(slots=True, kw_only=True)
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
    """Appends frames to one new file."""

    def __init__(
        self, path: Path, *, tag: str, epoch: int, checkpoint_every: int, sync_interval_s: float = _SYNC_INTERVAL_S
    ) -> None:
        path.parent.mkdir(exist_ok=True)
        self._reserve = path.parent.parent / "spool.reserve"
        self._reserve.write_bytes(bytes(_RESERVE_BYTES))
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        self._tag, self._epoch = tag, epoch
        self._checkpoint_every = checkpoint_every
        self._sync_interval_s, self._synced = sync_interval_s, time.monotonic()
        self._batch: list[bytes] = []
        self._written = Tally()
        self.tally = Tally()
        self.artifacts: list[Mapping[str, Any]] = []
        """The artifact records so far."""

    def record(self, record: Mapping[str, Any]) -> None:
        """Append a record."""
        self.payload(record["kind"], canonical_json(record))

    def payload(self, kind: str, payload: bytes) -> None:
        """Append a record that has been encoded already."""
        if kind == "artifact":
            self.tally.artifacts += 1
            self.artifacts.append(json.loads(payload))
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
            left = memoryview(batch)
            while left:
                left = left[os.write(self._descriptor, left) :]
        except OSError as error:
            self._take_back()
            raise SpoolError(error.errno, f"the spool could not be written: {error.strerror}") from error
        self._written = self.tally.copy()
        return batch

    def sync(self, *, now: bool = False) -> None:
        """Have the disk keep what was written, at most once in an interval unless it must be `now`."""
        if now or time.monotonic() - self._synced >= self._sync_interval_s:
            os.fsync(self._descriptor)
            self._synced = time.monotonic()

    def close(self) -> None:
        """Close the file, and give the reserved room back."""
        os.close(self._descriptor)
        self._reserve.unlink(missing_ok=True)

    def _frame(self, payload: bytes) -> None:
        tally = self.tally
        line = encode_frame(tag=self._tag, epoch=self._epoch, seq=tally.seq, offset=tally.offset, payload=payload)
        tally.digest.update(tally.seq, payload)
        tally.seq += 1
        tally.offset += len(line)
        self._batch.append(line)

    def _take_back(self) -> None:
        os.ftruncate(self._descriptor, self._written.offset)
        os.lseek(self._descriptor, self._written.offset, os.SEEK_SET)
        self._reserve.unlink(missing_ok=True)
        self.tally = self._written.copy()
        del self.artifacts[self.tally.artifacts :]
