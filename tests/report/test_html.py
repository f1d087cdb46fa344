from __future__ import annotations

import dataclasses
import os
import re
import subprocess
import sys

import pytest

from osiris_core.parity.record import BaselineState, BaselineUse, Comparison, HeldTarget, RecordSet, StepRun, Verdict
from osiris_core.report.html import render_html, style_text
from osiris_core.report.page import ALL_IN_FULL
from tests.report.samples import DIFF, comparison, divergent, e2b_run, local_run, record
from tests.report.structure import Structure


def page_of(*records, **facts) -> Structure:
    return Structure(render_html(RecordSet(records=records, **facts)))


def test_the_first_heading_is_the_sentence(records):
    """A reader who reads one line knows the result."""
    page = render_html(records)
    heading = page[page.index("<h1>") : page.index("</h1>")]
    expected = "7 of 10 manifests behave the same; 1 diverges, 1 could not be decided, 1 could not run, "
    assert expected + "1 agrees but is not as expected." in heading


def test_failures_come_first_with_their_causes_in_words(records):
    """Manifests stand in the order in which they need a reader; where several fail, all are one line and its cause."""
    page = Structure(render_html(records))
    manifests = [each for tag, each in page.elements if tag == "details" and each["class"].startswith("manifest ")]
    marks = [re.search(r"mark-(\w+)", str(each["class"])).group(1) for each in manifests]
    failing = ["divergent", "inconclusive", "infra", "unexpected"]
    assert marks == [*failing, "accepted", "equivalent", "identical", "identical", "identical", "identical"]
    assert ["open" in each for each in manifests] == [False] * 10
    causes = ("delays: column day differs in 14 of 16 rows; every value", "could not run on e2b: the declared")
    assert [each for each in causes if each not in page.text] == []


def test_a_single_failure_is_unfolded():
    """Where one manifest fails, a reader need not look for it."""
    page = page_of(record("a", Verdict.IDENTICAL), divergent())
    manifests = [each for tag, each in page.elements if tag == "details" and each["class"].startswith("manifest ")]
    assert ["open" in each for each in manifests] == [True, False]
    assert "link to pipelines/a.osiris.yaml" in page.values(
        "aria-label"
    )  # each says whose it is where links are listed


def test_a_passing_report_unfolds_nothing():
    """Where all is well, nothing pushes itself forward."""
    page = page_of(record("a", Verdict.IDENTICAL), record("b", Verdict.IDENTICAL))
    assert page.values("open") == []
    assert "All 2 manifests behave the same." in page.text


@pytest.mark.parametrize(
    ("provider", "isolation", "shown"),
    [
        (
            "embedded",
            "bubblewrap",
            "embedded server bubblewrap namespaces the E2B API served on this machine, not E2B's cloud",
        ),
        ("embedded", "plain", "embedded server plain processes, no isolation the E2B API served on this machine"),
        ("cloud", "microvm", "E2B cloud microVM sandboxes of E2B"),
        (
            "https://e2b.example",
            "unknown",
            "https://e2b.example isolation not known a self-hosted E2B API, not E2B's cloud",
        ),
    ],
)
def test_the_first_screen_says_who_served_the_sandbox(provider, isolation, shown):
    """An embedded run cannot be taken for a run in the cloud, nor a self-hosted server for E2B's."""
    targets = (local_run(), e2b_run(provider=provider, isolation=isolation))
    page = page_of(record("a", Verdict.IDENTICAL, targets=targets))
    first_screen = " ".join(page.text[: page.text.index("IDENTICAL")].split())
    assert f"e2b side {shown}" in first_screen
    assert ("E2B cloud" in first_screen) == (provider == "cloud")


def test_runs_of_several_providers_are_all_named():
    """Merged records of an embedded and of a cloud run show both."""
    cloud = record("b", Verdict.IDENTICAL, targets=(local_run(), e2b_run(provider="cloud", isolation="microvm")))
    text = page_of(record("a", Verdict.IDENTICAL), cloud).text
    assert text.index("E2B cloud") < text.index("embedded server") < text.index("IDENTICAL")


