"""The one owner of a session directory, from before the run starts until the session is closed."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, BinaryIO

from osiris_core.errors import OsirisError, SessionError, WireError
from osiris_core.session import contract
from osiris_core.session.adoption import adopt_tree, show_tree, verify_tree
from osiris_core.session.closing import Closing, close_session
from osiris_core.session.files import make_directory
from osiris_core.session.guard import SecretGuard
from osiris_core.session.handle import begin, read_handle, read_request
from osiris_core.session.incoming import Incoming
from osiris_core.session.intake import Intake
from osiris_core.session.journal import Journal
from osiris_core.session.landmarks import Landmarks
from osiris_core.session.lock import OwnerLock
from osiris_core.session.partial import keep_partial
from osiris_core.session.spool import spool_chunks
from osiris_core.wire.frames import FrameReader, session_tag
from osiris_core.wire.limits import ArtifactLimits
from osiris_core.wire.request import SEGMENT_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from osiris_core.progress.targets import TargetWatch
    from osiris_core.session.handle import Handle
    from osiris_core.session.reader import Session
    from osiris_core.wire.leaks import Leaks
    from osiris_core.wire.request import RunRequest

_LIMITS = "limits"


class SessionWriter:
    """Takes what a worker says, exactly once, and turns it into a session.

    One thread at a time may use it. Whoever opens one closes it: `close` makes the session, `release` gives the
    directory up without one.
    """

    def __init__(
        self,
        *,
        directory: Path,
        handle: Handle,
        request: RunRequest,
        manifest_json: dict[str, Any],
        lock: OwnerLock,
        limits: ArtifactLimits,
    ) -> None:
        self.directory = directory
        self.host_directory = directory / contract.HOST_DIRECTORY
        self._handle = handle
        self._target = handle.target
        self._request = request
        self._manifest = manifest_json
        self._lock = lock
        self._tag = session_tag(request.session_id)
        self.incoming = Incoming(self.host_directory / contract.INCOMING_DIRECTORY, limits)
        """Artifacts that come from elsewhere."""
        self._landmarks = Landmarks(request=request, epoch=handle.epoch, incoming=self.incoming)
        self._journal = Journal.open(self.host_directory / contract.JOURNAL_FILE, self._tag, self._landmarks.note)
        self._intake = Intake(self._journal, self._landmarks, self.host_directory / contract.STRAY_FILE)
        self._live = FrameReader(self._tag)
        self._guard: SecretGuard | None = None
        self._fault = ""

    @classmethod
    def open(
        cls,
        *,
        root: Path,
        session_id: str,
        target: str,
        request: RunRequest,
        manifest_json: dict[str, Any],
        epoch: int = 0,
        limits: ArtifactLimits | None = None,
        directory: Path | None = None,
    ) -> SessionWriter:
        """Take the directory of a session under `root`, or the one that is given, and write the handle that finds its run.

        It is made if missing.         Only the worker of this `epoch` is believed. A directory whose owner died is taken over with the records it has. SessionError where another owner is at
        work, the session is closed already, the request is another one, or the disk refuses.
        """
        if session_id != request.session_id:
            raise ValueError(f"the request is of the session {request.session_id!r}, not {session_id!r}")
        directory = directory or contract.session_directory(root, session_id, target)
        host = directory / contract.HOST_DIRECTORY
        make_directory(host)
        lock = OwnerLock.take(host / contract.LOCK_FILE)
        try:
            _refuse_closed(directory)
            held = limits or ArtifactLimits()
            remembered = {} if held == ArtifactLimits() else {_LIMITS: held.to_json()}
            handle = begin(host, target, request, epoch=epoch, run=remembered)
            return cls(
                directory=directory,
                handle=handle,
                request=request,
                manifest_json=manifest_json,
                lock=lock,
                limits=held,
            )
        except BaseException:
            lock.release()
            raise

    @classmethod
    def reopen(cls, directory: Path) -> SessionWriter:
        """Take over the directory of a session whose owner died, with everything that it left.

        SessionError where another owner is at work, the session is closed already, or nothing says what was asked for.
        """
        host = directory / contract.HOST_DIRECTORY
        if not host.is_dir():
            raise SessionError(f"{directory} is no directory of a session")
        lock = OwnerLock.take(host / contract.LOCK_FILE)
        try:
            _refuse_closed(directory)
            request = read_request(host)
            handle = begin(host, read_handle(host).target, request)
            return cls(
                directory=directory,
                handle=handle,
                request=request,
                manifest_json=request.manifest,
                lock=lock,
                limits=ArtifactLimits.from_json(handle.run.get(_LIMITS, {})),
            )
        except BaseException:
            lock.release()
            raise

    def guard(self, leaks: Leaks) -> None:
        """Refuse from now on what holds one of these secrets: records, and artifacts that may not."""
        self._guard = self._intake.guard = SecretGuard(leaks)
        self._landmarks.check_whole = self._guard.check_whole

    def show(self, watch: TargetWatch) -> None:
        """Show `watch` from now on how far the run is."""
        self._intake.watch = self._landmarks.watch = watch

    @property
    def request(self) -> RunRequest:
        """What was asked for."""
        return self._request

    @property
    def handle(self) -> Handle:
        """What finds the run again."""
        return self._handle

    def remember(self, **facts: Any) -> None:
        """Add to the handle what finds the run again: never a secret. SessionError where the disk refuses."""
        self._handle = replace(self._handle, run={**self._handle.run, **facts})
        self._handle.write(self.host_directory)

    @property
    def next_seq(self) -> int:
        """The number of the next record."""
        return self._journal.next_seq

    @property
    def next_offset(self) -> int:
        """Where in the spool the next record starts, in bytes."""
        return self._journal.next_offset

    @property
    def hello(self) -> dict[str, Any] | None:
        """The worker's first record, when it has come."""
        return self._landmarks.hello

    @property
    def terminal(self) -> dict[str, Any] | None:
        """The terminal record, when it and everything before it have come."""
        return self._landmarks.terminal

    @property
    def behind(self) -> bool:
        """Whether frames or heartbeats that came tell of records in the spool that did not."""
        return self._intake.behind

    @property
    def needs_fill(self) -> bool:
        """Whether the spool may hold records that have not come."""
        return self.terminal is None

    @property
    def has_artifacts(self) -> bool:
        """Whether the artifacts are in their place: they appear at once, and are verified when the session is closed."""
        return (self.directory / contract.ARTIFACTS_DIRECTORY).exists()

    def artifacts(self) -> list[dict[str, Any]]:
        """Return the artifact records so far."""
        return list(self._landmarks.artifacts)

    def feed(self, data: bytes) -> None:
        """Take the next bytes of the worker's stdout, in pieces of any size.

        WireError when they break the protocol, SessionError when the disk does not take them; nothing is taken
        after either.
        """
        self._intake.take(self._live.feed(data))

    def fill(self, spool: BinaryIO | Path, *, segment_bytes: int = SEGMENT_BYTES) -> None:
        """Take from a spool (a stream, a file, or a directory of segments) what has not come. Errors as in `feed`."""
        reader = FrameReader(self._tag)
        for chunk in spool_chunks(spool, self.next_offset, segment_bytes=segment_bytes):
            self._intake.take(reader.feed(chunk))
        self._intake.finish(reader)

    def take_range(self, data: bytes) -> None:
        """Take a piece of the spool that starts at `next_offset`; a line that it does not finish is left for the next.

        Errors as in `feed`.
        """
        self._intake.trust()
        self._intake.take(FrameReader(self._tag).feed(data))

    def keep(self) -> int:
        """Have the disk keep what was taken; return the offset before which the worker may forget its spool."""
        self._journal.sync()
        return self.next_offset

    @contextmanager
    def judging(self) -> Iterator[None]:
        """Have the session be lost where the block refuses its worker, whatever terminal record has come."""
        try:
            yield
        except OsirisError as error:
            self._fault = self._fault or error.message
            raise

    def adopt_artifacts(self, source: Path) -> None:
        """Verify the files below `source` against their records, and show them as `artifacts/`, all or none.

        Files that the worker reported as no artifacts are left behind. Without a terminal record nobody knows whether
        the records are all: nothing is shown then. WireError names the file that is not as recorded; the session is
        then lost.
        """
        if self.terminal is None:
            return
        self._verify(source)
        adopt_tree(
            source,
            self._landmarks.artifacts,
            staging=self.host_directory / contract.ADOPTION_DIRECTORY,
            destination=self.directory / contract.ARTIFACTS_DIRECTORY,
        )

    def adopt_incoming(self) -> None:
        """Show what came from elsewhere, as `adopt_artifacts` does."""
        self.incoming.close()
        if self.terminal is None or not self._landmarks.artifacts:
            return
        self._verify(self.incoming.tree)
        show_tree(self.incoming.tree, destination=self.directory / contract.ARTIFACTS_DIRECTORY)

    def _verify(self, source: Path) -> None:
        records, ignored = self._landmarks.artifacts, self._landmarks.skipped
        if self._guard is not None:
            ignored = ignored | self._guard.hidden_in(source)
        try:
            verify_tree(source, records, ignored=ignored)
            if self._guard is not None:
                self._guard.check_files(source, [each["path"] for each in records])
        except WireError as error:
            self._fault = self._fault or error.message
            raise

    def close(
        self,
        *,
        target_facts: Mapping[str, Any],
        outcome_override: str | None = None,
        error: Mapping[str, Any] | None = None,
    ) -> Session:
        """Verify the journal from disk, write the session's files, give up the directory, and return the session.

        `outcome_override` is the outcome where the worker left no terminal record, `error` what the backend has to
        say about it: `{"type", "message"}`, and `data` where there is some. What fails verification is `lost`, whatever the worker said.
        """
        _refuse_closed(self.directory)
        try:
            self._intake.finish(self._live)
            self._journal.close()
            partial = self._keep_partial()
            session = close_session(
                Closing(
                    directory=self.directory,
                    target=self._target,
                    request=self._request,
                    manifest=self._manifest,
                    tally=self._intake.tally,
                    partial=partial,
                    fault=self._intake.fault or self._fault,
                    target_facts=target_facts,
                    override=outcome_override,
                    said=error,
                    guard=self._guard,
                )
            )
            if self._guard is not None:
                self._guard.sweep(self.host_directory)
                self._guard.sweep(self.directory / contract.PARTIAL_DIRECTORY)
            return session
        finally:
            self.release()

    def _keep_partial(self) -> int:
        """Keep apart what came of artifacts that are not all there; return how many."""
        self.incoming.close()
        if (self.directory / contract.ARTIFACTS_DIRECTORY).exists():
            return 0
        return keep_partial(
            self.directory,
            (self.incoming.tree, self.host_directory / contract.RUN_DIRECTORY / "outbox"),
            self._landmarks.artifacts,
            session_id=self._request.session_id,
        )

    def release(self) -> None:
        """Give up the directory as it is; a second time is harmless."""
        try:
            self._journal.close()
            self.incoming.close()
        finally:
            self._lock.release()


def _refuse_closed(directory: Path) -> None:
    if (directory / contract.SESSION_FILE).exists():
        raise SessionError(f"{directory} is closed already", hint="a new run needs a new session id")
