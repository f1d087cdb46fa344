"""The table of judgement: what the targets left behind becomes a verdict, and green has to be earned."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from osiris_core import judgement
from osiris_core.backends.protocol import TargetFacts
from osiris_core.errors import SandboxError, WireError
from osiris_core.judgement import Circumstances, TargetResult, judge
from osiris_core.manifest.model import Expectation
from osiris_core.parity.record import Comparison, RuleUse, Verdict

LOST = SandboxError("the sandbox went away")
TORN = WireError("the artifacts are no valid pack")


def result(target: str, *, outcome: str | None = "succeeded", failure: Any = None) -> TargetResult:
    session: Any = None
    if outcome is not None:
        session = SimpleNamespace(
            target_facts={},
            target=target,
            outcome=outcome,
            failed_step=None if outcome == "succeeded" else "act",
            error=None,
            directory=Path("/project/.osiris/runs/s") / target,
            hello={"environment": {}},
            steps=(),
            events=(),
            metrics=(),
            artifacts={},
            manifest={"steps": []},
            facts={},
        )
    facts = TargetFacts(target=target, provider="host", isolation="none")
    return TargetResult(facts=facts, session=session, failure=failure)


def circumstances(*, changed: tuple[str, ...] = (), expect: str = "succeeded", require: str = "") -> Circumstances:
    expectation = Expectation(outcome=expect)
    manifest: Any = SimpleNamespace(
        location="x.osiris.yaml",
        relative="x.osiris.yaml",
        pipeline=SimpleNamespace(id="x"),
        fingerprint="f",
        expect=expectation,
        parity_text="normalized",
        require=require,
    )
    return Circumstances(
        manifest=manifest,
        session_id="s",
        started_at="",
        elapsed_ms=1.0,
        changed_inputs=changed,
        reproduce="",
        session_root=Path("/project"),
    )


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> dict[str, Verdict]:
    """What the comparison of the two sessions says, for the test to choose; judging it is what is tested here."""
    chosen = {"verdict": Verdict.IDENTICAL}
    monkeypatch.setattr(judgement, "compare", lambda *_, **__: Comparison(verdict=chosen["verdict"]))
    return chosen


@pytest.mark.parametrize(
    ("compared", "passed"),
    [
        (Verdict.IDENTICAL, True),
        (Verdict.EQUIVALENT, True),
        (Verdict.ACCEPTED, True),
        (Verdict.DIVERGENT, False),
        (Verdict.NONDETERMINISTIC, False),
        (Verdict.INCONCLUSIVE, False),
    ],
)
def test_a_comparison_is_passed_on(found: dict[str, Verdict], compared: Verdict, passed: bool) -> None:
    """Where both targets ran, the verdict is the comparison's."""
    found["verdict"] = compared

    record = judge([result("local"), result("e2b")], circumstances())

    assert (record.verdict, record.passed) == (compared, passed)
    assert record.cause == ("UNKNOWN" if compared is Verdict.DIVERGENT else "")


@pytest.mark.parametrize("outcome", [None, "lost"])
def test_a_target_that_could_not_run_is_infra(found: dict[str, Verdict], outcome: str | None) -> None:
    """With or without a session: nothing is compared, and the sentence names the target."""
    record = judge([result("local"), result("e2b", outcome=outcome, failure=LOST)], circumstances())

    assert (record.verdict, record.passed, record.comparison) == (Verdict.INFRA, False, None)
    assert record.headline == "e2b: the sandbox went away"
    assert record.expectation_failures == ()


def test_broken_evidence_leaves_nothing_better_than_inconclusive(found: dict[str, Verdict]) -> None:
    """An equal comparison is not believed when the transport broke its protocol; a real difference stays one."""
    torn = [result("local"), result("e2b", failure=TORN)]

    assert judge(torn, circumstances()).verdict is Verdict.INCONCLUSIVE
    found["verdict"] = Verdict.DIVERGENT
    assert judge(torn, circumstances()).verdict is Verdict.DIVERGENT


