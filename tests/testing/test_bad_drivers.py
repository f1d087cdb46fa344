"""Each promise can be broken, and then the check of its name says so, and no other."""

from __future__ import annotations

from pathlib import Path

import bad_drivers
import numpy as np  # noqa: F401 - its state is watched where it is in use, which one of the bad drivers presumes
import pyarrow.parquet as pq
import pytest

from osiris_core.testing import conformance_checks
from osiris_core.testing.watch import _State

CODE = Path(bad_drivers.__file__).parent
HONEST = {"Honest": {"column": "name", "suffix": "!"}, "HonestWriter": {}, "HonestPandas": {}}
BAD = {
    "DeclaresAnotherType": "declaration",
    "FailsAtOnce": "runs",
    "AsksForMore": "options-declared",
    "RunsWithoutTheRequired": "options-required",
    "NeedsTheOptional": "options-optional",
    "TakesAnotherDefault": "defaults",
    "ReturnsMore": "result",
    "ReturnsAList": "result",
    "ReturnsNoTable": "result",
    "ReturnsTwoColumnsOfOneName": "result",
    "Miscounts": "metrics",
    "MiscountsWhatItWrites": "metrics",
    "CountsTheFirstChunk": "metrics",
    "RollsDice": "deterministic",
    "LogsDice": "deterministic",
    "TellsDice": "deterministic",
    "WritesDice": "deterministic",
    "ChangesItsFrame": "inputs-unchanged",
    "EmptiesItsInputs": "inputs-unchanged",
    "ChangesItsConfig": "inputs-unchanged",
    "ChangesItsFile": "inputs-unchanged",
    "FailsWithoutRows": "empty-inputs",
    "LosesColumnsWithoutRows": "empty-inputs",
    "FailsWhereAllIsMissing": "null-values",
    "FailsWithoutATable": "nothing-handed-on",
    "Normalizes": "many-scripts",
    "WritesLatin": "many-scripts",
    "RenamesColumns": "many-scripts",
    "TakesTheFirstChunk": "large-inputs",
    "ReadsTheBeginning": "large-inputs",
    "WritesBesideTheManifest": "artifacts-inside",
    "WritesToTheHome": "artifacts-inside",
    "LeavesATemporaryFile": "artifacts-inside",
    "LeavesALink": "artifacts-inside",
    "WritesNothing": "artifacts-inside",
    "SetsAVariable": "global-state",
    "GoesElsewhere": "global-state",
    "SetsTheUmask": "global-state",
    "SeedsEverybody": "global-state",
    "SeedsNumpy": "global-state",
    "MovesTheClock": "global-state",
    "CountsLessExactly": "global-state",
    "HandlesSignals": "global-state",
    "LogsToTheRoot": "global-state",
    "LeavesAThread": "nothing-left",
    "LeavesAProcess": "nothing-left",
}
ON_TARGETS = {
    "ImportsWhatItDoesNotDeclare": "requirements",
    "TellsTheMachine": "same-on-both",
}
READERS = ("ChangesItsFile", "ReadsTheBeginning", "RenamesColumns")
CONFIGS = {
    "DeclaresAnotherType": {"size": 3},
    "RunsWithoutTheRequired": {"column": "id"},
    "NeedsTheOptional": {"column": "id"},
    **{name: {"path": "given.parquet"} for name in READERS},
}
EVENT_S = 10
"""An upper bound, for processes that end as soon as they are told."""


def checks_of(name, **options):
    config = {**HONEST, **CONFIGS}.get(name, {})
    options = {"on_targets": False, "large_rows": 1_500, **options}
    if name in READERS:
        options["make_input"] = pq.write_table
    return conformance_checks(f"bad_drivers:{name}", config, code=[CODE], **options)


@pytest.fixture(autouse=True)
def _end_what_is_left():
    bad_drivers.AT_END.clear()
    yield
    bad_drivers.AT_END.set()
    while bad_drivers.LEFT:
        bad_drivers.LEFT.pop().communicate(b"\n", timeout=EVENT_S)


@pytest.mark.parametrize("name", HONEST)
def test_an_honest_driver_keeps_every_promise(name):
    """What is not asked is what the driver has nothing of: options, metrics, tables before it."""
    found = {each.id: each() for each in checks_of(name)}
    assert [each.sentence for each in found.values() if each.state == "broken"] == []
    if name == "Honest":
        assert [each.sentence for each in found.values() if each.state == "not_asked"] == []


@pytest.mark.parametrize(("name", "promise"), BAD.items())
def test_a_broken_promise_is_found_by_its_name(name, promise):
    """By the check that is named after it, and by no other; what a driver changed is put back.

    So the driver that is tried next, and the tests of whoever uses this, are not the ones that suffer.
    """
    before = _State.now()
    broken = [each.id for each in checks_of(name) if not each().passed]
    assert broken == [promise]
    if promise == "global-state":
        assert before.differences(_State.now()) == ()


def test_there_is_a_bad_driver_for_every_promise():
    """So that no check is trusted that was never seen to fail."""
    known = {each.id for each in checks_of("Honest", on_targets=True)}
    assert known == {*BAD.values(), *ON_TARGETS.values()}


@pytest.mark.parametrize(("name", "promise"), ON_TARGETS.items())
def test_what_only_a_target_can_tell_is_found_there(name, promise, server):
    """An import that is not declared, and a table that depends on the machine; in this process both do well."""
    broken = [each.id for each in checks_of(name, on_targets=True, server=lambda: server) if not each().passed]
    assert broken == [promise]


def test_an_honest_driver_does_the_same_on_both_targets(server):
    """With its declared distributions alone."""
    checks = {each.id: each for each in checks_of("Honest", on_targets=True, server=lambda: server)}
    assert checks["requirements"].require().state == "kept"
    assert checks["same-on-both"].require().sentence == "both targets agree: IDENTICAL"
