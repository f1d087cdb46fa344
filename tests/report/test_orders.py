"""Orders of the list: what comes first, what is said of it, and what has no order."""

from __future__ import annotations

import dataclasses

from osiris_core.parity.record import Verdict
from osiris_core.report.orders import orders_of
from tests.report.samples import comparison, divergent, e2b_run, local_run, record


def timed(name: str, local_ms: float, e2b_ms: float, **changes: object):
    targets = (local_run(elapsed_ms=local_ms), e2b_run(elapsed_ms=e2b_ms, **changes))
    return record(name, Verdict.IDENTICAL, targets=targets)


def test_each_order_has_its_first_its_last_and_what_it_goes_by():
    """By name as people count, by the slower target's time, by ratio of what ran to its end, by differences; the page decides between equals."""
    records = [divergent(), timed("m10", 100, 900), timed("M9", 5_000, 100), timed("m2", 100, 50, outcome=None)]
    orders = {order.key: order for order in orders_of(records)}

    assert list(orders) == ["name", "slowest", "ratio", "differences"]
    assert orders["name"].places == (0, 3, 2, 1)
    assert orders["slowest"].places == (2, 1, 0, 3)
    assert orders["slowest"].texts == ()  # the line has both times
    assert orders["ratio"].title == "greatest ratio e2b/local"
    assert orders["ratio"].places == (1, 0, 2, 3)
    assert orders["ratio"].texts == (
        "\N{MULTIPLICATION SIGN}1.42",
        "\N{MULTIPLICATION SIGN}9.00",
        "\N{MULTIPLICATION SIGN}0.02",
        "—",
    )
    assert orders["differences"].places == (0, 1, 2, 3)
    assert orders["differences"].texts == ("3 differences", "—", "—", "—")


def test_an_order_that_would_tell_nothing_is_not_offered():
    """One manifest has no order; without differences, or a second target, there is none by them."""
    assert orders_of([divergent()]) == ()
    assert [order.key for order in orders_of([timed("a", 1, 2), timed("b", 1, 2)])] == ["name", "slowest", "ratio"]
    alone = [record(name, None, targets=(local_run(),)) for name in "ab"]
    assert [order.key for order in orders_of(alone)] == ["name", "slowest"]
    blank = [record(name, None, targets=(), comparison=comparison(Verdict.INFRA)) for name in "ab"]
    assert [order.key for order in orders_of(blank)] == ["name"]


def test_digits_of_any_script_and_number_have_an_order():
    """A digit that is not ASCII is a letter, and a number may have more digits than Python makes an `int` of."""
    names = ("1a2", "1\u06632", f"n{'9' * 5_000}", "n10", "n009")
    records = [dataclasses.replace(record("m", Verdict.IDENTICAL), manifest=name) for name in names]
    assert orders_of(records)[0].places == (0, 1, 4, 3, 2)


def test_a_ratio_of_pairs_with_other_names_names_none():
    """It is that of the second target to the first, whichever they are."""
    other = record("b", Verdict.IDENTICAL, targets=(local_run(), e2b_run(target="cloud")))
    ratio = {order.key: order for order in orders_of([timed("a", 1, 2), other])}["ratio"]
    assert (ratio.title, ratio.heading, ratio.column) == ("greatest ratio", "by ratio", "ratio")
