"""The Markdown summary: what failed first, nothing of it markup, and never larger than GitHub takes."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest
from markdown_it import MarkdownIt

from osiris_core.errors import UsageError
from osiris_core.parity.record import Comparison, RecordSet, ReportSection, Verdict, WaiverUse
from osiris_core.report.files import append_summary, write_summary
from osiris_core.report.html import render_html
from osiris_core.report.markdown import LEAST_BYTES, block, render_markdown
from tests.report.samples import divergent, record, sample
from tests.report.structure import Structure
from tests.report.test_hostile import PAYLOADS, with_every_string

if TYPE_CHECKING:
    from pathlib import Path

MARKDOWN_PAYLOADS = [
    *PAYLOADS,
    "a | b | c",
    r"a \| b \\| c",
    "` `` ```",
    "x`y|z",
    "```\n# heading\n```",
    "~~~",
    "[click](javascript:alert(1)) ![i](//evil.example/i.png)",
    "<//evil.example> https://evil.example www.evil.example me@evil.example",
    "@everyone #1 :tada: **bold** _it_ ~~gone~~",
    "line\n\n# heading\n\n- item",
    "\r\n::error::x",
    "$x$ $$y$$",
    "   ",
    "",
]


def rendered(text: str) -> Structure:
    """Return what a renderer of GitHub's Markdown makes of a text, raw HTML let through."""
    return Structure(MarkdownIt("gfm-like", {"html": True, "linkify": False}).render(text))


def test_a_summary_says_what_failed_first_why_and_how_to_see_it_again():
    """A sentence, the counts, a table with the failures on top, and each failure as the terminal explains it."""
    text = render_markdown(
        RecordSet(records=(record("weather", Verdict.IDENTICAL), divergent())), report="r/p.html", link="r/p.html"
    )

    assert text == (
        "## ✗ osiris parity: 1 of 2 manifests behave the same; 1 diverges\n\n"
        "≠ 1 DIVERGENT · = 1 IDENTICAL\n\n"
        "- `e2b: embedded server, bubblewrap namespaces (the E2B API served on this machine, not E2B's cloud)`\n"
        "\n| | manifest | verdict | first cause |\n|---|---|---|---|\n"
        "| ≠ | `pipelines/flight-delays.osiris.yaml` | DIVERGENT | `step delays: column 'day' differs in 14 of 16 rows; every value is shifted by one hour: the time zone is Europe/Prague on local and UTC on e2b` |\n"
        "| = | `pipelines/weather.osiris.yaml` | IDENTICAL |  |\n"
        "\n### What failed\n\n"
        "```text\n"
        "≠ pipelines/flight-delays.osiris.yaml:1: DIVERGENT\n"
        "    step delays: delays.df.day: column `day` differs in 14 of 16 rows\n"
        "    local: 2026-02-01\n"
        "      e2b: 2026-01-31\n"
        "    hint: every value is shifted by one hour: the time zone is Europe/Prague on local and UTC on e2b\n"
        "    1 cause, 2 effects\n"
        "    not compared in full: write-delays/model.bin: larger than 100 MiB, only its digest was compared\n"
        "    reproduce: osiris-parity run pipelines/flight-delays.osiris.yaml --target both\n"
        "```\n\n"
        "Report: [`r/p.html`](<r/p.html>)\n"
    )


def test_a_missed_gate_stands_on_top_of_passing_manifests():
    """The run is not good, whatever its records say."""
    records = RecordSet(records=(record("weather", Verdict.IDENTICAL),), unmet=("1 manifest was compared, ...",))

    lines = render_markdown(records).splitlines()

    assert lines[0] == "## ✗ osiris parity: The manifest behaves the same"
    assert lines[2] == "**Not as asked for:** `1 manifest was compared, ...`"
    assert render_markdown(dataclasses.replace(records, unmet=())).startswith("## ✓ ")


@pytest.mark.parametrize("payload", MARKDOWN_PAYLOADS)
def test_nothing_out_of_a_record_becomes_markup(payload):
    """Rendered with raw HTML let through, a hostile record has the same elements as a harmless one, and shows its text."""
    records = dataclasses.replace(sample(), unmet=("x",))
    harmless = rendered(render_markdown(with_every_string(records, "word")))
    hostile = rendered(render_markdown(with_every_string(records, f"a{payload}b")))

    assert hostile.shape == harmless.shape
    assert "\x1b" not in hostile.text
    assert "\u202e" not in hostile.text


def test_the_look_at_markup_would_see_it():
    """A summary that printed names as they are would have other elements."""
    text = render_markdown(with_every_string(sample(), "word"))

    assert rendered(text.replace("`word`", "<script>x</script>")).shape != rendered(text).shape
    assert rendered(text.replace("`word`", "a | b")).shape != rendered(text).shape
    assert rendered(text.replace("`word`", "**b**")).shape != rendered(text).shape


@pytest.mark.parametrize("payload", [r"a|b \| `c` \\| d", "``` x ```", "<b>&amp;"])
def test_what_stands_in_code_is_what_was_there(payload):
    """Escaping changes nothing that a reader sees."""
    shown = rendered(
        render_markdown(RecordSet(records=(dataclasses.replace(record("x", Verdict.IDENTICAL), manifest=payload),)))
    )

    assert payload in shown.text


