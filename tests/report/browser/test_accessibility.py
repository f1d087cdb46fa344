from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from osiris_core.parity.record import RecordSet, Verdict
from osiris_core.report.files import write_report
from tests.report.hostile import hostile_set
from tests.report.samples import local_run, record

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
PHONE = {"width": 400, "height": 800}
UNFOLD = """async () => {
  for (let rounds = 9; rounds && document.querySelector("details:not([open])"); rounds -= 1) {
    for (const each of document.querySelectorAll("details")) each.open = true;
    await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
  }
}"""
DISTINCT = """() => {
  const seen = new Set();
  const kind = (each, up) => (up && each ? `${kind(each.parentElement, up - 1)}>${each.localName}.${each.className}` : "");
  for (const each of document.querySelectorAll("body *")) {
    if (![...each.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim())) continue;
    if (!seen.has(kind(each, 3))) each.dataset.distinct = "";
    seen.add(kind(each, 3));
  }
}"""
"""Marks one text of each kind of place: what colours it has does not depend on which of many rows it stands in."""

WALK = """async () => {
  await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
  const each = document.activeElement;
  const name = (node) => node?.getAttribute("aria-label") || node?.getAttribute("title") || node?.textContent.trim();
  const label = each.labels?.[0] ?? document.getElementById(each.getAttribute("aria-labelledby") ?? "");
  const box = each.getBoundingClientRect();
  const inside = box.width > 0 && box.right > 0 && box.left < innerWidth && box.bottom > 0 && box.top < innerHeight;
  return [each.outerHTML.slice(0, 120), inside && each.checkVisibility(), Boolean(name(each) || name(label)), each === document.body];
}"""
"""Tells of what has the focus: its markup, whether it can be seen, whether it has a name, and whether it is nothing."""


@pytest.fixture(scope="module")
def full_page(tmp_path_factory) -> Path:
    """A page with every part that a report can have, once, of plain words."""
    return write_report(hostile_set(["a word and `code`"]), tmp_path_factory.mktemp("full") / "full.html").html


def violations(page: Page, *rules: str, where: str | dict[str, list[list[str]]] = "") -> list[str]:
    """Return what axe-core has against a page by all of its rules, or by these: a line a rule, with the first of its places."""
    from axe_playwright_python.sync_playwright import Axe

    chosen = {"type": "rule", "values": rules} if rules else {"type": "tag", "values": TAGS}
    off = {} if rules else {"color-contrast": {"enabled": False}}  # it takes more time than all others together
    found = Axe().run(page, where or None, {"runOnly": chosen, "rules": off}).response["violations"]
    return [f"{each['id']}: {len(each['nodes'])} as {each['nodes'][0]['target']}: {each['help']}" for each in found]


def test_a_page_with_everything_unfolded_is_accessible(opened, full_page):
    """Axe-core finds nothing against a page with every part, light, dark, and on a narrow screen."""
    page = opened(full_page.as_uri(), bypass_csp=True)  # axe-core makes code of text
    page.evaluate(UNFOLD)
    assert violations(page) == []
    page.evaluate(DISTINCT)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert violations(page, "color-contrast", where="[data-distinct]") == []
    page.set_viewport_size(PHONE)
    page.evaluate(UNFOLD)
    assert violations(page, "scrollable-region-focusable", "target-size") == []


def test_a_page_with_little_is_accessible(opened, watch, tmp_path):
    """Axe-core finds nothing against an empty report, nor one of a run on one target."""
    empty, single = RecordSet(records=()), RecordSet(records=(record("a", None, targets=(local_run(),)),))
    page = opened(write_report(empty, tmp_path / "empty.html").html.as_uri(), bypass_csp=True)
    assert violations(page) == []
    page.goto(write_report(single, tmp_path / "single.html").html.as_uri())
    assert violations(page) == []
    assert watch.requests == [page.url]  # the second address, which the test asked for
    watch.requests.clear()


def test_manifests_in_brief_are_accessible(opened, tmp_path):
    """Axe-core finds nothing against a page of many, folded and unfolded, on a phone with names that fill many lines in what is not drawn yet.

    What a link leads to is told where links are listed: with its verdict. An address of a second one of the same name leads to that one.
    """
    names = [f"m{number}" if number < 60 else f"{'a-long-folder/' * 9}m{number}" for number in range(100)]
    names += ["b"] * 102
    many = RecordSet(records=tuple(record(name, Verdict.IDENTICAL) for name in names))
    address = write_report(many, tmp_path / "many.html").html.as_uri()
    page = opened(address, bypass_csp=True)
    links = page.get_by_role("link", name="IDENTICAL: pipelines/m7.osiris.yaml", exact=True)
    assert links.count() == 1
    second = page.locator(".manifest").nth(101).get_attribute("id")
    assert second.endswith("-2")
    page.evaluate("(id) => { location.hash = `${id}-s-gone`; }", second)
    page.locator(f"#{second} .notice").wait_for()
    page.evaluate(
        "() => [0, 4, 10].forEach((each) => document.querySelectorAll('.batch')[each].classList.add('looked-at'))"
    )
    assert (
        page.locator(".looked-at").count() == 3
    )  # of short names, of long ones, of the same one: the other batches hold the same again
    assert violations(page, where={"include": [[".looked-at"], [".bar"]]}) == []
    page.set_viewport_size(PHONE)
    assert violations(page, "target-size") == []
    page.click("#unfold")
    assert violations(page, where=".looked-at") == []
    assert violations(page, "color-contrast", where=".looked-at") == []


def test_a_missing_name_would_be_found(opened, tmp_path):
    """The checks above are able to fail: a search field without its name, and a pale text."""
    page = opened(
        write_report(RecordSet(records=(record("a", None),)), tmp_path / "whole.html").html.as_uri(), bypass_csp=True
    )
    page.evaluate(
        """() => {
          for (const name of ["aria-label", "aria-describedby", "placeholder"]) document.getElementById("search").removeAttribute(name);
          document.querySelector("h1").style.color = "#ccc";
        }"""
    )
    assert [each.partition(":")[0] for each in violations(page)] == ["label"]
    assert [each.partition(":")[0] for each in violations(page, "color-contrast", where="h1")] == ["color-contrast"]


def test_the_tab_key_reaches_only_what_can_be_seen_and_has_a_name(opened, full_page):
    """Who goes through the page by keyboard never stands on something invisible or nameless, and comes to its end."""
    page = opened(full_page.as_uri(), viewport=PHONE, reduced_motion="reduce")
    page.evaluate(UNFOLD)
    stops = []
    for _ in range(400):
        page.keyboard.press("Tab")
        stop, drawn, named, ended = page.evaluate(WALK)
        if ended:
            break
        stops.append((stop, drawn, named))
    assert ended
    assert [each for each in stops if not (each[1] and each[2])] == []
    assert len(stops) > 20
