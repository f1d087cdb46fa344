"""What travels with a test's report is small and plain, whatever its manifest is called and says."""

from __future__ import annotations

import dataclasses
import json

import pytest

from osiris_core.parity.record import Comparison, EarlierAttempt, ParityRecord, TargetRun, Triage, TriageFactor, Verdict
from pytest_osiris.checking.entry import entry_of
from pytest_osiris.checking.flat import flat_properties

PATH = ".osiris/records/20260101T000000Z-00000000/it.osiris.yaml-it-00000000.json"
LONG = {
    "headline": "x" * 10_000,
    "manifest": "d/" * 2_048,
    "case": "c" * 5_000,
    "wide": "\U0001f600" * 3_000,
    "quotes": '"\\\n' * 3_000,
    "undecodable": "\udcff" * 3_000,
}


def record_of(manifest: str, headline: str = "line 1 differs", step: str = "only", count: int = 2) -> ParityRecord:
    """Return a divergent record of so many targets, whose sessions are called after the headline's first letter."""
    runs = tuple(
        TargetRun(
            target=f"t{n}", provider="host", isolation="none", session_directory=f".osiris/runs/{headline[0]}/t{n}"
        )
        for n in range(count)
    )
    return ParityRecord(
        manifest=manifest,
        pipeline_id="it",
        passed=False,
        headline=headline,
        verdict=Verdict.DIVERGENT,
        targets=runs,
        comparison=Comparison(verdict=Verdict.DIVERGENT, first_diverging_step=step),
    )


def hostile(text: str) -> ParityRecord:
    """Return a record with a text in every place that a project decides."""
    record = record_of(text, text, text, 9)
    runs = tuple(dataclasses.replace(run, session_directory=f"{run.target}/{text}") for run in record.targets)
    return dataclasses.replace(record, case=text, targets=runs)


def test_an_ordinary_record_is_whole() -> None:
    """Nothing of it is cut."""
    record = record_of("it.osiris.yaml")
    record = dataclasses.replace(record, case="AA", earlier=(EarlierAttempt(became="INFRA", session_id="x"),))

    assert entry_of([record], PATH) == {
        "manifest": "it.osiris.yaml",
        "case": "AA",
        "passed": False,
        "verdict": "DIVERGENT",
        "first_step": "only",
        "headline": "line 1 differs",
        "session": [".osiris/runs/l/t0", ".osiris/runs/l/t1"],
        "attempt": 2,
        "record": PATH,
    }


@pytest.mark.parametrize("checks", [1, 2, 500])
@pytest.mark.parametrize("text", LONG.values(), ids=LONG)
def test_an_entry_is_below_4_kb_and_plain(text: str, checks: int) -> None:
    """However long: JSON's own types, so that xdist and every report can carry it, in UTF-8 too."""
    entry = entry_of([hostile(text)] * checks, PATH)

    assert len(json.dumps(entry)) < 4096
    assert json.loads(json.dumps(entry)) == entry
    assert json.dumps(entry, ensure_ascii=False).encode()
    assert entry["manifest"][:1] in {text[:1], "\\"}
    assert entry["manifest"].endswith("...")
    assert len(entry.get("checks", [])) + entry.get("checks_left_out", 0) == (0 if checks == 1 else checks)


def test_a_test_of_several_checks_is_known_by_the_worst() -> None:
    """One that failed before all that passed; of these the one whose verdict weighs most, and the first of equals."""
    passed = dataclasses.replace(record_of("passed"), passed=True, verdict=Verdict.IDENTICAL)
    unjudged = dataclasses.replace(record_of("unjudged"), verdict=None)
    divergent, infra = record_of("divergent"), dataclasses.replace(record_of("infra"), verdict=Verdict.INFRA)

    def known_by(*records: ParityRecord) -> object:
        return entry_of(records, PATH)["manifest"]

    assert known_by(passed, unjudged) == "unjudged"
    assert known_by(passed, unjudged, divergent) == "divergent"
    assert known_by(infra, divergent) == known_by(divergent, infra) == "infra"
    assert known_by(divergent, record_of("second")) == "divergent"


def test_a_flat_property_tells_the_cause_as_the_terminal_does() -> None:
    """With both values where a triage found them; of what passed there is none."""
    factor = TriageFactor(name="time zone", left="Europe/Prague", right="Etc/UTC", fix="write times in UTC")
    cause = "ENVIRONMENT(time zone)"
    triage = Triage(
        cause=cause, factors=(factor,), evidence=(), bound="", not_tried=(), runs=2, elapsed_s=1.0, command=""
    )
    found = dataclasses.replace(record_of("it"), cause=cause, triage=triage)

    assert dict(flat_properties(found, PATH))["osiris_cause"].startswith(f"{cause}, Europe/Prague | Etc/UTC")
    assert dict(flat_properties(dataclasses.replace(found, triage=None), PATH))["osiris_cause"] == cause
    assert "osiris_cause" not in dict(flat_properties(dataclasses.replace(found, passed=True), PATH))


def test_ordinary_checks_are_outlined_up_to_twenty() -> None:
    """More are counted."""
    entry = entry_of([record_of(f"pipelines/number-{n}.osiris.yaml") for n in range(23)], PATH)

    assert len(entry["checks"]) == 20
    assert entry["checks_left_out"] == 3
    assert entry["checks"][19]["manifest"] == "pipelines/number-19.osiris.yaml"
