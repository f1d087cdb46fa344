from __future__ import annotations

import os
import sys

import pytest
from jinja2 import DictLoader, Environment

from osiris_core.report import compiled
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
    facts = (package / "words.py").stat()
    (package / "words.py").write_text("A = 2\n")
    os.utime(package / "words.py", ns=(facts.st_atime_ns, facts.st_mtime_ns))  # as where all files are of one time
    assert rendered("b{{ 1 + 1 }}") == ("b2", 1)
    assert rendered("b{{ 1 + 1 }}") == ("b2", 0)
    (kept,) = (package / "templates" / "__pycache__").iterdir()
    whole = kept.read_bytes()
    for length in range(0, len(whole), 40):
        kept.write_bytes(whole[:length])
        assert rendered("b{{ 1 + 1 }}") == ("b2", 1)


@pytest.mark.parametrize("library", ["jinja2", "markupsafe"])
def test_another_version_of_what_compiles_makes_it_anew(rendered, monkeypatch, library):
    """What was kept by one version is not taken by another, in either direction."""
    rendered("a")
    real = compiled.version
    monkeypatch.setattr(compiled, "version", lambda name: "0.0" if name == library else real(name))
    assert [rendered("a")[1] for _ in range(2)] == [1, 0]
    monkeypatch.setattr(compiled, "version", real)
    assert rendered("a") == ("a", 1)


def test_each_python_keeps_its_own(rendered, package, monkeypatch):
    """Two that share a directory never overwrite each other's."""
    rendered("a")
    monkeypatch.setattr(sys.implementation, "cache_tag", "cpython-399")
    assert rendered("a") == ("a", 1)
    assert len(list((package / "templates" / "__pycache__").iterdir())) == 2


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
