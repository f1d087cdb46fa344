"""What a verdict rests on, as a reader finds it: how it ended, how records came, waivers, commands, links, and what was not compared."""

from __future__ import annotations

import dataclasses

import pytest

from osiris_core.parity.record import RecordSet, Transport, TransportRetry, Triage, Verdict, WaiverUse
from osiris_core.report.environment import environment_diff
from osiris_core.report.evidence import evidence_of, waiver_rows
from osiris_core.report.explained import cause_explained, outcome_explained, verdict_explained
from osiris_core.report.html import render_html
from osiris_core.report.marks import MARKS
from osiris_core.report.outcomes import endings
from osiris_core.wire.records import OUTCOMES
from tests.report.samples import SESSION, comparison, divergent, e2b_run, local_run, record
from tests.report.structure import Structure

FRAMES = ("flightdesk.gate:every_hour_is_there:31", "flightdesk.gate:gaps:52")
TRANSPORT = Transport(
    records=41,
    duplicates=3,
    gaps=2,
    reconnects=1,
    fills=2,
    filled_bytes=4096,
    throttled_ms=12.5,
    verified=True,
    retries=(TransportRetry(what="create", cause="429 too many requests", waited_ms=200.0),),
)


def failed(run, error, *, frames=FRAMES):
    """A run that failed in `check`."""
    return dataclasses.replace(
        run, outcome="failed", failed_step="check", error=error, error_type="ValueError", traceback=frames
    )


def use(name, days_left, complaint=""):
    """A waiver of so many days."""
    return WaiverUse(
        name=name, reason="r", owner="ann", expires="2026-03-01", hits=1, complaint=complaint, days_left=days_left
    )


def test_errors_stand_side_by_side_and_what_differs_is_marked():
    """Only the words that are other; type, step and calls are there on both sides."""
    targets = failed(local_run(), "no currency CZK"), failed(e2b_run(), "no currency EUR", frames=FRAMES[:1])
    left, right = endings(record("m", Verdict.DIVERGENT, targets=targets), {"check": "m-1-s-check"})
    assert ["".join(part.text for part in side.error) for side in (left, right)] == [
        "ValueError: no currency CZK",
        "ValueError: no currency EUR",
    ]
    assert [[part.text for part in side.error if part.changed] for side in (left, right)] == [["CZK"], ["EUR"]]
    assert any(part.changed for part in left.frames)
    assert (left.targets, left.outcome, left.row, right.places) == ("local", "failed", "m-1-s-check", (2,))


def test_equal_errors_are_shown_once_and_good_ends_not_at_all():
    """Two targets that failed alike are one thing to read."""
    targets = failed(local_run(), "no currency"), failed(e2b_run(), "no currency")
    (both,) = endings(record("m", Verdict.IDENTICAL, targets=targets), {})
    assert (both.targets, both.places, both.row) == ("local and e2b", (1, 2), "")
    assert endings(record("m", Verdict.IDENTICAL), {}) == ()


def test_one_side_without_an_error_leaves_the_others_unmarked():
    """There is nothing that it differs from."""
    targets = local_run(), failed(e2b_run(), "no currency")
    left, right = endings(record("m", Verdict.DIVERGENT, targets=targets), {})
    assert (left.error, left.outcome) == ((), "succeeded")
    assert not any(part.changed for part in right.error)


def test_the_way_of_the_records_is_told():
    """What was verified, what happened, what was tried again; and of a quiet way that it was one."""
    targets = local_run(transport=Transport(records=7, verified=True)), e2b_run(transport=TRANSPORT)
    text = Structure(render_html(RecordSet(records=(record("m", Verdict.IDENTICAL, targets=targets),)))).text
    assert "verified: 41 records by the worker's own digest" in text
    assert (
        "1 reconnect, 2 gaps noticed, 2 ranges read again from the spool (4.0 KiB), 3 duplicates dropped, "
        "the worker waited 12 ms for this machine"
    ) in text
    assert "create: 429 too many requests, again after 200 ms" in text
    assert "nothing was lost, repeated or waited for" in text


def test_records_that_are_not_the_workers_are_loud():
    """They are never called verified; nor is what the worker did not come to state."""
    wrong, silent = evidence_of(
        record(
            "m",
            Verdict.DIVERGENT,
            targets=(
                local_run(transport=Transport(records=7, verified=False)),
                e2b_run(transport=Transport(records=2)),
            ),
        ),
        (),
        None,
    ).carriage
    assert (wrong.verified, wrong.doubtful) == ("not what the worker stated: records", True)
    assert (silent.verified, silent.doubtful) == ("2 records, none verified", False)


