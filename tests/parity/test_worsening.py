"""What another judgement may make of a record: worse, and nothing else."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from osiris_core.parity.record import ParityRecord, TargetRun, Verdict
from osiris_core.parity.worsening import refusal, worst


def record(verdict: Verdict | None = Verdict.IDENTICAL, **facts: object) -> ParityRecord:
    """A record as the engine makes it."""
    passed = verdict is None or verdict.passes
    given = {
        "manifest": "m",
        "pipeline_id": "m",
        "passed": passed,
        "headline": "as expected",
        "verdict": verdict,
        **facts,
    }
    return ParityRecord(**given)  # type: ignore[arg-type]


ORDER = [
    *(Verdict.IDENTICAL, Verdict.EQUIVALENT, Verdict.ACCEPTED, Verdict.DIVERGENT),
    *(Verdict.NONDETERMINISTIC, Verdict.INCONCLUSIVE, Verdict.INFRA),
]
GOOD = {Verdict.IDENTICAL, Verdict.EQUIVALENT, Verdict.ACCEPTED}
GREEN, RED = record(warnings=("w",)), record(Verdict.DIVERGENT, headline="they part", expectation_failures=("e",))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (GREEN, replace(GREEN, passed=False, headline="too slow")),
        (GREEN, replace(GREEN, passed=False, expectation_failures=("too slow",))),
        (GREEN, replace(GREEN, passed=False, verdict=Verdict.INCONCLUSIVE, headline="nobody looked")),
        (GREEN, replace(GREEN, verdict=Verdict.ACCEPTED)),
        (GREEN, replace(GREEN, warnings=("w", "slower than yesterday"))),
        (GREEN, GREEN),
        (RED, replace(RED, verdict=Verdict.INFRA, headline="the database was down")),
        (RED, replace(RED, headline="they part, as on Monday")),
        (record(None), replace(record(None), passed=False, headline="too slow")),
    ],
)
def test_what_is_worse_or_says_more_is_accepted(before, after):
    """Evidence stays; a verdict that weighs more, a failure with its reason, and warnings can be added."""
    assert refusal(before, after) == ""


def test_nothing_red_becomes_green_and_no_verdict_better():
    """Of all answers there are, for all records there are."""
    befores = [record(verdict, headline="h") for verdict in (*Verdict, None)]
    befores += [record(verdict, passed=False, headline="h") for verdict in (*GOOD, None)]
    for before, verdict, passed in itertools.product(befores, (*Verdict, None), (True, False)):
        answer = replace(before, passed=passed, verdict=verdict, headline="why")

        if before.verdict is None or verdict is None:
            not_better = before.verdict is verdict
        else:
            not_better = ORDER.index(verdict) >= ORDER.index(before.verdict)
        consistent = not passed or verdict is None or verdict in GOOD
        assert (refusal(before, answer) == "") is (not_better and consistent and passed <= before.passed)


@pytest.mark.parametrize(
    ("before", "answer", "sentence"),
    [
        (GREEN, "DIVERGENT", "gave 'DIVERGENT', but a ParityRecord or None is asked for"),
        (GREEN, replace(GREEN, manifest="n"), "changed `manifest` of the record, where only passed, verdict,"),
        (
            GREEN,
            replace(GREEN, targets=(TargetRun(target="local", provider="host", isolation="none"),)),
            "changed `targets`",
        ),
        (GREEN, replace(GREEN, warnings=()), "did not leave `warnings` as they were"),
        (GREEN, replace(GREEN, warnings=["w"]), "did not leave `warnings` as they were"),
        (RED, replace(RED, expectation_failures=()), "did not leave `expectation_failures` as they were"),
        (GREEN, replace(GREEN, headline=3), "gave a record whose `passed` is no bool, or whose `headline` is no text"),
        (RED, replace(RED, passed=True), "made the record better"),
        (RED, replace(RED, verdict=Verdict.IDENTICAL), "made the record better"),
        (
            record(passed=False, headline="h"),
            record(passed=True, headline="h"),
            "made the record better, where it can only be made worse",
        ),
        (record(Verdict.ACCEPTED), record(Verdict.IDENTICAL), "made the record better"),
        (
            record(None),
            record(Verdict.DIVERGENT, passed=False, headline="x"),
            "gave a verdict where nothing was compared",
        ),
        (
            GREEN,
            replace(GREEN, verdict="DIVERGENT", passed=False, headline="x"),
            "gave the verdict 'DIVERGENT', which is none",
        ),
        (GREEN, replace(GREEN, verdict=Verdict.DIVERGENT), "says that the check failed and that it passed"),
        (GREEN, replace(GREEN, expectation_failures=("too slow",)), "says that the check failed and that it passed"),
        (GREEN, replace(GREEN, passed=False), "failed the check without saying why in `headline`"),
    ],
)
def test_anything_else_is_refused_with_the_reason(before, answer, sentence):
    """As the end of a sentence that names whose answer it is."""
    assert refusal(before, answer).startswith(sentence)


def test_the_worst_of_several_answers_holds_and_all_reasons_are_kept():
    """The first that fails the check says why; a later one that weighs more does."""
    slow = replace(GREEN, passed=False, headline="too slow", warnings=("w", "a"))
    lost = replace(GREEN, passed=False, verdict=Verdict.INCONCLUSIVE, headline="nobody looked", warnings=("w", "b"))
    warned = replace(GREEN, warnings=("w", "c"))

    found = worst(GREEN, [slow, warned, lost])

    assert (found.passed, found.verdict, found.headline) == (False, Verdict.INCONCLUSIVE, "nobody looked")
    assert found.warnings == ("w", "a", "c", "b")
    assert worst(GREEN, []) is GREEN
