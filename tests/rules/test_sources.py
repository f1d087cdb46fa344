"""Rules for all manifests of a project, and which rule holds where two have one id."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from osiris_core.errors import UsageError
from osiris_core.options import declared_rules
from osiris_core.project import read_settings
from osiris_core.rules.reading import read_rules

RULE = """
[[tool.osiris.parity.normalizers]]
id = "ids"
reason = "the project's"
kind = "token"
scope = {record = "event", path = "id"}
"""


def manifest(tmp_path, *rules: dict[str, Any]) -> Any:
    """Return as much of a manifest as has rules."""
    return SimpleNamespace(project_root=tmp_path, normalizers=read_rules(list(rules), "manifest")[0])


def test_a_project_declares_rules_for_all_its_manifests(tmp_path):
    """They stand in its `pyproject.toml`, as they would in a manifest."""
    (tmp_path / "pyproject.toml").write_text(RULE)
    (rule,) = read_settings(tmp_path).normalizers
    assert (rule.id, rule.source) == ("ids", "pyproject")


def test_the_nearer_of_two_rules_with_one_id_holds(tmp_path):
    """What is given comes first, then the manifest's, then the project's."""
    (tmp_path / "pyproject.toml").write_text(RULE)
    own = {"id": "ids", "reason": "ours", "kind": "token", "scope": {"record": "event", "path": "x"}}
    other = {**own, "id": "others"}
    given = read_rules([{**other, "reason": "given"}], "marker")[0]
    found = declared_rules(manifest(tmp_path, own, other), given)
    assert [(rule.id, rule.reason) for rule in found] == [("others", "given"), ("ids", "ours")]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (RULE.replace("token", "tokn"), "rule 1, kind: `kind` cannot be `tokn` (did you mean `token`?)"),
        ("[tool.osiris.parity]\nnormalisers = []", "has no key `normalisers`"),
        ("[tool.osiris]\nparity = 1", "is not understood"),
    ],
)
def test_what_is_wrong_is_a_usage_error(tmp_path, text, sentence):
    """One sentence that names the file, the rule and the key."""
    (tmp_path / "pyproject.toml").write_text(text)
    with pytest.raises(UsageError, match=r"pyproject\.toml") as caught:
        read_settings(tmp_path)
    assert sentence in str(caught.value)
