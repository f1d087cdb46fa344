"""Each bound of a volatile value's shape is a bound of its own."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from osiris_core.parity.shapes import duration_fault, time_fault
from osiris_core.parity.side import Window, moment

NOON = datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC)
WINDOW = Window(start=NOON, end=NOON.replace(second=10))


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        ("2026-11-24T12:00:05.000000Z", ""),
        ("2026-11-24T13:00:05.000000+01:00", ""),
        ("2026-11-24T11:59:59.500000Z", ""),
        ("2026-11-24T11:59:58.000000Z", "outside the run"),
        ("2026-11-24T12:00:12.000000Z", "outside the run"),
        ("soon", "no ISO-8601 time"),
        (None, "no ISO-8601 time"),
        (5, "no ISO-8601 time"),
    ],
)
def test_a_time_lies_in_its_run(value, fault):
    """Give or take a second; an offset is understood."""
    assert fault in time_fault(value, moment(value), WINDOW, None)
    assert bool(time_fault(value, moment(value), WINDOW, None)) == bool(fault)


def test_times_do_not_run_backwards():
    """A clock may step back by a second, no more."""
    value = "2026-11-24T12:00:05Z"
    assert time_fault(value, moment(value), WINDOW, NOON.replace(second=6)) == ""
    assert "before the time of the record ahead" in time_fault(value, moment(value), WINDOW, NOON.replace(second=7))


@pytest.mark.parametrize("value", [0, 0.5, 10_000, 11_000])
def test_a_duration_within_the_run_is_fine(value):
    """Milliseconds, up to the length of the run and a second."""
    assert duration_fault(value, WINDOW) == ""


@pytest.mark.parametrize("value", [-1, 11_001, True, None, "5", float("nan"), float("inf")])
def test_anything_else_is_no_duration(value):
    """Negative, longer than the run, or no number."""
    assert duration_fault(value, WINDOW) != ""
