from __future__ import annotations

import dataclasses

import pytest

from osiris_core.parity.record import RecordSet, Verdict
from osiris_core.parity.since import since
from osiris_core.report.html import render_html
from osiris_core.report.markdown import render_markdown
from osiris_core.report.since import MOST_CHANGES, MOST_DETAILS, MOST_FACTS, since_lines, since_view
from tests.report.samples import divergent, e2b_run, local_run, record
from tests.report.structure import Structure

OLD = RecordSet(
    records=(
        record("flight-delays", Verdict.IDENTICAL),
        record("carriers", Verdict.INFRA, comparison=None, headline="e2b: no room for session 12"),
        record("lost", None),
        record("planes", Verdict.IDENTICAL),
        record("weather", Verdict.INFRA, comparison=None, headline="e2b: no key"),
    ),
    created_at="2026-02-01T10:15:09Z",
    host={"python": "3.10.2"},
)
NEW = RecordSet(
    records=(
        divergent(),
        record("carriers", Verdict.INFRA, comparison=None, headline="e2b: no room for session 13"),
        record("airports", Verdict.IDENTICAL),
        record(
            "planes",
            Verdict.IDENTICAL,
            fingerprint="other",
            targets=(local_run(), e2b_run(provider="cloud", isolation="microvm", elapsed_ms=5_000.0)),
        ),
        record("weather", Verdict.EQUIVALENT),
    ),
    host={"python": "3.11.7"},
)
SENTENCE = (
    "since old.json of 2026-02-01T10:15:09Z: 1 newly diverges, 1 fails as before, 1 is gone, 1 is fixed, 1 is new and passes; "
    "1 passes as before"
)


@pytest.fixture(scope="module")
def changed():
    return since(OLD, NEW, "old.json")


def test_what_changed_is_told_in_lines(changed):
    """What became of each manifest, its verdict before and now, why, and what was counted otherwise; then what they share."""
    view = since_view(changed)

    assert view.sentence == SENTENCE
    assert view.worse
    assert since_lines(view) == [
        "✗ newly diverges: pipelines/flight-delays.osiris.yaml",
        "    IDENTICAL, now DIVERGENT at step delays",
        "    step delays: column `day` differs in 14 of 16 rows; every value is shifted by one hour: the time zone is Europe/Prague on local and UTC on e2b",
        "    + difference tables: table-column at delays.df.day in step delays: 1",
        "    + difference logs: log-line at delays.log:# in step delays: 1",
        "    + difference artifacts: artifact-content at write-delays/delays.csv in step write-delays: 1",
        "    + not compared: write-delays/model.bin: larger than # MiB, only its digest was compared",
        "    + values set aside by known-roots: 3",
        "    + values set aside by text-noise: 1",
        "    ± compared log lines: 12, now 13",
        "    - compared artifact bytes: 412, now 0",
        "✗ fails as before: pipelines/carriers.osiris.yaml",
        "    INFRA",
        "- is gone: pipelines/lost.osiris.yaml",
        "    it was OK",
        "✓ is fixed: pipelines/weather.osiris.yaml",
        "    INFRA, now EQUIVALENT",
        "+ is new and passes: pipelines/airports.osiris.yaml",
        "    IDENTICAL",
        "= passes as before: pipelines/planes.osiris.yaml",
        "    IDENTICAL",
        "    the manifest was edited",
        "    e2b took 618 ms, now 5.00 s: 8.1 times as long",
        "around them:",
        "    python: 3.10.2, now 3.11.7",
        "    e2b provider: embedded, now cloud (in 1 manifest)",
        "    e2b isolation: bubblewrap, now microvm (in 1 manifest)",
    ]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ((), (), "since x: there is nothing to hold against each other"),
        (OLD.records[3:4], OLD.records[3:4], "since x: 1 passes as before"),
        ((), OLD.records[1:2], "since x: 1 is new and fails"),
        (OLD.records[3:4], NEW.records[3:4], "since x: 1 passes as before"),
        (
            (record("a", Verdict.IDENTICAL), record("flight-delays", Verdict.IDENTICAL)),
            (record("a", Verdict.INFRA), divergent()),
            "since x: 2 newly fail",
        ),
    ],
)
def test_the_sentence_counts_all(old, new, said):
    """That something diverges is only said of all that fail where all of them do."""
    assert since_view(since(RecordSet(records=old), RecordSet(records=new), "x")).sentence == said


