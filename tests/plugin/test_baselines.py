"""Tests are held against stored sessions, which are written on request and by nobody else.

Most tests run one real manifest once and change what lies on the disk: a baseline is edited as a run would have differed.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from osiris_core.parity.record import Verdict

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Engine, Project

WRITTEN = [
    ".gitattributes",
    ".gitignore",
    "good/artifacts/only/greeting.txt",
    "good/artifacts/only/numbers.json",
    "good/baseline.json",
]


def baselines(project: Project) -> Path:
    """Return the directory of the project's baselines."""
    return project.root / "__baselines__"


def files(directory: Path) -> list[str]:
    """Return the paths of all files below a directory."""
    return sorted(each.relative_to(directory).as_posix() for each in directory.rglob("*") if each.is_file())


def stray(project: Project, name: str) -> Path:
    """Lay down a baseline of a test that there may not be."""
    directory = baselines(project) / name
    (directory / "artifacts" / "only").mkdir(parents=True)
    (directory / "artifacts" / "only" / "test_more.py").write_text("def test_no(): assert 0\n")
    (directory / "baseline.json").write_text("{}")
    return directory


def test_the_first_baseline_is_written_held_and_rewritten(project: Project) -> None:
    """The whole way of one manifest: without one, written, held, a difference, accepted."""
    project.manifest("good")
    assert project.run().ret == 0
    assert not baselines(project).exists()

    written = project.run("--osiris-update=new")
    written.stdout.fnmatch_lines(["baselines: 1 written"])
    assert written.ret == 0
    assert files(baselines(project)) == WRITTEN
    kept = {name: (baselines(project) / name).read_bytes() for name in WRITTEN}

    held = project.run("--osiris-update=new,changed")
    held.stdout.fnmatch_lines(
        ["baselines: 1 held", "The manifest ran as expected on local, compared with its baseline."]
    )
    assert {name: (baselines(project) / name).read_bytes() for name in WRITTEN} == kept

    steps = project.root / "code" / "steps.py"
    steps.write_text(steps.read_text().replace("hello", "hullo"))
    red = project.run()
    red.stdout.fnmatch_lines(
        [
            "FAILED good.osiris.yaml the baseline and local part at step `only`: *",
            "    at good.osiris.yaml:5",
            "    step only: only/greeting.txt*",
            "    baseline: hello",
            "       local: hullo",
            "    baseline: __baselines__/good/baseline.json (local differs)",
            "    update: pytest good.osiris.yaml::good --osiris-target=local --osiris-update=changed",
            "    reproduce: pytest good.osiris.yaml::good --osiris-target=local",
        ]
    )
    assert red.ret == pytest.ExitCode.TESTS_FAILED
    record = project.records()[-1]
    assert (record["passed"], record["verdict"], record["baseline"]["state"]) == (False, None, "differs")
    assert record["baseline"]["held"][0]["target"] == "local"

    assert project.run("--osiris-update=new").ret == pytest.ExitCode.TESTS_FAILED
    project.run("--osiris-update=changed").stdout.fnmatch_lines(["baselines: 1 rewritten"])
    assert (baselines(project) / "good/artifacts/only/greeting.txt").read_text() == "hullo\n"
    assert (baselines(project) / "good/baseline.json").read_bytes() == kept["good/baseline.json"]
    assert project.run().ret == 0


@pytest.mark.parametrize("variable", ["CI", "BUILD_NUMBER"])
def test_writing_is_refused_in_ci(project: Project, monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    """One sentence and exit code 4; an empty variable is not CI, as pytest has it."""
    project.manifest("good")
    monkeypatch.setenv(variable, "true")

    result = project.run("--osiris-update=new")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: --osiris-update *refused in CI ({variable} is set)*"])
    monkeypatch.setenv(variable, "")
    assert project.run("--osiris-update=new", "--co").ret == 0


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--osiris-update=all"], "--osiris-update: unknown 'all'; give new, changed or prune"),
        (["--osiris-update=new", "--osiris-baselines=off"], "--osiris-update *--osiris-baselines=off asks for none*"),
        (["--osiris-baselines=some"], "--osiris-baselines: unknown 'some'; give auto, required or off"),
        (["-o", "osiris_update=new"], "*osiris_update*"),
    ],
)
def test_what_makes_no_sense_is_one_sentence(project: Project, options: list[str], sentence: str) -> None:
    """Before anything runs, exit code 4; a file cannot ask for baselines to be written."""
    result = project.run(*options)

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: {sentence}"])


