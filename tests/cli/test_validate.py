"""`osiris-parity validate` says everything that is wrong, and what only a run will show; it starts nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Project

PARAMS = "params: {carrier: AA, limit: 10}\n"


def test_good_manifests_are_counted(project: Project) -> None:
    """One line each, and exit code 0; a note says what cannot be known before a run."""
    cases = "pytest: {parametrize: {limit: [1, 2]}}\ntimeout_s: ${params.limit}\n"
    first, second = project.manifest("one"), project.manifest("two", rest="params: {limit: 3}\n" + cases)

    ended = project.run("validate", first, second)

    assert (ended.code, ended.err) == (0, "")
    assert ended.out.splitlines() == [
        "OK one.osiris.yaml (1 step)",
        "one.osiris.yaml:1: note: looked at only when it runs: `function` of `only`",
        "OK two.osiris.yaml (1 step, 2 cases)",
        "two.osiris.yaml:1: note: looked at only when it runs: `function` of `only`",
    ]
    assert not (project.root / ".osiris").exists()


def test_all_problems_of_all_files_are_printed(project: Project) -> None:
    """Exit code 2; the good files are checked all the same."""
    broken = project.manifest("broken", rest="nonsense: 1\ntimeout_s: soon\n")

    ended = project.run("validate", broken, project.manifest("good"), "lost.osiris.yaml")

    assert ended.code == 2
    lines = ended.out.splitlines()
    assert lines[0].startswith("broken.osiris.yaml:6:1: unknown key `nonsense` in the manifest")
    assert lines[1].startswith("broken.osiris.yaml:7:12: `timeout_s` must be a number of seconds")
    assert lines[2] == "OK good.osiris.yaml (1 step)"
    assert lines[-1] == "lost.osiris.yaml:1:1: the manifest cannot be read: No such file or directory"


def test_every_case_is_checked(project: Project) -> None:
    """A value that does not fit is found before pytest meets it."""
    rest = "params: {limit: 3}\ntimeout_s: ${params.limit}\npytest: {parametrize: {limit: [1, 0]}}\n"

    ended = project.run("validate", project.manifest("it", rest=rest))

    assert ended.code == 2
    assert ended.out == (
        "it.osiris.yaml:7:12: case `0`: `timeout_s` must be more than 0 seconds (written as `${params.limit}`)\n"
    )


def test_params_are_checked_with_the_values_given(project: Project) -> None:
    """The value on the command line is the one that is looked at."""
    manifest = project.manifest("it", rest="params: {limit: 3}\ntimeout_s: ${params.limit}\n")

    assert project.run("validate", manifest, "--param=limit=5").code == 0
    assert "must be a number of seconds" in project.run("validate", manifest, "--param=limit=soon").out
    wrong = project.run("validate", manifest, "--param=limt=5")
    assert (wrong.code, wrong.out) == (2, "")
    assert "no manifest of this run has the parameter 'limt' (did you mean 'limit'?)" in wrong.err


@pytest.mark.parametrize(
    ("rest", "note"),
    [
        ("params: {limit: 3}\n", "1: note: the parameter `limit` is not used"),
        ("env: [REGION_OF_NOBODY]\n", "1: note: the variable `REGION_OF_NOBODY` is not set on this host"),
        (
            "requirements: [no-such-distribution]\n",
            "1: note: it cannot run on e2b here: the manifest requires 'no-such-distribution', which is not installed",
        ),
        (
            "secrets: [TOKEN_OF_NOBODY]\n",
            "1: note: the variable `TOKEN_OF_NOBODY`, which a secret or connection has its value from, is not set",
        ),
        (
            "secrets: [SHORT_TOKEN]\n",
            "1: note: the secret SHORT_TOKEN is shorter than 6 characters, or a common word: it is masked where it is",
        ),
    ],
)
def test_what_may_go_wrong_is_noted(project: Project, monkeypatch: pytest.MonkeyPatch, rest: str, note: str) -> None:
    """It is no problem of the manifest: the exit code stays 0."""
    monkeypatch.setenv("SHORT_TOKEN", "s3cr7")

    ended = project.run("validate", project.manifest("it", rest=rest))

    assert ended.code == 0
    assert any(line.startswith(f"it.osiris.yaml:{note}") for line in ended.out.splitlines()), ended.out
    assert "s3cr7" not in ended.out + ended.err


READS = 'osiris: "1"\npipeline: {id: it}\nsteps:\n  - {id: read, driver: filesystem.csv_extractor, config: {path: data/a.csv}}\n'


def test_a_file_that_a_sandbox_will_lack_is_noted_at_its_step(project: Project) -> None:
    """The commonest difference between the targets can be seen before a run."""
    (project.root / "it.osiris.yaml").write_text(READS)
    lost = "it.osiris.yaml:4: note: step `read` reads `data/a.csv`, which is not there: a sandbox will not have it"
    assert lost in project.run("validate", "it.osiris.yaml").out

    (project.root / "data").mkdir()
    (project.root / "data" / "a.csv").write_text("a\n1\n")
    assert "which is not among `inputs`: a sandbox" in project.run("validate", "it.osiris.yaml").out

    (project.root / "it.osiris.yaml").write_text(READS + "inputs: [data/*.csv]\n")
    assert "note" not in project.run("validate", "it.osiris.yaml").out


def test_json_holds_everything(project: Project) -> None:
    """For tools: problems with their places, and notes."""
    ended = project.run("validate", "--json", project.manifest("good"), project.manifest("bad", rest="timeout_s: 0\n"))

    good, bad = json.loads(ended.out)
    assert ended.code == 2
    assert (good["manifest"], good["steps"], good["cases"], good["problems"]) == ("good.osiris.yaml", 1, 0, [])
    assert good["notes"] == [{"line": 1, "message": "looked at only when it runs: `function` of `only`"}]
    assert bad["problems"] == [
        {
            "path": "bad.osiris.yaml",
            "line": 6,
            "column": 12,
            "message": "`timeout_s` must be more than 0 seconds",
            "hint": "",
        }
    ]


def test_a_file_of_variables_is_looked_at(project: Project) -> None:
    """As `run` would; what is in it is not shown."""
    (project.root / ".env").write_text("TOKEN_OF_NOBODY=s3cr3t-canary\n")
    manifest = project.manifest("it", rest="secrets: [TOKEN_OF_NOBODY]\n")

    ended = project.run("validate", manifest, "--env-file=.env")

    assert "TOKEN_OF_NOBODY" not in ended.out
    assert "s3cr3t-canary" not in ended.out + ended.err
