"""What must not matter is not reported: no benign change makes a pair DIVERGENT."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

from osiris_core.parity.compare import compare
from osiris_core.parity.record import Verdict
from tests.parity.sessions import Draft, failing, healthy, pair

Change = Callable[[Draft], object]


def later(draft: Draft) -> None:
    for record in (*draft.events, *draft.metrics):
        record["ts"] = record["ts"].replace("2026-11-24T12:00", "2026-12-31T23:59")


def slower(draft: Draft) -> None:
    for event in draft.events:
        if "duration_ms" in event:
            event["duration_ms"] += 40.5


def slower_metric(draft: Draft) -> None:
    draft.metric("step_duration_ms", "read")["value"] = 812


def other_key_order(draft: Draft) -> None:
    draft.events = [dict(reversed(event.items())) for event in draft.events]


def clock_steps_back_a_little(draft: Draft) -> None:
    draft.events[5]["ts"] = "2026-11-24T12:00:29.500000Z"


IDENTICAL: dict[str, Change] = {
    "another time of day": later,
    "other durations": slower,
    "another value of a time metric": slower_metric,
    "another order of an object's keys": other_key_order,
    "a clock that steps back half a second": clock_steps_back_a_little,
    "another process id": lambda d: d.hello.update(pid=999),
    "another environment": lambda d: d.hello.update(environment={"timezone": "UTC", "cpus": 2}),
    "other facts of the target": lambda d: d.target_facts.update(http_requests=5, sandbox_id="sb-1", phases=[]),
    "metrics in another order across groups": lambda d: d.metrics.reverse(),
}


@pytest.mark.parametrize("name", IDENTICAL)
def test_a_benign_change_leaves_the_pair_identical(name, tmp_path):
    """Volatile fields within their shapes, and what lies outside the contract, decide nothing."""
    right = healthy("e2b")
    IDENTICAL[name](right)
    result = compare(*pair(tmp_path, right=right))
    assert (result.verdict, result.findings, result.problems) == (Verdict.IDENTICAL, (), ())


def test_other_mtimes_and_places_of_artifacts_are_benign(tmp_path):
    """Only path, mode and content of an artifact count."""
    left, right = pair(tmp_path)
    os.utime(right.artifacts["write/delays.csv"].absolute, (1, 1))
    assert compare(left, right).verdict is Verdict.IDENTICAL


def test_a_volatile_metric_without_a_time_unit_is_benign(tmp_path):
    """A metric that its driver calls volatile may differ, as long as it is a finite number."""
    left, right = healthy("local"), healthy("e2b")
    for draft, value in ((left, 3), (right, 0.25)):
        draft.metric("rows_read", "read").update(volatile=True, value=value)
    assert compare(*pair(tmp_path, left, right)).verdict is Verdict.IDENTICAL


PAIRS: dict[str, tuple[bytes, bytes, str]] = {
    "the project's root": (
        b"reading /home/ann/flights/data.csv\n",
        b"reading /home/user/project/data.csv\n",
        "known-roots",
    ),
    "the home directory": (b"cache in /home/ann/.cache\n", b"cache in /home/user/.cache\n", "known-roots"),
    "a module's path": (
        b"/opt/venv/lib/python3.11/site-packages/pkg/a.py:3: UserWarning\n",
        b"/opt/closure/lib/python3.11/site-packages/pkg/a.py:3: UserWarning\n",
        "known-roots",
    ),
    "the home directory alone": (b"HOME=/home/ann\n", b"HOME=/home/user\n", "known-roots"),
    "a file URL": (b"see file:///home/ann/x.\n", b"see file:///home/user/x.\n", "known-roots"),
    "a duration": (b"took 0.12s\n", b"took 0.05 s\n", "text-noise"),
    "a duration in another unit": (b"took 12 ms\n", b"took 980us\n", "text-noise"),
    "a time": (b"at 2026-11-24T12:00:00.1Z done\n", b"at 2026-11-24T12:00:30.1Z done\n", "text-noise"),
    "a time of the logging module": (b"2026-11-24 12:00:00,101 x\n", b"2026-11-24 12:00:30,101 x\n", "text-noise"),
    "a clock": (b"[12:00:00] go\n", b"[12:00:30] go\n", "text-noise"),
    "a Unix time": (b"now 1795521600.10\n", b"now 1795521630.25\n", "text-noise"),
    "an address": (b"<X object at 0x7f3a2c1d5e50>\n", b"<X object at 0x55e1b2c3d4f0>\n", "text-noise"),
    "its own process id": (b"pid=51234 ready\n", b"pid=7 ready\n", "text-noise"),
}


@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.parametrize("stream", ["log", "out"])
def test_a_default_rule_sets_a_benign_text_aside_and_says_so(name, stream, tmp_path):
    """The verdict is EQUIVALENT, and the rule that decided is named with its hits and a raw example."""
    left_text, right_text, rule = PAIRS[name]
    left, right = healthy("local"), healthy("e2b")
    for draft, text in ((left, left_text), (right, right_text)):
        (draft.logs if stream == "log" else draft.printed)["report"] = b"first\n" + text + b"last\n"
    result = compare(*pair(tmp_path, left, right))
    assert (result.verdict, result.findings) == (Verdict.EQUIVALENT, ())
    (use,) = [use for use in result.rules if use.decided]
    assert (use.rule, use.left_hits, use.right_hits, use.decided) == (rule, 1, 1, 1)
    assert use.examples == ((f"report.{stream}:2", left_text.decode(), right_text.decode()),)
    assert use.reason


@pytest.mark.parametrize("name", PAIRS)
def test_exact_text_turns_the_default_rules_off(name, tmp_path):
    """Under `text="exact"` the same texts differ."""
    left_text, right_text, _ = PAIRS[name]
    left, right = healthy("local"), healthy("e2b")
    left.printed["report"], right.printed["report"] = left_text, right_text
    result = compare(*pair(tmp_path, left, right), text="exact")
    assert (result.verdict, result.rules) == (Verdict.DIVERGENT, ())
    assert [f.code for f in result.findings] == ["printed-changed"]


def test_roots_and_noise_in_an_error_are_set_aside(tmp_path):
    """Error text goes by the text rules, in the event and in the session's own error alike."""
    left = failing("local", message="/home/ann/flights/x.csv: gave up after 0.2s")
    right = failing("e2b", message="/home/user/project/x.csv: gave up after 0.1s")
    result = compare(*pair(tmp_path, left, right))
    assert (result.verdict, result.findings) == (Verdict.EQUIVALENT, ())
    assert [(use.rule, use.decided) for use in result.rules] == [("known-roots", 2), ("text-noise", 2)]


def test_rows_in_another_order_that_nothing_shows_are_equivalent_not_identical(tmp_path):
    """A differing order of a table's rows decides nothing by itself, and is named as a rule."""
    right = healthy("e2b")
    right.table("read")["ordered"] = "another order"
    right.table("read")["columns"]["late"].update(ordered="another order", sum=7.0)
    result = compare(*pair(tmp_path, right=right))
    assert (result.verdict, result.first_diverging_step) == (Verdict.EQUIVALENT, None)
    assert [(f.code, f.locates) for f in result.findings] == [("table-order", True)]
    assert [(use.rule, use.decided) for use in result.rules] == [("table-order", 1)]
