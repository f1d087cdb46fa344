from __future__ import annotations

import dataclasses

import pytest

from osiris_core.parity.record import (
    BaselineState,
    BaselineUse,
    Comparison,
    Finding,
    HeldTarget,
    Layer,
    Triage,
    TriageFactor,
    Verdict,
    WaiverUse,
)
from osiris_core.parity.summary import headline
from osiris_core.parity.undeclared import UNDECLARED
from osiris_core.report import cause
from osiris_core.report.findings import differences_of
from osiris_core.report.kinds import kinds_of
from osiris_core.report.terminal import failure_lines, first_cause
from osiris_core.wire.records import ARTIFACT_CREATED
from tests.report.samples import comparison, divergent, e2b_run, local_run, record

ORDER = Finding(
    layer=Layer.ARTIFACTS,
    step="write-delays",
    code="artifact-content",
    path="write-delays/delays.csv",
    message="the same rows in another order",
    hint="rows in another order: add an ORDER BY",
)


def cause_in_words(one) -> str:
    return str(cause.cause_in_words(one))


def parted(*findings: Finding, **changes: object):
    held = comparison(Verdict.DIVERGENT, findings=findings, first_diverging_step=findings[0].step)
    return record("a", Verdict.DIVERGENT, comparison=held, **changes)


def test_step_difference_and_remedy_stand_in_one_line():
    """What a hint repeats of the message is left out; what it adds stays."""
    assert cause_in_words(parted(ORDER)) == "`write-delays`: the same rows in another order; add an ORDER BY"
    other = dataclasses.replace(ORDER, message="3 lines differ", hint="only the mode differs: set it explicitly")
    assert cause_in_words(parted(other)) == "`write-delays`: 3 lines differ; only the mode differs: set it explicitly"


def test_cells_and_members_are_told_with_the_file_that_they_are_in():
    """A line of a table is one of some file; of what lies in archives the innermost name is told, which the whole path would push out of the line."""
    cells = dataclasses.replace(ORDER, code="table-cells", message="line 2, column day: '1' and '2'", hint="")
    assert cause_in_words(parted(cells)) == "`write-delays`: delays.csv: line 2, column day: '1' and '2'"
    members = "v1/bundle.zip", "north/part.tar.gz", "data/delays.csv"
    inside = dataclasses.replace(cells, path=":".join(("write-delays/release.zip", *members)), members=members)
    assert cause_in_words(parted(inside)) == "`write-delays`: data/delays.csv: line 2, column day: '1' and '2'"
    other = dataclasses.replace(inside, members=(*members[:2], "data/carriers.csv"))
    assert len(kinds_of([parted(inside, passed=False), parted(other, passed=False)])) == 1


def test_a_file_of_one_side_is_named_rather_than_its_event():
    """`artifact_created is on e2b only` does not say which file; the difference of the file does, in every form."""
    event = Finding(
        layer=Layer.EVENTS, step="write-delays", code="event-extra", path=ARTIFACT_CREATED, message="is on e2b only"
    )
    bytes_differ = dataclasses.replace(ORDER, path="write-delays/a.png", message="offset 35", hint="")
    member = dataclasses.replace(
        bytes_differ, code="artifact-extra", message="only e2b has this member", members=("x",)
    )
    file = dataclasses.replace(
        bytes_differ, code="artifact-extra", path="write-delays/only.png", message="only e2b has this file"
    )
    one = parted(event, bytes_differ, member, file)
    assert cause_in_words(one) == "`write-delays`: write-delays/only.png: only e2b has this file"
    assert "write-delays/only.png: only e2b has this file" in " ".join(failure_lines(one, 100))
    assert "only.png: only e2b has this file" in headline(one.comparison)
    groups = differences_of(one.comparison, "m", one.targets).groups
    assert groups[0].findings[0].finding == file
    assert cause_in_words(parted(event, bytes_differ, member)) == "`write-delays`: is on e2b only"


def test_every_form_says_the_same_first_cause():
    """The headline of the record, the lines of a failure, a cell of a table: also where the hint is that of an effect."""
    bare = dataclasses.replace(ORDER, step="read", path="read/page.csv", message="the rows differ in day", hint="")
    one = parted(bare, ORDER)
    words = "the rows differ in day; rows in another order: add an ORDER BY"

    assert cause_in_words(one) == f"`read`: {words}"
    assert cause.divergence_headline(one) == f"local and e2b part at step `read`: {words}."
    assert first_cause(one) == f"step read: {words}"
    assert "    hint: rows in another order: add an ORDER BY" in failure_lines(one, 100)


