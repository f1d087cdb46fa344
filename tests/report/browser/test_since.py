from __future__ import annotations

import dataclasses

import pytest
from axe_playwright_python.sync_playwright import Axe

from osiris_core.parity.record import Verdict
from osiris_core.parity.since import since
from osiris_core.report.files import write_report
from tests.report.samples import record


@pytest.fixture
def since_page(records, tmp_path):
    """The sample's page, held against an older run in which less failed, and other versions ran."""
    alike = (record("flight-delays", Verdict.IDENTICAL), record("gone", Verdict.INFRA, comparison=None))
    old = dataclasses.replace(records, records=(*alike, *records.records[4:]), host={"python": "3.10.2"})
    return write_report(records, tmp_path / "since.html", since=since(old, records, "old.json")).html


def test_what_changed_is_three_clicks_from_its_difference(opened, since_page):
    """From the sentence to the list, and from the list to the manifest, which unfolds; nothing runs over a narrow screen, and axe-core finds nothing."""
    page = opened(since_page.as_uri(), viewport={"width": 400, "height": 800}, color_scheme="dark")
    page.get_by_role("link", name="What changed").click()
    change = page.get_by_role("listitem").filter(has_text="newly diverges").first
    assert "IDENTICAL, now DIVERGENT at step delays" in change.inner_text()
    found = Axe().run(page, context={"include": [["p.since"], ["section[aria-labelledby=since]"]]})
    assert [(each["id"], each["nodes"][0]["html"]) for each in found.response["violations"]] == []
    page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = false; })")
    change.get_by_role("link").click()
    assert page.locator("details.manifest[open]").count() == 1
    assert "flight-delays" in page.locator("details.manifest[open]").inner_text()
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