def test_a_missing_baseline_is_red_where_baselines_are_required(project: Project, engine: Engine) -> None:
    """By the ini file, so that a gate cannot be passed by a new manifest; `off` on the command line turns it off."""
    project.manifest("good")
    project.ini("osiris_baselines = required")
    engine.gives("good")

    result = project.run()

    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(
        [
            "FAILED good.osiris.yaml there is no baseline __baselines__/good/baseline.json, and baselines are required",
            "    update: pytest good.osiris.yaml::good * --osiris-update=new",
        ]
    )
    assert project.run("--osiris-baselines=off").ret == 0


@pytest.mark.parametrize("verdict", [Verdict.INFRA, Verdict.DIVERGENT, Verdict.NONDETERMINISTIC, Verdict.INCONCLUSIVE])
def test_nothing_is_written_for_a_check_that_did_not_pass(project: Project, engine: Engine, verdict: Verdict) -> None:
    """Whatever is wrong: it would be written down as right."""
    project.manifest("good")
    engine.gives("good", verdict)

    result = project.run("--osiris-update=new,changed", "--osiris-target=both")

    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert not baselines(project).exists()
    assert project.records()[-1]["baseline"]["message"].startswith("no baseline is written")


def test_nothing_is_written_where_expect_does_not_hold(project: Project) -> None:
    """A run that came to its end and is not as its manifest says."""
    project.manifest("good", rest="expect: {rows: {only: 3}}\n")

    assert project.run("--osiris-update=new").ret == pytest.ExitCode.TESTS_FAILED
    assert not baselines(project).exists()


def test_a_test_function_has_a_baseline_of_its_own(project: Project) -> None:
    """By its id, for each manifest that it runs; nothing that is stored is collected as a test."""
    project.manifest("good")
    project.pytester.makepyfile(
        test_it="""
        import pytest

        @pytest.mark.osiris("good.osiris.yaml")
        @pytest.mark.parametrize("case", ["one", "a/b"])
        def test_marked(osiris_run, case):
            assert osiris_run.ok

        def test_two(osiris):
            osiris.run("good.osiris.yaml")
            assert osiris.parity("good.osiris.yaml").passed
    """
    )

    written = project.run("--osiris-update=new", "test_it.py")

    written.assert_outcomes(passed=3)
    home = baselines(project)
    (home / "test_it.py" / "test_two" / "artifacts" / "only" / "more.txt").write_text("x")
    assert sorted(each.name for each in (home / "test_it.py").iterdir()) == [
        "test_marked@a-b-c14cddc0",
        "test_marked@one",
        "test_two",
        "test_two@2",
    ]
    red = project.run("test_it.py")
    red.assert_outcomes(passed=2, failed=1)
    red.stdout.fnmatch_lines(
        ["*__baselines__/test_it.py/test_two/artifacts/only/more.txt is not named in baseline.json*"]
    )


def test_under_both_an_agreeing_pair_is_held_once_and_a_diverging_one_twice(
    stored: Project, request: pytest.FixtureRequest
) -> None:
    """Where the targets agree the first speaks for both; where they do not, the failure says which of them left the baseline."""
    stored.run("--osiris-keep-sessions=all")
    session = stored.records()[-1]["targets"][0]["session_directory"]
    engine: Engine = request.getfixturevalue("engine")
    engine.gives("good", Verdict.IDENTICAL, sessions=(session, session))

    assert stored.run("--osiris-target=both").ret == 0
    assert [each["target"] for each in stored.records()[-1]["baseline"]["held"]] == ["local"]

    engine.gives("good", Verdict.DIVERGENT, sessions=(session, session))
    stored.run("--osiris-target=both").stdout.fnmatch_lines(
        ["    baseline: __baselines__/good/baseline.json (local agrees; local agrees)"]
    )


