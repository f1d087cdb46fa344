from __future__ import annotations

import dataclasses

import pytest

from osiris_core.parity.record import RecordSet, Verdict
from osiris_core.report.files import write_report
from tests.report.samples import divergent, record

SMALL_LAPTOP = {"width": 1280, "height": 800}
PHONE = {"width": 360, "height": 640}
FLIGHTS = "pipelines/flight-delays.osiris.yaml"


def listed(page) -> list[str]:
    """Return the manifests that are to be seen, in short."""
    names = page.locator(".manifest:visible > .line .name > :first-child").all_inner_texts()
    return [name.removeprefix("pipelines/").removesuffix(".osiris.yaml") for name in names]


def ask(page, query: str) -> list[str]:
    """Type a query; return what is listed then."""
    page.fill("#search", query)
    page.wait_for_function("query => decodeURIComponent(location.hash).replaceAll('+', ' ').endsWith(query)", arg=query)
    return listed(page)


@pytest.fixture
def anchor(records, sample_page):
    """Where the divergent manifest of the sample is."""
    page = sample_page.read_text("utf-8")
    return page[page.index('id="m-pipelines-flight-delays') + 4 :].partition('"')[0]


HIDDEN_SIDEWAYS = """(chosen) => Math.max(...[...document.querySelectorAll(`.scroll:has(> ${chosen})`)].map((each) => each.scrollWidth - each.clientWidth))"""
"""How much of a box that scrolls is out of sight at its side, at most, in pixels."""


BEHIND_ITS_LINE = """(id) => {
  const [line, there] = [`#${id} > .line`, `#${id}-cause-1`].map((each) => document.querySelector(each).getBoundingClientRect());
  return line.bottom <= there.top + 1 && there.top < innerHeight / 2;
}"""
"""Whether the first difference of a manifest stands in sight, below the line of its manifest."""


def test_a_reader_sees_what_fails_and_why_without_scrolling(opened, sample_page):
    """Sentence, who served the sandbox behind what, counts, and every failure with its cause stand on the first screen of a small laptop."""
    page = opened(sample_page.as_uri(), viewport=SMALL_LAPTOP)
    seen = page.evaluate("""() => [...document.querySelectorAll("h1, .place, .filters, .fails > summary")]
        .filter((each) => each.getBoundingClientRect().bottom <= innerHeight).map((each) => each.innerText).join("\\n")""")
    for expected in (
        "7 of 10 manifests behave the same; 1 diverges, 1 could not be decided, 1 could not run",
        "embedded server",
        "bubblewrap namespaces",
        "failing 4",
        "delays: column day differs in 14 of 16 rows; every value is shifted by one hour",
        "the e2b session counts 16 events, and 17 are on disk",
        "could not run on e2b: the declared distribution torch==2.9 is not installed",
        "local: step summary has 0 rows, and the manifest expects 31",
    ):
        assert expected in seen


def test_a_query_lists_what_it_asks_for(opened, sample_page):
    """Keys and short keys, alternatives, opposites, exact text; a mistake is told with what was probably meant."""
    page = opened(sample_page.as_uri())
    failing = ["flight-delays", "orders", "customers", "daily-report"]
    assert len(listed(page)) == 10
    assert ask(page, "v:divergent") == ["flight-delays"]
    assert page.locator("#show-divergent").is_checked()
    assert page.inner_text("#shown") == "1 of 10 manifests"
    assert ask(page, "is:failing") == failing
    assert ask(page, "is:failing -v:infra,inconclusive") == ["flight-delays", "daily-report"]
    assert ask(page, "verdict:infra,equivalent") == ["customers", "routes"]
    assert ask(page, "v:infra v:equivalent step:totals") == []
    assert ask(page, "step:totals") == ["orders"]
    assert ask(page, "rule:known-roots layer:logs") == ["flight-delays"]
    assert ask(page, "cause:unknown driver:duckdb t:e2b at:delays") == ["flight-delays"]
    assert ask(page, '"shifted by one hour"') == ["flight-delays"]
    assert ask(page, "hour shifted -flight") == []
    assert ask(page, "step:") == listed(page)  # a term that is not finished asks for nothing
    assert page.locator("#trouble").is_hidden()
    ask(page, "step:wriet-delays")
    assert page.inner_text("#trouble") == "Nothing here has step:wriet-delays; perhaps step:write-delays was meant."
    ask(page, "stpe:delays")
    assert page.inner_text("#trouble") == "There is no key stpe:; perhaps step: was meant. It is searched as text."
    ask(page, "v:nondeterministic")
    assert page.inner_text("#trouble") == "No manifest here is nondeterministic."
    page.click("#reset")
    assert len(listed(page)) == 10
    page.fill("#search", "is:failing s")
    assert "is:failing step:" in page.locator("#suggestions option").evaluate_all(
        "all => all.map((each) => each.value)"
    )


