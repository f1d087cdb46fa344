"""What every backend takes and gives back."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from osiris_core.wire.limits import ArtifactLimits
from osiris_core.wire.secrets import Secrets

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from osiris_core.backends.bundle import Bundle
    from osiris_core.backends.counterpart import Counterpart
    from osiris_core.manifest.model import Manifest
    from osiris_core.progress.targets import TargetWatch
    from osiris_core.session.writer import SessionWriter
    from osiris_core.wire.leaks import Leaks
    from osiris_core.wire.request import RunRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class FileDigest:
    """Size and SHA-256 of a file as it was before either target started."""

    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One manifest, ready to run: equal for every target of a check."""

    manifest: Manifest
    request: RunRequest
    bundle: Bundle
    inputs: Mapping[str, FileDigest]  # by path relative to the project root
    requirements: tuple[str, ...]  # PEP 508: the roots of the closure
    host_variables: Mapping[str, str]  # the host's values of the variables that the manifest names
    secrets: Secrets = field(default_factory=Secrets)  # resolved on the host; told to the worker on stdin only
    leaks: Leaks | None = field(default=None, repr=False)  # looks for the secrets where none may be
    spill_bytes: int | None = None  # larger tables wait in files; None for what a target's memory suggests
    secret_variables: frozenset[str] = frozenset()  # variables of the host that no process of the run inherits
    limits: ArtifactLimits = field(default_factory=ArtifactLimits)  # of what the run may leave
    counterpart: Counterpart | None = None  # what is equal to the other target's is not fetched
    rerun: int = 0  # which run of the request this is: a triage makes it again, with the same session id


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """Something that was tried again: what, why, and after how long."""

    what: str
    cause: str
    waited_ms: float


