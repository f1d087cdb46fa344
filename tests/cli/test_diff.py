"""`osiris-parity diff`: any two session directories, or any two directories, and what keeps them from being compared."""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
from typing import TYPE_CHECKING

import pytest

from osiris_core.parity.record_io import decode_records
from tests.parity.sessions import healthy
from tests.parity.test_real_directories import written

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Ended, Project


@pytest.fixture
def pair(project: Project) -> tuple[Path, Path]:
    """A healthy pair of sessions in one directory of a session id."""
    return tuple(written(project.root, healthy(target)).directory for target in ("local", "e2b"))  # type: ignore[return-value]


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def said(ended: Ended, code: int, *words: str) -> None:
    assert ended.code == code, ended
    for each in words:
        assert each in ended.out + ended.err


def test_two_sessions_that_did_the_same(project, pair):
    """Each by its directory, or both by that of their session id."""
    said(project.run("diff", *map(str, pair)), 0, "IDENTICAL")
    ended = project.run("diff", str(pair[0].parent))
    assert ended.out == f"IDENTICAL {pair[0]} against {pair[1]}\n"


def test_two_sessions_that_differ(project, tmp_path, pair):
    """The verdict line, the place and both values, and the command that repeats it."""
    right = healthy("e2b")
    right.printed["report"] = b"line one\nline 2\nline three\n"
    shutil.rmtree(pair[1])
    written(project.root, right)
    ended = project.run("diff", *map(str, pair), "--json", "out/record.json", "--report", "out/page.html")
    said(ended, 1, "DIVERGENT", "first diverging step: report", "line 2", "reproduce: osiris-parity diff")
    record = decode_records((tmp_path / "out" / "record.json").read_bytes()).records[0]
    assert [(f.step, f.code, f.path) for f in record.comparison.findings] == [
        ("report", "printed-changed", "report.out:2")
    ]
    assert [(run.target, run.provider, run.outcome) for run in record.targets] == [
        ("local", "directory", "succeeded"),
        ("e2b", "directory", "succeeded"),
    ]
    assert [run.elapsed_ms for run in record.targets] == [170.0, 170.0]
    assert "line 2" in (tmp_path / "out" / "page.html").read_text()


def test_what_made_two_files_equal_is_named(project):
    """`EQUIVALENT` alone says nothing: the sentence beside it has the rule."""
    for name, text in (("a.json", '{"x": 1, "y": 2}'), ("b.json", '{"y": 2, "x": 1}')):
        (project.root / name).write_text(text)
    said(project.run("diff", "a.json", "b.json"), 0, "EQUIVALENT a.json against b.json", "`json-format`")


def test_what_was_not_compared_is_told_beside_what_differs(project):
    """A table that can only be compared as bytes may differ in more than is said."""
    for name, text in (("a.parquet", "hello"), ("b.parquet", "hullo")):
        (project.root / name).write_text(text)
    said(
        project.run("diff", "a.parquet", "b.parquet"),
        1,
        "offset 1",
        "not compared in full: file.parquet was compared as",
    )


def test_what_is_wrong_with_the_evidence_is_told_beside_what_differs(project, pair):
    """Events that nobody could read are no events that were not sent."""
    (pair[1] / "events.jsonl").unlink()
    os.mkfifo(pair[1] / "events.jsonl")
    said(project.run("diff", *map(str, pair)), 1, "DIVERGENT", "evidence: e2b: events.jsonl is no regular file")


def test_a_renamed_file_in_a_plain_directory_is_nobodys(project):
    """There are no steps there, so none has written into another one's directory."""
    for name in ("a/first.txt", "b/second.txt"):
        (project.root / name).parent.mkdir()
        (project.root / name).write_text("the same")
    ended = project.run("diff", "a", "b")
    said(ended, 1, "called first.txt on a and second.txt on b")
    assert "step" not in ended.err


def test_a_session_and_itself(project, pair):
    """Refused with exit 2, a copy too; asked for as a control it is IDENTICAL, and says that it is a control."""
    copy = project.root / "copy"
    shutil.copytree(pair[0], copy)
    said(project.run("diff", str(pair[0]), str(pair[0])), 2, "cannot be compared with itself", "--control")
    said(project.run("diff", str(pair[0]), str(copy)), 2, "one is a copy of the other", "--control")
    for sides in ([pair[0]], [pair[0], pair[0]], [pair[0], copy]):
        said(project.run("diff", *map(str, sides), "--control"), 0, "IDENTICAL", "against itself", "a control")


