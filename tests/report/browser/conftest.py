"""Reports in a real browser: Debian's Chromium, driven by Playwright; one browser for all tests of a process.

Every page that a test opens is watched: a word on its console, an error in its script, a dialog, a window, a download, or a
request for anything but the page itself fails the test when it ends. So each test of the report's behaviour is one of its silence, too.

A condition for `wait_for_function` is a function (`() => ...`). Playwright evaluates an expression's text anew at each look, which the
page's own content security policy refuses from the second look on: such a test passes as long as the first look finds what it waits for.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from osiris_core.report.files import write_report

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

    from osiris_core.parity.record import RecordSet

LAPTOP = {"width": 1280, "height": 900}
MOST_MS = 60_000
"""What bounds a page that hangs; on a machine with much to do, a page takes many seconds."""
_ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking")


@dataclass(slots=True)
class Watch:
    """What pages did that they must not do: `console` has what was said, `requests` the addresses that were asked for, `acts` the rest."""

    console: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    acts: list[str] = field(default_factory=list)


@pytest.fixture(scope="session")
def started(chromium: str) -> Iterator[tuple[Browser, asyncio.AbstractEventLoop]]:
    """A headless Chromium, and the loop in which Playwright speaks with it."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium, args=[*_ARGUMENTS], timeout=2 * MOST_MS)
        loop = asyncio.get_running_loop()
        asyncio._set_running_loop(None)
        yield launched, loop
        asyncio._set_running_loop(loop)
        launched.close()


@pytest.fixture
def browser(started: tuple[Browser, asyncio.AbstractEventLoop]) -> Iterator[Browser]:
    """The browser, for one test.

    Playwright leaves its loop marked as the running one of this thread, and then no other test of the process could start a loop of
    its own: so it is marked only while a test uses the browser.
    """
    launched, loop = started
    asyncio._set_running_loop(loop)
    yield launched
    asyncio._set_running_loop(None)


@pytest.fixture
def watch() -> Iterator[Watch]:
    """What the pages of this test do that they must not do; a test that provokes something empties it."""
    noted = Watch()
    yield noted
    assert noted.console == []
    assert noted.requests == []
    assert noted.acts == []


@pytest.fixture
def opened(browser: Browser, watch: Watch) -> Iterator[Callable[..., Page]]:
    """Return a function that opens an address in a window of its own; its keyword arguments are those of Playwright's `new_context`."""
    contexts = []

    def open_page(address: str, **options: Any) -> Page:
        context = browser.new_context(**{"viewport": LAPTOP, **options})
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(MOST_MS)
        page.on("dialog", lambda dialog: (watch.acts.append(f"dialog {dialog.message}"), dialog.dismiss()))
        page.on("popup", lambda other: watch.acts.append(f"window {other.url}"))
        page.on("download", lambda download: watch.acts.append(f"download {download.url}"))
        page.on("console", lambda message: watch.console.append(message.text))
        page.on("pageerror", lambda error: watch.console.append(str(error)))
        own = address.partition("#")[0]
        page.on("request", lambda request: _note(watch, request.url, own))
        page.goto(address)
        return page

    yield open_page
    for context in contexts:
        context.close()


@pytest.fixture(scope="session")
def sample_page(records: RecordSet, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of the sample records, for all tests that only look at it."""
    return write_report(records, tmp_path_factory.mktemp("sample") / "parity.html").html


def _note(watch: Watch, url: str, own: str) -> None:
    if url.partition("#")[0] != own and not url.startswith(("data:", "blob:")):
        watch.requests.append(url)