@pytest.mark.parametrize(
    ("required", "green"),
    [
        ("", {Verdict.IDENTICAL, Verdict.EQUIVALENT, Verdict.ACCEPTED}),
        ("EQUIVALENT", {Verdict.IDENTICAL, Verdict.EQUIVALENT}),
        ("IDENTICAL", {Verdict.IDENTICAL}),
    ],
)
def test_a_weaker_verdict_than_required_fails_and_stays_what_it_is(
    found: dict[str, Verdict], required: str, green: set[Verdict]
) -> None:
    """The headline says which is required, and what the one that came out rests on; a failing verdict needs no more reason."""
    asked = dataclasses.replace(circumstances(), require=required)
    passed = set()
    for verdict in Verdict:
        found["verdict"] = verdict
        record = judge([result("local"), result("e2b")], asked)
        assert record.verdict is verdict
        said = f"{verdict}, where {required} is required: local and e2b d"
        assert record.headline.startswith(said) is (verdict.passes and not record.passed)
        assert bool(record.expectation_failures) is (verdict.passes and not record.passed)
        if record.passed:
            passed.add(verdict)
    assert passed == green


@pytest.mark.parametrize(
    ("manifests", "options", "passed"),
    [
        ("IDENTICAL", "", False),
        ("EQUIVALENT", "IDENTICAL", False),
        ("IDENTICAL", "EQUIVALENT", False),
        ("EQUIVALENT", "", True),
    ],
)
def test_of_two_requirements_the_stronger_holds(
    found: dict[str, Verdict], manifests: str, options: str, passed: bool
) -> None:
    """What a manifest asks for itself no option takes back, nor the other way round."""
    found["verdict"] = Verdict.EQUIVALENT
    asked = dataclasses.replace(circumstances(require=manifests), require=options)

    assert judge([result("local"), result("e2b")], asked).passed is passed
    assert judge([result("local")], asked).passed


@pytest.mark.parametrize("targets", [("local", "e2b"), ("local",), ("e2b",)])
def test_inputs_that_changed_are_never_green(found: dict[str, Verdict], targets: tuple[str, ...]) -> None:
    """On two targets or on one: nobody can say what was read."""
    record = judge([result(each) for each in targets], circumstances(changed=("data.csv",)))

    assert (record.verdict, record.passed) == (Verdict.INCONCLUSIVE, False)


def test_equal_failures_are_green_only_when_expected(found: dict[str, Verdict]) -> None:
    """Two runs that fail alike are IDENTICAL and failed; with the expectation they pass."""
    both = [result("local", outcome="failed"), result("e2b", outcome="failed")]

    surprised, expected = judge(both, circumstances()), judge(both, circumstances(expect="failed"))

    assert (surprised.verdict, surprised.passed) == (Verdict.IDENTICAL, False)
    assert len(surprised.expectation_failures) == 2
    assert (expected.verdict, expected.passed) == (Verdict.IDENTICAL, True)


@pytest.mark.parametrize(("outcome", "passed"), [("succeeded", True), ("failed", False)])
def test_one_target_has_no_verdict(outcome: str, passed: bool) -> None:
    """Nothing was compared, and nothing says so; `expect` decides."""
    record = judge([result("local", outcome=outcome)], circumstances())

    assert (record.verdict, record.passed) == (None, passed)


def test_one_target_whose_evidence_is_broken_is_infra() -> None:
    """There is no second session to be inconclusive about."""
    record = judge([result("e2b", failure=TORN)], circumstances())

    assert (record.verdict, record.passed) == (Verdict.INFRA, False)


def test_a_strict_check_fails_where_a_rule_has_nothing_to_do(monkeypatch):
    """The verdict stays what it is; the check is not as it should be, and the record says why."""
    use = RuleUse(rule="ids", reason="why", left_hits=0, right_hits=0, decided=0, complaint="never met a value")
    comparison = Comparison(verdict=Verdict.IDENTICAL, rules=(use,))
    monkeypatch.setattr(judgement, "compare", lambda *_, **__: comparison)
    results = [result("local"), result("e2b")]
    assert judge(results, circumstances()).passed
    record = judge(results, dataclasses.replace(circumstances(), strict=True))
    assert (record.passed, record.verdict, record.headline) == (
        False,
        Verdict.IDENTICAL,
        "the rule `ids` never met a value",
    )


def test_declared_rules_reach_the_comparison(monkeypatch):
    """They are given as they were declared."""
    seen = {}
    monkeypatch.setattr(
        judgement, "compare", lambda *_, **given: seen.update(given) or Comparison(verdict=Verdict.IDENTICAL)
    )
    declared: Any = (object(),)
    judge([result("local"), result("e2b")], dataclasses.replace(circumstances(), rules=declared))
    assert seen["rules"] == declared
