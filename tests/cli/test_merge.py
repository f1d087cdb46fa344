"""`osiris-parity merge`: many files of records, one whole, one exit code."""

from __future__ import annotations

import dataclasses
import json
import os
from typing import TYPE_CHECKING

import pytest

from osiris_core.parity.record import ParityRecord, RecordSet, TargetRun, Verdict
from osiris_core.parity.record_io import decode_records, encode_records
from tests.parity.exhibit.on_disk import put_both, record_of

if TYPE_CHECKING:
    from conftest import Project

LOCAL, E2B = (TargetRun(target=each, provider="host", isolation="none") for each in ("local", "e2b"))


def record(manifest: str, verdict: Verdict | None = Verdict.IDENTICAL, *, passed: bool | None = None) -> ParityRecord:
    return ParityRecord(
        manifest=manifest,
        pipeline_id=manifest,
        passed=(verdict is None or verdict.passes) if passed is None else passed,
        headline="equal by `known-roots` (2).",
        verdict=verdict,
        session_id="s",
        targets=(LOCAL, E2B) if verdict else (LOCAL,),
    )


def write(project: Project, name: str, *records: ParityRecord, shard: str = "") -> str:
    path = project.root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encode_records(RecordSet(records=records, created_at="2026-01-01T00:00:00Z", shard=shard)))
    return name


def test_the_records_of_shards_become_one_report(project: Project) -> None:
    """A directory is all .json files below it; page, data and summary are made of the whole."""
    write(project, "shards/1/parity.json", record("a"), shard="1/2")
    write(project, "shards/2/parity.json", record("b"), shard="2/2")

    ended = project.run("merge", "shards", "-o", "out/all.json", "--report=out/all.html", "--summary=out/all.md")

    assert (ended.code, ended.out) == (0, "IDENTICAL a\nIDENTICAL b\n")
    whole = decode_records((project.root / "out/all.json").read_bytes())
    assert [each.manifest for each in whole.records] == ["a", "b"]
    assert [each.shard for each in whole.origins] == ["1/2", "2/2"]
    page = (project.root / "out/all.html").read_text()
    assert "shards/1/parity.json: 1 record, shard 1/2" in page
    summary = (project.root / "out/all.md").read_text()
    assert summary.startswith("## ✓ osiris parity: All 2 manifests behave the same\n")
    assert "- `shards/2/parity.json: 1 record, shard 2/2, made 2026-01-01T00:00:00Z`\n" in summary


@pytest.mark.parametrize(
    ("records", "code"),
    [
        ([record("a")], 0),
        ([record("a"), record("b", Verdict.INFRA)], 3),
        ([record("a", Verdict.INFRA), record("b", Verdict.DIVERGENT)], 1),
        ([record("a", None, passed=False)], 1),
        ([dataclasses.replace(record("a", None, passed=False), targets=()), record("b", Verdict.DIVERGENT)], 2),
        ([], 1),
    ],
)
def test_the_exit_code_is_that_of_a_run(project: Project, records: list[ParityRecord], code: int) -> None:
    """The worst record decides; a whole with nothing in it is no success."""
    assert project.run("merge", write(project, "1.json", *records)).code == code


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--require=IDENTICAL"], "FAILED a EQUIVALENT, where IDENTICAL is required: equal by `known-roots` (2)."),
        (["--min-manifests=2"], "not as asked for: 1 manifest was compared, and at least 2 have to be"),
        ([], "not as asked for: shard 2/2 is missing"),
    ],
)
def test_the_whole_can_be_a_gate(project: Project, arguments: list[str], sentence: str) -> None:
    """What no part can tell by itself is asked of all of them together."""
    part = write(project, "1.json", record("a", Verdict.EQUIVALENT), shard="" if arguments else "1/2")

    ended = project.run("merge", part, "-o", "out.json", *arguments)

    assert ended.code == 1
    assert f"{sentence}\n" in ended.out + ended.err
    [kept] = json.loads((project.root / "out.json").read_text())["records"]
    assert kept["verdict"] == "EQUIVALENT"


def test_a_project_settles_the_gate_of_the_whole(project: Project) -> None:
    """What its runs are held to, all of them together are held to."""
    (project.root / "pyproject.toml").write_text("[tool.osiris]\nmin_manifests = 2\n")
    part = write(project, "1.json", record("a"))

    assert project.run("merge", part).code == 1
    assert project.run("merge", part, "--min-manifests=1").code == 0


