"""Declared rules over events: every fault under a rule is found, whatever kind of rule, and nothing else is."""

from __future__ import annotations

import pytest

from osiris_core.parity.compare import compare
from osiris_core.parity.record import Verdict
from osiris_core.rules.model import Bounds, RuleKind, Shape, Tolerance
from tests.parity.rules import rule
from tests.parity.sessions import healthy, pair

SCOPE = {"step": "report", "name": "page_made"}
A, B = "6a7c3f6e-3f0b-4a5e-9d58-0a4b8f9f1c11", "0f1e2d3c-4b5a-4988-8776-655443322110"
C, D = "11111111-2222-4333-8444-555555555555", "99999999-8888-4777-8666-555555555555"


def compared(tmp_path, left, right, *rules):
    """Compare a healthy pair whose two `page_made` events have these fields besides."""
    drafts = healthy("local"), healthy("e2b")
    for draft, fields in zip(drafts, (left, right), strict=True):
        first, second = (each for each in draft.events if each["event"] == "page_made")
        place = draft.events.index(first)
        draft.events.remove(second)
        draft.events[place : place + 1] = [{**first, "page": f"p{n}", **each} for n, each in enumerate(fields)]
    return compare(*pair(tmp_path, *drafts), rules=rules)


TOKEN = rule("token", **SCOPE, path="at", shape=Shape(type="uuid"))
RENAMED = rule("bijection", **SCOPE, path="at")
NEAR = rule("tolerance", **SCOPE, path="at", tolerance=Tolerance(absolute=0.5))
LIST = rule("unordered", **SCOPE, path="at")
KEYED = rule("unordered", **SCOPE, path="at", by=("id",))
KNOWN = rule("known-value", **SCOPE, path="at")
FORM = rule("canonical", **SCOPE, path="at", form="case")
INNER = rule("bijection", **SCOPE, path="at.*[*]")

EQUAL = {
    "token": (TOKEN, [A, B], [C, D]),
    "bijection": (RENAMED, [A, B], [C, D]),
    "bijection, the same twice": (RENAMED, [A, A], [C, C]),
    "tolerance": (NEAR, [1.0, 2.0], [1.5, 2.25]),
    "unordered": (LIST, [[1, 2], []], [[2, 1], []]),
    "by key": (KEYED, [[{"id": 1, "v": 1}, {"id": 2, "v": 2}], []], [[{"id": 2, "v": 2}, {"id": 1, "v": 1}], []]),
    "known value": (KNOWN, ["/home/ann/flights/x", 1], ["/home/user/project/x", 1]),
    "canonical": (FORM, ["A", "b"], ["a", "B"]),
    "inside": (INNER, [{"ids": [A, B]}, {"ids": [A]}], [{"ids": [C, D]}, {"ids": [C]}]),
}
FAULTS = {
    "token: another type": (TOKEN, [A, B], [C, 1], "rule-shape"),
    "token: outside the shape": (TOKEN, [A, B], [C, "none"], "rule-shape"),
    "token: outside the shape on both sides": (TOKEN, [A, "none"], [A, "none"], "rule-shape"),
    "token: null": (TOKEN, [A, B], [C, None], "rule-shape"),
    "bijection: one for two": (RENAMED, [A, A], [C, D], "rule-bijection"),
    "bijection: two for one": (RENAMED, [A, B], [C, C], "rule-bijection"),
    "bijection: equal, and renamed elsewhere": (RENAMED, [A, A], [A, C], "rule-bijection"),
    "bijection: another type": (RENAMED, [A, B], [C, 1], "rule-bijection"),
    "tolerance: ten times as far": (NEAR, [1.0, 2.0], [1.0, 7.0], "event-changed"),
    "tolerance: another type": (NEAR, [1.0, 2.0], [1.0, "2.0"], "event-changed"),
    "tolerance: not a number": (NEAR, [1.0, 2.0], [1.0, float("nan")], "event-changed"),
    "unordered: dropped": (LIST, [[1, 2], []], [[1], []], "event-changed"),
    "unordered: doubled": (LIST, [[1, 2], []], [[1, 2, 2], []], "event-changed"),
    "unordered: changed": (LIST, [[1, 2], []], [[2, 3], []], "event-changed"),
    "by key: changed": (KEYED, [[{"id": 1, "v": 1}], []], [[{"id": 1, "v": 2}], []], "event-changed"),
    "by key: no key": (KEYED, [[{"id": 1}], []], [[{"v": 1}], []], "rule-shape"),
    "known value: another path below it": (KNOWN, ["/home/ann/x", 1], ["/home/user/y", 1], "event-changed"),
    "canonical: another text": (FORM, ["A", "b"], ["a", "c"], "event-changed"),
    "inside: swapped": (INNER, [{"ids": [A, B]}, {"ids": [A]}], [{"ids": [C, D]}, {"ids": [D]}], "rule-bijection"),
    "a field beside it": (TOKEN, [A, B], [C, D], "event-changed"),
}