@pytest.fixture
def stored(project: Project) -> Project:
    """A project with one manifest and its baseline; from then on its engine runs nothing."""
    project.manifest("good")
    assert project.run("--osiris-update=new").ret == 0
    return project


@pytest.fixture
def quick(project: Project, engine: Engine) -> Project:
    """A project with one manifest, whose checks run nothing."""
    project.manifest("good")
    engine.gives("good", None, directories=False)
    return project


@pytest.mark.parametrize("options", [[], ["-p", "xdist", "-n0"], ["-p", "xdist", "-n2"]], ids=["none", "n0", "n2"])
def test_baselines_of_no_test_are_told_and_pruned(project: Project, options: list[str]) -> None:
    """Told at the end of a whole run, red under --osiris-strict, removed with all that is theirs on request, by the controller alone."""
    project.pytester.makepyfile(test_a="def test_a(): pass\ndef test_b(): pass")
    run = project.run_alone if "-n2" in options else project.run
    kept = [stray(project, "test_a.py/test_a"), stray(project, "test_a.py/test_b@2")]
    gone, case = stray(project, "gone"), stray(project, "test_a.py/test_a@AA")
    (gone / "notes.md").write_text("mine")
    sentence = "2 baselines of no test: __baselines__/gone, __baselines__/test_a.py/test_a@AA; remove with --osiris-update=prune"

    if "-n2" not in options:
        strict = run("--osiris-strict", *options)
        assert strict.ret == pytest.ExitCode.TESTS_FAILED
        strict.stdout.fnmatch_lines([f"not as asked for: {sentence}"])

    pruned = run("--osiris-update=prune", *options)
    assert pruned.ret == 0
    pruned.assert_outcomes(passed=2)
    pruned.stdout.fnmatch_lines(
        ["removed 2 baselines of no test: __baselines__/gone, __baselines__/test_a.py/test_a@AA"]
    )
    assert not case.exists()
    assert files(gone) == ["notes.md"]  # what we did not make stays
    assert all((each / "baseline.json").exists() for each in kept)


def test_baselines_of_no_test_are_told_without_strict(quick: Project) -> None:
    """In one line that fails nothing; where all are gone, so is their directory."""
    stray(quick, "gone")

    told = quick.run()
    assert told.ret == 0
    told.stdout.fnmatch_lines(["1 baseline of no test: __baselines__/gone; remove with --osiris-update=prune"])
    quick.run("--osiris-update=prune")
    assert not baselines(quick).exists()


NARROWED = {
    "-k": ["-k", "good"],
    "-m": ["-m", "osiris"],
    "a path": ["good.osiris.yaml"],
    "a directory": ["."],
    "an id": ["good.osiris.yaml::good"],
    "--lf": ["--lf"],
    "--deselect": ["--deselect", "x"],
    "--ignore": ["--ignore", "x"],
    "--osiris-shard": ["--osiris-shard=1/1"],
}


@pytest.mark.parametrize("name", NARROWED)
def test_a_narrowed_run_removes_nothing_and_says_why(quick: Project, name: str) -> None:
    """A test that was left out still needs its baseline; nor is any told as unused."""
    gone = stray(quick, "gone")

    result = quick.run("-p", "cacheprovider", "--osiris-update=prune", *NARROWED[name])

    result.stdout.fnmatch_lines(["no baseline was removed: *, and a test that was left out still needs its own"])
    assert (gone / "baseline.json").exists()
    assert "of no test" not in quick.run("-p", "cacheprovider", *NARROWED[name]).stdout.str()


STOPPED = {
    "-x": (["-x"], "assert 0"),
    "--maxfail": (["--maxfail=1"], "assert 0"),
    "an interrupt": ([], "raise KeyboardInterrupt"),
    "pytest.exit": ([], "import pytest; pytest.exit('enough')"),
}


