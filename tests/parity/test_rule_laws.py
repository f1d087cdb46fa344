"""The laws of declared rules, on values of any form: found by Hypothesis, whatever the rules and the values are."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from osiris_core.parity.declared.ruling import canonical
from osiris_core.parity.rulebook import Rulebook
from osiris_core.parity.side import Side, view  # noqa: TC001 - of a fixture
from osiris_core.parity.values import leaf_differences, signature
from osiris_core.rules.forms import TEXT_FORMS, Form
from osiris_core.rules.model import RecordKind, RuleKind, Shape, Tolerance
from tests.parity.rules import rule
from tests.parity.sessions import healthy

FEW = settings(
    max_examples=12,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-5, 5)
    | st.sampled_from([0.0, -0.0, 1.0, 1.5, float("nan"), float("inf")])
    | st.sampled_from(["", "a", "A", "id=1", "id=2", "<#0>", "/home/ann", "<home>", "{}", "{ }"])
)
names = st.sampled_from(["a", "b", "ids"])
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3), max_leaves=8
)
places = st.sampled_from(["*", "**", "a", "a.b", "ids", "ids[*]", "ids[*].a", "**.a"])


@st.composite
def rules(draw: st.DrawFn, *, called: str = "r") -> Any:
    """Return any rule for events."""
    kind = draw(st.sampled_from(list(RuleKind)))
    given: dict[str, Any] = {"path": draw(places)}
    if kind in {RuleKind.TOKEN, RuleKind.BIJECTION, RuleKind.TOLERANCE} and draw(st.booleans()):
        given["match"] = draw(st.sampled_from(["id=([0-9])", "[a-z]"]))
    if kind is RuleKind.CANONICAL:
        given["form"] = draw(st.sampled_from(list(Form)))
    if kind is RuleKind.TOLERANCE:
        given["tolerance"] = Tolerance(absolute=draw(st.sampled_from([0.5, 2.0])))
    if kind is RuleKind.UNORDERED and draw(st.booleans()):
        given["by"] = ("a",)
    return rule(kind, called=called, **given)


@pytest.fixture(scope="module")
def sides(tmp_path_factory: pytest.TempPathFactory) -> tuple[Side, Side]:
    """The two sides of a healthy pair."""
    root = tmp_path_factory.mktemp("laws")
    return (
        view(healthy("local").build(root), "local", is_left=True),
        view(healthy("e2b").build(root), "e2b", is_left=False),
    )


def mirrored(sides: tuple[Side, Side]) -> tuple[Side, Side]:
    """Return the sides with left and right swapped."""
    left, right = sides
    return view(right.session, "e2b", is_left=True), view(left.session, "local", is_left=False)


def found(sides: tuple[Side, Side], declared: Any, left: Any, right: Any) -> list[str]:
    """Return the paths at which two values differ under rules."""
    plan = Rulebook(declared, *sides).plan(RecordKind.EVENT, "report", "x")
    if plan is None:
        return [path for path, _, _ in leaf_differences(left, right)]
    return [each.path for each in plan.differences(left, right)]


@FEW
@given(rules(), values)
def test_a_value_is_the_same_as_itself(sides, declared, value):
    """Under any rule without a shape nothing differs from itself, and what it is matched by is equal."""
    if declared.kind is RuleKind.UNORDERED and declared.by:
        declared = rule(RuleKind.UNORDERED, path=declared.scope.path)  # an item without its key is a fault by itself
    assert found((sides[0], view(sides[0].session, "e2b", is_left=False)), [declared], value, value) == []


@FEW
@given(st.lists(rules(), max_size=2), values, values)
def test_left_and_right_are_alike(sides, declared, left, right):
    """The mirrored comparison finds as much: the verdict is the same."""
    there = found(sides, declared, left, right)
    assert bool(there) is bool(found(mirrored(sides), declared, right, left))


@FEW
@given(rules(), values, values)
def test_what_is_equal_is_matched(sides, declared, left, right):
    """Two values that a rule lets pass have one signature: else a record that it covers would be matched with another."""
    plan = Rulebook([declared], *sides).plan(RecordKind.EVENT, "report", "x")
    assert plan is not None
    if found(sides, [declared], left, right) == [] and declared.kind is not RuleKind.UNORDERED:
        assert plan.signature_of(left, is_left=True) == plan.signature_of(right, is_left=False)


@FEW
@given(rules(), values, values)
def test_a_rule_touches_only_its_places(sides, declared, left, right):
    """Where it does not hold, what differs differs as ever, for scalars at a place of their own."""
    a, b = {"x": left, "elsewhere": 1}, {"x": right, "elsewhere": 2}
    scoped = rule(declared.kind, path="x.**", tolerance=declared.tolerance, form=declared.form, by=declared.by)
    assert "elsewhere" in found(sides, [scoped], a, b)


@FEW
@given(rules(), values, values)
def test_a_rule_appended_adds_no_difference(sides, declared, left, right):
    """But for a renaming, or a list's keys: it only sets aside what was left."""
    if declared.kind not in {RuleKind.BIJECTION, RuleKind.UNORDERED}:
        assert len(found(sides, [declared], left, right)) <= len(found(sides, [], left, right))


@FEW
@given(st.lists(values, max_size=5), st.randoms(use_true_random=False))
def test_the_order_of_items_means_nothing_to_an_unordered_list(sides, items, random):
    """Any permutation is equal; one item more is not."""
    shuffled = list(items)
    random.shuffle(shuffled)
    declared = rule(RuleKind.UNORDERED, path="ids")
    assert found(sides, [declared], {"ids": items}, {"ids": shuffled}) == []
    assert found(sides, [declared], {"ids": items}, {"ids": [*shuffled, "more"]}) != []


@FEW
@given(st.lists(st.sampled_from("abcd"), min_size=1, max_size=8), st.permutations("wxyz"))
def test_any_renaming_is_the_same_and_a_broken_one_is_not(sides, ids, new):
    """A value that once stood for another is found, wherever it is."""
    names = dict(zip("abcd", new, strict=True))
    renamed = [names[each] for each in ids]
    declared = rule(RuleKind.BIJECTION, path="ids[*]")
    assert found(sides, [declared], {"ids": ids}, {"ids": renamed}) == []
    broken = [*renamed, names[ids[0]]]
    other = next(each for each in "abcd" if each != ids[0])
    assert found(sides, [declared], {"ids": [*ids, other]}, {"ids": broken}) == [f"ids[{len(ids)}]"]


@FEW
@given(st.integers(0, 9), st.integers(0, 9), st.integers(10, 99))
def test_a_covered_value_may_be_another_valid_one_and_no_invalid_one(sides, one, two, wrong):
    """The shape is what decides."""
    declared = rule(RuleKind.TOKEN, path="a", shape=Shape(least=0, greatest=9))
    assert found(sides, [declared], {"a": one}, {"a": two}) == []
    assert found(sides, [declared], {"a": one}, {"a": wrong}) == ["a"]


@FEW
@given(
    st.sampled_from(sorted(set(TEXT_FORMS) - {Form.TERMINAL_CODES})),
    st.text(max_size=12) | st.sampled_from(['{"b":1,"a":[]}', "\r\n \t\r", "\ufeff\ufeff"]),
)
def test_a_canonical_form_is_its_own_form(form, text):
    """Applying a form twice gives what applying it once gives."""
    once = canonical(form, text)
    assert signature(canonical(form, once)) == signature(once)