def test_waivers_that_need_somebody_come_first():
    """Those out of date, then those that soon will be, each with its days in words."""
    rows = waiver_rows([use("b", 90), use("c", None), use("late", -3, "has expired"), use("a", 1), use("now", 0)])
    assert [(row.use.name, row.remaining, row.late) for row in rows] == [
        ("late", "expired 3 days before the check", True),
        ("now", "its last day", False),
        ("a", "1 day left", False),
        ("b", "90 days left", False),
        ("c", "", False),
    ]


def test_each_command_says_what_it_shows_and_is_safe_to_paste():
    """The check, the divergence with its factor, the two sessions; a hostile name is quoted for the shell."""
    found = dataclasses.replace(
        divergent(),
        manifest="a b;rm -rf $HOME.osiris.yaml",
        triage=Triage(cause="CODE", command="TZ=UTC osiris-parity run x"),
    )
    commands = [each.text for each in evidence_of(found, (), None).commands]
    assert commands == [
        "osiris-parity run pipelines/flight-delays.osiris.yaml --target both",
        "TZ=UTC osiris-parity run x",
        f"osiris-parity diff .osiris/runs/{SESSION}/local .osiris/runs/{SESSION}/e2b",
        "osiris-parity explain 'a b;rm -rf $HOME.osiris.yaml'",
    ]
    page = Structure(render_html(RecordSet(records=(found,))))
    assert [each for each in page.values("class") if each == "command"] == [
        "command"
    ] * 6  # the headline has the first one, the cause the second, too


def test_files_of_sessions_are_linked_where_they_are(tmp_path):
    """From the page's own directory, as far as they are there."""
    session = tmp_path / ".osiris/runs" / SESSION / "e2b"
    (session / "logs").mkdir(parents=True)
    (session / "session.json").write_text("{}")
    local, remote = evidence_of(record("m", Verdict.IDENTICAL), [tmp_path], tmp_path / "reports").files
    assert local == ()
    assert [(link.name, link.href) for link in remote] == [
        ("session.json", f"../.osiris/runs/{SESSION}/e2b/session.json"),
        ("logs", f"../.osiris/runs/{SESSION}/e2b/logs"),
    ]


@pytest.mark.parametrize("place", ["../outside", "/etc", "javascript:alert(1)", "a/../../outside", "link"])
def test_no_link_leads_out_of_the_project(tmp_path, place):
    """What is no place of a session is not linked to, though something is there."""
    outside, root = tmp_path / "outside", tmp_path / "root"
    for directory in (outside, root / "javascript:alert(1)"):
        directory.mkdir(parents=True)
        (directory / "session.json").write_text("{}")
    (root / "link").symlink_to(outside)
    run = local_run(session_directory=place)
    (links,) = evidence_of(record("m", None, targets=(run,)), [root], root).files
    assert links == ()


def test_what_was_not_compared_is_loud():
    """It stands before the differences, unfolded, and says what that means."""
    page = render_html(RecordSet(records=(divergent(),)))
    loud = page.index("notice loud")
    assert page.index('id="m-pipelines-flight-delays') < loud < page.index('class="graph"')
    assert "of which the verdict says nothing" in page
    quiet = record("m", Verdict.IDENTICAL, comparison=comparison(Verdict.IDENTICAL))
    assert "notice loud" not in render_html(RecordSet(records=(quiet,)))


def test_names_that_one_side_lacks_are_a_list():
    """Each by itself, with how many both have."""
    diff = environment_diff([("local", {"names": ["HOME", "TZ", "EDITOR"]}), ("e2b", {"names": ["HOME", "LANG"]})])
    (fact,) = diff.differing
    assert (fact.only, fact.common) == ((("EDITOR", "TZ"), ("LANG",)), 1)


def test_every_word_is_explained():
    """Each outcome of a session, each cause, and each label that a newcomer would ask about."""
    assert [each for each in OUTCOMES if not outcome_explained(each)] == []
    causes = ("TRANSPORT", "ENVIRONMENT(time zone)", "CODE", "NONDETERMINISTIC", "UNKNOWN")
    assert [each for each in causes if not cause_explained(each)] == []
    plain = {"failed", "xfailed", "identical", "ok"}
    assert {mark.key for mark in MARKS if not verdict_explained(mark.key)} == plain
    unstable = record("m", Verdict.NONDETERMINISTIC, passed=False)
    assert "Run again on the same target, it does not do the same" in render_html(RecordSet(records=(unstable,)))