def test_another_cause_lends_no_hint():
    """What is to be done about a step that differs by itself says nothing of one that does not follow from it."""
    bare = dataclasses.replace(ORDER, step="read", path="read/page.csv", message="the rows differ in day", hint="")
    held = comparison(
        Verdict.DIVERGENT, findings=(bare, ORDER), first_diverging_step="read", causes=("read", "write-delays")
    )
    one = record("a", Verdict.DIVERGENT, comparison=held)

    assert cause_in_words(one) == "`read`: the rows differ in day"
    assert not [line for line in failure_lines(one, 100) if "hint" in line]


def test_a_headline_counts_what_follows_and_says_what_reruns_found():
    """Causes and effects at its end, a factor in place of the hint; without a difference to show it stays as it is."""
    held = comparison(Verdict.DIVERGENT, findings=(ORDER,), first_diverging_step="write-delays", effects=3)
    factor = TriageFactor(name="time zone", left="Europe/Prague", right="Etc/UTC", fix="set TZ")
    one = record(
        "a", Verdict.DIVERGENT, comparison=held, triage=Triage(cause="ENVIRONMENT(time zone)", factors=(factor,))
    )

    assert cause.divergence_headline(one) == (
        "local and e2b part at step `write-delays`: the same rows in another order; "
        "because of time zone, Europe/Prague on local and Etc/UTC on e2b (1 cause, 3 effects)."
    )
    keyed = dataclasses.replace(ORDER, hint="every time is shifted by +01:00: a time zone; set TZ under env:")
    held = dataclasses.replace(held, findings=(keyed,))
    assert cause.divergence_headline(record("a", Verdict.DIVERGENT, comparison=held)).endswith(
        "a time zone; set TZ under env (1 cause, 3 effects)."
    )
    bare = record("a", Verdict.DIVERGENT, headline="they part")
    assert cause.divergence_headline(bare) == "they part"


def test_a_target_that_differs_from_itself_is_told_with_what_was_seen():
    """Which target, the first difference between two of its runs, and the hint of its step."""
    found = Triage(
        cause="NONDETERMINISTIC",
        unstable=("local",),
        step="draw",
        evidence=(f"local differs from itself in rerun 1 at step draw: 20 cells; tailnum: min {'0' * 90}",),
    )

    assert cause_in_words(record("a", Verdict.NONDETERMINISTIC, passed=False, triage=found)) == (
        "`draw`: differs from itself on local in rerun 1: 20 cells"
    )
    held = comparison(Verdict.DIVERGENT, findings=(dataclasses.replace(ORDER, step="draw", hint=UNDECLARED),))
    unstable = record("a", Verdict.NONDETERMINISTIC, passed=False, triage=found, comparison=held)
    assert cause_in_words(unstable) == f"`draw`: differs from itself on local in rerun 1: 20 cells; {UNDECLARED}"


def test_the_step_where_the_targets_part_speaks_and_not_its_effects():
    """The first diverging step's finding is told although another stands before it."""
    effect = dataclasses.replace(ORDER, step="later", message="an effect")
    held = comparison(Verdict.DIVERGENT, findings=(effect, ORDER), first_diverging_step="write-delays")
    assert cause_in_words(record("a", Verdict.DIVERGENT, comparison=held)).startswith("`write-delays`: the same rows")


def test_a_cause_without_a_hint_borrows_that_of_an_effect():
    """Downstream it may be seen why, where the first difference shows only that."""
    first = dataclasses.replace(ORDER, step="read", path="tables.df", message="the rows differ in day", hint="")
    assert (
        cause_in_words(parted(first, ORDER)) == "`read`: the rows differ in day; rows in another order: add an ORDER BY"
    )


def test_an_error_of_one_word_is_told_with_its_kind():
    """`'rate'` alone says nothing; `KeyError: 'rate'` does."""
    state = dataclasses.replace(ORDER, code="step-state", message="succeeded on local and failed on e2b", hint="")
    targets = (local_run(), e2b_run(outcome="failed", error="'rate'", error_type="KeyError"))
    assert cause_in_words(parted(state, targets=targets)) == "`write-delays`: fails on e2b alone: KeyError: 'rate'"


def test_a_factor_that_reruns_found_is_the_cause():
    """With a factor, both its values are said instead of a hint."""
    factor = TriageFactor(name="the time zone", left="Europe/Prague", right="UTC", fix="set TZ")
    found = Triage(cause="ENVIRONMENT(time zone)", factors=(factor,))
    assert cause_in_words(parted(ORDER, triage=found)) == (
        "`write-delays`: the same rows in another order; because of the time zone, Europe/Prague on local and UTC on e2b"
    )


