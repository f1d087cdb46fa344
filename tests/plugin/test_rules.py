"""Rules of what may differ come from a marker and from a hook too, and one that has nothing to do is told."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from osiris_core.parity.record import Comparison, RuleUse, Verdict
from pytest_osiris.running.agreement import Agreement
from tests.parity.sessions import healthy, pair
from tests.plugin.conftest import record_of

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Engine, Project

RULE = {"id": "ids", "reason": "why", "kind": "token", "scope": {"record": "event", "path": "id"}}
TEST = """
import pytest

@pytest.mark.osiris("it.osiris.yaml", normalizers=%r)
def test_it(osiris_parity):
    pass
"""
HOOK = """
def pytest_osiris_normalizers(config, manifest):
    assert manifest.pipeline.id == "it"
    return %r
"""


def test_a_marker_and_a_hook_declare_rules(project: Project, engine: Engine) -> None:
    """Those of the marker come first; each says where it is from."""
    project.manifest("it")
    (project.root / "conftest.py").write_text(HOOK % [{**RULE, "id": "hooked"}])
    (project.root / "test_it.py").write_text(TEST % [RULE])

    project.run("test_it.py").assert_outcomes(passed=1)

    assert engine.rules == [[("ids", "marker"), ("hooked", "hook")]]


def test_a_manifest_that_is_a_test_has_the_rules_of_the_hook(project: Project, engine: Engine) -> None:
    """There is no marker, and nothing is needed."""
    project.manifest("it")
    (project.root / "conftest.py").write_text(HOOK % [RULE])

    project.run("it.osiris.yaml").assert_outcomes(passed=1)

    assert engine.rules == [[("ids", "hook")]]


def test_what_is_wrong_with_rules_fails_the_test_in_a_sentence(project: Project, engine: Engine) -> None:
    """Nothing is run; the place in the list is named."""
    project.manifest("it")
    (project.root / "test_it.py").write_text(TEST % [RULE, {**RULE, "id": "b", "kind": "tokn"}])

    result = project.run("test_it.py")

    result.assert_outcomes(failed=1)
    sentence = "the osiris marker's `normalizers`: rule 2, kind: `kind` cannot be `tokn` (did you mean `token`?)"
    assert sentence in result.stdout.str()
    assert engine.calls == []


def test_what_is_wrong_with_a_hook_fails_the_test_in_a_sentence(project: Project, engine: Engine) -> None:
    """A hook gives a list of rules, and nothing else."""
    project.manifest("it")
    (project.root / "conftest.py").write_text(HOOK % RULE)

    result = project.run("it.osiris.yaml")

    result.assert_outcomes(failed=1)
    assert "the hook pytest_osiris_normalizers of " in result.stdout.str()
    assert "conftest.py gave {'id': 'ids'" in result.stdout.str()
    assert engine.calls == []


def test_a_rule_with_nothing_to_do_is_a_warning(project: Project, engine: Engine) -> None:
    """Pytest lists it at the end of the run, with the rule and who declared it."""
    project.manifest("it")
    use = RuleUse(
        rule="ids",
        reason="why",
        left_hits=0,
        right_hits=0,
        decided=0,
        source="manifest",
        complaint="never met a value: it is out of date, or its scope is wrong",
    )
    comparison = Comparison(verdict=Verdict.IDENTICAL, rules=(use,))
    engine.outcomes["it"] = replace(record_of("it.osiris.yaml"), comparison=comparison)

    result = project.run("-W", "default", "--osiris-target=both")

    result.assert_outcomes(passed=1, warnings=1)
    assert "RuleWarning: it.osiris.yaml: the rule `ids` (manifest) never met a value" in result.stdout.str()


def test_strict_is_repeated(project: Project, engine: Engine) -> None:
    """It decides what comes out, so the command that repeats a test has it."""
    project.manifest("it")
    engine.gives("it", Verdict.DIVERGENT)
    project.ini("osiris_strict = true")

    result = project.run("--osiris-target=both")

    assert "--osiris-target=both --osiris-strict" in result.stdout.str()


def test_a_run_that_is_near_by_a_rule_has_no_such_metric(tmp_path: Path) -> None:
    """What a test is handed is true of both targets; a number that is only near is true of neither."""
    right = healthy("e2b")
    right.metric("rows_read", "read")["value"] = 4
    agreed = Agreement(*pair(tmp_path, healthy("local"), right)).metrics()
    assert [metric["metric"] for metric in agreed] == ["rows_written"]
