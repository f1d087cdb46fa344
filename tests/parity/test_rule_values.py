"""What one rule says of two values: what it may set aside, and what it may not, for every kind of rule."""

from __future__ import annotations

import math
from typing import Any

import pytest

from osiris_core.parity.declared.distance import distance
from osiris_core.parity.rulebook import Place, Rulebook
from osiris_core.parity.side import view
from osiris_core.rules.model import Bounds, RecordKind, Rule, RuleKind, Shape, Tolerance  # noqa: TC001 - of a table
from tests.parity.rules import rule
from tests.parity.sessions import healthy

UUIDS = "6a7c3f6e-3f0b-4a5e-9d58-0a4b8f9f1c11", "0f1e2d3c-4b5a-4988-8776-655443322110"


@pytest.fixture
def book(tmp_path):
    """Return what makes a rulebook of rules between the two sides of a healthy pair."""
    left, right = healthy("local"), healthy("e2b")
    left.hello["environment"] = {"user": "ann", "hostname": "laptop"}
    right.hello["environment"] = {"user": "user", "hostname": "e2b.local"}
    sides = (
        view(left.build(tmp_path), "local", is_left=True),
        view(right.build(tmp_path), "e2b", is_left=False),
    )
    return lambda *rules: Rulebook(rules, *sides)


def judge(book: Rulebook, *pairs: tuple[Any, Any], path: str = "field") -> list[bool]:
    """Return what the rules say of pairs of values at one place."""
    place = Place(RecordKind.EVENT, "report", "page_made", path)
    return [book.leaf(place, left, right).equal for left, right in pairs]


