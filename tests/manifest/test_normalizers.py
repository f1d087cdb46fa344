"""Declared rules in a manifest: read with their source, part of its canonical form, and wrong with file, line and column."""

from __future__ import annotations

import pytest

from osiris_core.rules.model import RuleKind
from tests.manifest.project import WHOLE, Project  # noqa: TC001 - a fixture's type

RULES = """\
parity:
  normalizers:
    - id: pages
      reason: pages are named anew
      kind: bijection
      scope: {record: event, name: page_made, path: page}
    - preset: float-noise
      records: [table]
"""
PAGES = {
    "id": "pages",
    "reason": "pages are named anew",
    "kind": "bijection",
    "scope": {"record": "event", "name": "page_made", "path": "page"},
}


def test_rules_are_read_and_presets_are_the_rules_they_stand_for(project: Project):
    """Each says who declared it; the canonical form has what was meant, not what was abbreviated."""
    manifest = project.load(WHOLE + RULES)
    assert [(rule.id, rule.kind, rule.source) for rule in manifest.normalizers] == [
        ("pages", RuleKind.BIJECTION, "manifest"),
        ("float-noise-table", RuleKind.TOLERANCE, "manifest, preset float-noise"),
    ]
    written = manifest.canonical["parity"]["normalizers"]
    assert written[0] == PAGES
    assert written[1]["scope"] == {"record": "table", "path": "*"}


def test_rules_do_not_decide_a_run(project: Project):
    """They are no part of the fingerprint: what is accepted changes nothing in what runs."""
    assert project.load(WHOLE + RULES).fingerprint == project.load(WHOLE).fingerprint


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("kind: bijection", "kind: rename", "9:13: `kind` cannot be `rename` (known: token, bijection"),
        ("reason:", "because:", "8:7: unknown key `because` in a rule (known: id, reason"),
        ("path: page", "path: 'page[1]'", "10:53: an item of a list is `[*]`"),
        (
            "page_made",
            "page_made, match: '(?!a)'",
            "10:54: `(?!a)` cannot be used: look-around cannot be bounded in time",
        ),
        (
            "preset: float-noise",
            "preset: float-nois",
            "11:15: `preset` cannot be `float-nois` (did you mean `float-noise`?)",
        ),
        ("[table]", "[tables]", "12:16: the preset `float-noise` has no rule for `tables`"),
    ],
)
def test_what_is_wrong_has_its_place(project: Project, old: str, new: str, problem: str):
    """The line and column of the value, or of the key where that is what is wrong."""
    found = project.problems(WHOLE + RULES.replace(old, new, 1))
    assert any(each.startswith(problem) for each in found), found
