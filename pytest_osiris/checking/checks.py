"""Runs manifests for tests: the one place where the plugin meets the engine.

Each process of a pytest run has one `Checks`, made with its first manifest. It starts the embedded server
when a check first needs it and stops it at the end of the session.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import shlex
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import pytest

from osiris_core.backend_set import require_targets
from osiris_core.backends.catalog import BackendCatalog
from osiris_core.baseline.settling import Asked
from osiris_core.check import Checker, CheckOptions, load, validate_options
from osiris_core.errors import ManifestError, OsirisError, UsageError
from osiris_core.held import held_against_baseline
from osiris_core.manifest.loader import find_project_root
from osiris_core.secrets.resolution import told_names
from osiris_core.signals import terminable
from osiris_core.surface import placed, refused_record, unfinished_record
from osiris_core.targets import target_word
from pytest_osiris.checking.attempts import attempt_of
from pytest_osiris.checking.baselines import place_of
from pytest_osiris.checking.failure import explanation
from pytest_osiris.checking.judging import judged_by_plugins
from pytest_osiris.checking.masking import masked, table_of
from pytest_osiris.checking.progress import showing
from pytest_osiris.checking.retention import made_sessions
from pytest_osiris.extension import answers, backends_of
from pytest_osiris.keys import CLOSE, MASK, REFUSAL, SETTINGS, CheckFailedError
from pytest_osiris.marker import ran_nothing, read_marker

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from osiris_core.baseline.places import Place
    from osiris_core.manifest.model import Manifest
    from osiris_core.parity.record import ParityRecord
    from osiris_core.rules.model import Rule
    from osiris_core.wire.masking import MaskTable
    from pytest_osiris.settings import Settings

_CHECKS: pytest.StashKey[Checks] = pytest.StashKey()
GIVEN_BY_FIXTURE: Final = "the fixture `osiris_secrets`"


class SecretWarning(pytest.PytestWarning):
    """A secret cannot be masked inside of other text."""


class RuleWarning(pytest.PytestWarning):
    """A declared rule of what may differ has nothing to do."""


class Checks:
    """The checks of one pytest process."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self.settings = config.stash[SETTINGS]
        self.root = config.rootpath
        self._told: list[str] = []  # where there is no terminal, it stands in the test's report
        self.showing = showing(config, self._told.append)
        self._checkers: dict[Path, Checker] = {}
        self._signals = contextlib.ExitStack()
        self._signals.enter_context(terminable())  # there is something to be stopped from now on

    def run(
        self,
        item: pytest.Item,
        manifest: Manifest,
        targets: Sequence[str],
        *,
        case: str = "",
        rules: Sequence[Rule] = (),
        secrets: Mapping[str, str] | None = None,
        baseline: Place | None = None,
    ) -> ParityRecord:
        """Check `manifest` for the test `item`, and keep the record on disk and in the test's properties.

        `baseline` is where its baseline lies, by default what the test's id says. `secrets` are values that come before those of the environment. Raises `CheckFailedError` where options make a check impossible; a run's outcome is in the record.
        """
        attempt = attempt_of(item)
        place = attempt.reserve()

        command = command_for(item, targets, self.settings)

        def finished(record: ParityRecord) -> ParityRecord:
            return dataclasses.replace(placed(record, manifest, reproduce=command), case=case)

        def keep(record: ParityRecord) -> ParityRecord:
            return attempt.keep(finished(record), place)

        if refusal := item.config.stash.get(REFUSAL, ""):
            raise CheckFailedError(refusal)
        known = begun = keep(unfinished_record(manifest, reproduce=command))

        def judged(record: ParityRecord) -> None:
            nonlocal known
            known = keep(record)

        try:
            table = table_of(manifest, self.settings.env_file, self.settings.provider, secrets)
            mask(item, table)
            declared = (*rules, *hook_rules(item.config, manifest))
            with self.showing.running(_label(item, manifest, case)):
                record = self._checker(manifest.project_root).check(
                    manifest,
                    targets,
                    rules=declared,
                    secrets=secrets,
                    judged=judged,
                )
            asked = Asked(
                place=baseline or place_of(item, place),
                wanted=self.settings.baselines,
                update=self.settings.update,
                command=command,
                secrets=table,
            )
            options = check_options(self.settings, manifest.project_root, self.root)
            settled = held_against_baseline(record, manifest, options, asked, rules=declared)
        except OsirisError as error:
            keep(refused_record(manifest.location, error, reproduce=command, pipeline_id=manifest.pipeline.id))
            raise CheckFailedError(f"{manifest.location}: {error}") from error
        except pytest.fail.Exception as stopped:  # from outside, as by pytest-timeout
            if known is begun:
                known = keep(unfinished_record(manifest, reproduce=command, reason=str(stopped)))
            raise CheckFailedError(f"{explanation(known, self.settings)}\n    stopped: {stopped}") from None
        except KeyboardInterrupt as stopped:
            # pytest parses the source of every file in its traceback, which takes longer than the stop itself.
            raise stopped.with_traceback(None) from None
        record = judged_by_plugins(item, finished(settled.record), keep)
        if settled.write is not None and record.passed:  # not before everybody has judged it
            record = keep(settled.write(record))
        self._tell(item, manifest, record)
        return record

    def _tell(self, item: pytest.Item, manifest: Manifest, record: ParityRecord) -> None:
        """Show with the test what was told while it ran, and warn of what did not fail it."""
        if self._told:
            item.add_report_section("call", "osiris", "\n".join(self._told))
            self._told.clear()
        for each in record.warnings:
            item.warn(SecretWarning(f"{manifest.location}: {each}"))
        for use in record.comparison.rules if record.comparison else ():
            if use.complaint:
                item.warn(RuleWarning(f"{manifest.location}: the rule `{use.rule}` ({use.source}) {use.complaint}"))

    def close(self) -> None:
        """Stop what was started, all of it whatever one of them raises; closing twice is harmless."""
        with contextlib.ExitStack() as ending:  # what is said last is done first
            ending.callback(self._signals.close)
            ending.callback(self.showing.close)
            ending.callback(made_sessions(self._config).remove)
            for checker in self._checkers.values():
                ending.callback(checker.close)
            self._checkers.clear()

    def _checker(self, project_root: Path) -> Checker:
        if project_root not in self._checkers:
            self._checkers[project_root] = Checker(
                check_options(self.settings, project_root, self.root),
                report=self.showing.report,
                progress=self.showing.observe,
                backends=backends_of(self._config),
            )
        return self._checkers[project_root]


