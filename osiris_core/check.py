"""The main verb: run a manifest on its targets and compare what they left behind.

    with Checker(CheckOptions(project_root=root)) as checker:
        record = checker.check(load(path, project_root=root), ["local", "e2b"])

A run's outcome is never an exception here: it is in the record. Exceptions are for wrong options
(`UsageError`), wrong manifests (`ManifestError`) and for a stop on request (`KeyboardInterrupt`, re-raised
when nothing of the run is left).
"""

from __future__ import annotations

import contextlib
import datetime as dt
import shlex
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from osiris_core.choices import FETCHING, ISOLATIONS, KEEPING, TARGETS
from osiris_core.drivers.catalog import DriverCatalog
from osiris_core.errors import InfrastructureError, UsageError
from osiris_core.manifest import cases, loader
from osiris_core.manifest.overrides import written_overrides
from osiris_core.signals import deaf, escalating, wait_for

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from concurrent.futures import Future
    from pathlib import Path
    from typing import Any, Self

    from osiris_core.backends.bundle import Bundle
    from osiris_core.backends.counterpart import Counterpart
    from osiris_core.backends.e2b import E2BBackend
    from osiris_core.backends.limits import Limits
    from osiris_core.backends.protocol import Backend, Cancellation, Job, Patience, TargetFacts
    from osiris_core.backends.provider import Provider
    from osiris_core.backends.templates import Report, TemplateSource
    from osiris_core.judgement import TargetResult
    from osiris_core.manifest.cases import Loaded
    from osiris_core.manifest.model import Manifest
    from osiris_core.parity.record import ParityRecord
    from osiris_core.sandbox.launch import ServerAddress, ServerProcess
    from osiris_core.session.artifacts import ArtifactFile
    from osiris_core.wire.limits import ArtifactLimits

_SWEPT_SESSIONS = 100
"""So many of the newest sessions are looked at for what killed runs left."""
_LOCAL, *_ = TARGETS


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckOptions:
    """What a check needs to know beside the manifest.

    `provider` is `embedded`, `cloud`, or the address of a self-hosted server. `now` fixes the logical time
    (ISO 8601, UTC). `session_root` is the directory that holds `.osiris/`, by default the project root. `env_file` holds
    variables that secrets and connections have their values from, where the host's own do not say them. Tables of more than
    `spill_bytes` wait in files for the steps that need them; None for what suits a target's memory. At most `max_sandboxes`
    live at once, and `create_rate` are made in a second, for all processes with this session root; None for no limit.
    `keep_sandbox` is `no`, `on-failure` or `always`: whether a sandbox outlives its run, to be looked at. `artifact_limits` bound
    what a run may leave, by default those of `ArtifactLimits`. `fetch` is `all`, or `differing`: with both targets, artifacts
    whose digest in the sandbox is that of this machine's are not brought back.
    """

    project_root: Path
    provider: str = "embedded"
    isolation: str = "bubblewrap"
    now: str | None = None
    session_root: Path | None = None
    patience: Patience | None = None
    env_file: Path | None = None
    spill_bytes: int | None = None
    max_sandboxes: int | None = None
    create_rate: float | None = None
    keep_sandbox: str = "no"
    artifact_limits: ArtifactLimits | None = None
    fetch: str = "all"


def load(
    path: Path,
    *,
    project_root: Path,
    params: Mapping[str, Any] | None = None,
    offered: Mapping[str, Any] | None = None,
) -> Manifest:
    """Load a manifest; raises `ManifestError` with everything that is wrong.

    `params` are values of parameters that it declares, `offered` are values for those of them that it declares.
    """
    drivers = DriverCatalog(project_root)
    return loader.load_manifest(path, project_root=project_root, drivers=drivers, params=params, offered=offered)


def load_cases(path: Path, *, project_root: Path, offered: Mapping[str, Any] | None = None) -> tuple[Loaded, ...]:
    """Load a manifest once for each of its cases, or once where it has none; see `manifest.cases.load_cases`."""
    return cases.load_cases(path, project_root=project_root, drivers=DriverCatalog(project_root), offered=offered)


