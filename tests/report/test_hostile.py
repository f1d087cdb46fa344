from __future__ import annotations

import base64
import dataclasses
import hashlib
from enum import Enum

import pytest

from osiris_core.report import html
from osiris_core.report.html import render_html
from osiris_core.report.text import visible
from tests.report.samples import sample
from tests.report.structure import Structure

PAYLOADS = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)' x='",
    '" autofocus onfocus="alert(1)',
    "</style><script>alert(1)</script>",
    "</title></head><body onload=alert(1)>",
    "</script><svg/onload=alert(1)>",
    "</pre></details></section></main><iframe src=//evil.example>",
    "<!-- <base href=//evil.example> -->",
    "]]><![CDATA[<b>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;script&#62;alert(1)",
    "{{ 7 * 7 }}{% raw %}{{ cycler.__init__.__globals__ }}",
    "javascript:alert(1)//",
    "\x1b[2J\x1b]8;;http://evil.example\x07click\x1b]8;;\x07",
    "gpj.\u202eexe.\u2066x\u2069",
    "zero\u200bwidth\ufeff\x00\x85\u2028end",
    "style='x' class=\"manifest",
]


def with_every_string(value, replacement):
    """Return a copy of a record tree in which every text, keys included, is `replacement`."""
    if isinstance(value, Enum) or value is None:
        return value
    if isinstance(value, str):
        return replacement
    if isinstance(value, dict):
        return {
            f"{number}{replacement}": with_every_string(item, replacement) for number, item in enumerate(value.values())
        }
    if isinstance(value, tuple | list):
        return type(value)(with_every_string(item, replacement) for item in value)
    if dataclasses.is_dataclass(value):
        names = [each.name for each in dataclasses.fields(value)]
        return dataclasses.replace(value, **{n: with_every_string(getattr(value, n), replacement) for n in names})
    return value


def page_with(text: str) -> Structure:
    return Structure(render_html(with_every_string(sample(), text), json_name=text))


@pytest.mark.parametrize("payload", PAYLOADS)
def test_hostile_text_in_every_field_stays_text(payload):
    """A page whose every text is hostile has the very elements and attributes of one with harmless text."""
    hostile, harmless = page_with(payload), page_with("x" * len(payload))
    assert hostile.shape == harmless.shape
    assert hostile.ends == harmless.ends
    assert hostile.comments == []
    assert visible(payload) in hostile.text  # it is shown, not dropped


def test_without_autoescape_the_hostile_text_would_be_found(monkeypatch):
    """The check above is able to fail: with autoescape off, the payload becomes elements."""
    unsafe = html._environment().overlay(autoescape=False)
    monkeypatch.setattr(html, "_environment", lambda: unsafe)
    payload = PAYLOADS[1]
    assert page_with(payload).shape != page_with("x" * len(payload)).shape


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
        content = "".join(page.contents[element])
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{element}-src 'sha256-{digest}'" in policy
    assert "unsafe" not in policy
    assert [tag for tag, _ in page.elements].count("script") == 1


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
