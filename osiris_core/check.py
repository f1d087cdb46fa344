"""The main verb: run a manifest on its targets and compare what they left behind.

    with Checker(CheckOptions(project_root=root)) as checker:
        record = checker.check(load(path, project_root=root), ["local", "e2b"])

A run's outcome is never an exception here: it is in the record. Exceptions are for wrong options
(`UsageError`), wrong manifests (`ManifestError`) and for a stop on request (`KeyboardInterrupt`, re-raised
when nothing of the run is left).
"""

from __future__ import annotations

import datetime as dt
import shlex
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from osiris_core.backend_set import BackendSet
from osiris_core.drivers.catalog import DriverCatalog
from osiris_core.errors import InfrastructureError
from osiris_core.manifest import cases, loader
from osiris_core.manifest.overrides import written_overrides
from osiris_core.options import (
    CheckOptions,
    accepted_differences,
    declared_rules,
    iso,
    parse_now,
    validate_options,
)
from osiris_core.progress.telling import Telling
from osiris_core.targets import target_word

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path
    from typing import Any, Self

    from osiris_core.backends.bundle import Bundle
    from osiris_core.backends.extension import BackendFactory
    from osiris_core.backends.protocol import Cancellation, Job, Patience
    from osiris_core.backends.templates import Report
    from osiris_core.judgement import Circumstances, TargetResult
    from osiris_core.manifest.cases import Loaded
    from osiris_core.manifest.model import Manifest
    from osiris_core.parity.record import ParityRecord
    from osiris_core.progress.checks import CheckWatch
    from osiris_core.progress.model import Observer
    from osiris_core.rules.model import Rule
    from osiris_core.sandbox.launch import ServerAddress
    from osiris_core.wire.limits import ArtifactLimits

__all__ = ["CheckOptions", "Checker", "check", "load", "load_cases", "validate_options"]

_SWEPT_SESSIONS = 100
"""So many of the newest sessions are looked at for what killed runs left."""


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


def check(manifest: Manifest, targets: Sequence[str], options: CheckOptions) -> ParityRecord:
    """Check one manifest, with a server of its own where the embedded one is needed."""
    with Checker(options) as checker:
        return checker.check(manifest, targets)