def validate_options(options: CheckOptions, targets: Sequence[str]) -> None:
    """Raise `UsageError` where options cannot work, without starting anything."""
    if sys.platform == "win32":
        raise UsageError("Windows is not supported", hint="use Linux, WSL or a container")
    unknown = [each for each in targets if each not in TARGETS]
    if unknown or not targets or len(set(targets)) != len(targets):
        raise UsageError(f"unknown target {','.join(targets)!r}", hint=f"known targets: {', '.join(TARGETS)}, both")
    for what, chosen, known in (
        ("isolation", options.isolation, ISOLATIONS),
        ("fetch", options.fetch, FETCHING),
        ("keep-sandbox", options.keep_sandbox, KEEPING),
    ):
        if chosen not in known:
            raise UsageError(f"unknown {what} {chosen!r}", hint=" or ".join(known))
    for name, limit in (("max-sandboxes", options.max_sandboxes), ("create-rate", options.create_rate)):
        if limit is not None and limit <= 0:
            raise UsageError(f"{name} {limit} leaves no sandbox to be made", hint="give a number above 0, or none")
    if options.now is not None:
        parse_now(options.now)
    if options.env_file is not None:
        from osiris_core.secrets.environment import host_environment

        host_environment(options.env_file)
    if "e2b" in targets:
        from osiris_core.backends.provider import validate_provider

        validate_provider(options.provider)


def check(manifest: Manifest, targets: Sequence[str], options: CheckOptions) -> ParityRecord:
    """Check one manifest, with a server of its own where the embedded one is needed."""
    with Checker(options) as checker:
        return checker.check(manifest, targets)


