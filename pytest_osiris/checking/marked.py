"""The check of a marked test, and the records of tests that could not have any."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from osiris_core.check import load
from osiris_core.errors import ManifestError, UsageError
from osiris_core.surface import refused_record
from pytest_osiris.checking.asking import command_for, project_of, relative_name
from pytest_osiris.checking.attempts import attempt_of
from pytest_osiris.checking.checks import checks_of
from pytest_osiris.checking.masking import GIVEN_BY_FIXTURE, declared_secrets, hidden, masked
from pytest_osiris.keys import SETTINGS, CheckFailedError
from pytest_osiris.marker import ran_nothing, read_marker

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pytest

    from osiris_core.manifest.model import Manifest
    from osiris_core.parity.record import ParityRecord


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
