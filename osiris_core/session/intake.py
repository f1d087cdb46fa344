"""Frames in, exactly once: only the next number is accepted, and everything else is counted.

Lines of an older worker are dropped. A number seen before is a duplicate when its line is the one in the journal, and equivocation when it is not. A
number from the future is a gap, which the spool fills; so is a heartbeat that knows more. Bytes that are no frames
are kept beside the journal.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from osiris_core.errors import OsirisError, WireError
from osiris_core.session.files import open_private, refused
from osiris_core.wire.frames import Damaged, Heartbeat, Stray

if TYPE_CHECKING:
    from pathlib import Path

    from osiris_core.progress.targets import TargetWatch
    from osiris_core.session.guard import SecretGuard
    from osiris_core.session.journal import Journal
    from osiris_core.session.landmarks import Landmarks
    from osiris_core.wire.frames import Frame, FrameReader, Item

STRAY_KEPT_BYTES = 16 << 20
"""Most bytes of strangers' output that are kept; all are counted."""


@dataclass(slots=True, kw_only=True)
class Tally:
    """What came that was not simply the next frame: all of it is said in `target.json`."""

    duplicates: int = 0
    gaps: int = 0
    damaged: int = 0
    fenced: int = 0
    strays: int = 0
    stray_bytes: int = 0


class Intake:
    """Moves frames from any reader into the journal; after the first broken rule it takes nothing more."""

    def __init__(self, journal: Journal, landmarks: Landmarks, stray_path: Path) -> None:
        self._journal = journal
        self._landmarks = landmarks
        self._stray_path = stray_path
        self._in_gap = False
        self._known_seq = 0
        self._suspicious = False
        self.tally = Tally()
        self.guard: SecretGuard | None = None
        self.watch: TargetWatch | None = None
        self.fault = ""
        """The first broken rule, as a sentence, or nothing."""

    @property
    def behind(self) -> bool:
        """Whether the spool is known to hold records that have not come, or a damaged one should be read again."""
        return self._suspicious or self._known_seq > self._journal.next_seq

    def trust(self) -> None:
        """Forget what came damaged: what follows comes from the spool."""
        self._suspicious = False

    def take(self, items: list[Item]) -> None:
        """Take what a reader found. WireError for a broken rule, SessionError when the disk is full."""
        if self.fault:
            raise WireError(self.fault)
        batch: list[bytes] = []
        try:
            try:
                self._sort(items, batch)
            finally:
                self._append(batch)
        except OsirisError as error:
            self.fault = error.message
            raise
        if self.watch is not None:
            self.watch.heard(self._journal.next_offset)

    def finish(self, reader: FrameReader) -> None:
        """Count what a reader still holds, now that its stream has ended."""
        for item in reader.finish():
            if isinstance(item, Stray | Damaged):  # an unfinished line is nothing else
                self._keep_stray(item)

    def _sort(self, items: list[Item], batch: list[bytes]) -> None:
        seq, offset = self._journal.next_seq, self._journal.next_offset
        note = self._landmarks.note
        for item in items:
            if isinstance(item, Stray | Damaged):
                self._keep_stray(item)
            elif item.epoch < self._landmarks.epoch:
                self.tally.fenced += 1
            elif isinstance(item, Heartbeat):
                self._known_seq = max(self._known_seq, item.seq)
            elif item.seq == seq:
                if item.offset != offset:
                    raise WireError(f"record {seq} says it is at byte {item.offset} of the spool; it must be {offset}")
                note(item)
                batch.append(item.line)
                seq += 1
                offset += len(item.line)
                self._in_gap = False
            elif item.seq < seq:
                self._append(batch)
                batch.clear()
                self._check_duplicate(item)
            else:
                self._known_seq = max(self._known_seq, item.seq + 1)
                self.tally.gaps += not self._in_gap
                self._in_gap = True

    def _append(self, batch: list[bytes]) -> None:
        """Have the journal keep frames, unless one of them holds a secret."""
        if self.guard is not None and batch:
            self.guard.check_lines(batch)
        self._journal.append(batch)

    def _check_duplicate(self, frame: Frame) -> None:
        if not self._journal.holds(frame):
            raise WireError(f"equivocation: record {frame.seq} came twice, and not with the same content")
        self.tally.duplicates += 1

    def _keep_stray(self, item: Stray | Damaged) -> None:
        if isinstance(item, Damaged):
            self.tally.damaged += 1
            self._suspicious = True
        else:
            self.tally.strays += 1
            self.tally.stray_bytes += len(item.data)
        data = item.data if self.guard is None else self.guard.text(item.data)
        with refused(self._stray_path, "cannot be written"):
            descriptor = open_private(self._stray_path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
            try:
                room = STRAY_KEPT_BYTES - os.fstat(descriptor).st_size
                os.write(descriptor, data[: max(0, room)])
            finally:
                os.close(descriptor)