def test_the_address_holds_what_is_seen(opened, sample_page, anchor):
    """A filtered view can be sent; a link shows what a filter hides; back and forward work; a count writes the query."""
    page = opened(f"{sample_page.as_uri()}#?q=v%3Ainfra")
    assert listed(page) == ["customers"]
    page.click("label:has(#show-identical)")
    assert page.input_value("#search") == "v:identical"
    assert page.url.endswith("#?q=v%3Aidentical")
    page.evaluate("id => { location.hash = id; }", anchor)
    page.wait_for_function("id => document.getElementById(id).open", arg=anchor)
    assert len(listed(page)) == 10
    page.evaluate("id => { location.hash = `${id}-cause-1`; }", anchor)
    page.go_back()
    page.go_back()
    page.wait_for_function("() => document.getElementById('search').value === 'v:identical'")
    assert listed(page) == ["airports", "carriers", "planes", "weather"]
    page.go_back()
    page.wait_for_function("() => document.getElementById('search').value === 'v:infra'")
    page.go_forward()
    page.wait_for_function("() => document.getElementById('search').value === 'v:identical'")
    parts = page.locator(f"#{anchor} nav a").evaluate_all("all => all.map((each) => each.hash)")
    assert len(parts) > 4
    assert [each for each in parts if not page.locator(each).count()] == []
    page.evaluate("id => { location.hash = id; }", anchor)
    page.wait_for_function("id => document.getElementById(id).open", arg=anchor)
    assert ask(page, "v:infra -typed") == ["customers"]
    page.go_back()
    page.wait_for_function("id => location.hash === `#${id}`", arg=anchor)


def test_an_address_of_another_page_is_told(opened, sample_page, anchor):
    """What an address names and is not here is said; the manifest of it is shown where that is here; the next address ends it."""
    page = opened(f"{sample_page.as_uri()}#m-gone-123456")
    told = page.locator("p.notice:visible")
    assert told.all_inner_texts() == [
        "The address names #m-gone-123456, which this page does not have: it may be of another report."
    ]
    assert ask(page, "v:infra") == ["customers"]
    assert told.count() == 0
    page.evaluate("location.hash = '%E0%A4%A'")
    told.get_by_text("The address names #%E0%A4%A, which").wait_for()
    page.evaluate("id => { location.hash = `${id}-cause-99`; }", anchor)
    told.get_by_text("this is the manifest of it").wait_for()
    assert told.all_inner_texts() == [
        f"The address names #{anchor}-cause-99, which this page does not have; this is the manifest of it."
    ]
    page.evaluate("id => { location.hash = `${id}-cause-1`; }", anchor)
    told.wait_for(state="detached")
    page.locator(f"#{anchor} > summary").click()
    page.evaluate(
        "document.body.prepend(Object.assign(document.createElement('a'), {href: location.hash, id: 'again', textContent: 'again'}))"
    )
    page.click("#again")
    assert page.locator(f"#{anchor}").get_attribute("open") is not None


