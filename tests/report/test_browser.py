from __future__ import annotations

import re
import subprocess

import pytest

from osiris_core.report.files import write_report
from osiris_core.report.html import script_text
from tests.report.structure import Structure

QUIET = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--enable-logging=stderr",
)


@pytest.fixture
def opened(chromium, tmp_path):
    """Return a function that opens an address and returns the finished page and what its console said."""

    def open_page(address: str, profile: str) -> tuple[str, list[str]]:
        command = [chromium, *QUIET, f"--user-data-dir={tmp_path / profile}", "--dump-dom", address]
        done = subprocess.run(command, check=True, capture_output=True, timeout=120, text=True)
        return done.stdout, [line for line in done.stderr.splitlines() if "CONSOLE" in line]

    return open_page


def manifests(dom: str) -> dict[str, dict[str, str | None]]:
    found = (each for tag, each in Structure(dom).elements if tag == "details")
    return {str(each["id"]): each for each in found if "manifest" in str(each["class"]).split()}


def test_a_browser_opens_the_page_without_a_complaint(opened, records, tmp_path):
    """Chromium shows every manifest, runs the script, unfolds the manifest the address names, and logs no error."""
    page = write_report(records, tmp_path / "parity.html").html
    anchor = re.search(r'id="(m-pipelines-weather-[0-9a-f]+)"', page.read_text("utf-8")).group(1)
    dom, console = opened(f"{page.as_uri()}#{anchor}", "profile")
    assert console == []
    text = Structure(dom).text
    assert [each.manifest for each in records.records if each.manifest not in text] == []
    assert '<span class="tools">' in dom  # the script unhid the tools
    assert "open" in manifests(dom)[anchor]


def test_a_script_that_was_tampered_with_does_not_run(opened, records, tmp_path):
    """The check above is able to fail: a script of other bytes is refused by the policy, and the console says so."""
    page = write_report(records, tmp_path / "parity.html").html
    script = script_text()
    page.write_text(
        page.read_text("utf-8").replace(script, script.replace('"use strict";', '"use strict";//')), "utf-8"
    )
    dom, console = opened(page.as_uri(), "profile")
    assert any("Content Security Policy" in line for line in console)
    assert '<span class="tools" hidden="">' in dom
