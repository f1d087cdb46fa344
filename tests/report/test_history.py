from __future__ import annotations

import dataclasses
import json
import re
from itertools import permutations

import pytest

from osiris_core.parity.attempts import attempt_from
from osiris_core.parity.record import RecordSet, Verdict
from osiris_core.parity.since import Kept, history, made_at, runs_of, since
from osiris_core.report import history as telling
from osiris_core.report.history import history_view, seen_in
from osiris_core.report.html import render_html
from osiris_core.report.markdown import render_markdown
from osiris_core.report.since import since_lines, since_view
from tests.report.samples import divergent, e2b_run, local_run, record
from tests.report.structure import Structure

PASSES = record("a", Verdict.IDENTICAL)
FAILS = dataclasses.replace(divergent(), manifest=PASSES.manifest)
CANNOT = record("a", Verdict.INFRA, comparison=None, headline="e2b: no room")
EDITED = dataclasses.replace(PASSES, fingerprint="another")
CLOUD = dataclasses.replace(PASSES, targets=(local_run(), e2b_run(provider="cloud", isolation="microvm")))
ALONE = record("a", None, targets=(local_run(),))
UNSTARTED = dataclasses.replace(CANNOT, fingerprint="", targets=(local_run(), e2b_run(provider="", outcome=None)))
RESULTS = {"?": UNSTARTED, "=": PASSES, "x": FAILS, "!": CANNOT, "e": EDITED, "c": CLOUD, "1": ALONE}


def run(day: int, *records, name="", unit="", shard="") -> Kept:
    """A kept file of January's day, with what it holds; several days stand for as many minutes of one."""
    made = f"2026-01-{day:02d}T10:00:00Z" if day else ""
    whole = RecordSet(records=records)
    return Kept(name=name or f"{day:02d}.json", unit=unit, made=made, shard=shard, seen=seen_in(whole))


def told(results: str):
    """What is told of one manifest whose results were these, the last one being that of now; `.` is a run that did not have it."""
    kept = [run(day, *([] if sign == "." else [RESULTS[sign]])) for day, sign in enumerate(results, 1)]
    *past, now = runs_of(kept)
    return history(past, now)


@pytest.mark.parametrize(
    ("results", "marks", "said"),
    [
        ("===", "===", ()),
        ("==x", "==≠", ("fails since 2026-01-03, 1 run",)),
        ("=xx.x", "=≠≠·≠", ("fails since 2026-01-02, 3 runs",)),
        ("xxx", "≠≠≠", ("never passed: 3 runs since 2026-01-01",)),
        ("=x=", "=≠=", ("flaky: went 2 times between passing and failing in the last 3 runs, unchanged",)),
        ("=.x..=x", "=·≠··=≠", ("fails since 2026-01-07, 1 run", "flaky: went 3 times between passing and failing in the last 4 runs, unchanged")),
        ("=!=!=", "=!=!=", ()),
        ("=xe", "=≠┊=", ()),
        ("=xeee", "=≠┊===", ()),
        ("=xc", "=≠┊=", ()),
        ("=x1", "=≠┊✓", ()),
        ("ece=", "=┊=┊=┊=", ()),
        ("=?e", "=!┊=", ()),
        ("c?=", "=!┊=", ()),
        ("x!", "≠!", ("never passed: 2 runs since 2026-01-01",)),
        ("x" + 20 * "=", 20 * "=", ()),
        ("=" + 24 * "x", 20 * "≠", ("fails since 2026-01-02, 24 runs",)),
    ],
)  # fmt: skip
def test_a_strip_says_what_became_of_a_manifest(results, marks, said):
    """A mark for each of the last 20 runs; since when it fails; flaky only while the same is asked; a run without it is a gap; one that could not be says nothing."""
    ((_, strip),) = history_view(told(results)).strips.items()

    assert "".join(f"{'┊' * bool(each.breaks)}{each.symbol}" for each in strip.sights) == marks
    assert strip.said == said


@pytest.mark.parametrize(
    ("times", "longer"),
    [
        ([1_000] * 4 + [2_500] * 3, "e2b took 1.00 s, and 2.50 s in the last 3 runs: 2.5 times as long (medians; 4 runs before)"),
        ([1_000] * 4 + [1_900] * 3, None),  # not twice as long
        ([100] * 4 + [900] * 3, None),  # not a second longer
        ([1_000] * 4 + [1_000, 9_000, 1_000], None),  # once
        ([1_000] * 2 + [2_500] * 3, None),  # nothing to hold it against
        ([1_000] * 4 + [2_500] * 3 + [-2_500], None),  # now it failed
        ([1_000] * 4 + [-9_000, -9_000, 1_000], None),  # what failed has no time
    ],
)  # fmt: skip
def test_a_time_that_got_longer_is_told(times, longer):
    """By medians, so that one slow run is none; where it is at least twice as long and a second. Below zero is a run that failed."""
    kept = [
        run(
            day,
            dataclasses.replace(
                PASSES,
                targets=(
                    local_run(),
                    e2b_run(elapsed_ms=float(abs(each)), outcome="succeeded" if each > 0 else "failed"),
                ),
            ),
        )
        for day, each in enumerate(times, 1)
    ]
    *past, now = runs_of(kept)

    ((_, strip),) = history_view(history(past, now)).strips.items()

    assert [each.sentence for each in strip.trends] == [longer] * bool(longer)


