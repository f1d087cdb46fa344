"""Attempts beside each other: what passes only when it is tried again is told on the first screen, and each attempt with what it did."""

from __future__ import annotations

import dataclasses

from osiris_core.parity.attempts import attempt_from
from osiris_core.parity.record import AttemptTarget, EarlierAttempt, RecordSet, StepAttempt, Verdict
from osiris_core.report.attempts import attempt_in_words, attempts_of, is_flaky
from osiris_core.report.html import render_html
from osiris_core.report.markdown import render_markdown
from osiris_core.report.terminal import summary_lines
from tests.report.samples import SESSION, divergent, e2b_run, local_run, record, three_steps
from tests.report.structure import Structure

REFUSED = StepAttempt(number=1, error_type="ConnectionError", error="refused", ended_ms=40.0)


def at(number, made, **changes):
    """An attempt of its own session."""
    session = SESSION.replace("101500", f"10150{number}")
    runs = (
        dataclasses.replace(run, session_directory=run.session_directory.replace(SESSION, session))
        for run in made.targets
    )
    return dataclasses.replace(made, **{"session_id": session, "targets": tuple(runs), **changes})


PARTED = attempt_from(at(1, divergent()))
UNABLE = attempt_from(
    at(2, record("m", Verdict.INFRA, passed=False), targets=(local_run(), e2b_run(outcome=None, error="429 <b>")))
)
FLAKY = at(3, record("flaky", Verdict.IDENTICAL), earlier=(PARTED, UNABLE))
SAID = "passed in its 3rd attempt; the 1st was DIVERGENT at `delays`, the 2nd was INFRA"


def test_what_passes_only_when_tried_again_is_told_everywhere():
    """On the first screen with the way to it, in its line, in the search, in the terminal and in Markdown; a report of none says nothing."""
    page = render_html(RecordSet(records=(record("calm", Verdict.IDENTICAL), FLAKY)))
    told = Structure(page).text
    assert "1 manifest passed only when tried again" in told
    assert told.count(SAID.replace("`", "")) == 3  # on the first screen, in its line, above its attempts
    assert '["is","flaky"]' in page.replace(" ", "")
    several = (FLAKY, dataclasses.replace(FLAKY, manifest="other"))
    assert '<details class="notice flaky" open>' in render_html(RecordSet(records=several))
    assert '<details class="notice flaky" open>' in render_html(RecordSet(records=(FLAKY, divergent())))
    assert '<details class="notice flaky">' in render_html(
        RecordSet(records=(*several, divergent()))
    )  # what fails is in sight
    assert "passed only" not in render_html(RecordSet(records=(record("calm", Verdict.IDENTICAL),)))
    told = RecordSet(records=(FLAKY,))
    assert f"pipelines/flaky.osiris.yaml: {SAID}".replace("`", "") in " ".join(summary_lines(told, 200, None))
    assert "passed in its 3rd attempt" in render_markdown(told)


def test_attempts_come_to_one_sentence():
    """Alike or not, and by the check or by what else a test asks for; one that tells of its verdict alone is as good as that."""

    def said(last, *earlier):
        return attempt_in_words(dataclasses.replace(last, earlier=earlier))

    good, bad = record("m", Verdict.IDENTICAL), divergent()
    passed = attempt_from(good)
    assert said(good) == ""
    assert said(good, passed) == (
        "attempt 2; its check passed before, too, and something else that the test asks for did not"
    )
    assert said(good, PARTED, PARTED) == "passed in its 3rd attempt; the 1st and 2nd were DIVERGENT at `delays`"
    assert said(good, EarlierAttempt(became="FAILED", session_id="")) == "passed in its 2nd attempt; the 1st failed"
    assert said(bad, PARTED) == "failed alike in each of 2 attempts"
    assert said(bad, EarlierAttempt(became="DIVERGENT", session_id="")) == "failed alike in each of 2 attempts"
    assert said(bad, UNABLE) == "failed in each of 2 attempts, and not alike; the 1st was INFRA"
    assert said(bad, passed) == "failed in its 2nd attempt, though its check passed in the 1st"
    unexpected = dataclasses.replace(passed, passed=False)
    assert said(good, unexpected) == "passed in its 2nd attempt; the 1st was not as expected"
    assert [is_flaky(dataclasses.replace(good, earlier=(each,))) for each in (passed, PARTED)] == [False, True]
    assert not is_flaky(dataclasses.replace(bad, earlier=(PARTED,)))


