"""`osiris-parity report`: pages, summaries and tables from records that lie somewhere; never a gate."""

from __future__ import annotations

import dataclasses
import os
import resource
from typing import TYPE_CHECKING

import pytest

from osiris_core.parity.record import Comparison, RecordSet, Verdict
from osiris_core.parity.record_io import decode_records, encode_records
from osiris_core.report.files import write_report
from tests.parity.exhibit.on_disk import put_both, record_of
from tests.report.samples import divergent, record, sample

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Project

TWO = RecordSet(records=(record("a", Verdict.IDENTICAL), divergent()))
SENTENCE = "1 of 2 manifests behave the same; 1 diverges"


def put(project: Project, name: str, records: RecordSet) -> Path:
    """Write records as a run does, without their page."""
    path = project.root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encode_records(records))
    return path


def contents(directory: Path) -> dict[str, bytes]:
    """Return every file below a directory."""
    return {str(each.relative_to(directory)): each.read_bytes() for each in directory.rglob("*") if each.is_file()}


def test_the_page_is_made_again_beside_its_records(project: Project) -> None:
    """The same page as before, byte for byte; the records are not touched, and whatever the verdicts the exit code is 0."""
    written = write_report(TWO, project.root / "reports" / "parity.html", roots=(project.root,))
    page, data = written.html.read_bytes(), written.json.read_bytes() + b"\n"
    written.json.write_bytes(data)
    written.html.unlink()

    first = project.run("report", "reports/parity.json")
    again = project.run("report", "reports/parity.json")

    assert (first.code, first.out, first.err) == (0, f"{SENTENCE}: reports/parity.html\n", "")
    assert again == first
    assert contents(project.root / "reports") == {"parity.html": page, "parity.json": data}


def test_a_hostile_file_name_does_not_reach_the_terminal(project: Project) -> None:
    """Whoever makes the pages of a directory did not choose its names."""
    put(project, "red\x1b[31m.json", TWO)
    told = project.run("report", "red\x1b[31m.json")
    assert (told.code, told.out) == (0, f"{SENTENCE}: red⟨ESC⟩[31m.html\n")


def test_a_report_whose_sessions_are_gone_says_so(project: Project) -> None:
    """It shows what the records hold, and names the place where it looked, also where that is said by `--root`."""
    put(project, "parity.json", TWO)

    for place in ([], ["--root=elsewhere"]):
        ended = project.run("report", "parity.json", *place)

        page = (project.root / "parity.html").read_text()
        assert (ended.code, ended.err) == (0, "")
        assert ".osiris/runs/20260203T101500Z-4f1c2a9e/local is not there" in page
        assert "column <code>day</code> differs in 14 of 16 rows" in page


def test_sessions_are_found_below_any_root_that_is_named(project: Project) -> None:
    """The project of the current directory is one of many that records come from."""
    put_both(project.root / "theirs")
    diverging = record_of(passed=False, verdict=Verdict.DIVERGENT, comparison=Comparison(verdict=Verdict.DIVERGENT))
    put(project, "parity.json", RecordSet(records=(diverging,)))

    pages = []
    for roots in ([], ["--root=theirs"], ["--root=code", "--root=theirs"]):
        assert project.run("report", "parity.json", *roots).code == 0
        pages.append((project.root / "parity.html").read_text())

    assert [".osiris/runs/20261124T120000Z-0a1b2c3d/local is not there" in page for page in pages] == [
        True,
        False,
        False,
    ]
    assert pages[1] == pages[2]


def test_records_of_many_runs_become_one_page_with_its_records(project: Project) -> None:
    """A directory is all .json files below it; what is known of the whole is told before anybody opens it."""
    put(
        project,
        "shards/1/parity.json",
        RecordSet(records=(record("a", Verdict.IDENTICAL, session_id="other"),), shard="1/3"),
    )
    put(project, "shards/2.json", RecordSet(records=(divergent(),), shard="2/3", note="1 test did not finish"))

    ended = project.run("report", "shards", "shards/2.json", "-o", "all.html", "--summary", "all.md")

    assert (ended.code, ended.out) == (0, f"{SENTENCE}: all.html and all.md\n")
    assert ended.err == "not all: shards: 1 test did not finish\nnot as asked for: shard 3/3 is missing\n"
    assert "flight-delays" in (project.root / "all.html").read_text()
    assert (project.root / "all.md").read_text().endswith("\nReport: [`all.html`](<all.html>)\n")
    assert len(decode_records((project.root / "all.json").read_bytes()).records) == 2