def test_the_keyboard_reaches_everything(opened, sample_page, anchor):
    """Keys move, unfold, filter, copy and help; while somebody types, they are letters."""
    page = opened(sample_page.as_uri(), permissions=["clipboard-read", "clipboard-write"])
    focused = "document.activeElement.closest('.manifest')?.id + ' ' + document.activeElement.tagName"
    page.keyboard.press("j")
    assert page.evaluate(focused) == f"{anchor} SUMMARY"
    page.keyboard.press("j")
    page.keyboard.press("k")
    page.keyboard.press("Enter")
    assert page.locator(f"#{anchor}").get_attribute("open") is not None
    page.keyboard.press("o")
    assert page.locator(f"#{anchor}").get_attribute("open") is None
    page.keyboard.press("n")
    assert page.evaluate("document.activeElement.id") == f"{anchor}-cause-1"
    assert page.locator(f"#{anchor}-cause-1").is_visible()
    page.keyboard.press("n")
    page.keyboard.press("p")
    assert page.evaluate("document.activeElement.id") == f"{anchor}-cause-1"
    page.keyboard.press("c")
    page.wait_for_function(
        "() => [...document.querySelectorAll('.copy')].some((each) => each.textContent === 'copied')"
    )
    assert page.evaluate("navigator.clipboard.readText()") == f"osiris-parity run {FLIGHTS} --target both"
    page.locator(f"#{anchor} .copy-text").click()
    page.wait_for_function("() => document.querySelector('.copy-text').textContent === 'copied'")
    assert f"≠ {FLIGHTS}:1: DIVERGENT" in page.evaluate("navigator.clipboard.readText()")
    page.evaluate("document.querySelector('.command code').textContent = 'a\u21e5b'")
    page.keyboard.press("c")
    page.wait_for_function(
        "() => [...document.querySelectorAll('.copy')].some((each) => each.textContent === 'copied, with marks')"
    )
    page.keyboard.press("f")
    assert len(listed(page)) == 4
    page.keyboard.press("/")
    page.keyboard.type(" j?")
    assert page.input_value("#search") == "is:failing j?"
    page.keyboard.press("Escape")
    assert page.input_value("#search") == ""
    page.keyboard.press("Escape")
    page.keyboard.press("Control+f")
    assert len(listed(page)) == 10
    page.keyboard.press("?")
    assert page.locator("#help").is_visible()
    page.keyboard.press("Escape")
    assert page.locator("#help").is_hidden()
    page.keyboard.press("?")
    page.click("text=verdict:divergent")
    assert listed(page) == ["flight-delays"]


def test_light_and_dark_follow_the_system_or_the_reader(opened, sample_page):
    """The system decides until a reader does; the choice is kept, as far as the browser keeps anything."""
    page = opened(sample_page.as_uri(), color_scheme="dark")
    paper = "getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(paper)
    page.emulate_media(color_scheme="light")
    light = page.evaluate(paper)
    assert dark != light
    page.keyboard.press("t")
    page.emulate_media(color_scheme="dark")
    assert page.evaluate(paper) == light
    page.click("label:has(#theme-dark)")
    assert page.evaluate(paper) == dark
    page.reload()
    assert page.locator("#theme-dark").is_checked()


def test_paper_shows_everything_and_a_phone_needs_no_sideways_scrolling(opened, sample_page, anchor):
    """In print every manifest that is listed is unfolded, commands are there, and bars, buttons and dark colours are not.

    On 360 pixels with everything unfolded the page is as wide as the screen, the table of steps never scrolls by itself, and an address
    leads to where nothing is in front of it.
    """
    page = opened(sample_page.as_uri(), color_scheme="dark", viewport=PHONE)
    page.click("label:has(#theme-dark)")
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator(".manifest:not([open])").count() == 0
    assert page.locator(f"text=osiris-parity run {FLIGHTS}").first.is_visible()
    assert page.locator("#bar, .filters, .themes, .parts, button").locator("visible=true").count() == 0
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator(".manifest[open]").count() == 0
    page.emulate_media(media="screen")
    page.click("#unfold")
    assert page.locator(".manifest[open]").count() == 10
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    for width in (360, 640, 768, 980, 1280):
        page.set_viewport_size({"width": width, "height": 700})
        assert page.evaluate(HIDDEN_SIDEWAYS, ".steps") == 0, width
        page.evaluate("id => { location.hash = id; location.hash = `${id}-cause-1`; }", anchor)
        page.wait_for_function(BEHIND_ITS_LINE, arg=anchor)


