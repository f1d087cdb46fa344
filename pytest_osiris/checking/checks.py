"""Runs manifests for tests: the one place where the plugin meets the engine.

Each process of a pytest run has one `Checks`, made with its first manifest. It starts the embedded server
when a check first needs it and stops it at the end of the session.
"""

from __future__ import annotations

import contextlib
import dataclasses
import threading
from typing import TYPE_CHECKING, Final

import pytest

from osiris_core.baseline.settling import Asked
from osiris_core.check import Checker
from osiris_core.errors import OsirisError
from osiris_core.held import held_against_baseline
from osiris_core.signals import terminable
from osiris_core.surface import placed, refused_record, unfinished_record
from pytest_osiris.checking.asking import check_options, command_for
from pytest_osiris.checking.attempts import attempt_of
from pytest_osiris.checking.baselines import place_of
from pytest_osiris.checking.failure import explanation
from pytest_osiris.checking.hook_rules import hook_rules
from pytest_osiris.checking.judging import judged_by_plugins
from pytest_osiris.checking.masking import mask, masked, table_of
from pytest_osiris.checking.progress import showing
from pytest_osiris.extension import backends_of
from pytest_osiris.keys import CLOSE, REFUSAL, SETTINGS, CheckFailedError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from osiris_core.baseline.places import Place
    from osiris_core.manifest.model import Manifest
    from osiris_core.parity.record import ParityRecord
    from osiris_core.rules.model import Rule

_CHECKS: pytest.StashKey[Checks] = pytest.StashKey()
_MAKING: Final = threading.Lock()
"""Held while the checks of the process are made: a test can run several manifests at once."""


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
        self._turn = threading.Lock()  # a test can run several manifests at once
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
        with self._turn:
            told = "\n".join(self._told)
            self._told.clear()
        if told:
            item.add_report_section("call", "osiris", told)
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
            for checker in self._checkers.values():
                ending.callback(checker.close)
            self._checkers.clear()

    def _checker(self, project_root: Path) -> Checker:
        with self._turn:
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
    with _MAKING:
        if _CHECKS not in config.stash:
            checks = config.stash[_CHECKS] = Checks(config)
            config.stash[CLOSE] = checks.close
        return config.stash[_CHECKS]


def _label(item: pytest.Item, manifest: Manifest, case: str) -> str:
    """Return the name of a case while it runs; nothing where the pipeline's is enough."""
    return masked(item, f"{manifest.pipeline.id}[{case}]") if case else ""
