"""What a gate asks beyond green verdicts: of one record, and of all of them together."""

from __future__ import annotations

import dataclasses

import pytest

from osiris_core.parity.gates import ending_soon, held_to, stale_waivers, too_few
from osiris_core.parity.record import (
    BaselineState,
    BaselineUse,
    Comparison,
    HeldTarget,
    ParityRecord,
    Verdict,
    WaiverUse,
)

UNUSED = "nothing differs there any more: remove it"


def record(manifest="x", verdict=Verdict.IDENTICAL, *waivers, case=""):
    return ParityRecord(
        manifest=manifest,
        pipeline_id="x",
        passed=verdict is None or verdict.passes,
        headline="equal by `known-roots` (2).",
        verdict=verdict,
        case=case,
        comparison=Comparison(verdict=verdict, waivers=waivers) if verdict else None,
    )


def waiver(name="a", *, manifest="*", hits=0, days_left=30, complaint=UNUSED):
    return WaiverUse(
        name=name,
        reason="r",
        owner="ann",
        expires=f"2026-01-{days_left + 1:02}" if days_left >= 0 else "2025-12-31",
        hits=hits,
        complaint=complaint,
        manifest=manifest,
        days_left=days_left,
    )


@pytest.mark.parametrize(
    ("verdict", "counts"),
    [
        (Verdict.IDENTICAL, True),
        (Verdict.EQUIVALENT, True),
        (Verdict.ACCEPTED, True),
        (Verdict.DIVERGENT, True),
        (Verdict.NONDETERMINISTIC, True),
        (Verdict.INCONCLUSIVE, False),
        (Verdict.INFRA, False),
        (None, False),
    ],
)
def test_only_what_was_compared_counts(verdict, counts):
    """Whatever came out; a target alone, one that could not run, and evidence that is missing are no comparison."""
    sentence = "0 manifests were compared, and at least 1 have to be"
    assert too_few([record(verdict=verdict)], 1) == (() if counts else (sentence,))


def test_a_manifest_counts_once():
    """Twelve cases of one manifest do not stand for eleven that are gone."""
    cases = [record("x", case=str(number)) for number in range(12)]
    assert too_few(cases, 2) == ("1 manifest was compared, and at least 2 have to be",)
    assert too_few([*cases, record("y")], 2) == ()
    assert too_few([], None) == ()


def test_a_record_can_be_held_to_more_than_it_was_made_for():
    """It keeps its verdict, fails, and says why; one that failed before, or that compared nothing, is left as it is."""
    held = held_to(record(verdict=Verdict.EQUIVALENT), "IDENTICAL")
    assert (held.verdict, held.passed) == (Verdict.EQUIVALENT, False)
    assert held.headline == "EQUIVALENT, where IDENTICAL is required: equal by `known-roots` (2)."
    assert held_to(held, "IDENTICAL") is held
    for same in (record(verdict=Verdict.DIVERGENT), record(verdict=None), record()):
        assert held_to(same, "IDENTICAL") is same
    assert held_to(record(verdict=Verdict.EQUIVALENT), "").passed


def stale(*records, whole, each_whole=False):
    return stale_waivers(records, whole=whole, each_whole=each_whole)


def test_a_waiver_is_stale_when_nothing_in_a_whole_run_needs_it():
    """A part cannot tell: another manifest or case may need it. That it has expired every run can tell."""
    idle, needed = waiver(), waiver(hits=1, complaint="")
    expired = waiver("old", days_left=-1, complaint="expired on 2025-12-31")
    said = f"the waiver a (ann) {UNUSED}"
    same = Verdict.IDENTICAL

    assert stale(record("x", same, idle), record("y", same, idle), whole=True) == (said,)
    assert stale(record("x", same, idle), record("y", same, needed), whole=True) == ()
    assert stale(record("x", same, idle, expired), whole=False) == ("the waiver old (ann) expired on 2025-12-31",)


def test_a_waiver_of_one_manifest_is_stale_when_all_of_its_cases_say_so():
    """Whatever other manifests there are."""
    own, same = waiver(manifest="x"), Verdict.IDENTICAL
    cases = [record("x", same, own, case="A"), record("x", same, waiver(manifest="x", hits=1, complaint=""), case="B")]

    assert stale(cases[0], whole=False, each_whole=True) == (f"the waiver a (ann) {UNUSED}",)
    assert stale(cases[0], whole=False) == ()
    assert stale(*cases, whole=True, each_whole=True) == ()
    assert stale(record("x", same, waiver()), whole=False, each_whole=True) == ()


def held(record_, *waivers, verdict=Verdict.IDENTICAL):
    """Return a record with a baseline that its first target was held against."""
    comparison = Comparison(verdict=verdict, waivers=waivers)
    use = BaselineUse(path="b", state=BaselineState.HOLDS, held=(HeldTarget(target="local", comparison=comparison),))
    return dataclasses.replace(record_, baseline=use)


def test_what_a_baseline_needs_is_needed():
    """A waiver may accept what differs from a baseline and not between targets."""
    one = held(record("x", Verdict.IDENTICAL, waiver()), waiver(hits=1, complaint="", days_left=3))

    assert stale(one, whole=True) == ()
    assert [each.days_left for each in ending_soon([one])] == [3]


@pytest.mark.parametrize(
    ("verdict", "counts"), [(Verdict.IDENTICAL, 1), (Verdict.DIVERGENT, 1), (Verdict.INCONCLUSIVE, 0)]
)
def test_a_comparison_with_a_baseline_is_one(verdict, counts):
    """Also of one target alone."""
    assert bool(too_few([held(record(verdict=None), verdict=verdict)], 1)) is (not counts)


@pytest.mark.parametrize(("days_left", "warned"), [(-1, False), (0, True), (14, True), (15, False)])
def test_what_ends_within_two_weeks_is_warned_of(days_left, warned):
    """On the day of its check; one that has ended is another matter."""
    found = ending_soon([record("x", Verdict.ACCEPTED, waiver(days_left=days_left, hits=1, complaint=""))] * 2)
    assert [each.name for each in found] == (["a"] if warned else [])
