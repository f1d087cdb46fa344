"""What `osiris-parity run` does once its command line is understood.

Standard output holds a verdict line for each manifest and nothing else (with `--json` the records instead);
why a manifest failed, and where the report is, goes to standard error.
"""

from __future__ import annotations

import shlex
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from osiris_core.backend_set import require_targets
from osiris_core.check import Checker, CheckOptions, validate_options
from osiris_core.choices import BASELINES, FETCHING, TRIAGES
from osiris_core.cli.exits import EXIT_FAILED, EXIT_GOOD, EXIT_INFRASTRUCTURE, EXIT_USAGE
from osiris_core.cli.progress import shown
from osiris_core.cli.reading import read_all
from osiris_core.cli.summarizing import require_summary_place, write_markdown
from osiris_core.errors import ManifestError, UsageError
from osiris_core.parity.gates import stale_waivers, too_few
from osiris_core.parity.record import Verdict
from osiris_core.parity.record_io import encode_records
from osiris_core.report.rules import rule_lines
from osiris_core.report.terminal import failure_lines, place_lines, waiver_lines
from osiris_core.report.text import visible_line
from osiris_core.signals import escalating, held, wait_for
from osiris_core.surface import placed, record_set, refused_record, require_report_place, verdict_line

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Iterator, Sequence
    from concurrent.futures import Future
    from typing import Self, TextIO

    from osiris_core.backends.protocol import Cancellation
    from osiris_core.cli.progress import Shown
    from osiris_core.manifest.model import Manifest
    from osiris_core.parity.record import ParityRecord


_WORST_FIRST = (EXIT_USAGE, EXIT_FAILED, EXIT_INFRASTRUCTURE, EXIT_GOOD)
_DETAIL_COLUMNS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class _Checked:
    """What became of one manifest; `details` are the lines that explain it."""

    code: int
    record: ParityRecord
    details: tuple[str, ...] = ()


def check_all(given: argparse.Namespace, targets: Sequence[str], out: TextIO, err: TextIO) -> int:
    """Check every manifest and return the exit code of the worst.

    Raises `UsageError` for options that cannot work, before anything is started. A run that is stopped
    writes no report: one that left manifests out would speak for them too.
    """
    if given.jobs < 1:
        raise UsageError(f"--jobs {given.jobs} runs nothing", hint="give a number above 0")
    validate_options(_options(given, Path.cwd()), targets)
    _require_possible_gates(given, targets)
    if given.report is not None:
        require_report_place(given.report)
    if given.summary is not None:
        require_summary_place(given.summary, given.report)
    readings = read_all(given.manifests, given.param)
    roots = tuple({each.project_root: None for _, each in readings if not isinstance(each, ManifestError)})
    for root in roots:
        require_targets(_options(given, root), targets)
    finished: list[_Checked] = []
    with (
        shown(given.progress, out, err) as showing,
        _Checkers(given, showing) as checkers,
        _checked(readings, checkers, targets, given) as all_checked,
    ):
        verdicts = showing.err if given.json else showing.out
        for (path, _), checked in zip(readings, all_checked, strict=True):
            verdicts.write(f"{visible_line(verdict_line(checked.record, str(path)))}\n")
            verdicts.flush()
            showing.err.writelines(f"{visible_line(line)}\n" for line in checked.details)
            finished.append(checked)
    records = [checked.record for checked in finished]
    unmet = (
        *too_few(records, given.min_manifests),
        *(stale_waivers(records, whole=False, each_whole=True) if given.strict else ()),
    )
    err.writelines(
        f"{visible_line(line)}\n" for line in (*place_lines(records), *waiver_lines(records), *rule_lines(records))
    )
    err.writelines(f"not as asked for: {visible_line(each)}\n" for each in unmet)
    together = replace(record_set(records), unmet=unmet)
    if given.json:
        out.write(f"{encode_records(together).decode()}\n")
    if given.report is not None:
        from osiris_core.report.files import write_report

        err.write(f"report: {write_report(together, given.report, roots=roots).html}\n")
    if given.summary is not None:
        write_markdown(together, given.summary, given.report)
    return _worst([checked.code for checked in finished], unmet)


