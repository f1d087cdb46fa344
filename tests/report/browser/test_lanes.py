"""The step inspector in a browser: nothing is decoded before it is asked for, and what is shown is what the sessions hold."""

from __future__ import annotations

import base64
import dataclasses
import gzip

import pytest

from osiris_core.parity.exhibit.model import Exhibit
from osiris_core.parity.record import RecordSet, Verdict
from osiris_core.report.html import render_html
from tests.report.exhibits import TARGETS, of_lines, small
from tests.report.samples import divergent, record

LONG = 12_000
COUNT_DECODING = """
globalThis.decoded = 0;
globalThis.DecompressionStream = class extends DecompressionStream { constructor(form) { super(form); globalThis.decoded += 1; } };
"""
PRESSED = """(buttons) => buttons.filter((each) => getComputedStyle(each).outlineStyle === "solid").map((each) => each.textContent)"""
"""The buttons that have an outline."""


@pytest.fixture(scope="session")
def lanes_page(tmp_path_factory):
    """A page with a small manifest and a long one; returns the file and the anchors of both."""
    long = dataclasses.replace(divergent(), manifest="pipelines/long.osiris.yaml")
    records = RecordSet(records=(divergent(), long))
    html = render_html(records, read=lambda record, _: of_lines(LONG) if record.manifest == long.manifest else small())
    page = tmp_path_factory.mktemp("lanes") / "parity.html"
    page.write_text(html, "utf-8")
    anchors = [part.partition('"')[0] for part in html.split('data-manifest="')[1:]]
    return page, anchors


@pytest.fixture
def inspector(opened, lanes_page):
    """The page with the inspector of the small manifest unfolded, at the log of `delays`."""
    file, (small_anchor, _) = lanes_page
    page = opened(f"{file.as_uri()}#{small_anchor}/delays/log")
    page.locator(f"{lines(small_anchor)} .lane-row.is-current").wait_for()
    return page


def lines(anchor: str) -> str:
    return f'.lines[data-manifest="{anchor}"]'


def rows(page) -> list[str]:
    """All rows in sight of the open inspector: their cells with bars between them."""
    return page.eval_on_selector_all(
        ".lines[open] .lane-rows .lane-row",
        "rows => rows.map((row) => [...row.children].map((cell) => cell.textContent).join('|'))",
    )


def press(page, name) -> None:
    page.locator(".lines[open] .lane-tool button", has_text=name).first.click()


def test_nothing_is_decoded_before_it_is_asked_for(opened, lanes_page):
    """Opening a page decodes no chunk; a small manifest takes one, and a long one those of the stream that is shown."""
    file, anchors = lanes_page
    page = opened(f"{file.as_uri()}#{anchors[0]}")
    page.add_init_script(COUNT_DECODING)
    page.reload()
    assert page.evaluate("decoded") == 0
    page.locator(f"{lines(anchors[0])} > summary").click()
    page.locator(".lane-row.is-current").wait_for()
    assert page.evaluate("decoded") == 1
    page.evaluate(f"location.hash = '#{anchors[1]}/delays/log/L9000'")
    page.locator(f"{lines(anchors[1])} .lane-row.is-current").wait_for()
    assert page.evaluate("decoded") == 4  # 12,000 lines are three chunks
    assert "9000" in page.locator(f"{lines(anchors[1])} .lane-row.is-current").inner_text()


