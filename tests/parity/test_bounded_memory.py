"""What many metrics, and streams that are the same, cost: nothing is held that both sides have alike."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace

import pytest

from osiris_core.parity.compare import compare
from osiris_core.parity.record import Layer, Verdict
from osiris_core.parity.streams import same_bytes
from tests.parity.sessions import healthy, pair

MANY = 1_000


class Repeated:
    """One metric many times, and others behind it: as a file gives them, one after the other."""

    def __init__(self, first, *others):
        self.first, self.others = first, others

    def __len__(self):
        """Return how many there are."""
        return MANY + len(self.others)

    def __iter__(self):
        """Yield each as a value of its own."""
        for _ in range(MANY):
            yield dict(self.first)
        yield from self.others


def compared(tmp_path, *values):
    """Compare two sessions that measured 3 many times, and then these values."""
    sessions = pair(tmp_path, healthy("local"), healthy("e2b"))
    sides = []
    for session, others in zip(sessions, values, strict=True):
        first = next(metric for metric in session.metrics if metric["metric"] == "rows_read")
        sides.append(replace(session, metrics=Repeated(first, *({**first, "value": value} for value in others))))
    return compare(*sides, comparers={Layer.METRICS})


@pytest.mark.parametrize(
    ("left", "right", "told"),
    [
        ([4], [5], [("metric-changed", "4", "5")]),
        ([4], [], [("metric-missing", "4", "(absent)")]),
        ([], [3], [("metric-doubled", "(absent)", "3")]),
        ([4, 6, 4], [6, 5, 4], [("metric-changed", "4", "5")]),
        ([], [3.0], [("metric-extra", "(absent)", "3.0")]),
    ],
)
def test_of_many_metrics_those_are_told_that_one_side_has_oftener(left, right, told, tmp_path):
    """As a multiset, in the order of each side."""
    result = compared(tmp_path, left, right)
    assert [(found.code, found.left, found.right) for found in result.findings] == told


def test_many_equal_metrics_are_not_held(tmp_path):
    """A thousand samples would take some 300 KB on both sides."""
    compared(tmp_path / "warm", [], [])
    tracemalloc.start()
    try:
        result = compared(tmp_path / "measured", [], [])
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert not result.findings
    assert result.verdict is Verdict.INCONCLUSIVE  # the other layers were switched off
    assert peak < 150_000, peak


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        ({"a": b"1\n"}, {"a": b"1\n"}, True),
        ({"a": b"1\n"}, {"a": b"2\n"}, False),
        ({"a": b"1\n"}, {"a": b"1"}, False),
        ({"a": b"x" * 2_000_000 + b"1"}, {"a": b"x" * 2_000_000 + b"2"}, False),
        ({}, {"a": b""}, True),
        ({}, {"a": b"1"}, False),
    ],
)
def test_streams_are_the_same_by_their_bytes(left, right, same):
    """A stream that is missing holds none."""
    assert same_bytes(left, right, "a") is same