class Checker:
    """Checks many manifests; starts the embedded server when the first one needs it, and keeps it.

    A `server` that was started elsewhere on this machine can be given instead; it is left running.
    `server_options` are passed to the server that is started here (`python -m osiris_core.sandbox --help`).
    `backends` are factories of further ones by the name that targets say: see `backends/extension.py`.
    `report` is called with a line for people, on another thread, while something takes long: a template being built.
    `progress` is told how far the runs are, on any thread: see `progress/model.py`.
    With `warm` the targets are kept warm between runs, for many short ones: see `backends/warm.py`.
    """

    def __init__(
        self,
        options: CheckOptions,
        *,
        server: ServerAddress | None = None,
        server_options: Sequence[str] = (),
        report: Report | None = None,
        progress: Observer | None = None,
        warm: bool = False,
        backends: Mapping[str, BackendFactory] | None = None,
    ) -> None:
        self._options = options
        self._warm = warm
        self._report: Report = report or _ignore
        self._tell = None if progress is None else Telling(progress, self._report)
        self._backends = BackendSet(
            options,
            patience=self._patience,
            server=server,
            server_options=server_options,
            report=self._report,
            warm=warm,
            backends=backends,
        )
        self._bundle: Bundle | None = None
        self._swept = False

    def __enter__(self) -> Self:
        """Return self; nothing is started yet."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()

    def close(self) -> None:
        """Stop what was started, Ctrl-C or not; closing twice is harmless."""
        self._backends.close()

    def check(
        self,
        manifest: Manifest,
        targets: Sequence[str],
        *,
        cancellation: Cancellation | None = None,
        rules: Sequence[Rule] = (),
        secrets: Mapping[str, str] | None = None,
        judged: Callable[[ParityRecord], object] | None = None,
    ) -> ParityRecord:
        """Run `manifest` on every target at the same time and judge the result; `cancellation` stops it from elsewhere.

        `rules` are declared ones that come before the manifest's own. Before a triage runs anything again, `judged` is given the record
        as it is without it: whatever stops the triage leaves that. `secrets` are values that come before those of the environment.

        Raises `UsageError` for options that cannot work and secrets that are not set, and passes `KeyboardInterrupt` on when nothing of
        the run is left.
        """
        from osiris_core.backends.protocol import Cancellation
        from osiris_core.progress.checks import CheckWatch
        from osiris_core.session.contract import new_session_id

        validate_options(self._options, targets, self._backends.catalog)
        declared = declared_rules(manifest, rules)
        self._sweep()
        watch = CheckWatch(
            self._tell,
            check=new_session_id(),
            name=manifest.pipeline.id,
            manifest=manifest.location,
            steps=len(manifest.steps),
        )
        with watch:
            return self._check(
                manifest,
                targets,
                declared,
                watch,
                cancellation=cancellation or Cancellation(),
                secrets=secrets,
                judged=judged,
            )

    def _check(
        self,
        manifest: Manifest,
        targets: Sequence[str],
        declared: tuple[Rule, ...],
        watch: CheckWatch,
        *,
        cancellation: Cancellation,
        secrets: Mapping[str, str] | None,
        judged: Callable[[ParityRecord], object] | None,
    ) -> ParityRecord:
        from osiris_core.backends.workspace import changed_inputs
        from osiris_core.judgement import Circumstances, TargetResult, judge
        from osiris_core.preparation import prepare
        from osiris_core.progress.model import COMPARING, JUDGING, PREPARING
        from osiris_core.target_runs import intended, run_targets

        started_at, started, session_id = _utc_now(), time.monotonic(), watch.check
        changed: tuple[str, ...] = ()
        job: Job | None = None
        if manifest.secrets or manifest.connections:
            watch.hide()
        watch.phase(PREPARING)
        try:
            now = self._logical_now(started_at)
            job = prepare(
                manifest,
                session_id=session_id,
                logical_now=now,
                bundle=self._bundle,
                env_file=self._options.env_file,
                secrets=secrets,
            )
            self._bundle = job.bundle  # the same for all manifests of this checker
            job = replace(job, spill_bytes=self._options.spill_bytes, limits=self._artifact_limits)
            watch.mask(self._mask_of(job))
            backends = {each: self._backends.find(each) for each in targets}
            results = run_targets(
                backends, job, self._options, patience=self._patience, cancellation=cancellation, watch=watch
            )
            watch.phase(COMPARING if len(targets) > 1 else JUDGING)
            changed = changed_inputs(manifest, job.inputs)
            if loader.has_changed(manifest):
                changed += (manifest.relative,)
        except (InfrastructureError, OSError) as error:
            failure = error if isinstance(error, InfrastructureError) else InfrastructureError(str(error))
            results = [
                TargetResult(facts=intended(each, self._options.provider), session=None, failure=failure)
                for each in targets
            ]
        circumstances = Circumstances(
            manifest=manifest,
            session_id=session_id,
            started_at=started_at,
            elapsed_ms=(time.monotonic() - started) * 1000,
            changed_inputs=changed,
            reproduce=_reproduce(manifest, targets),
            waivers=accepted_differences(self._options, manifest.location),
            rules=declared,
            strict=self._options.strict,
            require=self._options.require,
            session_root=self._options.root,
        )
        record = judge(results, circumstances)
        if job is not None and not changed and not cancellation.requested:
            record = self._triaged(
                record, results, circumstances, job=job, cancellation=cancellation, judged=judged, watch=watch
            )
        record = self._shown(record, job)
        self._settle_kept(results, record)
        return record

    def _triaged(
        self,
        record: ParityRecord,
        results: Sequence[TargetResult],
        circumstances: Circumstances,
        *,
        job: Job,
        cancellation: Cancellation,
        judged: Callable[[ParityRecord], object] | None,
        watch: CheckWatch,
    ) -> ParityRecord:
        """Return the record with what reruns find out, where that is asked for."""
        if self._options.triage == "off" and not self._options.repeat:
            return record
        from osiris_core.judgement import comparer
        from osiris_core.parity.record import Verdict
        from osiris_core.progress.model import TRIAGING
        from osiris_core.triage.deciding import Judged, triaged, wanted

        if not wanted(record, self._options):
            return record
        if judged is not None:
            judged(self._shown(record, job))
        if record.verdict is not Verdict.INCONCLUSIVE:  # of which only the transport is looked at
            said = "" if record.verdict is None else f"{record.verdict}; "
            self._report(
                f"{record.manifest}: {said}it is run again to find out more; Ctrl-C leaves what is known by now"
            )
        watch.phase(TRIAGING)
        case = Judged(
            record=record,
            sessions=tuple(each.session for each in results if each.session is not None),
            job=job,
            compare=comparer(circumstances),
            command=circumstances.reproduce,
        )
        return triaged(
            case, self._options, self._backends, patience=self._patience, cancellation=cancellation, watch=watch
        )

    def _sweep(self) -> None:
        """Remove, once, what killed runs left on the disk; only the newest ones are looked at, so that it costs little."""
        if self._swept:
            return
        from osiris_core.backends.leftovers import collect_scratch

        self._swept = True
        collect_scratch(self._options.root, newest=_SWEPT_SESSIONS)

    def start(self, targets: Sequence[str]) -> None:
        """Start what the targets need, on this thread; what cannot be had is said by the checks."""
        for each in targets:
            self._backends.find(each)

    def _settle_kept(self, results: Sequence[TargetResult], record: ParityRecord) -> None:
        """Say how to reach a sandbox that is kept, and end one that was only kept for a failure which did not come."""
        from osiris_core.backends.keeping import connect_lines, needs_a_server_lines

        wanted = self._options.keep_sandbox == "always" or (
            self._options.keep_sandbox == "on-failure" and not record.passed
        )
        for each in results:
            if each.facts.kept and not wanted:
                self._backends.end_kept(each.facts.sandbox_id)
            elif each.facts.kept:
                for line in connect_lines(each.facts, self._backends.provider()[0], record.session_id, self._patience):
                    self._report(line)
            elif wanted and each.facts.sandbox_id and self._backends.serves_itself:
                for line in needs_a_server_lines():
                    self._report(line)

    def _shown(self, record: ParityRecord, job: Job | None) -> ParityRecord:
        """Return a record as it may be shown: without secrets, and with a warning for those that are hard to mask."""
        from osiris_core.secrets.masked_record import host_table, masked
        from osiris_core.secrets.resolution import weakness
        from osiris_core.wire.secrets import Secrets

        if job is not None and job.leaks is not None:
            record = replace(record, warnings=(*record.warnings, *map(weakness, job.leaks.table.weak)))
        table = host_table(Secrets() if job is None else job.secrets, self._options.provider)
        return record if table is None else masked(record, table)

    def _logical_now(self, started_at: str) -> str:
        return parse_now(self._options.now) if self._options.now else started_at

    def _mask_of(self, job: Job) -> Callable[[str], str] | None:
        """Return what takes secrets out of a text; None where there are none."""
        from osiris_core.secrets.masked_record import host_table

        table = None if self._tell is None else host_table(job.secrets, self._options.provider)
        return None if table is None else table.text

    @property
    def _artifact_limits(self) -> ArtifactLimits:
        from osiris_core.wire.limits import WARM_LIMITS, ArtifactLimits

        return WARM_LIMITS if self._warm else self._options.artifact_limits or ArtifactLimits()

    @property
    def _patience(self) -> Patience:
        from osiris_core.backends.protocol import Patience

        return self._options.patience or Patience()


def _ignore(_line: str) -> None:
    """Report nothing."""


def _reproduce(manifest: Manifest, targets: Sequence[str]) -> str:
    params = [f"--param={each}" for each in written_overrides(manifest.params, manifest.params_given)]
    return shlex.join(["osiris-parity", "run", manifest.location, "--target", target_word(targets), *params])


def _utc_now() -> str:
    return iso(dt.datetime.now(dt.UTC))
