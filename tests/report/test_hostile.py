from __future__ import annotations

import base64
import dataclasses
import hashlib
import typing

from osiris_core.parity import record
from osiris_core.report import html
from osiris_core.report.html import render_html
from osiris_core.report.text import visible
from tests.report.hostile import GROUPS, MARKUP, PAYLOADS, harmless, hostile_set, with_every_string
from tests.report.samples import sample
from tests.report.structure import Structure


def page_with(*texts: str) -> Structure:
    name = " ".join(texts).replace("\ud800", "")  # which no file name can have
    return Structure(render_html(hostile_set(list(texts)), json_name=name))


def test_hostile_text_in_every_field_stays_text():
    """A page whose every text is hostile has the very elements, classes and attributes of one with harmless text."""
    hostile, tame = page_with(*GROUPS), page_with(*map(harmless, GROUPS))
    assert hostile.shape == tame.shape
    assert hostile.ends == tame.ends
    assert hostile.comments == []
    assert set(hostile.values("class")) == set(tame.values("class"))
    assert [each for each in PAYLOADS if visible(each) not in hostile.text] == []  # it is shown, not dropped


def test_without_autoescape_the_hostile_text_would_be_found(monkeypatch):
    """The check above is able to fail: with autoescape off, the payload becomes elements."""
    unsafe = html._environment().overlay(
        autoescape=False, bytecode_cache=None
    )  # else it would use, or leave, kept ones
    monkeypatch.setattr(html, "_environment", lambda: unsafe)
    hostile, tame = page_with(MARKUP[1]), page_with(harmless(MARKUP[1]))
    assert (hostile.shape, hostile.ends) != (tame.shape, tame.ends)


def test_hostile_records_have_a_text_in_every_field():
    """What fills the pages above leaves out no type of record, and no text of one."""
    kinds = [each for each in vars(record).values() if dataclasses.is_dataclass(each)]
    texts = {(kind, name) for kind in kinds for name, hint in typing.get_type_hints(kind).items() if hint is str}
    assert texts - set(_places_of("ŋ", hostile_set(["ŋ"]))) == set()


def test_texts_without_end_are_cut():
    """A line of megabytes and a value of a hundred thousand lines in any field leave a page that a browser can open."""
    text = "x" * 20_000 + "\n" * 20_000 + "\x1b" * 2_000
    assert len(render_html(hostile_set([text]))) < 3_000_000


def test_no_character_of_the_page_is_invisible():
    """Terminal codes, bidirectional and zero-width characters reach the page as marks only."""
    page = render_html(with_every_string(sample(), "\x1b[31m\u202e\u200b\x00\u2028"))
    assert visible(page) == page
    assert "⟨ESC⟩[31m⟨U+202E⟩⟨U+200B⟩⟨NUL⟩⟨U+2028⟩" in page


def test_without_the_visible_form_the_characters_would_be_found(monkeypatch):
    """The check above is able to fail: templates alone let the characters through."""
    raw = html._environment().overlay(finalize=lambda value: value)
    monkeypatch.setattr(html, "_environment", lambda: raw)
    page = render_html(with_every_string(sample(), "\u202e"))
    assert "\u202e" in page


def test_the_page_allows_only_its_own_style_and_script(records):
    """The policy in the page names the digests of exactly the style and the script that stand in it."""
    page = Structure(render_html(records))
    policy = next(a["content"] for t, a in page.elements if a.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'; ")
    for element in ("style", "script"):
        content = page.contents[element][-1]  # before the script there are inert blocks of data
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{element}-src 'sha256-{digest}'" in policy
    assert "unsafe" not in policy
    running = [
        a
        for t, a in page.elements
        if t == "script" and a.get("type") not in {"application/json", "application/octet-stream"}
    ]
    assert len(running) == 1


def test_nothing_in_the_page_runs_or_loads(records):
    """The page has no event attribute, no style attribute, no frame, and refers to nothing but itself and its JSON."""
    page = Structure(render_html(records, json_name="parity.json"))
    names = {name for _, attributes in page.elements for name in attributes}
    assert not {name for name in names if name.startswith("on")}
    assert not names & {"style", "srcset", "action", "formaction", "srcdoc", "ping"}
    assert page.values("src") == []
    others = {href for href in page.values("href") if not href.startswith("#")}
    assert others == {"data:,", "./parity.json"}


def test_a_json_name_cannot_leave_the_directory():
    """A file name that looks like an address is a relative link all the same."""
    page = Structure(render_html(sample(), json_name="javascript:alert(1).json"))
    assert "./javascript%3Aalert%281%29.json" in page.values("href")


def _places_of(text, value):
    """Yield type and name of every field in which `text` stands, anywhere below `value`."""
    if dataclasses.is_dataclass(value):
        for each in dataclasses.fields(value):
            item = getattr(value, each.name)
            if isinstance(item, str) and text in item:
                yield type(value), each.name
            yield from _places_of(text, item)
    elif isinstance(value, tuple):
        for each in value:
            yield from _places_of(text, each)
