"""What a running session must know of its records before it is closed: hello, artifacts, the terminal record.

Most records are only looked at closely enough to see that they are none of these.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from osiris_core.errors import WireError
from osiris_core.session.joiner import Joiner
from osiris_core.session.records import Artifact, Content, Event, Hello, Pack, decode_head, decode_object, decode_record
from osiris_core.wire.errors import WireProtocolError
from osiris_core.wire.paths import TreeNames
from osiris_core.wire.records import ARTIFACT_SKIPPED

if TYPE_CHECKING:
    from collections.abc import Callable

    from osiris_core.progress.targets import TargetWatch
    from osiris_core.session.incoming import Incoming
    from osiris_core.session.records import Head
    from osiris_core.wire.frames import Frame
    from osiris_core.wire.request import RunRequest

_MODE = re.compile(r"0[0-7]{3}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(slots=True, kw_only=True)
class Landmarks:
    """Filled frame by frame, in order; `skipped` are paths of an outbox that are no artifacts."""

    request: RunRequest
    incoming: Incoming
    hello: dict[str, Any] | None = None
    terminal: dict[str, Any] | None = None
    artifacts: list[dict[str, Any]] = field(default_factory=list)
    skipped: set[str] = field(default_factory=set)
    epoch: int = 0
    check_whole: Callable[[bytes], None] | None = None
    """Looks at a record that came in parts, once it is whole."""
    watch: TargetWatch | None = None
    """Is shown what says how far the run is."""
    _joiner: Joiner = field(default_factory=Joiner)
    _names: TreeNames = field(default_factory=TreeNames)

    def note(self, frame: Frame) -> None:
        """Take in the next frame. WireError where the record cannot belong to this session."""
        if self.terminal is not None:
            raise WireError(f"record {frame.seq} comes after the terminal record")
        if frame.epoch != self.epoch:
            raise WireError(f"record {frame.seq} is of epoch {frame.epoch}, this session's worker is of {self.epoch}")
        head = decode_head(frame.payload)
        payload = self._joiner.push(head.kind, frame.payload)
        if payload is None:
            return
        if head.kind == "part":
            head = self._head_of_whole(payload)
        if self.watch is not None and head.name:
            self.watch.note(head.name, payload)
        match head.kind:
            case "event" if head.name == ARTIFACT_SKIPPED:
                self._note_skipped(payload)
            case "artifact" | "content" | "pack":
                self._note_freight(payload)
            case "hello":
                self._note_hello(payload)
            case "terminal":
                decode_record(payload)
                self.terminal = decode_object(payload)
                self.incoming.note_end()

    def _head_of_whole(self, payload: bytes) -> Head:
        """Look at a record that came in parts, now that it is one."""
        if self.check_whole is not None:
            self.check_whole(payload)
        return decode_head(payload)

    def _note_hello(self, payload: bytes) -> None:
        hello = decode_record(payload)
        if not isinstance(hello, Hello) or self.hello is not None:
            raise WireError("a second hello: two workers write one session")
        for name, said, wanted in (
            ("protocol", hello.protocol, self.request.protocol),
            ("session", hello.session, self.request.session_id),
            ("request digest", hello.request_digest, self.request.digest),
        ):
            if said != wanted:
                raise WireError(f"the worker's {name} is {said!r}, this session's is {wanted!r}")
        self.hello = decode_object(payload)

    def _note_freight(self, payload: bytes) -> None:
        match record := decode_record(payload):
            case Artifact():
                self._check_step(record)
                self._check_artifact(record)
                artifact = decode_object(payload)
                self.incoming.note_artifact(artifact)
                self.artifacts.append(artifact)
            case Content():
                self._check_step(record)
                self.incoming.note_content(record)
            case Pack():
                self.incoming.note_pack(record)

    def _check_step(self, record: Artifact | Content) -> None:
        step = record.path.partition("/")[0]
        if step != record.step or step not in self.request.order:
            raise WireError(f"the artifact {record.path!r} does not lie below its step {record.step!r}")

    def _check_artifact(self, artifact: Artifact) -> None:
        if not _MODE.fullmatch(artifact.mode) or not _SHA256.fullmatch(artifact.sha256) or artifact.size_bytes < 0:
            raise WireError(f"the record of the artifact {artifact.path!r} is malformed")
        try:
            self._names.add(artifact.path)
        except WireProtocolError as error:
            raise WireError(str(error)) from error

    def _note_skipped(self, payload: bytes) -> None:
        event = decode_record(payload)
        if isinstance(event, Event):
            self.skipped.add(str(event.data.get("path")))