@dataclass(slots=True, kw_only=True)
class TargetFacts:
    """What a backend learns while it runs; ends up in `target.json`, where the two sides may differ freely."""

    target: str
    provider: str
    isolation: str
    network: str = ""  # "host": the machine's own; "none": its own loopback; "full": the internet
    sandbox_id: str = ""
    template: str = ""
    phases: list[tuple[str, float]] = field(default_factory=list)
    bytes_up: int = 0
    bytes_down: int = 0
    http_requests: int = 0
    artifacts_not_fetched: int = 0  # equal to the other target's by the digest taken here
    bundle_digest: str = ""
    reconnects: int = 0
    stalls: int = 0  # lines that brought nothing for so long that they were given up
    fills: int = 0  # ranges of the spool that brought records, and how many bytes of it
    filled_bytes: int = 0
    acknowledgements: int = 0
    retries: list[Retry] = field(default_factory=list)
    kept: bool = False  # the sandbox outlives the run
    watch: TargetWatch | None = field(default=None, repr=False, compare=False)  # is shown what goes on

    def show(self, watch: TargetWatch) -> None:
        """Show `watch` from now on what the backend does."""
        self.watch = watch
        watch.bytes_down = lambda: self.bytes_down

    def came(self, size_bytes: int) -> None:
        """Count bytes that came from the target."""
        self.bytes_down += size_bytes
        if self.watch is not None:
            self.watch.came()

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Time the enclosed block on the monotonic clock, also when it fails."""
        started = time.monotonic()
        if self.watch is not None:
            self.watch.phase(name)
        try:
            yield
        finally:
            self.phases.append((name, (time.monotonic() - started) * 1000))

    def to_json(self) -> dict[str, Any]:
        """Return the members of `target.json` that the backend is responsible for."""
        return {
            "target": self.target,
            "provider": self.provider,
            "isolation": self.isolation,
            "network": self.network,
            "sandbox_id": self.sandbox_id,
            "template": self.template,
            "phases": [{"name": name, "elapsed_ms": round(elapsed, 3)} for name, elapsed in self.phases],
            "bytes": {"up": self.bytes_up, "down": self.bytes_down},
            "http_requests": self.http_requests,
            "artifacts_not_fetched": self.artifacts_not_fetched,
            "reconnects": self.reconnects,
            "stalls": self.stalls,
            "fills": {"ranges": self.fills, "bytes": self.filled_bytes},
            "acknowledgements": self.acknowledgements,
            "retries": [asdict(each) for each in self.retries],
            "bundle_digest": self.bundle_digest,
        }


class Cancellation:
    """A request to stop, made on one thread and heard on others; and a second one, to stop at once.

    Callbacks run on the cancelling thread, at once if the request was already made, and must not block. `hurry` may be
    called by a signal's handler while the same thread is inside of any other method.
    """

    def __init__(self) -> None:
        self._event = threading.Event()
        self._hurry = threading.Event()
        self._lock = threading.RLock()
        self._callbacks: list[Callable[[], None]] = []
        self._hurry_callbacks: list[Callable[[], None]] = []

    @property
    def requested(self) -> bool:
        """Whether someone asked to stop."""
        return self._event.is_set()

    def request(self) -> None:
        """Ask to stop; asking again changes nothing. What a callback raises is raised when all have been called."""
        with self._lock:
            if self._event.is_set():
                return
            self._event.set()
            callbacks = list(self._callbacks)
        _call_all(callbacks)

    @property
    def hurried(self) -> bool:
        """Whether someone asked to stop at once."""
        return self._hurry.is_set()

    def hurry(self) -> None:
        """Ask, after `request`, to leave out everything but the end; asking again changes nothing."""
        with self._lock:
            if self._hurry.is_set():
                return
            self._hurry.set()
            callbacks = list(self._hurry_callbacks)
        _call_all(callbacks)

    def wait(self, timeout_s: float) -> bool:
        """Wait for a request to stop, `timeout_s` at most; return whether there was one."""
        return self._event.wait(timeout_s)

    @contextmanager
    def calling(self, callback: Callable[[], None], *, hurried: Callable[[], None] | None = None) -> Iterator[None]:
        """Call `callback` when the stop is requested while the block runs, and `hurried` when it is to be at once."""
        with self._listening(self._event, self._callbacks, callback):
            if hurried is None:
                yield
                return
            with self._listening(self._hurry, self._hurry_callbacks, hurried):
                yield

    @contextmanager
    def _listening(
        self, event: threading.Event, callbacks: list[Callable[[], None]], callback: Callable[[], None]
    ) -> Iterator[None]:
        with self._lock:
            requested = event.is_set()
            if not requested:
                callbacks.append(callback)
        if requested:
            callback()
        try:
            yield
        finally:
            with self._lock:
                if callback in callbacks:
                    callbacks.remove(callback)


def _call_all(callbacks: Sequence[Callable[[], None]]) -> None:
    """Call every one of them; the others have to hear it all the same where one raises, which is raised last."""
    errors: list[Exception] = []
    for callback in callbacks:
        try:
            callback()
        except Exception as error:  # noqa: BLE001 - raised below
            errors.append(error)
    if errors:
        raise errors[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long a backend waits, in seconds; tests inject short ones."""

    driver_stop_s: float = 5.0
    """For the driver to stop after a cancellation."""
    fetch_s: float = 5.0
    """For what is staged to come back after a cancellation."""
    lease_s: float = 120.0
    """A sandbox nobody renews dies after this."""
    renew_s: float = 20.0
    """Between two renewals of the lease."""
    renewal_s: float = 20.0
    """For the provider to confirm a renewal."""
    lease_margin_s: float = 5.0
    """So long before the end of a lease that cannot be renewed the run ends, with everything that it has by then."""
    heartbeat_s: float = 5.0
    """Between two heartbeats of the worker."""
    stall_s: float = 15.0
    """A line that brings nothing for so long is taken for dead, whatever its transport says."""
    command_s: float = 60.0
    """For a command of the host's own in a sandbox."""
    retry_first_s: float = 0.2
    """Before the first new attempt of what may be tried again; it doubles, and is spread at random."""
    retry_most_s: float = 5.0
    """The longest wait between two attempts, unless the provider says how long to wait."""
    retry_attempts: int = 8
    """How often in a row something fails before it is given up; a success starts the count anew."""
    poll_first_s: float = 1.0
    """Between two looks at the spool where no line can be had; it doubles while nothing new comes."""
    poll_most_s: float = 5.0
    """The longest time between two such looks."""
    unreachable_s: float = 120.0
    """A worker that nothing can be learned of for so long is lost: as long as a lease that nobody could renew."""
    keep_s: float = 1800.0
    """A sandbox that is kept to be looked at dies after this."""
    overdue_s: float = 60.0
    """For a worker to end after the run's own timeout, which it minds itself; then the host ends the run."""
    keep_when_full_s: float = 1800.0
    """A sandbox lives so long without its host, whose disk is full, so that the session can be resumed; 0 for not at all."""
    kill_s: float = 10.0
    """For the provider to confirm that a sandbox is gone, and for one that was being made to be there."""
    build_s: float = 1800.0
    """For a template to be built."""
    build_poll_s: float = 0.5
    """Between two looks at a template that is being built."""

    @property
    def clean_up_s(self) -> float:
        """How long all of it may take after a stop was asked for; nothing waits longer."""
        return self.stopped_fetch_s + 2 * self.kill_s

    @property
    def stopped_run_s(self) -> float:
        """How long after a stop a worker is listened to: its drivers stop, and then it says how they ended."""
        return self.driver_stop_s + self.fetch_s / 2

    @property
    def stopped_fetch_s(self) -> float:
        """How long after a stop what is staged may still come back; then the sandbox is ended."""
        return self.driver_stop_s + self.fetch_s


@runtime_checkable
class Backend(Protocol):
    """Reaches one target. `extension.py` says how another distribution brings one.

    `run` feeds every byte the worker writes to `session`, brings the artifacts back, and returns when nothing
    of the run is left at the target, whatever happened. It raises `InfrastructureError` where the target
    could not run; a pipeline that fails is no error here.
    """

    @property
    def target(self) -> str:
        """The target's name, as it was asked for: `local`, `e2b`, `venv:envs/old`."""
        ...

    def facts(self) -> TargetFacts:
        """Return an empty record for one run, naming target, provider and isolation."""
        ...

    def run(self, job: Job, session: SessionWriter, facts: TargetFacts, cancellation: Cancellation) -> None:
        """Run `job`, filling `session` and `facts`."""
        ...

    def close(self) -> None:
        """Release what the backend holds between runs; closing twice is harmless."""
        ...