@pytest.mark.parametrize("name", EQUAL)
def test_what_a_rule_is_for_is_equivalent(name, tmp_path):
    """The rule is named, and without it the sessions are DIVERGENT."""
    declared, left, right = EQUAL[name]
    fields = [{"at": value} for value in left], [{"at": value} for value in right]
    result = compared(tmp_path / "with", *fields, declared)
    assert (result.verdict, result.findings) == (Verdict.EQUIVALENT, ())
    assert [use.rule for use in result.rules if use.decided] == ["r"]
    assert compared(tmp_path / "without", *fields).verdict is Verdict.DIVERGENT


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_under_a_rule_is_found(name, tmp_path):
    """With its code, at the field, from either side; a survivor here would be a hole in the rule."""
    declared, left, right, code = FAULTS[name]
    beside = {"n": 1} if name == "a field beside it" else {}
    fields = [{"at": value} for value in left], [{"at": value, **beside} for value in right]
    result = compared(tmp_path / "ab", *fields, declared)
    assert result.verdict is Verdict.DIVERGENT
    assert {finding.code for finding in result.findings} == {code}
    assert all(finding.path.startswith("page_made[") for finding in result.findings)
    mirrored = compared(tmp_path / "ba", *reversed(fields), declared)
    assert [finding.code for finding in mirrored.findings] == [finding.code for finding in result.findings]


def test_every_kind_of_rule_has_both():
    """A kind without an example, or without a fault, is not tested here; adding one without both fails."""
    assert {declared.kind for declared, *_ in EQUAL.values()} == set(RuleKind)
    assert {declared.kind for declared, *_ in FAULTS.values()} == set(RuleKind)


@pytest.mark.parametrize(("left", "right"), [([A, B], [C]), ([A], [C, D])])
def test_an_event_that_was_dropped_or_doubled_is_found_under_a_rule(left, right, tmp_path):
    """Matching goes by what is left once the covered values are tokens."""
    fields = [{"at": value, "page": "p"} for value in left], [{"at": value, "page": "p"} for value in right]
    for declared in (TOKEN, RENAMED):
        result = compared(tmp_path / declared.kind, *fields, declared)
        assert {finding.code for finding in result.findings} == {"event-doubled"}


def test_a_missing_event_does_not_shift_the_others(tmp_path):
    """Events that a rule covers are matched by their other fields, not by their place."""
    fields = [{"at": A}, {"at": B}, {"at": C}], [{"at": D, "page": "p1"}, {"at": A, "page": "p2"}]
    result = compared(tmp_path, *fields, RENAMED)
    assert [(finding.code, finding.left) for finding in result.findings] == [
        ("event-missing", f'{{"at": "{A}", "page": "p0"}}')
    ]


def test_bounds_count_over_all_events(tmp_path):
    """Two values set aside are more than one."""
    bound = rule("bijection", **SCOPE, path="at", bounds=Bounds(max_hits=1))
    result = compared(tmp_path, [{"at": A}, {"at": B}], [{"at": C}, {"at": D}], bound)
    assert [finding.code for finding in result.findings] == ["rule-bound"]


def test_without_a_rule_there_is_no_plan(tmp_path):
    """A rule elsewhere costs nothing here, and changes nothing."""
    other = rule("token", "event", name="other", path="**")
    assert compared(tmp_path, [{"at": A}], [{"at": C}], other).verdict is Verdict.DIVERGENT