def checks_of(config: pytest.Config) -> Checks:
    """Return the checks of this process."""
    if _CHECKS not in config.stash:
        checks = config.stash[_CHECKS] = Checks(config)
        config.stash[CLOSE] = checks.close
    return config.stash[_CHECKS]


def mask(item: pytest.Item, table: MaskTable | None) -> None:
    """Show nothing of what a table has in the reports of a test."""
    if table is not None:
        item.stash.setdefault(MASK, []).append(table)


def _label(item: pytest.Item, manifest: Manifest, case: str) -> str:
    """Return the name of a case while it runs; nothing where the pipeline's is enough."""
    return masked(item, f"{manifest.pipeline.id}[{case}]") if case else ""


def hidden(item: pytest.Item, secrets: Mapping[str, str], what: str) -> dict[str, str]:
    """Return values of secrets by name, which no report of the test shows from now on.

    `CheckFailedError`, which repeats none of them, for anything but texts by name; `what` is who gave them.
    """
    from osiris_core.wire.masking import MaskTable

    is_right = isinstance(secrets, Mapping) and all(
        isinstance(name, str) and isinstance(value, str) and value for name, value in secrets.items()
    )
    if not is_right:
        raise CheckFailedError(f"{what} must be a mapping of names to texts that are not empty")
    mask(item, MaskTable.of_values(secrets.items()))
    return dict(secrets)


def run_marked(item: pytest.Item, params: Mapping[str, Any], secrets: Mapping[str, str]) -> ParityRecord:
    """Run the manifest that a test's marker names; raises `CheckFailedError` where marker or manifest are wrong.

    `params` are values of its parameters, which come before those of the marker, and these before those of options.
    `secrets` are values for those of its secrets that it declares.
    """
    try:
        record = _run_marked(item, params, secrets)
    except CheckFailedError as error:
        keep_refused(item, error)
        attempt_of(item).raising("the check of its marker", error)
        raise
    attempt_of(item).leave(record)
    return record


def keep_refused(item: pytest.Item, error: CheckFailedError) -> None:
    """Keep a record for a test that asked for a run and could not have any, as by a marker that names no file; else reports would not know of it."""
    attempt, settings, root = attempt_of(item), item.config.stash[SETTINGS], item.config.rootpath
    if attempt.records:
        return
    command = command_for(item, settings.targets, settings)
    record = refused_record(relative_name(item.path, root), UsageError(masked(item, str(error))), reproduce=command)
    line = (item.reportinfo()[1] or 0) + 1
    attempt.keep(dataclasses.replace(record, case=item.name, line=line), attempt.reserve())


def refuse_idle(item: pytest.Item) -> str:
    """Return what is wrong with a marked test that passed and ran nothing, and keep a record of it."""
    error = CheckFailedError(ran_nothing(item))
    try:
        keep_refused(item, error)
    except CheckFailedError as unkept:
        return f"{error}; {unkept}"
    return str(error)


