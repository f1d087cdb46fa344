"""What a gate asks of a whole run: that it compares, that it compared enough, and that no waiver is out of date."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

import pytest

from osiris_core.ci import ci_variable
from osiris_core.parity.gates import stale_waivers, too_few
from pytest_osiris.keys import SETTINGS, CheckFailedError
from pytest_osiris.marker import targets_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from osiris_core.parity.record import ParityRecord
    from pytest_osiris.settings import Settings

JUDGED: Final = frozenset({pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.NO_TESTS_COLLECTED})
"""How a run ends that came to its end; of one that was cut short nothing can be said."""
_NARROWING: Final = {
    "osiris_shard": "--osiris-shard",
    "file_or_dir": "what is named on the command line",
    "keyword": "-k",
    "markexpr": "-m",
    "lf": "--lf",
    "stepwise": "--sw",
    "deselect": "--deselect",
    "ignore": "--ignore",
    "ignore_glob": "--ignore-glob",
}


def nothing_to_hold(items: Sequence[pytest.Item], settings: Settings) -> str:
    """Return why the required verdict could never be missed, or nothing: no test of this run compares two targets."""
    if any("osiris" in getattr(item, "fixturenames", ()) for item in items):
        return ""  # such a test decides by itself what it runs, and where
    marked = [item for item in items if item.get_closest_marker("osiris")]
    if not settings.require or not marked or any(len(_targets_of(each, settings)) > 1 for each in marked):
        return ""
    return (
        f"--osiris-require={settings.require} asks for a comparison, but every manifest of this run has one target; "
        "give --osiris-target=both, or --osiris-require= to ask for nothing"
    )


def held_gates(session: pytest.Session, records: Sequence[ParityRecord]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return what the run as a whole lacks, and remarks on what it was not held to."""
    if session.exitstatus not in JUDGED:
        return (), ()
    settings, narrowed = session.config.stash[SETTINGS], narrowed_by(session.config)
    unmet = too_few(records, settings.min_manifests)
    remarks: tuple[str, ...] = ()
    if "min_manifests" not in settings.on_command_line and narrowed and (settings.shard or not ci_variable(os.environ)):
        remarks = (
            (f"not held to osiris_min_manifests ({settings.min_manifests}): {narrowed} narrowed the run",)
            if unmet
            else ()
        )
        unmet = ()
    if settings.strict:
        unmet = (*unmet, *stale_waivers(records, whole=not narrowed, each_whole=not narrowed))
    return unmet, remarks


def narrowed_by(config: pytest.Config) -> str:
    """Return by which option only a part of the tests was selected, or nothing."""
    return next((shown for name, shown in _NARROWING.items() if getattr(config.option, name, None)), "")


def _targets_of(item: pytest.Item, settings: Settings) -> Sequence[str]:
    try:
        return targets_of(item)
    except CheckFailedError:  # of a manifest's own item, or of a marker that will fail its test
        return settings.targets
