from __future__ import annotations

import sys

import pytest
from jinja2 import DictLoader, Environment

from osiris_core.report.compiled import CompiledTemplates


class Counting(Environment):
    """An environment that counts how often it compiles."""

    compiled = 0

    def compile(self, *args, **kwargs):
        """Count, and compile."""
        self.compiled += 1
        return super().compile(*args, **kwargs)


@pytest.fixture
def package(tmp_path):
    """A package with templates, on which Python may keep what it compiles."""
    (tmp_path / "templates").mkdir()
    (tmp_path / "words.py").write_text("A = 1\n")
    return tmp_path


@pytest.fixture
def rendered(package, monkeypatch):
    """Return a function that renders a source in an environment of its own, and says how often it was compiled for that."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.setattr(sys, "pycache_prefix", None)

    def render(source: str) -> tuple[str, int]:
        loader = DictLoader({"page": source})
        environment = Counting(loader=loader, bytecode_cache=CompiledTemplates(package), autoescape=True)
        return environment.get_template("page").render(), environment.compiled

    return render


def test_a_template_is_compiled_once(rendered, package):
    """What one process compiled, the next one takes, from beside the templates."""
    assert rendered("a{{ 1 + 1 }}") == ("a2", 1)
    assert rendered("a{{ 1 + 1 }}") == ("a2", 0)
    assert [each.suffix for each in (package / "templates" / "__pycache__").iterdir()] == [".jinja"]


def test_what_it_was_made_from_makes_it_anew(rendered, package):
    """Another source, a changed module of the package, or a torn file: it is compiled, and the right text comes."""
    rendered("a{{ 1 + 1 }}")
    assert rendered("b{{ 1 + 1 }}") == ("b2", 1)
    (package / "words.py").write_text("A = 1  # longer\n")
    assert rendered("b{{ 1 + 1 }}") == ("b2", 1)
    assert rendered("b{{ 1 + 1 }}") == ("b2", 0)
    (kept,) = (package / "templates" / "__pycache__").iterdir()
    kept.write_bytes(kept.read_bytes()[:-20])
    assert rendered("b{{ 1 + 1 }}") == ("b2", 1)


def test_an_overlay_takes_and_leaves_nothing(package, rendered):
    """With autoescape off, a constant compiles to markup: that is never the page's, whoever comes first."""
    safe = Environment(
        loader=DictLoader({"page": "{{ '<b>' }}"}), bytecode_cache=CompiledTemplates(package), autoescape=True
    )
    unsafe = safe.overlay(autoescape=False)
    assert unsafe.get_template("page").render() == "<b>"
    assert rendered("{{ '<b>' }}") == ("&lt;b&gt;", 1)
    assert safe.overlay(autoescape=False).get_template("page").render() == "<b>"
    assert rendered("{{ '<b>' }}") == ("&lt;b&gt;", 0)


@pytest.mark.parametrize("hindered", ["forbidden", "a file in the way"])
def test_where_nothing_can_be_kept_the_page_is_made(rendered, package, monkeypatch, hindered):
    """Python's switch is obeyed, and a place that cannot be written costs time alone."""
    if hindered == "forbidden":
        monkeypatch.setattr(sys, "dont_write_bytecode", True)
    else:
        (package / "templates" / "__pycache__").write_text("")
    assert rendered("a") == ("a", 1)
    assert rendered("a") == ("a", 1)
    assert not (package / "templates" / "__pycache__").is_dir()


def test_the_page_keeps_its_templates():
    """The report's own environment has it, with the package as the place."""
    from osiris_core.report.html import _environment

    assert isinstance(_environment().bytecode_cache, CompiledTemplates)