FIELD = {"path": "field"}
KINDS: dict[str, tuple[Rule, list[tuple[Any, Any]], list[tuple[Any, Any]]]] = {
    "token": (
        rule(RuleKind.TOKEN, **FIELD, shape=Shape(type="uuid")),
        [UUIDS, (UUIDS[0], UUIDS[0])],
        [(UUIDS[0], "none"), ("x", "x"), (UUIDS[0], None), (UUIDS[0], 7), (UUIDS[0], [UUIDS[1]])],
    ),
    "token without a shape": (
        rule(RuleKind.TOKEN, **FIELD),
        [("a", "b"), (1, 2), (None, None)],
        [("1", 1), (1, 1.0), (True, 1), ("a", None), ("a", {"b": 1}), (["a"], ["b"])],
    ),
    "token of a pattern": (
        rule(RuleKind.TOKEN, **FIELD, shape=Shape(pattern="req-[0-9]+")),
        [("req-1", "req-22")],
        [("req-1", "req-"), ("req-1", "xreq-2"), ("req-1", "req-2 "), ("req-1", "req-2\n")],
    ),
    "token within a range": (
        rule(RuleKind.TOKEN, **FIELD, shape=Shape(type="number", least=0, greatest=10)),
        [(1, 2), (0.5, 9.5)],
        [(1, 11), (1, -1), (1.0, math.nan), (1.0, math.inf), (1, True)],
    ),
    "a time": (
        rule(RuleKind.TOKEN, **FIELD, shape=Shape(type="time")),
        [("2026-11-24T12:00:00.1Z", "2026-11-24T12:00:30.1Z"), (1795521600, 1795521630)],
        [("2026-11-24T12:00:00.1Z", "2026-11-23T12:00:30.1Z"), ("2026-11-24T12:00:00.1Z", "soon"), (1795521600, 12)],
    ),
    "a duration": (
        rule(RuleKind.TOKEN, **FIELD, shape=Shape(type="duration_ms")),
        [(1, 2), (0.5, 7.25)],
        [(1, -1), (1, 86_400_000), (1.0, math.nan)],
    ),
    "a known value": (
        rule(RuleKind.KNOWN_VALUE, **FIELD),
        [("/home/ann/flights/x", "/home/user/project/x"), ("ann@laptop", "user@e2b.local")],
        [
            ("/home/ann/flights/x", "/home/user/project/y"),
            ("/home/ann2/x", "/home/user2/x"),
            ("ann", "<user>"),
            ("annabel", "user"),
            ("ann", 7),
        ],
    ),
    "a canonical form": (
        rule(RuleKind.CANONICAL, **FIELD, form="case"),
        [("Done", "done")],
        [("done", "gone"), ("1", 1)],
    ),
    "JSON in a text": (
        rule(RuleKind.CANONICAL, **FIELD, form="json-in-text"),
        [('{"a":1,"b":[]}', '{"b": [], "a": 1}')],
        [('{"a":1}', '{"a":1.0}'), ('{"a":1,"a":2}', '{"a":2}'), ("[1e400]", "[1e500]"), ("{", "[")],
    ),
    "floats without a fraction": (
        rule(RuleKind.CANONICAL, **FIELD, form="whole-floats"),
        [(1, 1.0)],
        [(1, 1.5), (1, True), (0, -0.0), (1, "1")],
    ),
    "an empty text": (
        rule(RuleKind.CANONICAL, **FIELD, form="empty-is-null"),
        [("", None)],
        [("", " "), (None, 0), (None, "null")],
    ),
    "a stretch": (
        rule(RuleKind.TOKEN, **FIELD, match="id=([^ ]*)", shape=Shape(pattern="[0-9]+")),
        [("id=1 ok", "id=22 ok"), ("id=1 id=2", "id=3 id=4")],
        [
            ("id=1 ok", "id=2 not"),
            ("id=1 ok", "id=x ok"),
            ("id=1", "id=<#0>"),
            ("id=1 id=2", "id=3"),
            ("id=1", 1),
            ("id=x", "id=x"),
        ],
    ),
    "a tolerance": (
        rule(RuleKind.TOLERANCE, **FIELD, tolerance=Tolerance(absolute=0.1)),
        [(1.0, 1.0625), (1, 1), (math.nan, math.nan), (math.inf, math.inf), (10**30, 10**30)],
        [
            (1.0, 2.0),
            (1.0, 1),
            (1.0, math.nan),
            (math.inf, -math.inf),
            (1e308, math.inf),
            (0.0, -0.0),
            (10**30, 10**30 + 1),
            (1.0, "1.0"),
            (1.0, None),
        ],
    ),
    "a tolerance of texts": (
        rule(RuleKind.TOLERANCE, **FIELD, match="p=([0-9.e-]+)", tolerance=Tolerance(relative=1e-9)),
        [("p=0.1 n=3", "p=0.1000000000001 n=3")],
        [("p=0.1 n=3", "p=0.2 n=3"), ("p=0.1 n=3", "p=0.1 n=4"), ("p=0.1", "p=.e.")],
    ),
}


@pytest.mark.parametrize("name", KINDS)
def test_a_rule_sets_aside_what_it_is_for(name, book):
    """A valid value may be replaced by another valid one, in either direction."""
    declared, equal, _ = KINDS[name]
    for left, right in equal:
        assert judge(book(declared), (left, right)) == [True], (left, right)


@pytest.mark.parametrize("name", KINDS)
def test_a_fault_under_a_rule_is_found(name, book):
    """Another type, a value outside the shape, one too far away, a neighbour of what is claimed: all are differences."""
    declared, _, different = KINDS[name]
    for left, right in different:
        assert judge(book(declared), (left, right)) == [False], (left, right)


def test_every_kind_of_rule_has_a_fault_to_find():
    """A kind without a planted fault is not tested; lists and renamings have tests of their own below."""
    planted = {declared.kind for declared, _, different in KINDS.values() if different}
    assert planted | {RuleKind.BIJECTION, RuleKind.UNORDERED} == set(RuleKind)