def test_files_are_of_one_run_by_their_directory_their_moment_or_their_shards():
    """Whatever order they are given in, the worst result stands for a run, and what has no time comes first."""
    kept = [
        run(0, PASSES, name="untimed.json"),
        run(3, FAILS, name="kept/3/b.json", unit="kept/3"),
        run(3, PASSES, name="kept/3/a.json", unit="kept/3"),
        run(5, PASSES, name="kept/3/late.json", unit="kept/3"),
        run(4, PASSES, name="4a.json"),
        run(4, FAILS, name="4b.json"),
        dataclasses.replace(run(7, FAILS, shard="2/2"), made="2026-01-07T12:00:00+01:00"),
        dataclasses.replace(run(6, PASSES, shard="1/2"), made="2026-01-07T23:30:00.5+14:00", name="06.json"),
    ]
    orders = [kept, kept[::-1], *list(permutations(kept))[1000:1003]]

    runs = [[(each.name, "x" if each.seen["pipelines/a.osiris.yaml", ""][0].fails else "=") for each in runs_of(order)] for order in orders]  # fmt: skip

    assert runs[0] == [
        ("untimed.json", "="),
        ("kept/3", "x"),
        ("4a.json, 4b.json", "x"),
        ("kept/3/late.json", "="),
        ("06.json, 07.json", "x"),
    ]
    assert all(each == runs[0] for each in runs)


def test_the_same_shard_twice_is_two_runs():
    """And so are shards of wholes that are cut otherwise."""
    for shards in (("1/2", "1/2"), ("1/2", "2/3")):
        files = [dataclasses.replace(run(1, PASSES, shard=shard), made=f"2026-01-01T10:0{minute}:00Z", name=f"{minute}") for minute, shard in enumerate(shards)]  # fmt: skip
        assert [each.name for each in runs_of(files)] == ["0", "1"]


def test_a_run_is_told_by_the_targets_of_now():
    """The same manifest on one target alone may have failed in it; where it ran on others only, the worst of these stands for it."""
    failing = dataclasses.replace(ALONE, passed=False)
    other = dataclasses.replace(ALONE, targets=(e2b_run(),))
    for records, mark in (((PASSES, failing), "="), ((other, failing), "✗")):
        past = runs_of([run(1, *records)])
        (now,) = runs_of([run(2, PASSES)])
        ((_, strip),) = history_view(history(past, now)).strips.items()
        assert strip.sights[0].symbol == mark


def test_what_is_left_out_of_a_long_history_is_counted(monkeypatch):
    """Manifests in the table, and those that are named where there is no page; a cause with another number in it is the same one."""
    monkeypatch.setattr(telling, "MOST_ROWS", 2)
    monkeypatch.setattr(telling, "MOST_NAMED", 1)
    records = [
        [dataclasses.replace(record(f"m{place}", Verdict.INFRA, comparison=None, headline=f"no room: {day}") if sign == "!" else RESULTS[sign], manifest=f"m{place}") for place in range(3)]
        for day, sign in enumerate("=x=!!", 10)
    ]  # fmt: skip
    *past, now = runs_of([run(day, *each) for day, each in enumerate(records, 10)])
    view = history_view(history(past, now))
    assert (len(view.rows), view.rows_hidden, view.calm) == (2, 1, 0)
    assert view.lines[1:] == ("  flaky: 2 more of 3; the page has them",)
    assert view.rows[0].in_words == "1 run IDENTICAL, 1 run DIVERGENT, 1 run IDENTICAL, 2 runs INFRA"
    changed = dataclasses.replace(
        since(RecordSet(records=()), RecordSet(records=()), "old"), history=history(past, now)
    )
    page = Structure(render_html(RecordSet(records=tuple(records[-1])), since=changed))
    assert "1 more manifest of 3 not listed here: the sentence counts all." in page.text


def test_a_time_that_no_calendar_has_is_none():
    """The records are then as old as the last of their tests."""
    assert made_at(RecordSet(records=(PASSES,), created_at="2026-02-31T00:00:00Z")) == "2026-02-03T10:15:00.000000Z"
    assert made_at(RecordSet(records=(), created_at="2026-02-03")) == ""


