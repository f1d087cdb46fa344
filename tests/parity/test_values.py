"""Values are compared more strictly than Python compares them, and shown in a form that can travel."""

from __future__ import annotations

import json
import math

import pytest

from osiris_core.parity.values import SHOWN_CHARACTERS, leaf_differences, show, show_pair, signature

NAN = math.nan
DIFFERENT = [
    (1, 1.0), (1, True), (0, False), (0.0, -0.0), (None, 0), (None, ""), (None, NAN), ("1", 1), ([], {}), ([], None),
    (10**30, 10**30 + 1), (math.inf, -math.inf), ({"__ref": 1}, {"__ref": 2}), ([1, 1, 2], [1, 2]), ([1, 2], [2, 1]),
    ({"a": None}, {}), ("\udcff", "\\udcff"), (math.inf, None),
]  # fmt: skip
EQUAL = [(NAN, NAN), ({"a": 1, "b": 2}, {"b": 2, "a": 1}), (1, 1), (10**30, 10**30), ("\udcff", "\udcff"), ([], [])]


@pytest.mark.parametrize(("left", "right"), DIFFERENT)
def test_values_that_are_not_the_same_differ(left, right):
    """By both ways of comparing: leaf by leaf, and by signature."""
    assert list(leaf_differences({"x": left}, {"x": right}))
    assert signature({"x": left}) != signature({"x": right})


@pytest.mark.parametrize(("left", "right"), EQUAL)
def test_values_that_are_the_same_do_not_differ(left, right):
    """NaN is itself, and the order of an object's keys is no content."""
    assert list(leaf_differences({"x": left}, {"x": right})) == []
    assert signature({"x": left}) == signature({"x": right})


def test_a_leaf_is_named_by_its_path():
    """Members and places are spelled as in the record's paths."""
    left, right = {"a": [1, {"b": 2}], "c": 3}, {"a": [1, {"b": 5}, 6]}
    assert [(path, show(a), show(b)) for path, a, b in leaf_differences(left, right, "event")] == [
        ("event.a[1].b", "2", "5"),
        ("event.a[2]", "(absent)", "6"),
        ("event.c", "3", "(absent)"),
    ]


def test_deep_nesting_ends():
    """Below a depth two values are compared as wholes."""
    left, right = 1, 2
    for _ in range(200):
        left, right = [left], [right]
    assert len(list(leaf_differences(left, right))) == 1


def test_long_values_are_cut_around_their_difference():
    """Of two long texts the part that differs is shown."""
    left, right = "x" * 5_000 + "a", "x" * 5_000 + "b"
    shown = show_pair(left, right)
    assert shown[0].endswith("xa")
    assert shown[1].endswith("xb")
    assert max(map(len, shown)) <= SHOWN_CHARACTERS + 2


def test_what_is_shown_can_be_written_as_utf8():
    """Bytes that were no text are spelled out."""
    assert show(b"tw\xff".decode("utf-8", "surrogateescape")) == "tw\\xff"
    json.dumps(show("\udcff")).encode()
