"""Reads a finished journal from disk and proves it: numbers, places, checkpoints, and what the terminal record states.

Nothing that was remembered while the run lasted counts here.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

from osiris_core.errors import WireError
from osiris_core.session.joiner import Joiner
from osiris_core.session.journal import read_items
from osiris_core.session.records import (
    Artifact,
    Checkpoint,
    Content,
    Event,
    Hello,
    Log,
    Metric,
    Pack,
    Part,
    Stdio,
    Terminal,
    Throttled,
    decode_object,
    decode_record,
)
from osiris_core.wire.digest import RunningDigest
from osiris_core.wire.frames import Frame, session_tag
from osiris_core.wire.roots import root_of_records

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from osiris_core.session.records import Record

_KIND: dict[type, str] = {
    Hello: "hello",
    Event: "event",
    Metric: "metric",
    Log: "log",
    Stdio: "stdio",
    Artifact: "artifact",
    Content: "content",
    Pack: "pack",
    Checkpoint: "checkpoint",
    Throttled: "throttled",
    Part: "part",
    Terminal: "terminal",
}


class _State(NamedTuple):
    """What had been read when a record began."""

    seq: int
    offset: int
    digest: str
    counts: dict[str, int]


class JournalWalk:
    """Iterates over the records of a journal, whole ones; raises WireError at the first thing that is not as it must be.

    What was read up to then stays in the attributes, and in what the caller made of the records.
    """

    def __init__(self, path: Path, session_id: str) -> None:
        self._path = path
        self._tag = session_tag(session_id)
        self._digest = RunningDigest()
        self._counts: Counter[type] = Counter()
        self._joiner = Joiner()
        self.seq = 0
        self.offset = 0
        self.hello: dict[str, Any] | None = None
        self.terminal: Terminal | None = None
        self.artifacts: list[dict[str, Any]] = []
        self.throttled_ms = 0.0

    @property
    def digest(self) -> str:
        """The running digest over what was read."""
        return self._digest.hexdigest()

    def __iter__(self) -> Iterator[Record]:
        """Yield the records in order; parts come out as the record that they make up."""
        begun: _State | None = None
        for frame in self._frames():
            record = decode_record(frame.payload)
            kind = type(record)
            payload: bytes | None = frame.payload
            if kind is Part or self._joiner.pending:
                begun = begun or self._state()
                payload = self._joiner.push(_KIND[kind], frame.payload)
                if payload is not None:
                    record = decode_record(payload)
            if payload is not None:
                self._note(record, payload, begun)
                self._counts[type(record)] += 1
                begun = None
            if kind is Part:
                self._counts[Part] += 1
            self._digest.update(frame.seq, frame.payload)
            self.seq += 1
            self.offset += len(frame.line)
            if payload is not None:
                yield record
        if self._joiner.pending:
            raise WireError("the journal ends inside a long record")

    def _frames(self) -> Iterator[Frame]:
        for item in read_items(self._path, self._tag):
            if not isinstance(item, Frame):
                raise WireError(f"the journal is damaged at byte {self.offset}, after {self.seq} records")
            if (item.seq, item.offset) != (self.seq, self.offset):
                raise WireError(f"the journal goes on with record {item.seq} where record {self.seq} must be")
            if self.terminal is not None:
                raise WireError(f"record {item.seq} comes after the terminal record")
            yield item

    def _note(self, record: Record, payload: bytes, begun: _State | None) -> None:
        """Check what a record states about those before it, and keep what the session needs."""
        match record:
            case Checkpoint():
                self._check_checkpoint(record)
            case Artifact():
                self.artifacts.append(decode_object(payload))
            case Throttled():
                self.throttled_ms += record.waited_ms
            case Hello():
                self.hello = decode_object(payload)
            case Terminal():
                self._check_terminal(record, begun or self._state())
                self.terminal = record

    def _state(self) -> _State:
        counts = {_KIND[kind]: count for kind, count in self._counts.items()}
        return _State(self.seq, self.offset, self._digest.hexdigest(), counts)

    def _check_checkpoint(self, record: Checkpoint) -> None:
        if (record.seq, record.offset, record.digest) != (self.seq, self.offset, self._digest.hexdigest()):
            raise WireError(f"the journal does not match the worker's checkpoint at record {self.seq}")

    def _check_terminal(self, terminal: Terminal, state: _State) -> None:
        for name, stated, found in (
            ("frames", terminal.frames, state.seq),
            ("digest", terminal.digest, state.digest),
            ("counts", terminal.counts, state.counts),
            ("artifacts", terminal.artifacts, len(self.artifacts)),
            ("artifact root", terminal.artifact_root, root_of_records(self.artifacts)),
        ):
            if stated != found:
                raise WireError(f"the terminal record states {name} {stated}, the journal has {found}")
