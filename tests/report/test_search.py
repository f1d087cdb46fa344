from __future__ import annotations

import dataclasses

from osiris_core.parity.record import EarlierAttempt, Verdict
from osiris_core.report.as_text import as_text
from osiris_core.report.search import search_index
from tests.report.samples import divergent, e2b_run, local_run, record, step


def facts_of(index, place: int) -> set[str]:
    return {":".join(index.facts[each]) for each in index.of[place]}


def test_a_manifest_is_found_by_what_it_has_and_what_became_of_it():
    """Verdict, steps, drivers, targets, cause, the layers and codes that decide, and the rules that met something."""
    assert facts_of(search_index([divergent()]), 0) == {
        *("is:failing", "verdict:divergent", "manifest:pipelines/flight-delays.osiris.yaml"),
        *("step:read-flights", "step:delays", "step:write-delays", "at:delays"),
        *("driver:filesystem.csv_extractor", "driver:duckdb.processor", "driver:filesystem.csv_writer"),
        *("target:local", "target:e2b", "cause:UNKNOWN"),
        *("layer:tables", "layer:logs", "layer:artifacts"),
        *("code:table-column", "code:log-line", "code:artifact-content"),
        *("rule:known-roots", "rule:text-noise"),
    }


def test_a_long_path_is_found_whole():
    """The name of a manifest deep in a tree is a fact as it is, so that it can be pasted behind `m:`."""
    deep = record("services/" * 22 + "daily", Verdict.IDENTICAL)
    assert "manifest:pipelines/" + "services/" * 22 + "daily.osiris.yaml" in facts_of(search_index([deep]), 0)


def test_a_fact_is_held_once_however_many_manifests_have_it():
    """What a thousand manifests share takes the room of one."""
    index = search_index([record(f"m{number}", Verdict.IDENTICAL) for number in range(50)])
    assert len(index.facts) == len(set(index.facts)) == 10 + 50
    assert index.of[0][0] == index.of[49][0]


def test_examples_are_those_of_failures_and_only_keys_with_facts_are_told():
    """A reader of a red report is shown what is red."""
    keys = {key.name: key for key in search_index([record("a", Verdict.IDENTICAL), divergent()]).keys}
    assert keys["verdict"].examples == ("divergent", "identical")
    assert keys["verdict"].short == "v"
    assert "waiver" not in keys
    flaky = dataclasses.replace(
        record("b", Verdict.IDENTICAL), earlier=(EarlierAttempt(became="FAILED", session_id=""),)
    )
    [state] = [key for key in search_index([flaky, divergent()]).keys if key.name == "is"]
    assert state.examples == ("failing", "passing", "flaky")


def test_hostile_names_are_visible_facts():
    """What the script shows of names was made visible before: marks for controls, no line of its own, no endless text."""
    evil = record("a", Verdict.IDENTICAL, targets=(local_run(steps=(step("x\n\u202e" + "y" * 500, "d"),)), e2b_run()))
    [value] = [value for key, value in search_index([evil]).facts if key == "step" and value.startswith("x")]
    assert value.startswith("x↵⟨U+202E⟩yyy")
    assert len(value) < 340


def test_a_failure_as_text_can_be_given_away():
    """Targets and where they ran, what failed, what else differs, and which facts of the environments do."""
    text = as_text(divergent())
    for expected in (
        "- e2b: embedded server, bubblewrap namespaces, succeeded\n",
        "≠ pipelines/flight-delays.osiris.yaml:1: DIVERGENT\n",
        "Differences, 3 of 3:\n",
        "- step write-delays: write-delays/delays.csv: 14 lines differ\n",
        "- timezone: Europe/Prague | UTC\n",
        "reproduce: osiris-parity run",
    ):
        assert expected in text
    assert len(text.splitlines()) < 40