def test_a_link_names_a_line_and_the_line_is_shown_whole(inspector):
    """An address goes on behind the manifest with step, kind and line; what it names is unfolded, chosen and explained."""
    page = inspector
    anchor = page.locator(".lines[open]").get_attribute("data-manifest")
    page.evaluate(f"location.hash = '#{anchor}/delays/log/L31'")
    page.locator(".lane-rules").wait_for()
    detail = page.locator(".lines[open] .lane-detail").inner_text()
    assert "log of delays, ~ set aside by a rule" in detail
    assert "local, line 31\nINFO delays wrote /home/jana/out" in detail
    assert "INFO delays wrote <project>/out" in detail
    assert "known-roots — paths of the two machines in log and printed text become names" in detail
    assert page.locator(".lane-detail .here").get_attribute("href") == f"#{anchor}/delays/log/L31"
    page.evaluate(f"location.hash = '#{anchor}/delays/log/R60'")
    page.locator(".lane-detail", has_text="no such line").wait_for()
    assert "e2b, line 60\nWARNING delays only 2 CPUs" in page.locator(".lines[open] .lane-detail").inner_text()
    for written, told in (
        ("delays/log/L999", "names L999, which is none of the 61 lines that this page has of the log of delays."),
        ("delays/nothing/L1", "names nothing of delays, which is not here; this is the config of delays."),
        ("unload/log/L1", "names the step unload, and there are no lines of such a step here."),
    ):
        page.evaluate(f"location.hash = '#{anchor}/{written}'")
        page.locator(".lane-tool .notice", has_text=told).wait_for()


def test_the_switches_change_what_is_shown(inspector):
    """Only differences fold what is equal; unified puts the sides below each other; raw and normalized are two texts."""
    page = inspector
    wrote = "31|INFO delays wrote {0}/out|~|31|INFO delays wrote {1}/out"
    assert rows(page)[:2] == ["⋯ 28 equal lines", "29|INFO delays carrier 029 read|=|29|INFO delays carrier 029 read"]
    assert rows(page)[3] == wrote.format("<project>", "<project>")
    assert rows(page)[4] == "32|INFO delays first day is 2026-02-01|≠|32|INFO delays first day is 2026-01-31·"
    assert rows(page)[-1] == "||+|60|WARNING delays only 2 CPUs"
    press(page, "raw")
    page.emulate_media(forced_colors="active")  # there borders and shadows are all alike
    assert page.eval_on_selector_all(".lines[open] .lane-tool button", PRESSED) == [
        "≠ 8 delays",
        "≠ 4 log 60 | 60",
        "raw",
        "side by side",
    ]
    page.emulate_media(forced_colors="none")
    assert rows(page)[3] == wrote.format("/home/jana", "/home/user")
    marks = ".lines[open] .lane-row:nth-child(5) mark"
    assert page.locator(marks).all_inner_texts() == ["2-01", "1-31·"]
    press(page, "unified")
    assert rows(page)[3:7] == [
        "31||~|INFO delays wrote /home/jana/out",
        "|31|~|INFO delays wrote /home/user/out",
        "32||−|INFO delays first day is 2026-02-01",  # noqa: RUF001 - the sign of the left side
        "|32|+|INFO delays first day is 2026-01-31·",
    ]
    press(page, "only what rules changed")
    assert rows(page) == [
        "⋯ 30 lines that no rule changed",
        "31||~|INFO delays wrote /home/jana/out",
        "|31|~|INFO delays wrote /home/user/out",
        "⋯ 30 lines that no rule changed",
    ]
    press(page, "side by side")
    press(page, "normalized")
    page.locator(".lines[open] .lane-only input").uncheck()
    assert page.locator(".lane-table").get_attribute("aria-rowcount") == "62"
    assert rows(page)[0] == "1|INFO delays carrier 001 read|=|1|INFO delays carrier 001 read"