def test_a_control_can_fail(project, pair):
    """A copy that was changed is no clean control, and two runs are none at all."""
    copy = project.root / "copy"
    shutil.copytree(pair[0], copy)
    (copy / "artifacts" / "write" / "delays.csv").write_text("changed\n")
    said(project.run("diff", str(pair[0]), str(copy), "--control"), 1, "DIVERGENT")
    said(project.run("diff", *map(str, pair), "--control"), 2, "are two runs")


@pytest.mark.parametrize(
    "fault",
    [
        ("session.json", '"contract": 1', '"contract": 2', "written by contract version 2"),
        ("events.jsonl", '"event":"step_start"', '"event":"step_st', "no record, line 2"),
        ("session.json", '"outcome": "succeeded"', '"outcome": "splendid"', "unknown outcome 'splendid'"),
        ("events.jsonl", '"session":"20261124T120000Z-0a1b2c3d"', '"session":"another"', "of the session 'another'"),
        ("artifacts/write/delays.csv", "AA,2,10", "AA,2,11", "not those that it was closed with"),
        ("logs/read.log", "read 3 rows", "read 4 rows", "another digest than session.json says"),
        ("target.json", '"target": "e2b"', '"target": "moon"', "of the target 'moon'"),
        ("manifest.json", "{", "", "manifest.json is cut off or is not JSON"),
    ],
)
def test_what_is_wrong_with_one_session_is_said_and_never_green(project, pair, fault):
    """One sentence each, the rest is still compared, and the verdict is INCONCLUSIVE at best."""
    file, old, new, words = fault
    edit(pair[1] / file, old, new)
    ended = project.run("diff", *map(str, pair), "--json", "record.json")
    record = decode_records((project.root / "record.json").read_bytes()).records[0]
    assert ended.code == 1
    assert record.verdict in {"INCONCLUSIVE", "DIVERGENT"}
    assert any(words in problem for problem in record.comparison.problems), record.comparison.problems
    assert min(record.comparison.compared.events) > 0
    assert min(record.comparison.compared.artifacts) > 0


def test_a_torn_last_line(project, pair):
    """A file of lines that was cut off in its last line."""
    events = pair[0] / "events.jsonl"
    events.write_bytes(events.read_bytes()[:-1])
    said(project.run("diff", *map(str, pair)), 1, "INCONCLUSIVE", "events.jsonl is cut off: its last line has no end")


def test_a_session_without_a_terminal_record(project, pair):
    """It never came to its end: whatever it holds, nothing follows."""
    (pair[1] / "session.json").unlink()
    said(project.run("diff", *map(str, pair)), 1, "INCONCLUSIVE", "it has no terminal record")


def test_a_side_that_could_not_run(project, pair):
    """Its session says so; that is no statement about parity, and has an exit code of its own."""
    edit(pair[1] / "session.json", '"outcome": "succeeded"', '"outcome": "infrastructure"')
    said(project.run("diff", *map(str, pair)), 3, "INFRA")


def test_nothing_hostile_in_a_session_stops_the_comparison(project, pair):
    """A pipe for a file, a pipe for a log, links in a circle: said, and not waited for."""
    (pair[1] / "metrics.jsonl").unlink()
    os.mkfifo(pair[1] / "metrics.jsonl")
    os.mkfifo(pair[1] / "logs" / "write.log")
    (pair[1] / "artifacts" / "loop").symlink_to(pair[1] / "artifacts")
    project.run("diff", *map(str, pair), "--json", "record.json")
    comparison = decode_records((project.root / "record.json").read_bytes()).records[0].comparison
    assert "e2b: metrics.jsonl is no regular file" in comparison.problems
    assert any("logs/write.log was not compared" in each for each in comparison.not_compared)
    assert any("loop was not compared: it is a link to" in each for each in comparison.not_compared)
    assert comparison.compared.events == (18, 18)


def test_sessions_of_two_checks_can_be_compared(project, pair, tmp_path):
    """Another session id, and so another request, is no reason to doubt; that there are two is said."""
    other = tmp_path / "other"
    shutil.copytree(pair[1], other)
    for path in other.glob("*.json*"):
        path.write_text(path.read_text().replace("20261124T120000Z-0a1b2c3d", "20261124T130000Z-00000000"))
    edit(other / "target.json", json.loads((other / "target.json").read_text())["hello"]["request_digest"], "e" * 64)
    ended = project.run("diff", str(pair[0]), str(other))
    said(ended, 0, "IDENTICAL", "two checks, 20261124T120000Z-0a1b2c3d and 20261124T130000Z-00000000")