def test_repetitions_are_said(project: Project) -> None:
    """A job that ran twice has two results; the first failure is not forgotten for the second one's sake."""
    first = write(project, "1.json", record("a", Verdict.DIVERGENT))
    second = write(project, "2.json", dataclasses.replace(record("a"), session_id="t"))

    ended = project.run("merge", first, second)

    assert ended.code == 1
    assert "a has 2 results, and the worst counts: DIVERGENT (1.json), IDENTICAL (2.json)\n" in ended.err


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b'{"records":' + b"[" * 200_000, "1.json: this is no file of parity records, or a torn one"),
        (b'{"records": [{"mani', "1.json: this is no file of parity records, or a torn one"),
        (b"[]", "1.json: this is no file of parity records, or a torn one"),
        (b"\xff\xfe", "1.json: this is no file of parity records, or a torn one"),
        (b'{"records": [], "version": 99}', "1.json: parity records of version 99, but this reads version 1"),
        (b'{"records": [{"manifest": 3}], "version": 1}', "1.json: the parity records do not have the form"),
    ],
)
def test_a_file_that_is_no_record_is_refused_and_nothing_is_written(
    project: Project, content: bytes, sentence: str
) -> None:
    """A sentence a file; a whole without it would speak for manifests that it does not have."""
    (project.root / "1.json").write_bytes(content)
    write(project, "2.json", record("a"))

    ended = project.run("merge", "2.json", "1.json", "lost.json", "-o", "out.json", "--report=out.html")

    assert (ended.code, ended.out) == (2, "")
    assert sentence in ended.err
    assert "lost.json cannot be read: No such file or directory" in ended.err
    assert "Traceback" not in ended.err
    assert not (project.root / "out.json").exists()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["empty"], "empty holds no records"),
        (["1.json", "-o", "1.json"], "1.json is one of the files that are merged"),
        (["1.json", "--report=1.html"], "1.json is one of the files that are merged"),
        (["1.json", "-o", "x.html", "--report=x.html"], "x.html is asked for twice"),
        (["1.json", "--report=x.json"], "is no page"),
        (["1.json", "-o", "pyproject.toml/x.json"], "is no directory"),
        (["1.json", "--min-manifests=0"], "asks for nothing"),
        (["1.json", "-o", "theirs.csv"], "the records would be written over theirs.csv, which is something else"),
        (["1.json", "-o", "pipe"], "the records pipe is something that is no file"),
        (["1.json", "--summary=pipe"], "the summary pipe is something that is no file"),
        (["single.json", "--require=IDENTICAL"], "asks for comparisons, but no record is one of two targets"),
    ],
)
def test_what_makes_no_sense_is_refused(project: Project, arguments: list[str], sentence: str) -> None:
    """Exit code 2, and what was there stays as it was."""
    (project.root / "empty").mkdir()
    (project.root / "theirs.csv").write_text("a,b\n")
    os.mkfifo(project.root / "pipe")
    write(project, "single.json", record("a", None))
    before = (project.root / write(project, "1.json", record("a"))).read_bytes()

    ended = project.run("merge", *arguments)

    assert (ended.code, ended.out) == (2, "")
    assert sentence in ended.err
    assert (project.root / "1.json").read_bytes() == before
    assert (project.root / "theirs.csv").read_text() == "a,b\n"


def test_tests_that_did_not_finish_make_the_whole_red(project: Project) -> None:
    """A shard that stopped early, as with `-x`, speaks for what it came to; its page is red, and so is the exit code."""
    part = RecordSet(records=(record("a"),), created_at="2026-01-01T00:00:00Z", note="5 of 10 tests did not finish")
    (project.root / "1.json").write_bytes(encode_records(part))

    ended = project.run("merge", "1.json")

    assert ended.code == 1
    assert "not all: 1.json: 5 of 10 tests did not finish\n" in ended.err


def test_merged_records_may_be_written_again(project: Project) -> None:
    """What an earlier merge wrote is no file of somebody else's."""
    write(project, "1.json", record("a"))
    first = project.run("merge", "1.json", "-o", "out.json")
    assert project.run("merge", "1.json", "-o", "out.json") == first
    assert first.code == 0


def test_sessions_are_found_below_the_roots_that_are_named(project: Project) -> None:
    """As `report` finds them: the shards of many machines lie in directories of their own."""
    put_both(project.root / "theirs")
    part = RecordSet(records=(record_of(passed=False),), created_at="2026-01-01T00:00:00Z")
    (project.root / "1.json").write_bytes(encode_records(part))

    told = []
    for roots in ([], ["--root=theirs"]):
        project.run("merge", "1.json", "--report=all.html", *roots)
        told.append((project.root / "all.html").read_text().count("local is not there"))

    assert told[0] > 0
    assert told[1] == 0