class Checker:
    """Checks many manifests; starts the embedded server when the first one needs it, and keeps it.

    A `server` that was started elsewhere on this machine can be given instead; it is left running.
    `server_options` are passed to the server that is started here (`python -m osiris_core.sandbox --help`).
    `report` is called with a line for people, on another thread, while something takes long: a template being built.
    With `warm` the targets are kept warm between runs, for many short ones: see `backends/warm.py`.
    """

    def __init__(
        self,
        options: CheckOptions,
        *,
        server: ServerAddress | None = None,
        server_options: Sequence[str] = (),
        report: Report | None = None,
        warm: bool = False,
    ) -> None:
        self._options = options
        self._warm = warm
        self._report: Report = report or _ignore
        self._given_server = server
        self._server_options = tuple(server_options)
        self._own_server: ServerProcess | None = None
        self._backends: dict[str, Backend] = {}
        self._bundle: Bundle | None = None
        self._e2b: E2BBackend | None = None
        self._making = threading.Lock()
        self._swept = False

    def __enter__(self) -> Self:
        """Return self; nothing is started yet."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()

    def close(self) -> None:
        """Stop what was started, Ctrl-C or not; closing twice is harmless."""
        server, self._own_server = self._own_server, None
        with deaf(), contextlib.ExitStack() as stack:
            if server is not None:
                stack.callback(server.stop)
            while self._backends:
                stack.callback(self._backends.popitem()[1].close)

    def check(
        self, manifest: Manifest, targets: Sequence[str], *, cancellation: Cancellation | None = None
    ) -> ParityRecord:
        """Run `manifest` on every target at the same time and judge the result; `cancellation` stops it from elsewhere.

        Raises `UsageError` for options that cannot work and secrets that are not set, and passes `KeyboardInterrupt` on when nothing of
        the run is left.
        """
        from osiris_core.backends.protocol import Cancellation
        from osiris_core.backends.workspace import changed_inputs
        from osiris_core.judgement import Circumstances, TargetResult, judge
        from osiris_core.preparation import prepare
        from osiris_core.session.contract import new_session_id

        validate_options(self._options, targets)
        self._sweep()
        started_at, started, session_id = _utc_now(), time.monotonic(), new_session_id()
        changed: tuple[str, ...] = ()
        job: Job | None = None
        try:
            now = self._logical_now(started_at)
            job = prepare(
                manifest,
                session_id=session_id,
                logical_now=now,
                bundle=self._bundle,
                env_file=self._options.env_file,
            )
            self._bundle = job.bundle  # the same for all manifests of this checker
            job = replace(job, spill_bytes=self._options.spill_bytes, limits=self._artifact_limits)
            results = self._run_all(job, targets, cancellation or Cancellation())
            changed = changed_inputs(manifest, job.inputs)
        except (InfrastructureError, OSError) as error:
            failure = error if isinstance(error, InfrastructureError) else InfrastructureError(str(error))
            results = [TargetResult(facts=self._intended(each), session=None, failure=failure) for each in targets]
        circumstances = Circumstances(
            manifest=manifest,
            session_id=session_id,
            started_at=started_at,
            elapsed_ms=(time.monotonic() - started) * 1000,
            changed_inputs=changed,
            reproduce=_reproduce(manifest, targets),
            session_root=_session_root(self._options),
        )
        record = self._shown(judge(results, circumstances), job)
        self._settle_kept(results, record)
        return record

    def _sweep(self) -> None:
        """Remove, once, what killed runs left on the disk; only the newest ones are looked at, so that it costs little."""
        if self._swept:
            return
        from osiris_core.backends.leftovers import collect_scratch

        self._swept = True
        collect_scratch(_session_root(self._options), newest=_SWEPT_SESSIONS)

    def start(self, targets: Sequence[str]) -> None:
        """Start what the targets need, on this thread; what cannot be had is said by the checks."""
        for each in targets:
            self._backend_or_failure(each)

    def _settle_kept(self, results: Sequence[TargetResult], record: ParityRecord) -> None:
        """Say how to reach a sandbox that is kept, and end one that was only kept for a failure which did not come."""
        from osiris_core.backends.keeping import connect_lines, needs_a_server_lines

        wanted = self._options.keep_sandbox == "always" or (
            self._options.keep_sandbox == "on-failure" and not record.passed
        )
        for each in results:
            if each.facts.kept and not wanted and self._e2b is not None:
                self._e2b.discard(each.facts.sandbox_id)
            elif each.facts.kept:
                for line in connect_lines(each.facts, self._provider()[0], record.session_id, self._patience):
                    self._report(line)
            elif wanted and each.facts.sandbox_id and self._serves_itself:
                for line in needs_a_server_lines():
                    self._report(line)

    @property
    def _serves_itself(self) -> bool:
        """Whether the sandboxes live in a server that ends with this checker: none of them can be kept."""
        return self._options.provider == "embedded" and self._given_server is None

    def _limits(self) -> Limits | None:
        from osiris_core.backends.limits import LIMITS_DIRECTORY, Limits

        options = self._options
        if options.max_sandboxes is None and options.create_rate is None:
            return None
        return Limits(
            directory=_session_root(options) / LIMITS_DIRECTORY,
            sandboxes=options.max_sandboxes,
            creations_per_s=options.create_rate,
            report=self._report,
        )

    def _shown(self, record: ParityRecord, job: Job | None) -> ParityRecord:
        """Return a record as it may be shown: without secrets, and with a warning for those that are hard to mask."""
        from osiris_core.secrets.masked_record import host_table, masked
        from osiris_core.secrets.resolution import weakness
        from osiris_core.wire.secrets import Secrets

        if job is not None and job.leaks is not None:
            record = replace(record, warnings=tuple(map(weakness, job.leaks.table.weak)))
        table = host_table(Secrets() if job is None else job.secrets, self._options.provider)
        return record if table is None else masked(record, table)

    def _logical_now(self, started_at: str) -> str:
        return parse_now(self._options.now) if self._options.now else started_at

    def _run_all(self, job: Job, targets: Sequence[str], cancellation: Cancellation) -> list[TargetResult]:
        from osiris_core.target_run import run_target

        backends = [self._backend_or_failure(target) for target in targets]
        jobs, counterpart = self._jobs(job, targets)
        root = _session_root(self._options)
        futures: list[Future[TargetResult]] = []
        pool = ThreadPoolExecutor(len(backends), thread_name_prefix="osiris-target")
        try:
            for target, backend in zip(targets, backends, strict=True):
                given = jobs[target]
                futures.append(pool.submit(run_target, backend, self._intended(target), given, root, cancellation))
                if target == _LOCAL and counterpart is not None:
                    futures[-1].add_done_callback(lambda ended: counterpart.settle(_artifacts_of(ended)))
            wait_for(futures)
        except BaseException:
            with escalating(cancellation):
                cancellation.request()
                wait(futures, timeout=self._patience.clean_up_s)
            raise
        finally:
            pool.shutdown(wait=all(future.done() for future in futures), cancel_futures=True)
        return [future.result() for future in futures]

    def _jobs(self, job: Job, targets: Sequence[str]) -> tuple[dict[str, Job], Counterpart | None]:
        """Return each target's job, and what tells the one in a sandbox of the artifacts that this machine has."""
        from osiris_core.backends.counterpart import Counterpart

        counterpart = Counterpart() if self._options.fetch == "differing" and _LOCAL in targets else None
        return {each: job if each == _LOCAL else replace(job, counterpart=counterpart) for each in targets}, counterpart

    def _intended(self, target: str) -> TargetFacts:
        """Return what a record says of a target that could not even be reached."""
        from osiris_core.backends.protocol import TargetFacts

        if target == _LOCAL:
            return TargetFacts(target=target, provider="host", isolation="none")
        from osiris_core.backends.provider import public_address

        return TargetFacts(target=target, provider=public_address(self._options.provider), isolation="")

    def _backend_or_failure(self, target: str) -> Backend | InfrastructureError:
        """Return the backend, or why it cannot be had: that is a verdict, not a crash."""
        try:
            with self._making:
                if target not in self._backends:
                    self._backends[target] = self._make_backend(target)
                return self._backends[target]
        except InfrastructureError as error:
            return error

    def _make_backend(self, target: str) -> Backend:
        if target == _LOCAL:
            from osiris_core.backends.local import LocalBackend

            local = LocalBackend(patience=self._patience)
            if not self._warm:
                return local
            from osiris_core.backends.warm import WarmLocalBackend

            return WarmLocalBackend(local, patience=self._patience)
        from osiris_core.backends.e2b import E2BBackend

        provider, templates = self._provider()
        keep = self._options.keep_sandbox != "no" and not self._serves_itself
        e2b = self._e2b = E2BBackend(provider, templates, patience=self._patience, limits=self._limits(), keep=keep)
        if not self._warm:
            return e2b
        from osiris_core.backends.warm_e2b import WarmE2BBackend

        return WarmE2BBackend(provider, templates, e2b, patience=self._patience)

    @property
    def _artifact_limits(self) -> ArtifactLimits:
        from osiris_core.wire.limits import WARM_LIMITS, ArtifactLimits

        return WARM_LIMITS if self._warm else self._options.artifact_limits or ArtifactLimits()

    @property
    def _patience(self) -> Patience:
        from osiris_core.backends.protocol import Patience

        return self._options.patience or Patience()

    def _provider(self) -> tuple[Provider, TemplateSource]:
        """Return who serves the E2B API, and where its templates come from: the only two things that differ."""
        from osiris_core.backends.built import BuiltTemplates
        from osiris_core.backends.provider import Provider, remote_provider
        from osiris_core.backends.registered import RegisteredTemplates

        name = self._options.provider
        if name == "embedded":
            address = self._server()
            provider = Provider(name=name, url=address.url, api_key=address.api_key, isolation=address.isolation)
            return provider, RegisteredTemplates(provider)
        provider = remote_provider(name)
        return provider, BuiltTemplates(provider, self._patience, report=self._report)

    def _server(self) -> ServerAddress:
        """Return the embedded server's address; it is started on this thread, whose end would be its own."""
        if self._given_server is not None:
            return self._given_server
        if self._own_server is None:
            from osiris_core.sandbox.launch import SandboxServerError, ServerProcess

            try:
                # Every sandbox of ours says whether it is to have the network; a manifest's default is that it has not.
                options = ("--allow-network", *self._server_options)
                self._own_server = ServerProcess.start(isolation=self._options.isolation, options=options)
            except SandboxServerError as error:
                raise InfrastructureError(str(error)) from error
        return self._own_server.address


def _artifacts_of(ended: Future[TargetResult]) -> Mapping[str, ArtifactFile]:
    """Return the artifacts of a target that has ended; none of one that came to no session."""
    if ended.cancelled() or ended.exception() is not None:
        return {}
    session = ended.result().session
    return {} if session is None else session.artifacts


def _ignore(_line: str) -> None:
    """Report nothing."""


def _reproduce(manifest: Manifest, targets: Sequence[str]) -> str:
    target = "both" if set(targets) == set(TARGETS) else ",".join(targets)
    params = [f"--param={each}" for each in written_overrides(manifest.params, manifest.params_given)]
    return shlex.join(["osiris-parity", "run", manifest.location, "--target", target, *params])


def _session_root(options: CheckOptions) -> Path:
    return options.session_root or options.project_root


def _utc_now() -> str:
    return _iso(dt.datetime.now(dt.UTC))


def _iso(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def parse_now(text: str) -> str:
    """Return a time of ISO 8601 in UTC, as records write it; without a zone it is UTC. Raises `UsageError`."""
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{text!r} is no time", hint="ISO 8601, for example 2026-01-31T12:00:00Z") from None
    return _iso(moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC))