def test_two_plain_directories(project, tmp_path):
    """They are compared as trees: content, missing and extra files, links and empty directories."""
    for side, cell in (("ours", "1"), ("theirs", "2")):
        (tmp_path / side / "deep").mkdir(parents=True)
        (tmp_path / side / "deep" / "cells.csv").write_text(f"a,b\n1,{cell}\n")
        (tmp_path / side / "link").symlink_to(f"/{side}")
        (tmp_path / side / side).mkdir()
    (tmp_path / "ours" / "only.txt").write_text("x")
    said(project.run("diff", "ours", "theirs", "--json", "r.json"), 1, "DIVERGENT ours against theirs")
    record = decode_records((tmp_path / "r.json").read_bytes()).records[0]
    assert {
        (f.step, f.code, f.path, f.left, f.right) for f in record.comparison.findings if f.path != "deep/cells.csv"
    } == {
        (None, "artifact-type", "link", "a link to /ours", "a link to /theirs"),
        (None, "artifact-missing", "only.txt", "file, 1 bytes", "(absent)"),
        (None, "artifact-missing", "ours", "an empty directory", "(absent)"),
        (None, "artifact-extra", "theirs", "(absent)", "an empty directory"),
    }
    assert any(f.path.startswith("deep/cells.csv") for f in record.comparison.findings)
    shutil.copytree("ours", "copy", symlinks=True)
    said(project.run("diff", "ours", "copy"), 0, "IDENTICAL")


def test_nothing_against_nothing_is_not_green(project, tmp_path):
    """Two empty directories have nothing in common that could be compared."""
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    said(project.run("diff", "a", "b"), 1, "INCONCLUSIVE", "there is nothing on either side")


def test_a_pipe_in_a_tree_is_a_gap(project, tmp_path):
    """What has no content to be read is never green."""
    for side in ("a", "b"):
        (tmp_path / side).mkdir()
        os.mkfifo(tmp_path / side / "pipe")
    said(project.run("diff", "a", "b"), 1, "INCONCLUSIVE", "pipe was not compared: it is a pipe")


def test_names_that_are_no_text(project, tmp_path):
    """They travel in a record written out, and no file is taken for another."""
    for side in ("a", "b"):
        (tmp_path / side).mkdir()
        (tmp_path / side / os.fsdecode(b"n\xff")).write_text("x")
    (tmp_path / "a" / os.fsdecode(b"only\xfe")).write_text("x")
    said(project.run("diff", "a", "b", "--json", "r.json"), 1, "DIVERGENT", "only\\xfe")
    assert decode_records((tmp_path / "r.json").read_bytes()).records[0].comparison.findings_total == 1
    (tmp_path / "a" / "n\\xff").write_text("y")
    said(project.run("diff", "a", "b"), 1, "DIVERGENT", "n\\xff")


def test_two_files(project, tmp_path):
    """Of any names; their endings say what they are."""
    (tmp_path / "a.csv").write_text("n\n1\n")
    (tmp_path / "b.csv").write_text("n\n2\n")
    (tmp_path / "c.csv").write_text("n\n1\n")
    said(project.run("diff", "a.csv", "b.csv"), 1, "DIVERGENT a.csv against b.csv")
    said(project.run("diff", "a.csv", "c.csv"), 0, "IDENTICAL")


def test_what_cannot_be_compared_is_refused_with_a_sentence(project, pair, tmp_path):
    """Exit 2: two kinds, nothing there, three sides, two ids, no place for the report, somebody's file in place of the record."""
    (tmp_path / "plain").mkdir()
    (tmp_path / "theirs.csv").write_text("a,b\n")
    said(project.run("diff", str(pair[0]), "plain"), 2, "is a session directory and plain is a plain directory")
    said(project.run("diff", str(pair[0]), "nowhere"), 2, "nowhere is not there")
    said(project.run("diff", "plain"), 2, "is no directory of a session id")
    said(project.run("diff", "plain", "plain", "plain"), 2, "3 sides")
    said(project.run("diff", str(pair[0].parent), str(pair[0])), 2, "has 2 sessions", "/e2b")
    said(project.run("diff", *map(str, pair), "--report", "page.txt"), 2, "is no page")
    over = project.run("diff", *map(str, pair), "--json", "theirs.csv")
    said(over, 2, "the record would be written over theirs.csv, which is something else")
    assert (tmp_path / "theirs.csv").read_text() == "a,b\n"
    said(project.run("diff", *map(str, pair), "--waivers", "none.toml"), 2, "there is no such file")
    said(project.run("diff", *map(str, pair), "--max-findings", "0"), 2, "keeps nothing")