RENAMED = rule(RuleKind.BIJECTION, path="field", shape=Shape(type="string"))


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        ([("a", "x"), ("b", "y"), ("a", "x")], [True, True, True]),
        ([("a", "x"), ("a", "y")], [True, False]),
        ([("a", "x"), ("b", "x")], [True, False]),
        ([("a", "a"), ("b", "a")], [True, False]),
        ([("a", "b"), ("b", "a"), ("a", "b")], [True, True, True]),
        ([("a", "x"), ("b", "x"), ("b", "y")], [True, False, True]),
        ([("a", 1)], [False]),
        ([("a", None)], [False]),
    ],
)
def test_ids_are_renamed_and_never_deleted(pairs, expected, book):
    """The same id stands for the same id throughout, both ways; an equal pair is taken note of too."""
    assert judge(book(RENAMED), *pairs) == expected
    assert judge(book(RENAMED), *[(b, a) for a, b in pairs]) == expected


LISTS = rule(RuleKind.UNORDERED, path="field")
KEYED = rule(RuleKind.UNORDERED, path="field", by=("id",))
NEAR = rule(RuleKind.TOLERANCE, called="near", path="field[*]", tolerance=Tolerance(absolute=0.1))


@pytest.mark.parametrize(
    ("rules", "left", "right", "expected"),
    [
        ([LISTS], [1, 2, 3], [3, 1, 2], True),
        ([LISTS], [1, 1, 2], [1, 2], False),
        ([LISTS], [1, 1, 2], [1, 2, 2], False),
        ([LISTS], [1, 2], [2, 1.0], False),
        ([LISTS], [[1, 2]], [[2, 1]], False),
        ([LISTS], [1], {"a": 1}, False),
        ([LISTS], [1], "1", False),
        ([KEYED], [{"id": 1, "v": 1}, {"id": 2, "v": 2}], [{"id": 2, "v": 2}, {"id": 1, "v": 1}], True),
        ([KEYED], [{"id": 1, "v": 1}, {"id": 2, "v": 2}], [{"id": 2, "v": 1}, {"id": 1, "v": 2}], False),
        ([KEYED], [{"id": 1}, {"id": 1}], [{"id": 1}], False),
        ([KEYED], [{"id": 1}, {"v": 1}], [{"v": 1}, {"id": 1}], False),
        ([LISTS, NEAR], [1.0, 2.0], [2.05, 1.05], True),
        ([LISTS, NEAR], [1.0, 2.0], [2.05, 2.05], False),
    ],
)
def test_items_are_a_multiset_or_go_by_key(rules, left, right, expected, book):
    """Order is set aside, and nothing else: an item dropped, doubled or changed is found."""
    assert judge(book(*rules), (left, right)) == [expected]
    assert judge(book(*rules), (right, left)) == [expected]


@pytest.mark.parametrize(
    ("left", "right", "tolerance", "share"),
    [
        (1.0, 1.5, Tolerance(absolute=1.0), 0.5),
        (1.0, 2.0, Tolerance(relative=1.0), 0.5),
        (1.0, math.nextafter(1.0, 2.0), Tolerance(ulp=1), 1.0),
        (-5e-324, 5e-324, Tolerance(ulp=2), 1.0),
        (1.0, 1.0 + 2**-51, Tolerance(ulp=1), 2.0),
        (1, 2, Tolerance(ulp=10), math.inf),
        (1, 2, Tolerance(relative=1.0), math.inf),
        (1, 2.0, Tolerance(relative=1.0), 0.5),
        pytest.param(10**400, 10**400 + 1, Tolerance(absolute=2), 0.5, id="large"),
        (0.0, -0.0, Tolerance(absolute=1), math.inf),
        (0.0, -0.0, Tolerance(absolute=1, signed_zero=False), 0.0),
        (math.nan, math.nan, Tolerance(), 0.0),
        (math.nan, 1.0, Tolerance(absolute=math.inf), math.inf),
    ],
)
def test_the_distance_of_two_numbers(left, right, tolerance, share):
    """Any one of the three distances is enough; what is not a distance is as far as can be."""
    assert distance(left, right, tolerance).share == share
    assert distance(right, left, tolerance).share == share


