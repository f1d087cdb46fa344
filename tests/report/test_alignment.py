"""Steps of two targets beside each other: every hole, every other order and every ratio is the one that was written down here."""

from __future__ import annotations

import dataclasses

import pytest

from osiris_core.parity.record import Finding, Layer, RecordSet, RuleUse, Triage, Verdict
from osiris_core.report.alignment import aligned_steps
from osiris_core.report.anchors import step_anchor
from osiris_core.report.html import render_html, script_text, style_text
from osiris_core.report.steps import MOST_ROWS, StepGap, step_list, step_rows
from osiris_core.report.timeline import timeline
from osiris_core.report.units import ratio
from tests.report.crossed import crossed
from tests.report.samples import comparison, e2b_run, local_run, record, step
from tests.report.structure import Structure

ANCHOR = "m-crossed-0"


@pytest.fixture(scope="module")
def rows():
    """The rows of a record with a missing, an extra, a moved and a retried step."""
    return {row.id: row for row in step_rows(crossed(), ANCHOR)}


def test_a_step_that_only_one_target_has_stands_where_it_ran(rows):
    """Not at the end: `dedupe` followed `totals` on e2b, and the first step of e2b alone comes first."""
    assert list(rows) == ["read", "clean", "totals", "dedupe", "audit", "write", "mail"]
    assert [row.number for row in rows.values()] == [1, 2, 3, 4, 5, 6, 7]
    early = (local_run(steps=(step("a", "d"),)), e2b_run(steps=(step("c", "d"), step("a", "d"))))
    assert [each.id for each in aligned_steps(early)] == ["c", "a"]


def test_holes_another_order_and_retries_are_told_in_words(rows):
    """Each is beside the step's name; a step like the others has nothing there."""
    assert {name: row.notes for name, row in rows.items() if row.notes} == {
        "totals": ("ran 3rd on local, 4th on e2b", "2 retries on e2b"),
        "dedupe": ("not on local",),
        "mail": ("not on e2b",),
    }
    assert [cell.state for cell in rows["dedupe"].cells] == ["absent", "succeeded"]


def test_every_row_has_the_ratio_of_its_times(rows):
    """The second target's time over the first's; none where one has no time."""
    found = {name: row.ratio for name, row in rows.items()}
    times = "\N{MULTIPLICATION SIGN}"
    assert found == {
        "read": f"{times}1.50",
        "clean": f"{times}1.20",
        "totals": f"{times}2.00",
        "dedupe": "",
        "audit": f"{times}0.50",
        "write": f"{times}12.0",
        "mail": "",
    }
    assert [ratio(0.0, 4.0), ratio(None, 1.0), ratio(3.0, 0.0), ratio(1.0, 1234.0)] == ["", "", "", f"{times}1,234"]


def test_the_fewest_steps_are_said_to_have_moved():
    """One that ran last instead of first has moved, and not all the others."""
    left = tuple(step(name, "d", at=place) for place, name in enumerate("abcd"))
    right = tuple(step(name, "d", at=place) for place, name in enumerate("bcda"))
    moved = aligned_steps((local_run(steps=left), e2b_run(steps=right)))
    assert [each.id for each in moved if each.moved] == ["a"]
    assert moved[0].places == (1, 4)


def test_order_is_that_of_the_clock_where_it_is_known():
    """A record that lists its steps in the manifest's order hides nothing: what ran first is told by its start."""
    left = (step("a", "d", at=0), step("b", "d", at=5))
    right = (step("a", "d", at=9), step("b", "d", at=0))
    assert [each.places for each in aligned_steps((local_run(steps=left), e2b_run(steps=right)))] == [(1, 2), (2, 1)]


def test_each_step_says_how_it_stands(rows):
    """Cause, effect, hole, rules at work, and the same: each has a word of its own."""
    words = {name: (row.standing.key, row.standing.word) for name, row in rows.items()}
    assert words == {
        "read": ("aside", "the same, with values set aside by rules"),
        "clean": ("same", "the same"),
        "totals": ("same", "the same"),
        "dedupe": ("cause", "the targets part here"),
        "audit": ("same", "the same"),
        "write": ("effect", "differs, probably as an effect"),
        "mail": ("only-1", "only on local"),
    }
    assert [(name, row.differences) for name, row in rows.items() if row.differences] == [("dedupe", 1), ("write", 2)]


@pytest.mark.parametrize(
    ("states", "word"),
    [
        (("failed", "failed"), "failed"),
        (("succeeded", "failed"), "failed on e2b"),
        (("skipped", "skipped"), "not reached"),
        (("cancelled", "cancelled"), "was stopped"),
    ],
)
def test_a_step_that_did_not_end_well_says_so(states, word):
    """Whatever the comparison says of its values."""
    runs = [dataclasses.replace(step("a", "d", state=state), reason="upstream-failed") for state in states]
    targets = (local_run(steps=(runs[0],)), e2b_run(steps=(runs[1],)))
    assert step_rows(record("m", Verdict.IDENTICAL, targets=targets))[0].standing.word == word


def test_nothing_is_called_the_same_that_was_not_compared():
    """A check that could not run, a single target, and a target that differs from itself."""
    infra = record("m", Verdict.INFRA, passed=False, comparison=None)
    alone = record("m", None, targets=(local_run(),))
    unstable = record(
        "m",
        Verdict.NONDETERMINISTIC,
        passed=False,
        triage=Triage(cause="NONDETERMINISTIC", unstable=("local",), step="delays"),
    )
    assert {row.standing.word for row in step_rows(infra)} == {"not compared"}
    assert {row.standing.word for row in step_rows(alone)} == {"succeeded"}
    assert step_rows(unstable)[1].standing.word == "local differs from itself here"


