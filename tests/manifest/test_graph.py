"""The order of execution, and the cycles where there is none."""

from __future__ import annotations

from itertools import pairwise

import pytest

from osiris_core.manifest.graph import cycles, execution_order


@pytest.mark.parametrize(
    ("needs", "order"),
    [
        ({}, ()),
        ({"c": [], "a": [], "b": []}, ("c", "a", "b")),
        ({"a": ["b"], "b": ["c"], "c": []}, ("c", "b", "a")),
        ({"d": ["b", "c"], "b": ["a"], "c": ["a"], "a": []}, ("a", "b", "c", "d")),
        ({"d": ["b", "c"], "c": ["a"], "b": ["a"], "a": []}, ("a", "c", "b", "d")),
        ({"late": ["x"], "x": [], "y": [], "z": []}, ("x", "late", "y", "z")),
        ({"a": [], "b": ["z"], "c": ["a"], "z": []}, ("a", "c", "z", "b")),
        ({"a": [], "b": ["a", "a"]}, ("a", "b")),
    ],
)
def test_ready_steps_go_by_their_place_in_the_file(needs: dict[str, list[str]], order: tuple[str, ...]):
    """Of all steps that could go, the first in the file goes."""
    assert execution_order(needs) == order


def test_steps_in_and_behind_a_cycle_have_no_order():
    """What cannot run is left out; the rest keeps its order."""
    assert execution_order({"behind": ["a"], "a": ["b"], "b": ["a"], "free": []}) == ("free",)


@pytest.mark.parametrize(
    ("needs", "found"),
    [
        ({"a": [], "b": ["a"]}, ()),
        ({"a": ["b"], "b": ["a"]}, (("a", "b"),)),
        ({"a": ["a"]}, (("a",),)),
        ({"z": ["a"], "a": ["b"], "b": ["c"], "c": ["a", "b"]}, (("a", "b", "c"),)),
        ({"a": ["b", "c"], "b": ["c"], "c": ["a"]}, (("a", "c"),)),
        ({"c": ["d"], "a": ["b", "d"], "b": ["a"], "d": ["c"]}, (("c", "d"), ("a", "b"))),
    ],
)
def test_each_knot_is_named_by_a_shortest_cycle(needs: dict[str, list[str]], found: tuple[tuple[str, ...], ...]):
    """Each step of a cycle needs the next; knots come in the file's order, steps behind them do not."""
    assert cycles(needs) == found


def test_ten_thousand_steps_do_not_recurse():
    """The longest chain and the longest cycle are walked without a call each."""
    ids = [f"s{each}" for each in range(10_000)]
    chain = {each: [after] for each, after in pairwise(ids)} | {ids[-1]: []}
    assert execution_order(chain) == tuple(reversed(ids))
    assert cycles(chain | {ids[-1]: [ids[0]]}) == (tuple(ids),)


def test_a_step_may_need_all_the_others():
    """Half a million needs are one heap, not a search each."""
    ids = [f"s{each}" for each in range(1000)]
    assert execution_order({each: ids[:place] for place, each in enumerate(ids)}) == tuple(ids)