def code_of_all(records: Iterable[ParityRecord], unmet: Sequence[str]) -> int:
    """Return the exit code of records that were made elsewhere, as a run that made them would have it."""
    return _worst([_code(record) for record in records], unmet)


def _worst(codes: Sequence[int], unmet: Sequence[str]) -> int:
    return min([*codes, EXIT_FAILED if unmet else EXIT_GOOD], key=_WORST_FIRST.index)


def _code(record: ParityRecord) -> int:
    if not record.fails:
        return EXIT_GOOD
    if record.verdict is None and not record.targets:
        return EXIT_USAGE  # nothing was started for it
    return EXIT_INFRASTRUCTURE if record.verdict is Verdict.INFRA else EXIT_FAILED


def _require_possible_gates(given: argparse.Namespace, targets: Sequence[str]) -> None:
    """Raise `UsageError` for a gate that could never fail, or never hold."""
    if given.require and len(targets) == 1:
        raise UsageError(
            f"--require={given.require} asks for a comparison, but there is one target", hint="give --target both"
        )
    require_least(given.min_manifests)


def require_least(number: int | None) -> None:
    """Raise `UsageError` for a minimum that asks for nothing."""
    if number is not None and number < 1:
        raise UsageError(f"--min-manifests {number} asks for nothing", hint="give a number above 0")


@contextmanager
def _checked(
    readings: Sequence[tuple[Path, Manifest | ManifestError]],
    checkers: _Checkers,
    targets: Sequence[str],
    given: argparse.Namespace,
) -> Iterator[Iterator[_Checked]]:
    """Give an iterator over what became of each manifest, in order; `--jobs` of them run at once, on threads.

    What is raised in the block stops all of them, and passes when nothing of them is left.
    """
    if given.jobs == 1:
        yield (_check(path, reading, checkers, targets, command_for(path, given)) for path, reading in readings)
        return
    from osiris_core.backends.protocol import Cancellation, Patience

    cancellation = checkers.cancellation = Cancellation()
    for _, reading in readings:
        if not isinstance(reading, ManifestError):
            checkers.start(reading, targets)  # what starts processes does so on this thread, which outlives the others
    pool = ThreadPoolExecutor(given.jobs, thread_name_prefix="osiris-manifest")
    futures: list[Future[_Checked]] = []
    try:
        with held():  # a stop between two of them would lose sight of one that has begun
            for path, reading in readings:
                futures.append(pool.submit(_check, path, reading, checkers, targets, command_for(path, given)))
        yield (_heard(each) for each in futures)
    except BaseException:
        with escalating(cancellation):
            for each in futures:
                each.cancel()
            cancellation.request()
            wait(futures, timeout=Patience().clean_up_s)
        raise
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _heard(future: Future[_Checked]) -> _Checked:
    wait_for([future])
    return future.result()


def command_for(path: Path, given: argparse.Namespace) -> str:
    """Return the command that repeats the check of one manifest."""
    said = (
        (given.e2b != "embedded", f"--e2b={given.e2b}"),
        (given.isolation != "bubblewrap", f"--isolation={given.isolation}"),
        (given.now is not None, f"--now={given.now}"),
        (given.fetch != FETCHING[0], f"--fetch={given.fetch}"),
        (given.baselines != BASELINES[0], f"--baselines={given.baselines}"),
        (given.strict, "--strict"),
        (bool(given.require), f"--require={given.require}"),
        (given.triage != TRIAGES[0], f"--triage={given.triage}"),
        (bool(given.repeat), f"--repeat={given.repeat}"),
        (given.env_file is not None, f"--env-file={given.env_file}"),
    )
    options = [f"--target={given.target}", *(option for asked, option in said if asked)]
    options += [f"--param={each}" for each in given.param]
    return shlex.join(["osiris-parity", "run", str(path), *options])