def test_the_table_needs_no_page(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """What pytest prints at its end, for somebody who has the records and a terminal."""
    monkeypatch.setenv("COLUMNS", "80")
    put(project, "parity.json", sample())

    ended = project.run("report", "parity.json", "--terminal")

    assert ended.code == 0
    assert "≠  flight-delays.osiris.…  DIVERGENT" in ended.out
    assert "hint: every value is shifted by one hour" in ended.out
    assert [each.name for each in project.root.glob("parity.*")] == ["parity.json"]


def test_two_results_and_two_hosts_are_both_shown(project: Project) -> None:
    """Machines whose session ids clash, about the same manifest: both records are there, told apart, and it is said."""
    for host, verdict in (("one", Verdict.IDENTICAL), ("two", Verdict.DIVERGENT)):
        made = RecordSet(records=(record("a", verdict),), host={"platform": host}, created_at="2026-02-03T10:15:09Z")
        put(project, f"{host}.json", made)

    ended = project.run("report", "one.json", "two.json", "-o", "all.html")

    said = (
        "pipelines/a.osiris.yaml has 2 results, and the worst counts: IDENTICAL (one.json), DIVERGENT (two.json)",
        "session 20260203T101500Z-4f1c2a9e is of several hosts, pipelines/a.osiris.yaml (one.json) and pipelines/a.osiris.yaml (two.json): where its directory lies here, it may be the other one's",
    )
    assert (ended.code, ended.err) == (0, "".join(f"{each}\n" for each in said))
    page = (project.root / "all.html").read_text()
    anchors = [each for each in page.split('id="')[1:] if each.startswith("m-pipelines-a-")]
    assert len({each.partition('"')[0] for each in anchors}) == len(anchors) >= 2
    assert said[0] in page
    assert said[1].partition(":")[0] in page


def test_what_changed_since_older_records_is_told(project: Project) -> None:
    """In the terminal alone, or on the page and in the summary too; whatever it is, the exit code is 0."""
    put(project, "old/1.json", RecordSet(records=(record("flight-delays", Verdict.IDENTICAL),)))
    put(project, "old/2.json", RecordSet(records=(record("a", Verdict.IDENTICAL),)))
    put(project, "new.json", RecordSet(records=(record("a", Verdict.IDENTICAL), divergent())))
    before = contents(project.root)

    told = project.run("report", "new.json", "--against", "old")
    written = project.run("report", "new.json", "--against=old", "-o", "new.html", "--summary=new.md")

    sentence = "since old: 1 newly diverges; 1 passes as before"
    assert (told.code, told.err, before.items() <= contents(project.root).items()) == (0, "", True)
    assert told.out.splitlines()[:4] == [
        SENTENCE,
        sentence,
        "✗ newly diverges: pipelines/flight-delays.osiris.yaml",
        "    IDENTICAL, now DIVERGENT at step delays",
    ]
    assert written.out.splitlines()[:2] == [
        f"{SENTENCE}: new.html and new.md",
        sentence,
    ]
    assert f"{sentence}." in (project.root / "new.html").read_text()
    assert f"`{sentence}`" in (project.root / "new.md").read_text()
    assert {*contents(project.root)} - {*before} == {"new.html", "new.md"}


def test_older_runs_are_found_and_what_is_none_is_told(project: Project) -> None:
    """By their own times; the newest one before these records is what they are held against; what cannot be read, is these records or came later is left out."""
    fine, failing = record("flight-delays", Verdict.IDENTICAL), divergent()
    for name, day, one in (
        ("z", "01", fine),
        ("run/py310", "02", failing),
        ("run/py312", "02", fine),
        ("a", "09", fine),
    ):
        put(project, f"kept/{name}.json", RecordSet(records=(one,), created_at=f"2026-02-{day}T10:15:09Z"))
    new = put(project, "new.json", RecordSet(records=(failing,), created_at="2026-02-03T10:15:09Z"))
    (project.root / "kept" / "copy.json").write_bytes(new.read_bytes())
    put(project, "kept/none.json", RecordSet(records=(), created_at="2026-02-03T09:00:00Z"))
    (project.root / "kept" / "short.json").write_bytes(new.read_bytes()[:-40])
    (project.root / "kept" / "loop.json").symlink_to("loop.json")
    (project.root / "kept" / "zero.json").symlink_to("/dev/zero")
    os.mkfifo(project.root / "kept" / "pipe.json")
    before = contents(project.root)

    (project.root / "empty").mkdir()
    first = project.run("report", "new.json", "--against=empty")
    later = project.run("report", "new.json", "--against=kept/a.json")
    ended = project.run("report", "new.json", "--against=kept", "--against=kept/z.json", "-o", "new.html")

    assert (first.code, first.err) == (0, "there are no older records to hold these against yet\n")
    assert later.out.splitlines()[1] == "since kept/a.json of 2026-02-09T10:15:09Z: 1 newly diverges"

    assert (ended.code, contents(project.root).items() - before.items()) == (
        0,
        {("new.html", (project.root / "new.html").read_bytes())},
    )
    assert ended.out.splitlines()[1:] == [
        "since kept/run of 2026-02-02T10:15:09Z: 1 fails as before",
        "in 3 runs since 2026-02-01: none is flaky, 1 fails since 2026-02-02 (2 runs)",
        "✗ fails as before: pipelines/flight-delays.osiris.yaml",
        "    DIVERGENT at step delays",
        "    fails since 2026-02-02, 2 runs",
    ]
    assert ended.err.splitlines() == [
        "1 file with the records that this report is of is left out",
        "4 files that cannot be read as records are left out (kept/loop.json: it is no file)",
        "1 file without any record is left out",
        "1 run made after these records is left out",
    ]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ["good.json", "--against=good.json"],
            "there are no older records to hold these against: 1 file with the records",
        ),
        (["good.json", "--against=many"], "there are more than 3 older files of records"),
        (["good.json", "--against=large.json", "--against=others/large.json"], "have more than 1 MiB together"),
        (
            ["good.json", "--against=others", "-o", "others/good.html"],
            "good.json would lie among the older records in others",
        ),
        (["good.json", "--against=lost.json"], "lost.json cannot be read: No such file or directory"),
        (["good.json", "--against=empty.json"], "empty.json: this is no file of parity records, or a torn one"),
        (["good.json", "--against=page.html", "-o", "page.html"], "page.html is one of the files that are read"),
        (["page.html", "--against=good.json", "-o", "good.html"], "good.json is one of the files that are read"),
        (["lost.json"], "lost.json cannot be read: No such file or directory"),
        (["empty.json"], "empty.json: this is no file of parity records, or a torn one"),
        (["nul.json"], "nul.json: this is no file of parity records, or a torn one"),
        (["short.json"], "short.json: this is no file of parity records, or a torn one"),
        (["other.json"], "other.json: parity records of version none, but this reads version 1"),
        (["newer.json"], "newer.json: parity records of version 2, but this reads version 1"),
        (["/dev/zero"], "/dev/zero: it is neither a file nor a pipe"),
        (["good.json", "--against=/dev/zero"], "/dev/zero: it is neither a file nor a pipe"),
        (["large.json"], "large.json: it has more than 1 MiB, and no file of records is so large"),
        (["pipes"], "pipes/x.json is a pipe, which may never end"),
        (["n" * 300], "cannot be read: File name too long"),
        (["code"], "code holds no records"),
        (["good.json", "-o", "code/good.json"], "is no page"),
        (["good.json", "-o", "code"], "is no page"),
        (["good.json", "-o", ""], "is no page"),
        (["good.json", "-o", "taken.html"], "is a directory"),
        (["good.json", "-o", "pyproject.toml/good.html"], "is no directory"),
        (["good.json", "-o", "/proc/good.html"], "is not writable"),
        (["good.json", "page.html"], "is no one file beside which the page would lie"),
        (["good.json", "other.json", "-o", "other.html"], "other.json: parity records of version none"),
        (["page.html"], "there is no one file beside which the page would lie"),
        (["page.html", "-o", "page.html"], "page.html is one of the files that are read"),
        (["good.json", "page.html", "-o", "good.html"], "good.json is one of the files that are read"),
        (["good.json", "--summary=good.json"], "which is something else"),
        (["theirs.json"], "theirs.html is no page that was made here"),
    ],
)
def test_what_cannot_be_read_or_written_is_one_sentence(
    project: Project, monkeypatch: pytest.MonkeyPatch, arguments: list[str], sentence: str
) -> None:
    """Exit code 2, no traceback, and no file is made, changed or left behind."""
    monkeypatch.setattr("osiris_core.cli.recorded.MOST_BYTES", 1 << 20)
    monkeypatch.setattr("osiris_core.cli.kept.MOST_TOTAL_BYTES", 1 << 20)
    monkeypatch.setattr("osiris_core.cli.kept.MOST_FILES", 3)
    (project.root / "pipes").mkdir()
    os.mkfifo(project.root / "pipes" / "x.json")
    good = put(project, "good.json", RecordSet(records=(record("a", Verdict.IDENTICAL),))).read_bytes()
    files = {
        "page.html": good,
        "theirs.json": good,
        "theirs.html": b"<!DOCTYPE html>",
        "empty.json": b"",
        "nul.json": b"\0" * 4096,
        "short.json": good[:-40],
        "large.json": good + b" " * (1 << 20),
        "other.json": b'{"name": "somebody else"}',
        "newer.json": good[:-2] + b"2}",
    }
    for name in ("others", "many"):
        (project.root / name).mkdir()
    files |= {"others/large.json": good + b" " * 1000, **{f"many/{number}.json": good for number in range(4)}}
    for name, content in files.items():
        (project.root / name).write_bytes(content)
    (project.root / "taken.html").mkdir()
    (project.root / "code" / "steps.py").unlink()
    before = contents(project.root)

    ended = project.run("report", *arguments)

    assert (ended.code, ended.out) == (2, "")
    assert sentence in ended.err
    assert ended.err.startswith("osiris-parity: ")
    assert ended.err.count("\n") == 1
    assert contents(project.root) == before