def test_each_attempt_stands_beside_the_next():
    """What became of it and where, what each target did, what the next one had otherwise, and the command that compares the two."""
    found = attempts_of(FLAKY, ())
    assert [(row.became, row.step, row.last) for row in found.rows] == [
        ("DIVERGENT", "delays", False),
        ("INFRA", "", False),
        ("IDENTICAL", "", True),
    ]
    assert found.rows[0].sentence.startswith("local and e2b part at step `delays`")
    assert found.rows[1].targets[1].error == "429 <b>"
    assert found.rows[0].unlike == ("DIVERGENT, then INFRA", "e2b: succeeded, then no outcome")
    assert found.rows[1].unlike == ("INFRA, then IDENTICAL", "e2b: no outcome, then succeeded")
    assert found.commands[0] == (
        "local, attempt 1 and 2",
        f"osiris-parity diff {PARTED.targets[0].session_directory} .osiris/runs/{SESSION}/local",
    )
    slow = dataclasses.replace(
        PARTED, differences=9, targets=(PARTED.targets[0], dataclasses.replace(PARTED.targets[1], elapsed_ms=9000.0))
    )
    [row, _] = attempts_of(dataclasses.replace(divergent(), earlier=(slow,)), ()).rows
    assert row.unlike == ("9 differences, then 3", "e2b: 9.00 s, then 618 ms")
    page = Structure(render_html(RecordSet(records=(FLAKY,))))
    assert "429 <b>" in page.text
    failed = Structure(render_html(RecordSet(records=(dataclasses.replace(divergent(), earlier=(PARTED,)),)))).text
    assert failed.index("What differs in step delays") < failed.index("otherwise in the next one")  # why comes first


def test_what_of_an_earlier_attempt_is_not_kept_is_told(tmp_path):
    """Sessions that were removed, by the run or since, and attempts of which an older record has the verdict alone."""
    gone = dataclasses.replace(PARTED, targets=(AttemptTarget(target="local"), PARTED.targets[1]))
    [one, two] = (dataclasses.replace(FLAKY, earlier=(each,)) for each in (gone, PARTED))
    assert attempts_of(one, ()).lost == (
        "1 session of earlier attempts is not kept; `--osiris-keep-sessions=all` keeps it."
    )
    assert attempts_of(two, ()).lost == ""
    assert attempts_of(two, (tmp_path,)).lost.startswith("2 sessions of earlier attempts are not kept")
    assert attempts_of(two, (tmp_path,)).commands == ()
    old = dataclasses.replace(FLAKY, earlier=(EarlierAttempt(became="FAILED", session_id="x"),))
    assert attempts_of(old, ()).lost == "Of 1 earlier attempt there is nothing but what became of it."