def held(evil: str = "") -> tuple[RecordSet, object]:
    """Records with a history: one that is flaky, one that fails, one that takes longer, one that was served by others, and one that never did anything."""
    name = f"b{evil}"
    slow = dataclasses.replace(record("slow", Verdict.IDENTICAL), targets=(local_run(), e2b_run(elapsed_ms=9_000.0)))
    fails = dataclasses.replace(divergent(), manifest=name)
    comparison = dataclasses.replace(
        fails.comparison, findings=(dataclasses.replace(fails.comparison.findings[0], message=f"said {evil}"),)
    )
    fails = dataclasses.replace(fails, comparison=comparison)
    calm = record("calm", Verdict.IDENTICAL)
    past = []
    for day, sign in enumerate("=x=xx==", 1):
        served = e2b_run(provider=f"cloud{evil}") if day < 3 else e2b_run()
        records = (
            RESULTS[sign],
            dataclasses.replace(fails, passed=True, verdict=Verdict.IDENTICAL) if day < 5 else fails,
            record("slow", Verdict.IDENTICAL) if day < 5 else slow,
            dataclasses.replace(record("served", Verdict.IDENTICAL), targets=(local_run(), served)),
            calm,
        )
        past.append(run(day, *records, name=f"{day:02d}{evil}.json"))
    now = RecordSet(
        records=(PASSES, fails, slow, record("served", Verdict.IDENTICAL), calm), created_at="2026-02-03T10:15:09Z"
    )
    (last,) = runs_of([Kept(name="now", unit="", made=made_at(now), shard="", seen=seen_in(now))])
    told = history(runs_of(past), last, left_out=(f"1 file {evil} is left out",))
    return now, dataclasses.replace(since(now, now, "07.json"), history=told)


def test_the_sentence_and_the_lines_say_who():
    """One sentence, then who is flaky and what takes longer, and with each failing manifest since when it fails."""
    records, changed = held()

    assert since_lines(since_view(changed)) == [
        "in 8 runs since 2026-01-01: 1 manifest is flaky, 1 fails since 2026-01-05 (4 runs), 1 takes longer than before",
        "↻ flaky: pipelines/a.osiris.yaml: went 4 times between passing and failing in the last 8 runs, unchanged",
        "↗ longer: pipelines/slow.osiris.yaml: e2b took 618 ms, and 9.00 s in the last 3 runs: 14.6 times as long (medians; 5 runs before)",
        "✗ fails as before: b",
        "    DIVERGENT at step delays",
        "    fails since 2026-01-05, 4 runs",
    ]
    markdown = render_markdown(records, since=changed)
    assert "    fails since 2026-01-05, 4 runs\n" in markdown
    assert "\n- of older runs: `1 file  is left out`\n" in markdown


def test_the_page_has_a_strip_a_table_and_a_way_there():
    """Each manifest with its runs as marks and as a table; those of note side by side; ids are there once, links lead somewhere, and it is the same page again."""
    records, changed = held()
    html = render_html(records, since=changed)
    page = Structure(html)
    text = " ".join(page.text.split())

    ids = page.values("id")
    assert "1 manifest is flaky" in text[: text.index("1 manifest to look at")]
    assert {each[1:] for each in page.values("href") if each.startswith("#")} <= set(ids)
    assert len(set(ids)) == len(ids)
    assert "2 manifests passed in each of these runs that had them." in text
    assert "┊ from here on: e2b was served by cloud, now by embedded" in text
    assert "The last runs, the oldest first: 4 runs IDENTICAL, 4 runs DIVERGENT" in page.values("aria-label")
    assert '<th scope="row">2026-01-05 to 2026-02-03</th><td>4 runs</td>' in html
    assert [
        each
        for each in page.values("title")
        if each.startswith("2026-01-02T10:00:00Z, 02.json: DIVERGENT: step delays: column")
    ]
    assert render_html(records, since=changed) == html


def test_what_is_flaky_is_found_whichever_way_it_shows():
    """What went to and fro from run to run, as what passed in a later attempt only: one word of the search for both."""
    records, changed = held()
    again = dataclasses.replace(records.records[-1], earlier=(attempt_from(divergent()),))
    records = dataclasses.replace(records, records=(*records.records[:-1], again))

    def flaky(since=None) -> list[str]:
        index = json.loads(re.search(r'id="search-index">(.*?)</script>', render_html(records, since=since))[1])
        names = [[index["facts"][place] for place in own] for own in index["of"]]
        return [value for own in names if ["is", "flaky"] in own for key, value in own if key == "manifest"]

    assert flaky() == ["pipelines/calm.osiris.yaml"]
    assert flaky(changed) == ["pipelines/a.osiris.yaml", "pipelines/calm.osiris.yaml"]


def test_what_older_records_say_makes_no_markup_and_moves_no_cursor():
    """Names of manifests, runs and providers, causes, and what was left out: the page has the elements that it has with plain ones."""
    evil = "</li><script>alert(1)</script><img src=x onerror=alert(1)>\x1b[2J\u202e```\n# x"
    shapes = []
    for value in ("plain", evil):
        records, changed = held(value)
        shapes.append(Structure(render_html(records, since=changed)).shape)
        lines = [*since_lines(since_view(changed)), render_markdown(records, since=changed)]
        assert not any(sign in line for line in lines for sign in ("\x1b", "\u202e"))
    assert shapes[0] == shapes[1]