def test_records_may_come_through_a_pipe(project: Project) -> None:
    """As from a command in the place of a file; a page beside it cannot be meant."""
    data = encode_records(RecordSet(records=(record("a", Verdict.IDENTICAL),)))
    ends = os.pipe()
    os.write(ends[1], data)
    os.close(ends[1])
    try:
        ended = project.run("report", f"/dev/fd/{ends[0]}", "--terminal")
    finally:
        os.close(ends[0])

    assert (ended.code, ended.err) == (0, "")
    assert "IDENTICAL" in ended.out


def test_a_link_that_cannot_even_be_followed_is_one_sentence(project: Project) -> None:
    """Where a directory is looked through for what may be read."""
    (project.root / "links").mkdir()
    (project.root / "links" / "x.json").symlink_to("n" * 300)

    ended = project.run("report", "links", "--terminal")

    assert (ended.code, ended.out) == (2, "")
    assert "links/x.json cannot be read: File name too long" in ended.err


def test_everything_that_cannot_be_read_is_named_at_once(project: Project) -> None:
    """A line each, and what a file says of itself reaches no terminal as it is."""
    hostile = dataclasses.replace(record("a", Verdict.IDENTICAL), manifest="\x1b]0;owned\x07", version=7)
    put(project, "hostile.json", RecordSet(records=(hostile,)))

    ended = project.run("report", "hostile.json", "lost.json", "-o", "all.html")

    assert ended.code == 2
    assert ended.err.splitlines()[0].startswith(
        "osiris-parity: hostile.json: ⟨ESC⟩]0;owned⟨BEL⟩: a record of version 7"
    )
    assert ended.err.splitlines()[1:] == ["lost.json cannot be read: No such file or directory"]


def test_a_full_disk_leaves_what_was_there(project: Project) -> None:
    """A sentence, and neither half a page nor a file beside it."""
    put(project, "parity.json", sample())
    (project.root / "out.html").write_text("the old page")
    before = contents(project.root)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)

    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limits[1]))
    try:
        ended = project.run("report", "parity.json", "-o", "out.html")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)

    assert (ended.code, ended.out) == (2, "")
    assert ended.err == "osiris-parity: the report cannot be written to out.html: File too large (give another path)\n"
    assert contents(project.root) == before


def test_no_manifest_is_a_report_too(project: Project) -> None:
    """It says so, and is no error: that a gate must not be empty is a gate's business."""
    put(project, "none.json", RecordSet(records=()))

    ended = project.run("report", "none.json")

    assert (ended.code, ended.out) == (0, "No manifest was checked: none.html\n")
