"""Other orders of the list and what fails alike, in a browser: a small page of many kinds, and one of manifests in brief."""

from __future__ import annotations

import pytest

from osiris_core.parity.record import RecordSet, Verdict
from osiris_core.report.files import write_report
from tests.report.samples import divergent, e2b_run, local_run, record, unable

PHONE = {"width": 400, "height": 800}
NAMES = """() => [...document.querySelectorAll(".manifest")].filter((each) => each.checkVisibility())
    .map((each) => each.querySelector(".name").textContent.match(/pipelines\\/([\\w-]+)/)[1])"""
FOCUSED = """() => document.activeElement.closest(".manifest").querySelector(".name").textContent.match(/pipelines\\/([\\w-]+)/)[1]"""
LOST = """() => document.querySelectorAll(".manifest").length"""


def timed(name: str, e2b_ms: float):
    return record(name, Verdict.IDENTICAL, targets=(local_run(elapsed_ms=100), e2b_run(elapsed_ms=e2b_ms)))


@pytest.fixture(scope="module")
def address(tmp_path_factory) -> str:
    """A page of two failures alike, one by itself, and two that pass."""
    alike = [unable(name, "no room on 10.0.0.7") for name in ("m2", "m10")]
    records = RecordSet(records=(timed("a", 200), divergent(), *alike, timed("z", 900)))
    return write_report(records, tmp_path_factory.mktemp("orders") / "parity.html").html.as_uri()


def test_a_reader_chooses_another_order_and_sends_it(opened, address):
    """The list follows the choice; the address holds it beside the query, back and forward go through it, and keys follow what is seen."""
    page = opened(address)
    default = ["flight-delays", "m2", "m10", "a", "z"]
    assert page.evaluate(NAMES) == default
    page.evaluate("() => { document.querySelector('.manifest.passes').open = true; }")
    page.select_option("#order", "name")
    assert page.evaluate(NAMES) == ["a", "flight-delays", "m2", "m10", "z"]
    assert page.url.endswith("#?by=name")
    assert page.inner_text("#group-ordered") == "5 manifests by name"
    assert page.locator(".manifest[open] .name").inner_text().startswith("pipelines/a.")
    page.evaluate("() => document.activeElement.blur()")
    for expected in ("a", "flight-delays"):
        page.keyboard.press("j")
        assert page.evaluate(FOCUSED) == expected
    page.select_option("#order", "ratio")
    assert page.evaluate(NAMES) == ["z", "a", "flight-delays", "m2", "m10"]
    assert page.locator(".line").evaluate_all("all => all.map((each) => each.dataset.measure)") == [
        "\N{MULTIPLICATION SIGN}9.00", "\N{MULTIPLICATION SIGN}2.00", "\N{MULTIPLICATION SIGN}1.42", "—", "—",
    ]  # fmt: skip
    assert page.inner_text("#measure") == "e2b/local"
    page.click("label:has(#show-infra)")
    assert page.url.endswith("#?q=v%3Ainfra&by=ratio")
    assert page.evaluate(NAMES) == ["m2", "m10"]
    assert page.inner_text("#group-ordered") == "5 manifests by ratio e2b/local"
    page.go_back()
    page.go_back()
    page.wait_for_function("() => document.getElementById('order').value === 'name'")
    assert page.evaluate(NAMES) == ["a", "flight-delays", "m2", "m10", "z"]
    page.go_back()
    page.wait_for_function("() => document.getElementById('order').value === ''")
    assert page.evaluate(NAMES) == default
    assert page.locator("#ordered").is_hidden()
    assert page.evaluate(LOST) == 5


def test_an_order_comes_with_the_address(opened, address):
    """What was sent is seen; an order that there is not is told; a link to a manifest leads there in any order."""
    page = opened(f"{address}#?q=is%3Afailing&by=name", viewport=PHONE)
    assert page.evaluate(NAMES) == ["flight-delays", "m2", "m10"]
    assert page.locator(".manifest:visible").first.evaluate("each => each.closest('section').id") == "ordered"
    page.evaluate("() => { location.hash = document.querySelector('.manifest.passes').id; }")
    page.wait_for_function("() => document.querySelector('.manifest.passes').open")
    assert page.evaluate(NAMES)[0] == "a"
    page.evaluate("() => { location.hash = '#?by=colour'; }")
    page.get_by_text("The address asks for the order colour, which this page does not have.").wait_for()
    assert page.evaluate(NAMES)[0] == "flight-delays"


def test_what_fails_alike_is_listed_by_a_link(opened, address):
    """The list above the failures filters with the script; without it it unfolds to links, and there is no choice of an order."""
    page = opened(address)
    page.click("text=list only 2")
    page.wait_for_function("() => document.getElementById('search').value.startsWith('kind:could-not-run')")
    assert page.evaluate(NAMES) == ["m2", "m10"]
    plain = opened(address, java_script_enabled=False)
    assert plain.locator("#order").is_hidden()
    assert plain.locator(".list-only").is_hidden()
    plain.click(".same-kind summary")
    plain.click(".of-kind a >> nth=1")
    assert "#m-pipelines-m10-" in plain.url


def test_manifests_in_brief_are_moved_among_batches_that_are_drawn_in_sight(opened, tmp_path):
    """A page of many keeps its batches small and lazy in every order, and all come back to where they were."""
    records = RecordSet(records=tuple(timed(f"m{number}", 100 + 7 * number % 211) for number in range(211)))
    page = opened(write_report(records, tmp_path / "many.html").html.as_uri())
    before = page.evaluate("() => [...document.querySelectorAll('.batch')].map((each) => each.innerText).join()")
    page.select_option("#order", "slowest")
    sizes = page.evaluate(
        "() => [...document.querySelectorAll('#ordered > .batch.lazy')].map((each) => each.children.length)"
    )
    assert sizes == [20] * 10 + [11]
    page.fill("#search", "m210")
    page.wait_for_function("() => document.getElementById('shown').textContent.startsWith('1 of 211')")
    page.select_option("#order", "")
    page.click("#reset")
    after = page.evaluate("() => [...document.querySelectorAll('.batch')].map((each) => each.innerText).join()")
    assert after == before