def test_everything_a_divergent_record_knows_is_shown():
    """Values, diff, hint, rules with examples, counts, what was not compared, places, requests and the command."""
    text = page_of(divergent(), created_at="2026-02-03T10:15:09Z", host={"duckdb": "1.4.2"}).text
    for expected in (
        "2026-02-03T10:15:09Z",
        "1.4.2",
        "column day differs in 14 of 16 rows",
        "every value is shifted by one hour",
        "here the targets part",
        "known-roots",
        "/home/jana/flights/data.csv",
        "it was not needed",
        "larger than 100 MiB, only its digest was compared",
        "Europe/Prague",
        "Hint",
        ".osiris/runs/20260203T101500Z-4f1c2a9e/e2b",
        "closure 31 ms, create 74 ms",
        "30.0 MiB, 17.8 KiB",
        "osiris-parity run pipelines/flight-delays.osiris.yaml --target both",
        "cause UNKNOWN",
        "isb7k2q9w1m4",
    ):
        assert expected in text, expected


def test_a_diff_shows_each_line_with_its_side():
    """Removed lines belong to the left target, added ones to the right, and the changed part is marked."""
    page = render_html(RecordSet(records=(divergent(),)))
    left = '<div class="l"><b>2</b><b class="also"></b><i>\N{MINUS SIGN}</i><span>AA,2026-<mark>02-01</mark>,1204</span></div>'
    right = '<div class="r"><b>2</b><b class="also"></b><i>+</i><span>AA,2026-<mark>01-31</mark>,1204</span></div>'
    assert left in page
    assert right in page
    assert page.count("<i>\N{MINUS SIGN}</i>") == DIFF.count("\n-")


def test_a_hidden_difference_is_visible():
    """A blank at the end of a value, which decides, is shown as a dot."""
    assert "<mark>01-31·</mark>" in render_html(RecordSet(records=(divergent(),)))


def test_a_target_that_could_not_run_says_why(records):
    """The reason of INFRA is on the page, and the target that never started has an empty lane, not an invented one."""
    infra = next(each for each in records.records if each.verdict is Verdict.INFRA)
    text = page_of(infra).text
    assert "The manifest could not run." in text
    assert "it left no session" in text
    assert "13 facts of local" in text  # a target without an environment does not differ in it
    assert "Environments that differ" not in text
    assert "the declared distribution torch==2.9 is not installed on this machine" in text


def test_a_step_that_one_target_never_reached_is_a_hole():
    """Steps are aligned by id; a missing one says absent."""
    targets = (local_run(), e2b_run(steps=e2b_run().steps[:2]))
    text = page_of(record("a", Verdict.DIVERGENT, passed=False, targets=targets)).text
    assert text.count("absent") == 1


def test_an_empty_run_is_a_page_too():
    """No manifest is no error, and never looks green."""
    page = render_html(RecordSet(records=()))
    assert "No manifest was checked." in page
    assert "is-good" not in page.split("</style>")[1]


def test_a_single_target_is_never_called_compared():
    """With one target there is no verdict: the page says that nothing was compared."""
    good = record("a", None, targets=(local_run(),), headline="as expected")
    bad = record(
        "b", None, targets=(local_run(),), passed=False, headline="local: no rows", expectation_failures=("no rows",)
    )
    page = page_of(good, bad)
    assert "1 of 2 manifests ran as expected on local, compared with nothing; 1 failed." in page.text
    assert "IDENTICAL" not in page.text
    assert "behave" not in page.text
    assert "What was compared" not in page.text


def test_a_manifest_that_never_started_is_not_called_a_run():
    """A manifest that cannot be read has no target: the page says what is wrong and claims nothing else."""
    page = page_of(record("a", None, targets=(), passed=False, headline="a.osiris.yaml:3:1: unknown key `stpes`"))
    assert "1 manifest could not be started." in page.text
    assert "unknown key stpes" in page.text
    assert "Where it ran" not in page.text


def test_a_line_feed_that_decides_is_visible():
    """Two values that differ in the last line feed alone do not look alike."""
    finding = dataclasses.replace(divergent().comparison.findings[0], left="12\n", right="12")
    broken = comparison(Verdict.DIVERGENT, findings=(finding,), findings_total=1)
    assert "12<mark>↵</mark>" in render_html(RecordSet(records=(record("a", Verdict.DIVERGENT, comparison=broken),)))


