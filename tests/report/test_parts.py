from __future__ import annotations

import dataclasses

import pytest

from osiris_core.parity.record import Verdict
from osiris_core.report.environment import environment_diff
from osiris_core.report.marks import MARKS, mark_of, state_symbol
from osiris_core.report.sentence import report_sentence
from osiris_core.report.timeline import timeline
from osiris_core.report.units import duration, plural, size
from tests.report.samples import local_run, record, step


@pytest.mark.parametrize(
    ("verdicts", "sentence"),
    [
        ([], "No manifest was checked"),
        (["IDENTICAL"], "The manifest behaves the same"),
        (["EQUIVALENT", "ACCEPTED"], "All 2 manifests behave the same"),
        (["IDENTICAL"] * 11 + ["DIVERGENT"], "11 of 12 manifests behave the same; 1 diverges"),
        (["DIVERGENT"], "The manifest diverges"),
        (["INFRA"], "The manifest could not run"),
        (["INFRA"] * 3, "None of 3 manifests could run"),
        (
            ["DIVERGENT"] * 2 + ["NONDETERMINISTIC"] * 2,
            "None of 4 manifests behaves the same; 2 diverge, 2 differ from themselves",
        ),
        (
            ["IDENTICAL", "INCONCLUSIVE", "INFRA"],
            "1 of 3 manifests behave the same; 1 could not be decided, 1 could not run",
        ),
    ],
)
def test_the_sentence_counts_everything(verdicts, sentence):
    """Every manifest is in the sentence exactly once, in words."""
    records = [record(str(number), Verdict(verdict)) for number, verdict in enumerate(verdicts)]
    assert report_sentence(records) == sentence


def test_agreement_on_something_unexpected_is_not_green():
    """Two targets that agree on what the manifest does not expect get a failing mark."""
    unexpected = record("a", Verdict.IDENTICAL, passed=False)
    assert mark_of(unexpected).fails
    assert report_sentence([unexpected]) == "The manifest behaves the same; 1 agrees but is not as expected"


def test_every_verdict_has_its_own_mark():
    """Marks are told apart by word, and a mark fails exactly where its verdict does."""
    marks = {verdict: mark_of(record("a", verdict)) for verdict in Verdict}
    assert {verdict: mark.word for verdict, mark in marks.items()} == {verdict: verdict.value for verdict in Verdict}
    assert all(mark.fails != verdict.passes for verdict, mark in marks.items())
    assert len({mark.key for mark in MARKS}) == len(MARKS)
    assert state_symbol("something new") == "?"


def test_environments_are_compared_fact_by_fact():
    """Nested facts get dotted names, lists show what the other side lacks, and a missing fact is a dash."""
    diff = environment_diff(
        [
            ("local", {"tz": "CET", "libs": {"a": "1", "b": "2"}, "names": ["HOME", "LANG"], "limits": {}}),
            ("e2b", {"tz": "UTC", "libs": {"a": "1"}, "names": ["HOME"], "limits": {}}),
        ]
    )
    assert [(fact.name, *fact.values) for fact in diff.differing] == [
        ("libs.b", "2", "—"),
        ("names", "LANG (1 on both)", "— (1 on both)"),
        ("tz", "CET", "UTC"),
    ]
    assert [(fact.name, *fact.values) for fact in diff.equal] == [("libs.a", "1"), ("limits", "{}")]


def test_many_members_of_a_table_that_one_target_alone_has_are_one_fact():
    """A developer's machine has a hundred distributions that a sandbox lacks; one that differs on both keeps its own line."""
    more = {f"lib{n}": "1" for n in range(5)}
    diff = environment_diff(
        [("local", {"libs": {"a": "1", "b": "1", **more}}), ("e2b", {"libs": {"a": "1", "b": "2"}})]
    )
    assert [(fact.name, *fact.values) for fact in diff.differing] == [
        ("libs", "lib0 1, lib1 1, lib2 1, lib3 1, lib4 1 (2 on both)", "— (2 on both)"),
        ("libs.b", "1", "2"),
    ]
    assert [fact.name for fact in diff.equal] == ["libs.a"]


def test_lists_that_differ_in_order_alone_are_shown_whole():
    """A difference in order is not folded into an empty difference of sets."""
    diff = environment_diff([("local", {"path": ["a", "b"]}), ("e2b", {"path": ["b", "a"]})])
    assert diff.differing[0].values == ("a, b", "b, a")


def test_lanes_hold_phases_and_steps_in_their_places():
    """Phases follow each other; steps lie at the end of `run`, and what came before them is the worker's start."""
    run = local_run(
        phases=(("prepare", 10.0), ("run", 80.0), ("collect", 10.0)), steps=(step("a", "d", at=10, took=30),)
    )
    drawing = timeline([run], {"a": 1})
    bars = [(segment.kind, segment.x, segment.width) for segment in drawing.lanes[0].segments]
    assert bars == [("phase", 0.0, 10.0), ("start", 10.0, 40.0), ("step", 60.0, 30.0), ("phase", 90.0, 10.0)]
    assert [tick.label for tick in drawing.ticks] == ["0", "20 ms", "40 ms", "60 ms", "80 ms", "100 ms"]
    assert drawing.lanes[0].total == "100 ms"


def test_lanes_share_one_scale():
    """A target that took half the time fills half the lane."""
    runs = [local_run(phases=(("run", 50.0),), steps=()), local_run(target="e2b", phases=(("run", 100.0),), steps=())]
    drawing = timeline(runs, {})
    assert [lane.segments[0].width for lane in drawing.lanes] == [50.0, 100.0]


def test_steps_without_a_start_follow_each_other():
    """A record without starting times is drawn in order instead of on one spot."""
    steps = tuple(dataclasses.replace(step(name, "d", took=50), started_ms=None) for name in "ab")
    drawing = timeline([local_run(phases=(), steps=steps)], {"a": 1, "b": 2})
    assert [segment.x for segment in drawing.lanes[0].segments if segment.kind == "step"] == [0.0, 50.0]


def test_nothing_measured_is_no_drawing():
    """Where no time is known, no lane is invented."""
    assert timeline([local_run(phases=(), steps=(), elapsed_ms=0)], {}) is None


@pytest.mark.parametrize(
    ("elapsed_ms", "shown"),
    [
        (None, "—"),
        (0.04, "0.0 ms"),
        (9.94, "9.9 ms"),
        (48.2, "48 ms"),
        (999.7, "1.00 s"),
        (61_000, "1 min 01 s"),
        (119_999, "1 min 59 s"),
    ],
)
def test_durations_read_as_people_say_them(elapsed_ms, shown):
    """Short times are precise, long ones round."""
    assert duration(elapsed_ms) == shown


def test_sizes_and_plurals():
    """Bytes get binary units; one is not many."""
    assert [size(each) for each in (0, 1023, 1536, 20 * 1024**2, 5 * 1024**4)] == [
        "0 B",
        "1023 B",
        "1.5 KiB",
        "20.0 MiB",
        "5120.0 GiB",
    ]
    assert [plural(1, "pair"), plural(1200, "pair"), plural(0, "entry", "entries")] == [
        "1 pair",
        "1,200 pairs",
        "0 entries",
    ]
