from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from osiris_core.parity.record import Comparison, Finding, Layer, RecordSet, Verdict, WaiverUse
from osiris_core.report.terminal import FAILURE_LINES, failure_lines, summary_lines, waiver_lines
from osiris_core.report.text import visible, width_of
from tests.report.samples import comparison, divergent, local_run, record
from tests.report.test_hostile import PAYLOADS, with_every_string

SENTENCE = (
    "7 of 10 manifests behave the same; 1 diverges, 1 could not be decided, 1 could not run, "
    "1 agrees but is not as expected"
)


def test_the_table_has_a_row_for_each_manifest():
    """Verdict, first diverging step and the time on each target stand in one line, failures first."""
    lines = summary_lines(RecordSet(records=(record("weather", Verdict.IDENTICAL), divergent())), 104, None)
    assert lines[:3] == [
        "   manifest in pipelines/     verdict    first diverging step or reason               local ms    e2b ms",
        "≠  flight-delays.osiris.yaml  DIVERGENT  delays                                            436       618",
        "=  weather.osiris.yaml        IDENTICAL                                                    436       618",
    ]


def test_the_column_of_reasons_is_there_only_when_there_are_reasons():
    """When all is well, the room goes to the names."""
    lines = summary_lines(RecordSet(records=(record("weather", Verdict.IDENTICAL),)), 80, None)
    assert lines[:2] == [
        "   manifest                       verdict      local ms    e2b ms",
        "=  pipelines/weather.osiris.yaml  IDENTICAL         436       618",
    ]


def test_a_failure_says_what_where_both_values_the_hint_and_the_command():
    """Whoever reads one failure knows where to look and how to see it again."""
    assert failure_lines(divergent(), 100) == [
        "≠ pipelines/flight-delays.osiris.yaml:1: DIVERGENT",
        "    step delays: delays.df.day: column `day` differs in 14 of 16 rows",
        "    local: 2026-02-01",
        "      e2b: 2026-01-31",
        "    hint: every value is shifted by one hour: the time zone is Europe/Prague on local and UTC on e2b",
        "    1 cause, 2 effects",
        "    not compared in full: write-delays/model.bin: larger than 100 MiB, only its digest was compared",
        "    reproduce: osiris-parity run pipelines/flight-delays.osiris.yaml --target both",
    ]


def test_where_one_side_failed_its_error_stands_beside_it():
    """What to look for is the error, not that there is one."""
    finding = Finding(
        layer=Layer.OUTCOME,
        step="convert",
        code="outcome",
        path="outcome",
        message="differs",
        left="succeeded",
        right="failed",
    )
    local, e2b = divergent().targets
    failed = dataclasses.replace(
        divergent(),
        targets=(local, dataclasses.replace(e2b, error="[Errno 2] No such file or directory: 'rates.csv'")),
        comparison=Comparison(
            verdict=Verdict.DIVERGENT, findings=(finding,), findings_total=1, first_diverging_step="convert"
        ),
    )

    assert failure_lines(failed, 100)[2:4] == [
        "    local: succeeded",
        "      e2b: failed: [Errno 2] No such file or directory: 'rates.csv'",
    ]


def test_the_end_says_who_served_the_sandbox_and_where_the_report_is(records):
    """The last lines name the provider, the sentence and the file."""
    assert summary_lines(records, 200, Path("reports/parity.html"))[-3:] == [
        "e2b: embedded server, bubblewrap namespaces (the E2B API served on this machine, not E2B's cloud)",
        f"{SENTENCE}.",
        "report: reports/parity.html",
    ]


def test_a_waiver_that_no_record_needed_is_told(records):
    """One that met a difference anywhere in the run is still needed; one that met none has to go."""

    def with_waivers(name, *uses):
        return record(name, Verdict.IDENTICAL, comparison=comparison(Verdict.IDENTICAL, waivers=uses))

    def used(name, hits):
        return WaiverUse(name=name, reason="r", owner="ann", expires="2027-01-01", hits=hits)

    several = (with_waivers("a", used("x at a", 0), used("x at b", 0)), with_waivers("b", used("x at b", 3)))
    assert waiver_lines(several) == ["waiver x at a (ann): nothing differs there any more, remove it"]
    assert waiver_lines(records.records) == []


@pytest.mark.parametrize("width", [20, 60, 80, 100, 250])
def test_no_line_is_wider_than_the_terminal(records, width):
    """Every width from 60 on is kept; a narrower terminal gets lines for 60."""
    lines = summary_lines(records, width, None)
    assert max(map(width_of, lines)) <= max(width, 60)


def test_failures_are_short_even_with_long_values():
    """A failure takes at most eight lines, and the command is among them."""
    long = with_every_string(divergent(), "a long word " * 300)
    lines = failure_lines(long, 80)
    assert len(lines) <= FAILURE_LINES
    assert lines[-1].startswith("    reproduce: a long word")


@pytest.mark.parametrize("payload", [*PAYLOADS, "two\nlines"])
def test_hostile_text_cannot_reach_the_terminal(records, payload):
    """No control, terminal or bidirectional character is in a line, and no text makes a line of its own."""
    lines = summary_lines(with_every_string(records, payload), 80, None)
    assert all(visible(line) == line and "\n" not in line for line in lines)


def test_expectations_and_problems_are_reasons(records):
    """Without a difference to show, the failure says what was not met or not known."""
    by_name = {each.pipeline_id: each for each in records.records}
    assert "summary` has 0 rows" in failure_lines(by_name["daily-report"], 100)[1]
    assert "counts 16 events" in failure_lines(by_name["orders"], 100)[1]
    assert "torch==2.9" in failure_lines(by_name["customers"], 100)[1]


def test_one_target_has_one_column():
    """A run on local alone has no column for e2b and no verdict."""
    lines = summary_lines(RecordSet(records=(record("a", None, targets=(local_run(),)),)), 80, None)
    assert "e2b" not in lines[0]
    assert lines[1].split() == ["✓", "pipelines/a.osiris.yaml", "OK", "436"]
    assert lines[-1] == "The manifest ran as expected on local, compared with nothing."


def on(*names):
    return tuple(local_run(target=name) for name in names)


def test_two_targets_of_one_backend_have_heads_that_tell_them_apart():
    """Of a long name the end is shown, which is where two paths differ."""
    lines = summary_lines(
        RecordSet(records=(record("a", Verdict.IDENTICAL, targets=on("venv:envs/a", "venv:envs/b")),)), 80, None
    )
    assert lines[0].split()[-4:] == ["…nvs/a", "ms", "…nvs/b", "ms"]


def test_more_targets_than_columns_have_none():
    """Records of many runs put together: the times stand with each manifest in the page."""
    merged = RecordSet(
        records=(
            record("a", Verdict.IDENTICAL, targets=on("local", "e2b")),
            record("b", Verdict.IDENTICAL, targets=on("venv:a", "venv:b")),
        )
    )
    lines = summary_lines(merged, 80, None)
    assert not lines[0].rstrip().endswith("ms")
    assert max(map(width_of, lines)) <= 80


def test_an_empty_run_says_so():
    """Nothing checked is a sentence, not silence."""
    assert summary_lines(RecordSet(records=()), 80, None) == ["", "No manifest was checked."]