class _Checkers:
    """One checker for every project that the manifests belong to, made when it is first needed."""

    def __init__(self, given: argparse.Namespace, showing: Shown) -> None:
        self._given = given
        self._showing = showing
        self._by_project: dict[Path, Checker] = {}
        self.cancellation: Cancellation | None = None
        """Stops all checks, where they run on other threads than the one that hears of it."""

    def __enter__(self) -> Self:
        """Return self; nothing is started yet."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop what was started."""
        while self._by_project:
            self._by_project.popitem()[1].close()

    def check(self, manifest: Manifest, targets: Sequence[str]) -> ParityRecord:
        """Check one manifest."""
        checker = self._checker(manifest)
        if self.cancellation is None:
            return checker.check(manifest, targets)
        return checker.check(manifest, targets, cancellation=self.cancellation)

    def held(self, record: ParityRecord, manifest: Manifest) -> ParityRecord:
        """Hold a check against the manifest's baseline; only pytest writes one."""
        from osiris_core.baseline.places import of_manifest
        from osiris_core.baseline.settling import Asked
        from osiris_core.held import held_against_baseline
        from osiris_core.secrets.environment import host_environment
        from osiris_core.secrets.masked_record import host_table
        from osiris_core.secrets.resolution import resolve_secrets

        secrets = resolve_secrets(manifest, host_environment(self._given.env_file))
        asked = Asked(
            place=of_manifest(manifest.path),
            wanted=self._given.baselines,
            secrets=host_table(secrets, self._given.e2b),
        )
        return held_against_baseline(record, manifest, _options(self._given, manifest.project_root), asked).record

    def start(self, manifest: Manifest, targets: Sequence[str]) -> None:
        """Start what a manifest's check needs."""
        self._checker(manifest).start(targets)

    def _checker(self, manifest: Manifest) -> Checker:
        root = manifest.project_root
        if root not in self._by_project:
            self._by_project[root] = Checker(
                _options(self._given, root), report=self._showing.report, progress=self._showing.observe
            )
        return self._by_project[root]


def _options(given: argparse.Namespace, root: Path) -> CheckOptions:
    return CheckOptions(
        project_root=root,
        provider=given.e2b,
        isolation=given.isolation,
        now=given.now,
        env_file=given.env_file,
        max_sandboxes=given.max_sandboxes,
        create_rate=given.create_rate,
        keep_sandbox=given.keep_sandbox,
        fetch=given.fetch,
        strict=given.strict,
        require=given.require,
        triage=given.triage,
        repeat=given.repeat,
    )


def _check(
    path: Path, manifest: Manifest | ManifestError, checkers: _Checkers, targets: Sequence[str], command: str
) -> _Checked:
    """Check one manifest; one that cannot be read, or lacks a secret, starts nothing."""
    if isinstance(manifest, ManifestError):
        record = refused_record(str(path), manifest, reproduce=command)
        return _Checked(code=EXIT_USAGE, record=record, details=tuple(map(str, manifest.problems)))
    try:
        record = checkers.held(checkers.check(manifest, targets), manifest)
        record = placed(record, manifest, reproduce=command)
    except UsageError as error:
        record = refused_record(str(path), error, reproduce=command, pipeline_id=manifest.pipeline.id)
        return _Checked(code=EXIT_USAGE, record=record, details=(f"{path}: {error}",))
    noted = (*_noted(manifest, path), *(f"{path}: warning: {each}" for each in record.warnings))
    details = noted if record.passed else (*failure_lines(record, _DETAIL_COLUMNS), *noted)
    return _Checked(code=_code(record), record=record, details=details)


def _noted(manifest: Manifest, path: Path) -> tuple[str, ...]:
    """Say that a manifest is not read as Osiris would, where that is so; naming all of it is another command's business."""
    if not manifest.notes:
        return ()
    from osiris_core.report.units import plural

    places = plural(len(manifest.notes), "place")
    command = shlex.join(["osiris-parity", "validate", str(path)])
    return (f"{path}: read otherwise than by Osiris in {places}; `{command}` names them",)