def test_equal_environments_are_shown_once():
    """Ten manifests in one pair of environments share one section, and each links to it."""
    page = page_of(*[record(f"m{number}", Verdict.IDENTICAL) for number in range(10)])
    assert [each for each in page.values("id") if each.startswith("environment-")] == ["environment-1"]
    assert page.values("href").count("#environment-1") == 10


def test_ids_are_unique_and_every_link_finds_one(records):
    """Deep links work: no id occurs twice, not even for a manifest that occurs twice, and none dangles; what begins with `?` is a query."""
    twice = dataclasses.replace(records, records=(*records.records, divergent()))
    page = Structure(render_html(twice))
    ids = page.values("id")
    assert len(ids) == len(set(ids))
    assert {href[1:] for href in page.values("href") if href.startswith("#") and href[1] != "?"} <= set(ids)


def test_the_anchor_of_a_manifest_depends_on_its_name_alone(records):
    """A link from yesterday's report finds the manifest in today's."""
    anchor = "m-pipelines-weather-"
    alone = page_of(record("weather", Verdict.INFRA, passed=False)).values("id")
    among = Structure(render_html(records)).values("id")
    there = [each for each in alone if re.fullmatch(rf"{anchor}[0-9a-f]+(-s-.*)?", each)]
    assert there[:2] == ["m-pipelines-weather-3d2498", "m-pipelines-weather-3d2498-s-read-flights"]
    assert set(there) <= set(among)


def test_the_same_records_make_the_same_page(records, tmp_path):
    """Neither time nor hash order is in a page: another process makes the same bytes."""
    code = (
        "import sys; from tests.report.samples import sample; from osiris_core.report.html import render_html;"
        "sys.stdout.buffer.write(render_html(sample()).encode())"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "4711", "PYTHONPATH": os.pathsep.join(sys.path)}
    other = subprocess.run([sys.executable, "-c", code], env=environment, check=True, capture_output=True).stdout
    assert other.decode() == render_html(records)


def test_a_large_report_shows_passing_manifests_in_brief_and_says_so():
    """With many manifests the failures keep everything, the others say where the rest is."""
    many = [record(f"m{number}", Verdict.IDENTICAL) for number in range(ALL_IN_FULL)]
    page = render_html(RecordSet(records=(*many, divergent())))
    assert page.count("<small>In brief; its sessions:") == ALL_IN_FULL
    assert page.count('<p class="quiet">All in brief, because this report has many manifests') == 1
    assert page.count('<figure class="timeline">') == 1
    few = render_html(RecordSet(records=tuple(many[:2])))
    assert "<small>In brief" not in few
    assert "in brief, because" not in few


def test_the_style_asks_the_root_for_nothing_that_may_be_anywhere():
    """What `:root:has()` looks for has a way of children: else a browser goes through the whole page for it, at each addition."""
    asked = re.findall(r":(?:root|html|body):has\((.*?) *\)", style_text().replace(":checked", ""))
    assert len(asked) == 3
    assert all(way.startswith("> body > header > ") and " > " in way for way in asked)
    assert [way for way in asked if re.search(r"[^> ] +[^> ]", way)] == []


def test_surplus_findings_are_told_with_numbers():
    """What the page leaves out is counted: 60 findings, 50 shown, 1,204 in all."""
    finding = divergent().comparison.findings[0]
    broken = comparison(Verdict.DIVERGENT, findings=(finding,) * 60, findings_total=1_204)
    text = page_of(record("a", Verdict.DIVERGENT, passed=False, comparison=broken)).text
    assert "10 more differences like it are counted and not shown here" in text
    assert "The record holds 60 of 1,204 differences." in text


def test_a_step_that_parts_from_its_baseline_is_not_said_to_part_the_targets():
    """The tag beside the step says what differs from what."""
    held = HeldTarget(target="local", comparison=Comparison(verdict=Verdict.DIVERGENT, first_diverging_step="only"))
    run = local_run(steps=(StepRun(id="only", driver="python.callable", needs=(), state="succeeded"),))
    alone = record("a", None, targets=(run,), passed=False)
    alone = dataclasses.replace(alone, baseline=BaselineUse(path="b", state=BaselineState.DIFFERS, held=(held,)))

    text = page_of(alone).text

    assert "here it parts from its baseline" in text
    assert "here the targets part" not in text