def test_attempts_at_a_step_stand_beside_those_on_the_other_target():
    """With their errors and times; the last one's end is the step's, and what kept another from following is said."""
    flaky, *others = three_steps()
    flaky = dataclasses.replace(flaky, retries=1, attempts=(REFUSED,), started_ms=2.0, duration_ms=100.0)
    stuck = dataclasses.replace(three_steps()[2], state="failed", not_retried="it has left files")
    made = record("m", Verdict.DIVERGENT, passed=False, targets=(local_run(steps=(flaky, *others)), e2b_run()))
    made = dataclasses.replace(made, targets=(made.targets[0], e2b_run(steps=(*three_steps()[:2], stuck))))
    first, last = attempts_of(made, ()).tries
    assert (first.step, last.step) == ("read-flights", "write-delays")
    cells = {number: [(each.words, each.error, each.elapsed_ms) for each in row] for number, row in first.rows}
    assert cells == {
        1: [("failed, tried again", "ConnectionError: refused", 38.0), ("succeeded", "", 182.4)],
        2: [("succeeded", "", 62.0), ("", "", None)],
    }
    assert last.remarks == ("e2b: not tried again, because it has left files",)
    assert attempts_of(record("m", Verdict.IDENTICAL), ()) is None
    many = dataclasses.replace(flaky, retries=100)
    [shown] = attempts_of(dataclasses.replace(made, targets=(local_run(steps=(many,)),)), ()).tries
    assert ([number for number, _ in shown.rows][-2:], shown.left_out) == ([20, 101], 80)


def test_what_the_next_attempt_had_otherwise_is_told_and_nothing_small():
    """Another step, other words at the same one, another error, a time; not a time that is twice nothing. A place with a blank is one word."""

    def unlike(**changes):
        runs = changes.pop("runs", {})
        local = dataclasses.replace(PARTED.targets[0], **runs)
        earlier = dataclasses.replace(PARTED, targets=(local, PARTED.targets[1]), **changes)
        return attempts_of(dataclasses.replace(divergent(), earlier=(earlier,)), ()).rows[0].unlike

    assert unlike() == ()
    assert unlike(step="read") == ("at `read`, then at `delays`",)
    assert unlike(step=None) == ("at `no step`, then at `delays`",)
    assert unlike(headline="something else") == ("told otherwise",)
    assert unlike(runs={"error": "refused"}) == ("local: another error",)
    assert unlike(runs={"elapsed_ms": 1_300.0}) == ()  # thrice, and less than a second
    assert unlike(runs={"elapsed_ms": 1_500.0}) == ("local: 1.50 s, then 436 ms",)
    blank = dataclasses.replace(PARTED.targets[0], session_directory="a b/local")
    record_of = dataclasses.replace(divergent(), earlier=(dataclasses.replace(PARTED, targets=(blank,)),))
    assert attempts_of(record_of, ()).commands[0][1].startswith("osiris-parity diff 'a b/local' ")


def test_what_is_left_out_of_many_is_counted():
    """Of steps that were tried again, and of manifests that passed only so."""
    steps = tuple(dataclasses.replace(three_steps()[0], id=f"s{number}", retries=1) for number in range(53))
    many = record("m", Verdict.IDENTICAL, targets=(local_run(steps=steps),))
    found = attempts_of(many, ())
    assert (len(found.tries), found.tries_left_out) == (50, 3)
    assert (
        "3 more steps were tried again, see the JSON beside this page"
        in Structure(render_html(RecordSet(records=(many,)))).text
    )
    often = dataclasses.replace(FLAKY, earlier=(PARTED,) * 99)
    found = attempts_of(often, ())
    assert ([each.number for each in found.rows][-2:], found.rows_left_out) == ([20, 100], 79)
    assert len(found.commands) == 19 * 2
    told = Structure(render_html(RecordSet(records=(often,)))).text
    assert "79 attempts before the last are not shown; the JSON beside this page has them." in told
    assert found.sentence == (
        "passed in its 100th attempt; the 1st, 2nd, 3rd, 4th, 5th and 94 others were DIVERGENT at `delays`"
    )
    flaky = [dataclasses.replace(record(f"m{number}", Verdict.IDENTICAL), earlier=(PARTED,)) for number in range(7)]
    told = Structure(render_html(RecordSet(records=tuple(flaky)))).text
    first = told[told.index("7 manifests passed only when tried again") :]
    assert "m4" in first[: first.index("and 2 more: search for is:flaky")]
    assert "m5" not in first[: first.index("and 2 more: search for is:flaky")]