def test_without_the_script_counts_still_filter(opened, sample_page):
    """Verdict counts, colours and unfolding are the browser's own; what needs the script is not there."""
    page = opened(sample_page.as_uri(), java_script_enabled=False)
    page.click("label:has(#show-infra)")
    assert listed(page) == ["customers"]
    assert "as expected" not in page.inner_text("main")
    page.click("label:has(#show-all)")
    page.locator(".manifest > summary").first.click()
    assert page.locator(".manifest nav a").first.is_visible()
    assert page.locator("button:visible, input[type=search]:visible").count() == 0


def test_many_passing_manifests_stay_light(opened, tmp_path):
    """In a large report a passing manifest costs few elements, and it is found, counted, linked, unfolded and printed like others.

    Letters are found in whatever way they are written, and so are those that cannot be seen; a query of any length is answered.
    """
    many = [record(f"m{number}", Verdict.IDENTICAL) for number in range(199)]
    many.append(record("Straße-ΟΔΟΣΑ-İzmir-cafe\u0301\u00a0x", Verdict.IDENTICAL))
    failing = dataclasses.replace(divergent(), manifest="pipelines/odd.osiris.yaml")
    file = write_report(RecordSet(records=(*many, failing)), tmp_path / "r.html").html
    page = opened(file.as_uri())
    assert page.locator(".in-brief").first.locator("*").count() == 11
    assert page.locator(".in-brief .verdict").first.evaluate("each => getComputedStyle(each, '::before').content") == (
        '"=" / ""'  # seen, and not read aloud before the word
    )
    assert page.locator(".manifest[open]").count() == 1
    assert ask(page, "m:m198") == ["m198"]
    assert page.inner_text("#shown") == "1 of 201 manifests"
    anchor = page.locator(".manifest:visible").get_attribute("id")
    sentence = page.locator(f"#{anchor} .body >> text=In brief")
    page.keyboard.press("Escape")
    page.click(f"#{anchor} .verdict")
    page.locator(f"#{anchor} .command .copy").wait_for()
    assert page.inner_text(f"#{anchor} small").splitlines()[0] == "In brief; its sessions:"
    assert sentence.is_visible()
    page.focus(f"#{anchor} > .line a")
    page.keyboard.press("Enter")
    assert page.locator(f"#{anchor} a[aria-expanded=false]").count() == 1
    assert not sentence.is_visible()
    page.keyboard.press("Space")
    assert sentence.is_visible()
    page.keyboard.press("Space")
    assert not sentence.is_visible()
    page.emulate_media(media="print")
    assert sentence.is_visible()
    page.emulate_media(media="screen")
    page.evaluate(f"location.hash = '#{anchor}'")
    page.locator(f"#{anchor}[open] .copy").wait_for()
    for options in ({}, {"viewport": PHONE}, {"java_script_enabled": False}):
        linked = opened(f"{file.as_uri()}#{anchor}", **options)
        linked.wait_for_function(
            "id => Math.abs(document.getElementById(id).getBoundingClientRect().top) < 200", arg=anchor
        )
        scrolls = "getComputedStyle(document.documentElement).scrollBehavior"
        assert linked.evaluate(scrolls) == "auto"  # where it goes smoothly, it may pass there and end far away
    plain = opened(f"{file.as_uri()}#{anchor}", java_script_enabled=False)
    assert plain.locator(f"#{anchor} .body >> text=In brief").is_visible()
    plain.locator(".in-brief > .line").nth(1).click(position={"x": 30, "y": 20})
    assert plain.locator(".in-brief > .body").nth(1).is_visible()
    plain.click("label:has(#show-divergent)")
    assert listed(plain) == ["odd"]
    for written in ("STRASSE", "straẞe", "ΟΔΟΣ", "m:izmir", "m:i\u0307zmir", "CAFÉ", '"\u00a0x"'):
        assert [each[:6] for each in ask(page, written)] == ["Straße"]
    page.fill("#search", "x" * 200_000 + " y")
    page.wait_for_function("() => document.getElementById('shown').textContent === '0 of 201 manifests'")