def test_what_is_compared_is_not_written_over(project, tmp_path):
    """Neither by the record nor by a page or its data, where the sides are files of records or pages themselves."""
    for name, text in (("a.json", '{"records":[]}'), ("b.json", '{"records": []}'), ("c.html", "<!doctype html>")):
        (tmp_path / name).write_text(text)
    for sides, over in (
        (("a.json", "b.json"), ("--json", "a.json")),
        (("a.json", "b.json"), ("--report", "b.html")),
        (("a.json", "c.html"), ("--report", "c.html")),
    ):
        said(project.run("diff", *sides, *over), 2, "is one of the files that are compared")
    assert (tmp_path / "a.json").read_text() == '{"records":[]}'
    assert sorted(each.name for each in tmp_path.iterdir() if each.suffix == ".html") == ["c.html"]


def test_accepted_differences(project, tmp_path):
    """A waiver of the file that was named accepts a difference of a tree too."""
    for side in ("a", "b"):
        (tmp_path / side).mkdir()
        (tmp_path / side / "f.txt").write_text(side)
    soon = dt.datetime.now(dt.UTC).date() + dt.timedelta(days=30)
    (tmp_path / "w.toml").write_text(
        f'[[waiver]]\npath = "f.txt*"\ncode = "artifact-content"\nreason = "because"\nowner = "ann"\nexpires = {soon}\n'
    )
    said(project.run("diff", "a", "b", "--waivers", "w.toml"), 0, "ACCEPTED a against b", "because", "ann")
    said(project.run("diff", "a", "b"), 1, "DIVERGENT a against b", "f.txt")


RULE = """
[[normalizers]]
id = "number"
reason = "lines are counted anew"
kind = "token"
scope = {record = "printed", match = "line ([a-z0-9]+)"}
"""


def with_rules(*rules):
    """Return a healthy pair whose manifest declares rules and whose second line is another one on the right."""
    drafts = healthy("local"), healthy("e2b")
    for draft in drafts:
        draft.manifest = {**draft.manifest, "parity": {"text": "normalized", "normalizers": list(rules)}}
    drafts[1].printed["report"] = b"line one\nline 2\nline three\n"
    return drafts


DECLARED = {
    "id": "number",
    "reason": "lines are counted anew",
    "kind": "token",
    "scope": {"record": "printed", "match": "line ([a-z0-9]+)"},
}


def test_the_rules_of_the_manifest_hold(project):
    """The sessions have it in them."""
    pair = [str(written(project.root, draft).directory) for draft in with_rules(DECLARED)]
    said(project.run("diff", *pair), 0, "EQUIVALENT", "rule number (manifest): 1 of 3 values set aside")


def test_rules_that_cannot_be_read_leave_nothing_green(project):
    """What is wrong is said, none is applied, and everything is compared all the same."""
    wrong = {**DECLARED, "scope": {"record": "printed", "match": "(?=x)"}}
    sentence = "the manifest's rules cannot be read: rule 1, scope.match: `(?=x)` cannot be used"
    drafts = with_rules(wrong)
    pair = [str(written(project.root, draft).directory) for draft in drafts]
    ended = project.run("diff", *pair, "--json", "record.json")
    said(ended, 1, "DIVERGENT")
    record = decode_records((project.root / "record.json").read_bytes()).records[0]
    assert any(each.startswith(sentence) for each in record.comparison.problems)


def test_rules_of_a_file(project, pair):
    """A file of rules is asked before the manifest's; what is wrong with it is a usage error."""
    (project.root / "rules.toml").write_text(RULE)
    right = healthy("e2b")
    right.printed["report"] = b"line one\nline 2\nline three\n"
    shutil.rmtree(pair[1])
    written(project.root, right)
    file = str(project.root / "rules.toml")
    said(project.run("diff", *map(str, pair), "--rules", file), 0, "EQUIVALENT", "rule number (rules.toml)")
    (project.root / "rules.toml").write_text(RULE.replace("token", "tokn"))
    said(project.run("diff", *map(str, pair), "--rules", file), 2, "rule 1, kind", "did you mean `token`?")


def test_the_report_has_the_lines_of_both_sessions(project, pair):
    """Those of the project of the current directory, named as it would; of a place elsewhere it says that they are not there."""
    right = healthy("e2b")
    right.printed["report"] = b"line one\nline two\nline four\n"
    shutil.rmtree(pair[1])
    written(project.root, right)
    near = [str(each.relative_to(project.root)) for each in pair]
    pages = []
    for sides in (near, [near[0], str(pair[1])]):
        assert project.run("diff", *sides, "--report=page.html").code == 1
        pages.append((project.root / "page.html").read_text())
    assert ["which is no place of a session in a project" in page for page in pages] == [False, True]
    assert not any("it was made from the records alone" in page for page in pages)
