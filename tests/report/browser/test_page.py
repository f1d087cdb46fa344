from __future__ import annotations

import asyncio
import re

import pytest

from osiris_core.report.html import script_text


def test_a_browser_opens_the_page_without_a_complaint(opened, records, sample_page):
    """Chromium shows every manifest, runs the script, unfolds the manifest the address names, and logs no error."""
    anchor = re.search(r'id="(m-pipelines-weather-[0-9a-f]+)"', sample_page.read_text("utf-8")).group(1)
    page = opened(f"{sample_page.as_uri()}#{anchor}")
    text = page.inner_text("main")
    assert [each.manifest for each in records.records if each.manifest not in text] == []
    assert page.locator(".tools").is_visible()  # the script unhid the tools
    assert page.locator(f"#{anchor}").get_attribute("open") is not None


def test_a_script_that_was_tampered_with_does_not_run(opened, watch, sample_page, tmp_path):
    """The check above is able to fail: a script of other bytes is refused by the policy, and the console says so."""
    script = script_text()
    tampered = tmp_path / "tampered.html"
    whole = sample_page.read_text("utf-8")
    assert script in whole
    tampered.write_text(whole.replace(script, script.replace('"use strict";', '"use strict";//')), "utf-8")
    page = opened(tampered.as_uri())
    assert page.locator(".tools").is_hidden()
    assert [each for each in watch.console if "Content Security Policy" in each]
    watch.console.clear()


@pytest.mark.usefixtures("started")
def test_a_test_beside_those_in_the_browser_has_its_own_loop():
    """Playwright's loop counts as running only while a test has the browser: what follows in this process can start another."""
    assert asyncio.run(asyncio.sleep(0, "slept")) == "slept"