def test_a_summary_that_would_be_too_large_says_how_much_is_missing():
    """The rows that pass are left out first, and counted; failures of one kind each are explained up to 25."""
    good = [record(f"p{number:05}", Verdict.IDENTICAL) for number in range(1_500)]
    bad = [
        record(f"bad{'x' * number}", Verdict.IDENTICAL, passed=False, expectation_failures=(f"s{'o' * number} bad",))
        for number in range(30)
    ]

    text = render_markdown(RecordSet(records=(*good, *bad)), limit_bytes=64 * 1024)

    assert len(text.encode()) <= 64 * 1024
    assert text.count("\n| ✗ | `pipelines/bad") == 30
    assert text.count("```text") == 25
    shown = text.count("| IDENTICAL |")
    assert f"{1_500 - shown:,} more manifests, 0 of them failing, left out of the table" in text
    assert "larger than 64.0 KiB" in text
    few = render_markdown(RecordSet(records=tuple(bad)))
    assert few.count("```text") == 25
    assert "5 more failures not explained here." in few


def test_the_summary_of_a_step_is_appended_within_its_limit(tmp_path: Path):
    """What others wrote stays; where they left too little room, that is a sentence."""
    step = tmp_path / "step.md"
    step.write_text("# Build\n")

    append_summary(sample(), step, report="p.html", link="https://host/o/r/actions/runs/1#artifacts")
    append_summary(sample(), step)

    text = step.read_text()
    assert text.startswith("# Build\n\n## ✗ osiris parity")
    assert text.count("## ✗ osiris parity") == 2
    assert "Report: [`p.html`](<https://host/o/r/actions/runs/1#artifacts>)\n" in text
    step.write_bytes(b"x" * (1024 * 1024 - 9000))
    append_summary(sample(), step)
    assert step.stat().st_size <= 1024 * 1024
    step.write_bytes(b"x" * (1024 * 1024 - 8000))
    with pytest.raises(UsageError, match=r"has no room left: GitHub takes 1\.0 MiB of a step"):
        append_summary(sample(), step)


def test_a_summary_links_to_the_report_from_where_it_lies(tmp_path: Path):
    """Blanks and brackets in its name do not end the link."""
    write_summary(sample(), tmp_path / "out" / "s.md", report=tmp_path / "a page (1).html")

    assert "Report: [`../a page (1).html`](<../a%20page%20%281%29.html>)\n" in (tmp_path / "out" / "s.md").read_text()
    with pytest.raises(UsageError, match="the summary cannot be written to"):
        write_summary(sample(), tmp_path / "out")


def test_waivers_that_end_soon_are_named():
    """With owner and day; the next to end first."""
    use = WaiverUse(name="a at b", reason="r", owner="ann", expires="2026-01-06", hits=1, days_left=5)
    compared = Comparison(verdict=Verdict.ACCEPTED, waivers=(use,))

    records = RecordSet(records=(record("x", Verdict.ACCEPTED, comparison=compared),))

    said = "waiver a at b (ann): ends in 5 days, on 2026-01-06; then its difference fails again"
    assert f"- `{said}`\n" in render_markdown(records)
    assert f"<li>{said}</li>" in render_html(records)


def test_what_plugins_say_is_there_too():
    """As text, and bounded: the report has all of it."""
    section = ReportSection(title="Cost", text="in all", columns=("step", "cents"), rows=(("a|b", "3"),) * 50)

    text = render_markdown(RecordSet(records=(record("x", Verdict.IDENTICAL),), sections=(section,)))

    assert "\n### `Cost`\n\n```text\nin all\nstep | cents\na|b | 3\n" in text
    assert text.count("a|b | 3\n") == 38
    assert "\n... 12 more lines\n```\n" in text


def test_a_block_cannot_be_closed_from_within():
    """Its fence is longer than any row of backquotes in it."""
    (fence,) = rendered(block(["```", "````", "# heading"])).values("class")

    assert fence == "language-text"
    assert rendered(block(["```", "````", "# heading"])).text.strip() == "```\n````\n# heading"


def test_the_smallest_summary_still_says_something():
    """Also where everything in it is as long as it may be."""
    hostile = with_every_string(dataclasses.replace(sample(), unmet=("x",) * 50, note="x"), "|`<" * 1000)

    text = render_markdown(hostile, report="|" * 300, link="x" * 600, limit_bytes=LEAST_BYTES)

    assert text.startswith("## ✗ osiris parity: ")
    assert len(text.encode()) <= LEAST_BYTES
    assert "10 more manifests, 4 of them failing, left out of the table" in text


def test_what_follows_a_table_or_a_list_is_no_part_of_it():
    """Where all is well, and where there is nothing."""
    good = RecordSet(records=(record("weather", Verdict.IDENTICAL),))
    none = RecordSet(records=(), remarks=("a remark",))

    for records in (good, none):
        page = rendered(render_markdown(records, report="p.html", link="p.html"))
        assert page.elements[-3][0] == "p"
        assert [tag for tag, _ in page.elements[-2:]] == ["a", "code"]