def _run_marked(item: pytest.Item, params: Mapping[str, Any], secrets: Mapping[str, str]) -> ParityRecord:
    secrets = hidden(item, secrets, GIVEN_BY_FIXTURE)
    marked, config = read_marker(item), item.config
    if not isinstance(params, Mapping):
        raise CheckFailedError(
            f"the fixture `osiris_params` gives {params!r:.80}, but a mapping of names to values is asked for"
        )
    checks = checks_of(config)
    values = {**marked.params, **params}
    manifest = load_for(item, marked.path, marked.targets, params=values, offered=checks.settings.params)
    return checks.run(item, manifest, marked.targets, rules=marked.rules, secrets=declared_secrets(manifest, secrets))


def load_for(
    item: pytest.Item, path: Path, targets: Sequence[str], *, params: Mapping[str, Any], offered: Mapping[str, Any]
) -> Manifest:
    """Load a manifest for a test; one with problems has a record too, and is a `CheckFailedError` with all of them."""
    checks = checks_of(item.config)
    try:
        return load(path, project_root=project_of(path, checks.root), params=params, offered=offered)
    except ManifestError as error:
        command, attempt = command_for(item, targets, checks.settings), attempt_of(item)
        record = refused_record(relative_name(path, checks.root), error, reproduce=command)
        attempt.keep(record, attempt.reserve())
        raise CheckFailedError(str(error)) from None


def declared_secrets(manifest: Manifest, offered: Mapping[str, str]) -> dict[str, str]:
    """Return those values that a manifest has a use for."""
    return {name: value for name, value in offered.items() if name in told_names(manifest)} if offered else {}


def hook_rules(config: pytest.Config, manifest: Manifest) -> tuple[Rule, ...]:
    """Return the rules that `pytest_osiris_normalizers` gives; raises `UsageError` for what is wrong with them."""
    declared: list[Rule] = []
    for plugin, given in answers(config, config.hook.pytest_osiris_normalizers, manifest=manifest):
        if not isinstance(given, list | tuple):
            what = f"gave {given!r:.60}, but a list of rules is asked for"
            raise UsageError(f"the hook pytest_osiris_normalizers of {plugin} {what}")
        declared += _rules_of(plugin, given)
    return tuple(declared)


def _rules_of(plugin: str, given: Sequence[Any]) -> tuple[Rule, ...]:
    from osiris_core.rules.reading import read_rules

    rules, problems = read_rules(list(given), "hook")
    if problems:
        raise UsageError(f"the hook pytest_osiris_normalizers of {plugin}: {'; '.join(map(str, problems))}")
    return rules


def check_options(settings: Settings, project_root: Path, session_root: Path) -> CheckOptions:
    """Return the settings in the engine's words."""
    return CheckOptions(
        project_root=project_root,
        session_root=session_root,
        provider=settings.provider,
        isolation=settings.isolation,
        now=settings.now,
        env_file=settings.env_file,
        max_sandboxes=settings.max_sandboxes,
        create_rate=settings.create_rate,
        keep_sandbox=settings.keep_sandbox,
        fetch=settings.fetch,
        strict=settings.strict,
        require=settings.require,
        triage=settings.triage,
        repeat=settings.repeat,
    )


def require_possible(config: pytest.Config) -> None:
    """Raise `pytest.UsageError` where the options cannot work on this machine; nothing is started."""
    settings, root = config.stash[SETTINGS], config.rootpath
    options = check_options(settings, root, root)
    try:
        require_targets(options, settings.targets, backends_of(config))
    except UsageError as error:
        raise pytest.UsageError(f"--osiris-target: {error}") from None
    try:
        validate_options(options, settings.targets, BackendCatalog(backends_of(config)))
    except UsageError as error:
        raise pytest.UsageError(str(error)) from None


def project_of(path: Path, root: Path) -> Path:
    """Return a manifest's project: pytest's root directory, or its own where it lies elsewhere."""
    return root if path.is_relative_to(root) else find_project_root(path)


def command_for(item: pytest.Item, targets: Sequence[str], settings: Settings) -> str:
    """Return the command that repeats one test alone, from the directory that pytest was started in."""
    file, separator, name = item.nodeid.partition("::")
    file = os.path.relpath(item.config.rootpath / file, item.config.invocation_params.dir)
    return shlex.join(["pytest", f"{file}{separator}{name}", *settings.command_line(target_word(targets))])


def relative_name(path: Path, root: Path) -> str:
    """Return a path as records name it: from the root directory where it lies below."""
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)
