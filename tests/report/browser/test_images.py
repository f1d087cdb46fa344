"""Pictures in Chromium: laid over each other, harmless whatever is in them, and in no reader's way."""

from __future__ import annotations

import base64
from socket import socket

import pytest

from osiris_core.parity.record import RecordSet
from osiris_core.report.files import write_report
from tests.report.browser.conftest import MOST_MS
from tests.report.browser.test_accessibility import violations
from tests.report.pictures import SVG, chunk, plain, png, put

CLEAR, BLUE, GREEN = (0, 0, 0, 0), (0, 0, 200, 255), (0, 100, 0, 255)
NEARLY_BLUE = (0, 1, 200, 255)
HOSTILE = SVG.format(
    """
    <style>@import "http://HOST/import.css"; @font-face { font-family: f; src: url(http://HOST/f.woff) } text { font-family: f }</style>
    <link xmlns="http://www.w3.org/1999/xhtml" rel="stylesheet" href="http://HOST/link.css"/>
    <image href="http://HOST/image.png" width="5" height="5"/>
    <use href="http://HOST/use.svg#a"/>
    <rect width="60" height="40" fill="rgb(0,100,0)"/>
    <text y="20">x</text>
    <foreignObject width="5" height="5"><img xmlns="http://www.w3.org/1999/xhtml" src="http://HOST/inner.png" onerror="alert('error')"/></foreignObject>
    <script>alert("script"); fetch("http://HOST/fetch")</script>
    <script href="http://HOST/script.js"/>
    """
).replace("<svg ", """<svg onload="alert('load')" """)

DRAWN = """async (screenshot) => {
  const image = new Image();
  image.src = `data:image/png;base64,${screenshot}`;
  await image.decode();
  const canvas = Object.assign(document.createElement("canvas"), { width: image.width, height: image.height });
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0);
  const data = context.getImageData(0, 0, image.width, image.height).data;
  const colours = new Set();
  for (let at = 0; at < data.length; at += 4) colours.add(data.slice(at, at + 3).join());
  return [...colours].sort();
}"""
"""Returns the colours of a screenshot."""


def colours(page, locator) -> list[str]:
    """Return the colours of what a locator leads to; its edge is left out, which is drawn between two pixels of the screen."""
    locator.scroll_into_view_if_needed()
    box = locator.bounding_box()
    clip = {"x": box["x"] + 2, "y": box["y"] + 2, "width": box["width"] - 4, "height": box["height"] - 4}
    return page.evaluate(DRAWN, base64.b64encode(page.screenshot(clip=clip)).decode())


def test_pictures_are_laid_over_each_other(opened, tmp_path):
    """Black where pixels are equal, transparent ones too; a difference of one step is seen amplified. Without the script, and in no other place than before."""
    half = png([[BLUE] * 30 + [CLEAR] * 30] * 40)
    files = {
        "write-delays/equal.png": (half, png([[BLUE] * 30 + [CLEAR] * 30] * 40, chunk(b"tEXt", b"Software\0other"))),
        "write-delays/nearly.png": (plain(BLUE), plain(NEARLY_BLUE)),
        "write-delays/white.png": (plain(CLEAR), plain((255, 255, 255, 255))),
    }
    html = write_report(RecordSet(records=(put(tmp_path, files),)), tmp_path / "parity.html", roots=[tmp_path]).html
    page = opened(html.as_uri(), java_script_enabled=False)
    figures = page.locator("figure.images")
    left, right = (each.bounding_box() for each in figures.nth(0).locator("img").all())
    assert (left["y"], left["width"], left["height"]) == (right["y"], 60, 40)
    assert left["x"] + left["width"] < right["x"]
    seen = {}
    for way in ("difference", "strong"):
        for number in range(3):
            figures.nth(number).locator(f".as-{way}").check()
        assert figures.nth(0).locator(f".of-{way}").inner_text().startswith("Black: equal pixels")
        seen[way] = [colours(page, figures.nth(number).locator(".stack")) for number in range(3)]
    assert seen["difference"] == [["0,0,0"], ["0,1,0"], ["0,0,0", "38,38,38"]]
    assert seen["strong"] == [["0,0,0"], ["0,64,0"], ["0,0,0", "255,255,255"]]
    left, right = (each.bounding_box() for each in figures.nth(0).locator("img").all())
    assert left == right


def test_pictures_are_harmless_and_in_no_readers_way(opened, watch, browser, tmp_path):
    """A hostile one is drawn, and runs nothing and asks nobody, even without the page's policy; by itself it would do all of that.

    What cannot be drawn is said without a word on the console; on a phone nothing is wider than the screen; axe-core finds nothing, in both themes.
    """
    with socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        host = f"127.0.0.1:{listening.getsockname()[1]}"
        hostile = HOSTILE.replace("HOST", host).encode()
        files = {
            "write-delays/a.png": (plain(BLUE, 900, 50), plain(BLUE, 700, 60)),
            "write-delays/b.png": (plain(GREEN), plain(GREEN)[:33]),
            "write-delays/c.svg": (hostile, b"GIF89a"),
        }
        html = write_report(RecordSet(records=(put(tmp_path, files),)), tmp_path / "parity.html", roots=[tmp_path]).html
        page = opened(html.as_uri(), bypass_csp=True, color_scheme="dark", viewport={"width": 400, "height": 800})
        figures = page.locator("figure.images")
        assert "0,100,0" in colours(page, figures.nth(2).locator("img"))
        assert (watch.acts, watch.requests, watch.console) == ([], [], [])
        listening.setblocking(False)
        with pytest.raises(BlockingIOError):
            listening.accept()
    assert _acts_of(browser, tmp_path / "alone.svg", hostile) >= {
        "dialog script",
        "dialog load",
        "dialog error",
        *(f"http://{host}/{each}" for each in ("import.css", "image.png", "script.js", "fetch")),
    }

    assert "the file ends before the picture does" in figures.nth(1).inner_text()
    assert "Your browser cannot draw this picture. The file: .osiris/runs/" in figures.nth(1).inner_text()
    assert "Not in this page: its header is torn." in figures.nth(2).inner_text()
    upper, lower = (each.bounding_box() for each in figures.first.locator("img").all())
    assert (upper["x"], upper["y"] + upper["height"] < lower["y"]) == (lower["x"], True)
    figures.first.locator(".as-difference").check()
    assert page.evaluate("document.documentElement.scrollWidth") == 400
    assert violations(page, where="figure.images") == []
    assert violations(page, "color-contrast", where="figure.images") == []
    page.emulate_media(color_scheme="light")
    assert violations(page, "color-contrast", where="figure.images") == []


def _acts_of(browser, place, data: bytes) -> set[str]:
    """Return what a document does that is opened by itself: its dialogs, and the addresses it asks for, where nobody answers."""
    place.write_bytes(data)
    done = set()
    page = browser.new_page()
    page.on("dialog", lambda dialog: (done.add(f"dialog {dialog.message}"), dialog.dismiss()))
    page.on("request", lambda request: done.add(request.url))
    page.goto(place.as_uri(), timeout=MOST_MS)
    page.close()
    return done