def test_a_failure_of_one_side_is_told_by_its_error():
    """`succeeded` against `failed` is not a cause; the first line of the error is."""
    state = dataclasses.replace(ORDER, code="step-state", message="succeeded on local and failed on e2b", hint="")
    targets = (local_run(), e2b_run(outcome="failed", error="\nKeyError: 'rate'\n  at line 3"))
    assert cause_in_words(parted(state, targets=targets)) == "`write-delays`: fails on e2b alone: KeyError: 'rate'"

    factor = TriageFactor(name="variables", left="12", right="2", fix='add "rate" to env:')
    found = Triage(cause="ENVIRONMENT(variables)", factors=(factor,))
    assert cause_in_words(parted(state, targets=targets, triage=found)) == (
        "`write-delays`: fails on e2b alone: KeyError: 'rate'; add \"rate\" to env"
    )


def test_of_a_long_message_the_first_clauses_are_told():
    """Sizes in bytes and statistics stand in the difference itself."""
    sizes = dataclasses.replace(ORDER, message="other text in 1 line; 54 and 56 bytes", hint="")
    statistics = dataclasses.replace(ORDER, message=f"the rows differ in temp; temp: min {'0' * 90}", hint="")
    assert cause_in_words(parted(sizes)) == "`write-delays`: delays.csv: other text in 1 line"
    assert cause_in_words(parted(statistics)) == "`write-delays`: the rows differ in temp"


def test_a_hint_is_told_whole_rather_than_a_second_clause():
    """Where there is no room for both."""
    drawn = "the rows differ in tailnum; tailnum: min N11155, max N995AT on local, min N11535, max N944UW on e2b"
    one = parted(dataclasses.replace(ORDER, step="draw", message=drawn, hint=UNDECLARED))
    assert cause_in_words(one) == f"`draw`: the rows differ in tailnum; {UNDECLARED}"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"verdict": Verdict.INFRA, "targets": (local_run(), e2b_run(outcome=None, error="no bubblewrap."))},
            "could not run on e2b: no bubblewrap",
        ),
        (
            {
                "verdict": Verdict.NONDETERMINISTIC,
                "triage": Triage(cause="NONDETERMINISTIC", unstable=("e2b",), step="draw"),
            },
            "`draw`: differs from itself on e2b from run to run",
        ),
        (
            {
                "verdict": Verdict.INCONCLUSIVE,
                "comparison": comparison(Verdict.INCONCLUSIVE, problems=("one is torn", "two")),
            },
            "one is torn (and 1 more)",
        ),
        ({"expectation_failures": ("local: 0 rows, expected 31",)}, "local: 0 rows, expected 31"),
        (
            {"verdict": None, "targets": (), "headline": "a.osiris.yaml:3:1: unknown key"},
            "a.osiris.yaml:3:1: unknown key",
        ),
    ],
)
def test_every_kind_of_failure_has_words(changes, words):
    """A target that could not run, one that differs from itself, evidence that is missing, what was expected, a manifest that cannot be read."""
    assert cause_in_words(dataclasses.replace(record("a", Verdict.IDENTICAL), passed=False, **changes)) == words


def test_a_difference_from_a_baseline_names_it():
    """Where the baseline decides, its difference is the cause."""
    held = HeldTarget(
        target="local",
        comparison=Comparison(verdict=Verdict.DIVERGENT, findings=(ORDER,), first_diverging_step="write-delays"),
    )
    use = BaselineUse(path="b", state=BaselineState.DIFFERS, held=(held,))
    assert cause_in_words(record("a", Verdict.IDENTICAL, passed=False, baseline=use)) == (
        "`write-delays`: the same rows in another order, against its baseline; add an ORDER BY"
    )


def test_what_passes_says_what_it_owes_that_to():
    """Rules that decided and waivers that met something are named; a manifest that simply passes says nothing."""
    rules = divergent().comparison.rules
    waiver = WaiverUse(name="old-rates", reason="", owner="", expires="2026-12-01", hits=1)
    equal = record("a", Verdict.EQUIVALENT, comparison=comparison(Verdict.EQUIVALENT, rules=rules))
    accepted = record("a", Verdict.ACCEPTED, comparison=comparison(Verdict.ACCEPTED, waivers=(waiver,)))
    assert cause_in_words(equal) == "equal under `known-roots`"
    assert cause_in_words(accepted) == "accepted by `old-rates`"
    assert cause_in_words(record("a", Verdict.IDENTICAL)) == ""


def test_what_one_side_alone_has_is_named():
    """`this file` means nothing in a line of its own."""
    missing = dataclasses.replace(ORDER, code="artifact-missing", message="only local has this file", hint="")
    assert cause_in_words(parted(missing)) == "`write-delays`: write-delays/delays.csv: only local has this file"


def test_a_cause_stays_short_and_visible():
    """A long hostile message is one line, cut, with what cannot be seen as marks."""
    long = dataclasses.replace(ORDER, message="\x1b[31m" + "x" * 9_000 + "\nsecond", hint="")
    told = cause_in_words(parted(long))
    assert told.startswith("`write-delays`: ⟨ESC⟩[31mxxx")
    assert told.endswith("x…")
    assert len(told) < 200
