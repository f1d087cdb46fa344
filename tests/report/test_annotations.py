"""Failures as GitHub Actions shows them: one line each, at the manifest's line, and nothing that is a command of somebody else."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest

from osiris_core.parity.record import RecordSet, Verdict
from osiris_core.report.annotations import annotation_lines
from tests.report.samples import divergent, record
from tests.report.test_hostile import PAYLOADS, with_every_string

ROOT = {"root": Path("/w/repo/sub"), "workspace": Path("/w/repo")}


def lines(*records, unmet=(), **options):
    return annotation_lines(RecordSet(records=records, unmet=unmet), **{**ROOT, **options})


def test_a_failure_is_shown_at_its_line_with_cause_and_command():
    """The file counts from the workspace, as GitHub wants it; what passes is not told."""
    failed = dataclasses.replace(divergent(), line=9)

    (line,) = lines(record("weather", Verdict.IDENTICAL), failed)

    assert line == (
        "::error file=sub/pipelines/flight-delays.osiris.yaml,line=9,title=DIVERGENT pipelines/flight-delays.osiris.yaml"
        "::step delays: column `day` differs in 14 of 16 rows; every value is shifted by one hour: the time zone is Europe/Prague on local and UTC on e2b"
        "%0Areproduce: osiris-parity run pipelines/flight-delays.osiris.yaml --target both"
    )


def test_a_manifest_outside_of_the_workspace_has_no_file():
    """GitHub could not show it there; the title names it all the same."""
    (line,) = lines(divergent(), root=Path("/elsewhere"))
    assert line.startswith("::error title=DIVERGENT pipelines/flight-delays.osiris.yaml::")


def test_a_missed_gate_comes_first():
    """It is about no file."""
    first, second = lines(divergent(), unmet=("50% of, at least: 2",))
    assert first == "::error title=osiris parity%3A not as asked for::50%25 of, at least: 2"
    assert second.startswith("::error file=")


def test_github_shows_ten_and_the_last_of_them_counts_the_rest():
    """Of ten failures all are told; of twelve nine, and that there are three more."""
    many = [dataclasses.replace(divergent(), manifest=f"m{number:02}") for number in range(12)]

    assert len(lines(*many[:10])) == 10
    told = lines(*many)
    assert len(told) == 10
    assert told[-1] == (
        "::error title=osiris parity::3 more failures not shown here: GitHub shows 10 errors of a step. The summary has all."
    )


def test_what_was_expected_to_fail_is_no_error():
    """A test that is marked `xfail` fails nothing."""
    assert lines(dataclasses.replace(divergent(), expected_failure=True)) == []


@pytest.mark.parametrize(
    "payload", [*PAYLOADS, "a,line=1::b", "%0A::error::x", "\n::stop-commands::x", "\r::warning::x"]
)
def test_nothing_out_of_a_record_is_a_command_or_a_property(payload):
    """One line, three properties, and a message in which every percent sign is escaped."""
    (line,) = lines(with_every_string(divergent(), payload))

    assert "\n" not in line
    assert "\r" not in line
    head, _, message = line.removeprefix("::").partition("::")
    assert re.fullmatch(r"error file=[^,:]*,line=1,title=[^,:]*", head) or re.fullmatch(r"error title=[^,:]*", head)
    assert re.search(r"%(?!25|0A)", message) is None
