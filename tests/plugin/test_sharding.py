"""`--osiris-shard=K/N`: every test in one part, the same on all machines, and a report that a merge understands."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from osiris_core.cli import main
from pytest_osiris.sharding import Shard

if TYPE_CHECKING:
    from conftest import Engine, Project

OK, FAILED, USAGE, EMPTY = 0, 1, 4, 5
BOTH = "--osiris-target=both"
IDS = [f"pipelines/p{number}.osiris.yaml::p{number}" for number in range(300)]


def test_every_test_is_in_exactly_one_part() -> None:
    """And the parts are of about one size."""
    parts = [[test for test in IDS if Shard(number, 3).has(test)] for number in (1, 2, 3)]

    assert sorted(test for part in parts for test in part) == sorted(IDS)
    assert all(70 < len(part) < 130 for part in parts)


def test_a_tests_part_is_fixed() -> None:
    """By its node id alone: machines, versions of Python and other tests have no say. This would tell of a change."""
    assert [test for test in IDS[:12] if Shard(2, 3).has(test)] == [
        "pipelines/p0.osiris.yaml::p0",
        "pipelines/p1.osiris.yaml::p1",
        "pipelines/p3.osiris.yaml::p3",
        "pipelines/p4.osiris.yaml::p4",
        "pipelines/p9.osiris.yaml::p9",
    ]


def test_shards_run_all_tests_once_and_merge_into_one_report(
    project: Project, engine: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    """Other tests are divided too; what a shard leaves out pytest counts as deselected."""
    for number in range(6):
        project.manifest(f"p{number}")
    project.pytester.makepyfile("def test_one(): pass\ndef test_two(): pass")

    results = [project.run(BOTH, f"--osiris-shard={k}/2", f"--osiris-report=r{k}.html") for k in (1, 2)]

    counts = [result.parseoutcomes() for result in results]
    assert sum(each["passed"] for each in counts) == 8
    assert all(each["passed"] + each["deselected"] == 8 for each in counts)
    assert len(engine.calls) == 6
    results[0].stdout.fnmatch_lines(["osiris: target both*, shard 1/2"])
    assert json.loads((project.root / "r1.json").read_text())["shard"] == "1/2"
    files = [str(project.root / f"r{k}.json") for k in (1, 2)]
    assert main(["merge", *files, "--min-manifests=6"]) == OK
    assert main(["merge", files[0]]) == FAILED
    assert "shard 2/2 is missing" in capsys.readouterr().err


def test_an_empty_shard_has_its_say_in_the_merge(project: Project, engine: Engine) -> None:
    """A run without tests ends with 5; the report is written all the same, so that nobody takes the shard for missing."""
    project.manifest("it")

    results = [project.run(BOTH, f"--osiris-shard={k}/2", f"--osiris-report=r{k}.html") for k in (1, 2)]

    assert sorted(result.ret for result in results) == [OK, EMPTY]
    (empty,) = [result for result in results if result.ret == EMPTY]
    empty.stdout.fnmatch_lines(["no manifest fell to shard ?/2"])
    assert main(["merge", str(project.root / "r1.json"), str(project.root / "r2.json")]) == OK


def test_a_files_minimum_is_that_of_all_shards(
    project: Project, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A shard says that it was not held to it, in CI too; one on the command line is the shard's own."""
    for number in range(4):
        project.manifest(f"p{number}")
    project.ini("osiris_min_manifests = 4", "osiris_target = both")
    monkeypatch.setenv("CI", "true")

    part = project.run("--osiris-shard=1/2")

    assert part.ret == OK
    part.stdout.fnmatch_lines(["not held to osiris_min_manifests (4): --osiris-shard narrowed the run"])
    assert project.run("--osiris-shard=1/2", "--osiris-min-manifests=4").ret == FAILED


@pytest.mark.parametrize("text", ["0/3", "4/3", "2", "a/b", "1/0", "-1/2", "1/1000", "1/2/3"])
def test_what_is_no_shard_is_refused(project: Project, text: str) -> None:
    """Exit code 4, with an example."""
    result = project.run(f"--osiris-shard={text}")

    assert result.ret == USAGE
    result.stderr.fnmatch_lines([f"ERROR: --osiris-shard: '{text}' is no shard; give K/N, such as 2/3 *"])


def test_a_file_cannot_ask_for_a_shard(project: Project) -> None:
    """It is a deed of one machine: all of them would run the same part."""
    project.ini("osiris_shard = 1/2")

    result = project.run()

    assert result.ret == USAGE
    result.stderr.fnmatch_lines(["ERROR: pytest.ini:2: there is no entry `osiris_shard`*"])


def test_a_shard_that_did_not_begin_is_missing(
    project: Project, engine: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    """A report of it would be that of an empty one, and the whole would be green."""
    project.manifest("it")
    for k, name in ((1, "it.osiris.yaml"), (2, "lost.osiris.yaml")):
        project.run(BOTH, f"--osiris-shard={k}/2", f"--osiris-report=r/{k}.html", name)

    assert not (project.root / "r" / "2.json").exists()
    assert main(["merge", str(project.root / "r")]) == FAILED
    assert "shard 2/2 is missing" in capsys.readouterr().err