def test_a_hair_beyond_the_tolerance_is_beyond():
    """The allowance is not rounded: what lies outside by less than a float can say lies outside."""
    assert not distance(0, 2**130 + 1, Tolerance(absolute=2.0**130)).within


def test_what_a_rule_did_is_counted(book):
    """Values met, values set aside, raw examples, and the largest distance against the bound."""
    near = rule(RuleKind.TOLERANCE, path="field", tolerance=Tolerance(absolute=1.0))
    rules = book(near)
    judge(rules, (1.0, 1.0), (1.0, 1.25), (1.0, 1.5), (1.0, 9.0))
    (use,) = rules.uses()
    assert (use.covered, use.left_hits, use.right_hits, use.decided) == ((4, 4), 2, 2, 2)
    assert use.examples[0] == ("page_made.field", "1.0", "1.25")
    assert use.note == "the largest distance seen was 0.5, 50% of what is allowed"


@pytest.mark.parametrize(
    ("bounds", "complaint", "breaks"),
    [
        (Bounds(), "", False),
        (Bounds(max_hits=1), "set 2 values aside, at most 1 are allowed", True),
        (Bounds(max_hits=2), "", False),
        (Bounds(max_share=0.5), "set 2 of 3 values aside, at most 0.5 of them are allowed", True),
        (Bounds(max_share=0.7), "", False),
    ],
)
def test_a_rule_that_hides_too_much_says_so(bounds, complaint, breaks, book):
    """Bounds are about what was set aside, not about what was met."""
    rules = book(rule(RuleKind.TOKEN, path="field", bounds=bounds))
    judge(rules, ("a", "b"), ("a", "a"), ("c", "d"))
    assert (rules.uses()[0].complaint, rules.rulings[0].breaks_bounds) == (complaint, breaks)


@pytest.mark.parametrize("must_fire", [False, True])
def test_a_rule_that_never_met_a_value_says_so(must_fire, book):
    """It is told; where it must fire it fails the check."""
    rules = book(rule(RuleKind.TOKEN, path="other", bounds=Bounds(must_fire=must_fire), source="manifest"))
    judge(rules, ("a", "a"))
    assert rules.uses()[0].complaint.startswith("never met a value")
    assert rules.rulings[0].breaks_bounds is must_fire


def test_an_equal_value_counts_as_met(book):
    """Whether values happened to be equal in one run says nothing about a rule."""
    rules = book(rule(RuleKind.TOKEN, path="field"))
    judge(rules, ("a", "a"))
    assert (rules.uses()[0].complaint, rules.uses()[0].left_hits) == ("", 0)


def test_the_first_rule_that_claims_a_value_has_it(book):
    """Stages come in their order, and within a stage the list's."""
    late = rule(RuleKind.TOLERANCE, called="late", path="field", tolerance=Tolerance(absolute=9))
    first = rule(RuleKind.TOKEN, called="first", path="*")
    second = rule(RuleKind.TOKEN, called="second", path="field")
    rules = book(late, first, second)
    judge(rules, (1, 2))
    assert {use.rule: use.left_hits for use in rules.uses()} == {"late": 0, "first": 1, "second": 0}


@pytest.mark.parametrize(
    ("place", "covered"),
    [
        (("event", "report", "page_made", "a"), True),
        (("event", "report", "page_found", "a"), True),
        (("event", "write", "page_made", "a"), False),
        (("event", None, "page_made", "a"), False),
        (("event", "report", "other", "a"), False),
        (("event", "report", "page_made", "b"), False),
        (("metric", "report", "page_made", "a"), False),
    ],
)
def test_where_a_rule_holds(place, covered, book):
    """Kind of record, step, name and place must all fit; where no name does, there is not even a plan to pay for."""
    rules = book(rule(RuleKind.TOKEN, step="rep*", name="page_*", path="a"))
    record, step, name, path = place
    where = Place(RecordKind(record), step, name, path)
    assert rules.leaf(where, 1, 2).equal is covered
    assert bool(rules.covering(where)) is covered
    assert (rules.plan(where.record, step, name) is None) is (not covered and path == "a")