@pytest.mark.parametrize("name", STOPPED)
def test_a_run_that_was_cut_short_removes_nothing(quick: Project, name: str) -> None:
    """Its end is not that of all tests."""
    options, body = STOPPED[name]
    gone = stray(quick, "gone")
    quick.pytester.makepyfile(test_a=f"def test_a(): {body}")

    run = quick.run_alone if "Interrupt" in body else quick.run
    result = run("--osiris-update=prune", *options)

    assert (gone / "baseline.json").exists()
    assert "removed 1" not in result.stdout.str()


def test_collecting_alone_removes_nothing(quick: Project) -> None:
    """`--co` starts nothing and writes nothing."""
    gone = stray(quick, "gone")

    assert quick.run("--osiris-update=new,changed,prune", "--co").ret == 0
    assert (gone / "baseline.json").exists()


def test_a_crashed_worker_removes_nothing(project: Project) -> None:
    """The others have collected everything, and still the run did not come to its end as it should."""
    gone = stray(project, "gone")
    project.pytester.makepyfile(test_zz="import os\ndef test_crash(): os._exit(1)")

    result = project.run_alone("-p", "xdist", "-n1", "--osiris-update=prune")

    assert (gone / "baseline.json").exists()
    result.stdout.fnmatch_lines(["no baseline was removed: a worker crashed, *"])


def test_what_other_plugins_leave_out_keeps_its_baseline(quick: Project) -> None:
    """A test that a `conftest.py` takes away, or a file that it ignores, without a word of it to anybody."""
    quick.manifest("ignored")
    quick.manifest("taken")
    kept = [stray(quick, name) for name in ("ignored", "taken")]
    gone = stray(quick, "gone")
    (quick.root / "conftest.py").write_text(
        "collect_ignore = ['ignored.osiris.yaml']\n"
        "def pytest_collection_modifyitems(items):\n"
        "    items[:] = [each for each in items if 'taken' not in each.nodeid]\n"
    )

    quick.run("--osiris-update=prune").stdout.fnmatch_lines(["removed 1 baseline of no test: __baselines__/gone"])

    assert not gone.exists()
    assert all((each / "baseline.json").exists() for each in kept)


def test_a_manifest_that_cannot_be_read_keeps_the_baselines_of_all_its_cases(quick: Project) -> None:
    """Which cases it has is not known."""
    quick.manifest("broken", rest="nonsense: 1\n")
    case = stray(quick, "broken@AA")

    quick.run("--osiris-update=prune")

    assert (case / "baseline.json").exists()


def test_the_report_and_the_properties_tell_it(stored: Project) -> None:
    """Page and data have what the terminal has."""
    path = baselines(stored) / "good" / "baseline.json"
    path.write_text(path.read_text().replace('"value": 1', '"value": 2'))

    stored.run("--osiris-report=r.html")

    page = (stored.root / "r.html").read_text()
    assert "<h3>Baseline " in page
    assert "--osiris-update=changed" in page
    assert "local against the baseline" in page
    record = json.loads((stored.root / "r.json").read_text())["records"][0]
    assert (
        record["baseline"]["held"][0]["comparison"]["findings"][0]["message"] == "files is 2 on baseline and 1 on local"
    )


def test_a_broken_baseline_is_one_sentence_with_its_line(stored: Project) -> None:
    """Red, the others run, and `changed` repairs it."""
    path = baselines(stored) / "good" / "baseline.json"
    path.write_text(path.read_text().replace('"steps": [', '<<<<<<< HEAD\n"steps": ['))

    red = stored.run()

    assert red.ret == pytest.ExitCode.TESTS_FAILED
    red.stdout.fnmatch_lines(["FAILED *__baselines__/good/baseline.json:13: a merge conflict was left in it*"])
    assert stored.run("--osiris-update=changed").ret == 0
    assert stored.run().ret == 0