def test_the_page_says_it_first_and_leads_to_the_manifests(changed):
    """A line on the first screen, a section with every change, and a link to each manifest that the page has."""
    html = render_html(NEW, since=changed)
    page, without = Structure(html), Structure(render_html(NEW))

    assert f"{SENTENCE}. What changed e2b side" in " ".join(page.text.split())
    ids = page.values("id")
    ways = [each.removeprefix("#") for each in page.values("href") if each.startswith("#m-")]
    assert {"since"} == {*ids} - {*without.values("id")}
    assert set(ways) <= set(ids)
    assert len(set(ids)) == len(ids)
    assert "- is gone pipelines/lost.osiris.yaml it was OK" in " ".join(page.text.split())
    assert '<th scope="row">e2b provider</th><td>embedded</td><td>cloud</td><td>in 1 manifest</td>' in html
    assert "since" not in without.text


def test_the_summary_says_it_before_its_table(changed):
    """As code: what a record says is no Markdown."""
    text = render_markdown(NEW, since=changed)

    assert f"\n`{SENTENCE}`\n\n```text\n✗ newly diverges: " in text
    assert text.index("newly diverges") < text.index("| | manifest |")


def test_what_a_record_says_makes_no_markup_and_moves_no_cursor():
    """Names, steps, causes and facts of both sides are hostile; the page has the elements that it has with plain ones."""

    def made(evil: str) -> tuple[RecordSet, RecordSet]:
        found = divergent()
        finding = dataclasses.replace(found.comparison.findings[0], step=evil, path=evil, message=evil, code=evil)
        comparison = dataclasses.replace(
            found.comparison, findings=(finding,), first_diverging_step=evil, not_compared=(evil,), causes=(evil,)
        )
        new = dataclasses.replace(found, manifest=f"a{evil}", comparison=comparison)
        old = dataclasses.replace(new, comparison=None, verdict=Verdict.IDENTICAL, passed=True)
        gone = dataclasses.replace(old, manifest=f"b{evil}", targets=())
        host = {f"name {evil}": f"value {evil}"}
        return RecordSet(records=(old, gone), host={"x": "y"}, created_at=evil), RecordSet(records=(new,), host=host)

    evil = "</li><script>alert(1)</script><img src=x onerror=alert(1)>\x1b[2J\u202e```\n# x"
    shapes = []
    for value in ("plain", evil):
        old, new = made(value)
        changed = since(old, new, f"{value}.json")
        shapes.append(Structure(render_html(new, since=changed)).shape)
        lines = [*since_lines(since_view(changed)), render_markdown(new, since=changed)]
        assert not any(sign in line for line in lines for sign in ("\x1b", "\u202e"))
        assert not [line for line in render_markdown(new, since=changed).splitlines() if line.startswith("# x")]
    assert shapes[0] == shapes[1]


def test_what_is_left_out_is_counted():
    """Of manifests, of what is told of one, and of what changed around them."""
    finding = divergent().comparison.findings[0]
    many = tuple(dataclasses.replace(finding, step=f"s-{letter}") for letter in "abcdefghijklmnop")
    comparison = dataclasses.replace(divergent().comparison, findings=many)
    old = [record(f"m{number}", Verdict.IDENTICAL) for number in range(MOST_CHANGES + 3)]
    new = [dataclasses.replace(divergent(), manifest=each.manifest, comparison=comparison) for each in old]
    hosts = [{f"fact {number}": value for number in range(MOST_FACTS + 2)} for value in ("1", "2")]

    view = since_view(
        since(*(RecordSet(records=tuple(each), host=host) for each, host in zip((old, new), hosts, strict=True)), "old")
    )

    assert (len(view.changes), view.changes_hidden) == (MOST_CHANGES, 3)
    assert (len(view.changes[0].details), view.changes[0].hidden) == (MOST_DETAILS, 10)
    assert (len(view.facts), view.facts_hidden) == (MOST_FACTS, 2)
    lines = since_lines(view)
    assert "    … 10 more of 22" in lines
    assert "3 more manifests not listed here" in lines
    assert "    2 more facts not listed here" in lines