def test_events_are_read_by_name_and_fields(inspector):
    """Normalized, an event is its name and what it says; raw it is its line; in full, the fields that differ are a table, which keys scroll where it is too wide."""
    page = inspector
    page.locator(".lines[open] .picks button", has_text="events").click()
    page.locator(".lines[open] .lane-detail .pairs").wait_for()
    assert rows(page) == ["1|step_start|~|1|step_start", "2|step_complete rows=16|≠|2|step_complete rows=15"]
    assert page.locator(".lines[open] .lane-detail .pairs tbody tr").all_inner_texts() == ["rows\t16\t15"]
    page.set_viewport_size({"width": 240, "height": 800})  # narrower than its columns: keys scroll it
    page.wait_for_function("() => document.querySelector('.lines[open] .lane-detail .scroll').tabIndex === 0")
    assert "schema — " not in page.locator(".lines[open] .lane-detail").inner_text()  # a rule without a reason has none
    press(page, "raw")
    first = '{{"ts": "2026-02-03T10:15:{0}Z", "event": "step_start"}}'
    assert rows(page)[0] == f"1|{first.format('00.000001')}|~|1|{first.format('02.000007')}"
    press(page, "only what rules changed")
    marks = page.locator(".lines[open] .lane-rows mark.is-set-aside").all_inner_texts()
    assert marks[:2] == ["2026-02-03T10:15:00.000001Z", "2026-02-03T10:15:02.000007Z"]


def test_a_long_list_has_few_elements_and_scrolls(opened, lanes_page):
    """Of 12,000 rows those in sight are elements, at the end as at the start; keys move through them."""
    file, (_, anchor) = lanes_page
    page = opened(f"{file.as_uri()}#{anchor}/delays/log/L1000")
    page.locator(".lane-row.is-current").wait_for()
    shown = 1 + 11 * 7 + 4 + 12  # the head, 11 differences with 3 lines around, that of the last line, and 12 folds
    assert page.locator(".lane-table").get_attribute("aria-rowcount") == str(shown)
    page.locator(".lane-only input").uncheck()
    assert page.locator(".lane-table").get_attribute("aria-rowcount") == str(LONG + 1)
    viewport = page.locator(".lane-rows")
    for key in ("End", "Home", "PageDown"):
        viewport.press(key)
        page.wait_for_function(
            "(at) => { const e = document.querySelector('.lane-rows'); return at === 'End' ? e.scrollTop + e.clientHeight >= e.scrollHeight - 1 : at === 'Home' ? e.scrollTop === 0 : e.scrollTop > 300 }",
            arg=key,
        )
        page.wait_for_function("() => document.querySelectorAll('.lane-rows .lane-row').length >= 20")
        assert page.locator(".lane-rows .lane-row").count() <= 60
    viewport.press("ArrowDown")
    assert page.locator(".lane-row.is-current").get_attribute("aria-rowindex") == "1002"  # line 1001, below the head


def test_search_counts_what_is_there(inspector):
    """Lines of all streams of the manifest, and of all manifests, whatever case they are written in."""
    page = inspector
    page.locator(".lines[open] input[type=search]").fill("CARRIER 0")
    page.locator(".lane-tool output", has_text="56 lines, 56 of them here").wait_for()
    page.locator(".lines[open] input[type=search]").fill("delays.csv")
    page.locator(".lane-tool output", has_text="2 lines, 0 of them here").wait_for()
    assert page.locator(".lines[open] .picks button", has_text="1 found").all_inner_texts() == [
        "≠ 1 config 4 | 4 1 found",
        "≠ 2 artifacts 2 | 1 1 found",
    ]
    field = page.locator("#line-search input")
    field.fill("row 77")  # 77, 770 to 779, 7700 to 7799
    page.locator("#line-search output", has_text="111 lines in 1 manifest").wait_for()
    field.fill("\u202e")  # as it may be pasted; the page shows a mark for it
    page.locator("#line-search output", has_text="1 line in 1 manifest").wait_for()
    field.fill("<project>")
    page.locator("#line-search output", has_text="1 line in 1 manifest").wait_for()
    page.locator("#line-search .line-hits ul a").click()
    page.locator(".lane-rules").wait_for()
    assert page.locator(".lane-row.is-current").inner_text().startswith("31")


