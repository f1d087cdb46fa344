from __future__ import annotations

import dataclasses

import pytest
from axe_playwright_python.sync_playwright import Axe

from osiris_core.parity.record import RecordSet, Verdict
from osiris_core.parity.since import Kept, history, runs_of, since
from osiris_core.report.files import write_report
from osiris_core.report.history import seen_in
from tests.report.samples import record


@pytest.fixture
def since_page(records, tmp_path):
    """The sample's page, held against an older run in which less failed, and other versions ran; before that one lies another in which all passed."""
    alike = (record("flight-delays", Verdict.IDENTICAL), record("gone", Verdict.INFRA, comparison=None))
    old = dataclasses.replace(records, records=(*alike, *records.records[4:]), host={"python": "3.10.2"})
    passed = tuple(record(each.pipeline_id, Verdict.IDENTICAL) for each in records.records)
    runs = [
        Kept(name=name, unit="", made=f"2026-02-0{day}T10:00:00Z", shard="", seen=seen_in(RecordSet(records=found)))
        for day, (name, found) in enumerate(
            [("older.json", passed), ("old.json", old.records), ("now", records.records)], 1
        )
    ]
    *past, now = runs_of(runs)
    changed = dataclasses.replace(since(old, records, "old.json"), history=history(past, now))
    return write_report(records, tmp_path / "since.html", since=changed).html


def test_what_changed_is_three_clicks_from_its_difference(opened, since_page):
    """From the sentence to the list, and from the list to the manifest, which unfolds; nothing runs over a narrow screen, and axe-core finds nothing."""
    page = opened(since_page.as_uri(), viewport={"width": 400, "height": 800}, color_scheme="dark")
    page.get_by_role("link", name="What changed").click()
    change = page.get_by_role("listitem").filter(has_text="newly diverges").first
    assert "IDENTICAL, now DIVERGENT at step delays" in change.inner_text()
    page.evaluate("document.querySelectorAll('details.manifest.fails').forEach(each => { each.open = true; })")
    parts = [["p.since"], ["section[aria-labelledby=since]"], ["section[aria-labelledby=history]"], ["section.history"]]
    found = Axe().run(page, context={"include": parts})
    assert [(each["id"], each["nodes"][0]["html"]) for each in found.response["violations"]] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
    strip = page.locator("details.manifest").filter(has_text="flight-delays").locator(".strip")
    assert [each.inner_text() for each in strip.locator("i").all()] == ["=", "=", "≠"]
    gap = page.locator("details.manifest").filter(has_text="orders").locator(".strip i").nth(1)
    assert (gap.text_content(), gap.evaluate("each => getComputedStyle(each).backgroundColor")) == (
        "·",
        "rgba(0, 0, 0, 0)",
    )
    page.get_by_role("link", name="History", exact=True).click()
    row = page.get_by_role("row").filter(has_text="flight-delays").filter(has_text="fails since")
    assert "fails since 2026-02-03, 1 run" in row.inner_text()
    page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = false; })")
    change.get_by_role("link").click()
    assert page.locator("details.manifest[open]").count() == 1
    assert "flight-delays" in page.locator("details.manifest[open]").inner_text()
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
