"""What a reader sees of a triage: the cause, its two values, what to do, and the command that shows it."""

from __future__ import annotations

import dataclasses

from osiris_core.parity.record import RecordSet, Triage, TriageFactor, Verdict
from osiris_core.report.html import render_html
from osiris_core.report.terminal import failure_lines
from tests.report.samples import divergent, record

COMMAND = "TZ=Etc/UTC osiris-parity run pipelines/flight-delays.osiris.yaml --target local"
FOUND = Triage(
    cause="ENVIRONMENT(time zone)",
    factors=(TriageFactor(name="time zone", left="Europe/Prague", right="Etc/UTC", fix="write times in UTC"),),
    evidence=("with time zone as on e2b, local did what e2b did, in 4 of 4 runs",),
    bound="in 3 reruns of each target no difference",
    not_tried=("limits: they cannot be raised",),
    runs=11,
    elapsed_s=14.5,
    command=COMMAND,
)


def triaged(found=FOUND):
    """A record that diverges, and was triaged."""
    return dataclasses.replace(divergent(), cause=found.cause, triage=found)


def test_the_terminal_says_cause_both_values_and_what_to_do():
    """In one line, in place of the hint, and with the command that shows it."""
    lines = failure_lines(triaged(), 120)

    assert "    cause: ENVIRONMENT(time zone), Europe/Prague | Etc/UTC: write times in UTC" in lines
    assert f"    shown by: {COMMAND}" in lines
    assert not any("hint:" in line for line in lines)
    assert len(lines) <= 9


def test_what_to_do_is_not_cut_off_by_a_narrow_terminal():
    """A factor's two values and the repair have two lines."""
    lines = failure_lines(triaged(), 60)

    assert "write times in UTC" in " ".join(" ".join(lines).split())


def test_a_cause_without_factors_says_what_it_rests_on():
    """The terminal tells the evidence, and keeps the hint."""
    found = Triage(cause="UNKNOWN", evidence=("stopped: 60 reruns were made, and no more are allowed",))
    lines = failure_lines(triaged(found), 120)

    assert "    cause: UNKNOWN, stopped: 60 reruns were made, and no more are allowed" in lines
    assert any("hint:" in line for line in lines)


def test_a_target_that_differs_from_itself_is_what_the_failure_says():
    """Not what differs between the targets: nothing follows from that."""
    said = "local differs from itself in rerun 1 at step draw: a.csv: other text"
    unstable = dataclasses.replace(
        divergent(),
        verdict=Verdict.NONDETERMINISTIC,
        headline=f"{said}.",
        cause="",
        triage=Triage(cause="NONDETERMINISTIC", evidence=(said,), unstable=("local",), step="draw"),
    )

    assert failure_lines(unstable, 120)[1] == f"    {said}."


def test_the_page_has_everything_that_was_found():
    """Factors with both values, the sentences, the bound, what was not tried, how many runs, the command."""
    page = render_html(RecordSet(records=(triaged(),)))

    for text in (
        "ENVIRONMENT(time zone)",
        "Europe/Prague",
        "write times in UTC",
        "in 4 of 4 runs",
        "in 3 reruns of each",
    ):
        assert text in page
    assert "not tried: limits: they cannot be raised" in page
    assert "11 reruns" in page
    assert COMMAND in page
    assert "not yet looked for" not in page


def test_a_record_that_was_not_triaged_says_so():
    """Its cause was not looked for."""
    assert "(not yet looked for)" in render_html(
        RecordSet(records=(dataclasses.replace(divergent(), cause="UNKNOWN"),))
    )
    assert "Where it comes from" not in render_html(RecordSet(records=(record("weather", Verdict.IDENTICAL),)))