def test_a_step_has_the_same_column_in_both_lanes():
    """As wide as the slower one; the faster one begins where it begins, and a hole is where a step is not."""
    left = (step("a", "d", took=30), step("b", "d", took=10))
    right = (step("a", "d", took=60), step("c", "d", took=30))
    targets = (local_run(steps=left, phases=()), e2b_run(steps=right, phases=()))
    rows = step_rows(record("m", Verdict.DIVERGENT, targets=targets))
    drawn = timeline(targets, {"a": 1, "c": 2, "b": 3}, steps=step_list(rows)).by_step
    bars = {target: [(bar.kind, bar.x, bar.width) for bar in bars] for target, bars in drawn.lanes}
    assert bars == {
        "local": [("step", 0.0, 30.0), ("hole", 60.0, 30.0), ("step", 90.0, 10.0)],
        "e2b": [("step", 0.0, 60.0), ("step", 60.0, 30.0), ("hole", 90.0, 10.0)],
    }
    assert [(head.x, head.label) for head in drawn.heads] == [(30.0, "\N{MULTIPLICATION SIGN}2.00")]
    assert drawn.ratio == "\N{MULTIPLICATION SIGN}2.25"  # 90 ms over 40 ms


def test_the_page_tells_what_the_drawings_show():
    """Without looking at a drawing: the choice of lanes, gaps by name, that they shared a machine, rows to link to."""
    page = Structure(render_html(RecordSet(records=(crossed(),))))
    text = " ".join(page.text.split())
    assert "aligned by step by the clock" in text
    assert "closure 31 ms, create 74 ms, upload 23 ms, start" in text
    assert "shared it, so their ratio says little" in text
    assert sum(each.endswith("-s-dedupe") for each in page.values("id")) == 1
    cloud = dataclasses.replace(crossed(), targets=(local_run(), e2b_run(provider="cloud")))
    assert "shared it" not in render_html(RecordSet(records=(cloud,)))
    diffed = dataclasses.replace(crossed(), line=0)
    assert "shared it" not in render_html(RecordSet(records=(diffed,)))


def test_of_a_thousand_steps_those_of_note_have_rows():
    """Where the targets part, what surrounds it, the ends; the others are counted with their time."""
    steps = tuple(step(f"s{number}", "d", at=number, took=2) for number in range(1_000))
    finding = Finding(layer=Layer.TABLES, step="s500", code="table-column", path="s500.df", message="differs")
    broken = comparison(
        Verdict.DIVERGENT, findings=(finding,), findings_total=1, causes=("s500",), first_diverging_step="s500"
    )
    many = record("m", Verdict.DIVERGENT, comparison=broken, targets=(local_run(steps=steps), e2b_run(steps=steps)))
    shown = step_list(step_rows(many))
    told = [
        (each.count, each.first, each.last, each.durations_ms) if isinstance(each, StepGap) else each.id
        for each in shown.items
    ]
    assert told == [
        *("s0", "s1", "s2", "s3"),
        (495, "s4", "s498", (990.0, 990.0)),
        *("s499", "s500", "s501"),
        (494, "s502", "s995", (988.0, 988.0)),
        *("s996", "s997", "s998", "s999"),
    ]
    assert (shown.shown, shown.total) == (11, 1_000)
    page = render_html(RecordSet(records=(many,)))
    assert "11 of 1,000 steps have a row" in page
    assert len(page) - len(style_text()) - len(script_text()) < 130_000


def test_where_everything_is_of_note_rows_are_bounded():
    """A thousand steps that differ make no thousand rows."""
    left = tuple(step(f"s{number}", "d", rows=1) for number in range(1_000))
    right = tuple(step(f"s{number}", "d", rows=2) for number in range(1_000))
    rows = step_rows(record("m", Verdict.DIVERGENT, targets=(local_run(steps=left), e2b_run(steps=right))))
    assert step_list(rows).shown <= MOST_ROWS


def test_the_address_of_a_step_is_its_id_and_never_anothers():
    """An id that a manifest may have stands in it; any other has a digest, which no such id can imitate."""
    assert step_anchor("m-a-1", "write-Delays_2") == "m-a-1-s-write-Delays_2"
    strange = ["a b", "a-b", "a/b", "", "7", "\ud800", "a" * 200]
    anchors = {step_anchor("m", each) for each in strange}
    assert len(anchors) == len(strange)
    assert all(set(each) <= set("-.0123456789abcdefghijklmnopqrstuvwxyz") for each in anchors)


def test_a_rule_marks_the_steps_whose_values_it_set_aside():
    """Only where it decided; an id that begins like another one is not taken for it."""
    use = RuleUse(rule="r", reason="x", left_hits=1, right_hits=1, decided=1, examples=(("read-more.log:1", "a", "b"),))
    steps = (step("read", "d"), step("read-more", "d"))
    targets = (local_run(steps=steps), e2b_run(steps=steps))
    rows = step_rows(
        record("m", Verdict.EQUIVALENT, targets=targets, comparison=comparison(Verdict.EQUIVALENT, rules=(use,)))
    )
    assert [row.standing.key for row in rows] == ["same", "aside"]