def test_a_chunk_that_is_damaged_leaves_a_sentence(opened, lanes_page, tmp_path):
    """A page that was cut or changed says so where the lines would be, and everything else works."""
    file, (anchor, _) = lanes_page
    html = file.read_text("utf-8")
    damaged = tmp_path / "damaged.html"
    start = html.index('id="bulk-0">') + len('id="bulk-0">')
    damaged.write_text(
        html[:start] + base64.b64encode(gzip.compress(b"x")[:12]).decode() + html[html.index("</script>", start) :],
        "utf-8",
    )
    page = opened(f"{damaged.as_uri()}#{anchor}")
    page.locator(f"{lines(anchor)} > summary").click()
    page.locator(".lane-tool .notice").wait_for()
    assert "part 0 of the lines in this page cannot be read" in page.locator(".lane-tool .notice").inner_text()
    page.locator("#line-search input").fill("x")
    page.locator("#line-search output", has_text="part 0 of the lines").wait_for()
    page.locator("#search").fill("carrier")
    page.locator("#trouble", has_text="so not all lines were searched").wait_for()
    assert "part 0 of the lines in this page cannot be read" in page.locator("#trouble").inner_text()


@pytest.mark.parametrize("written", ['{"keys":', "", "null"])
def test_without_its_data_the_script_still_works(opened, lanes_page, tmp_path, written):
    """Keys are not known then, which the search says; words are found all the same, and so are lines."""
    file, (anchor, _) = lanes_page
    html = file.read_text("utf-8")
    for name in ("search-index", "as-text"):
        start = html.index(f'id="{name}">') + len(f'id="{name}">')
        html = html[:start] + written + html[html.index("</script>", start) :]
    damaged = tmp_path / "damaged.html"
    damaged.write_text(html, "utf-8")
    page = opened(damaged.as_uri())
    page.locator("#search").fill("step:delays")
    page.locator("#trouble", has_text="There is no key step:").wait_for()
    page.locator("#search").fill("long.osiris.yaml")
    page.locator("#shown", has_text="1 of 2 manifests").wait_for()
    page.locator("#search").fill("")
    page.locator(f"#{anchor} > summary").click()
    page.locator(f"{lines(anchor)} > summary").click()
    page.locator(".lane-row.is-current").wait_for()


def test_lines_of_a_manifest_in_brief_are_reached(opened, tmp_path):
    """In a report of many manifests they are unfolded, linked and found as those of others, and told without the script."""
    many = RecordSet(records=tuple(record(f"m{number}", Verdict.IDENTICAL) for number in range(201)))
    html = render_html(many, read=lambda each, _: small() if "m7." in each.manifest else Exhibit(targets=TARGETS))
    file = tmp_path / "many.html"
    file.write_text(html, "utf-8")
    (anchor,) = (part.partition('"')[0] for part in html.split('data-manifest="')[1:])
    page = opened(f"{file.as_uri()}#{anchor}/delays/log/L31")
    page.locator(".lane-rules").wait_for()
    assert page.locator(".lane-row.is-current").inner_text().startswith("31")
    page.locator("#search").fill("carrier 03")
    page.locator("#shown", has_text="1 of 201 manifests").wait_for()
    plain = opened(f"{file.as_uri()}#{anchor}", java_script_enabled=False)
    assert "(75 lines, 8 differ" in plain.inner_text(f"#{anchor} > .body")


def test_without_the_script_a_sentence_says_where_the_lines_are(opened, lanes_page):
    """The page alone says how many lines there are, how many differ, and where they lie."""
    file, (anchor, _) = lanes_page
    page = opened(file.as_uri(), java_script_enabled=False)
    page.locator(f"#{anchor} > summary").click()
    whole = page.locator(lines(anchor))
    whole.locator("summary").click()
    text = whole.inner_text()
    assert "(75 lines, 8 differ, 2 equal but for times and what rules set aside)" in text
    assert "they were read from .osiris/runs/20260203T101500Z-4f1c2a9e/local and " in text
    assert page.locator("#line-search").is_hidden()
