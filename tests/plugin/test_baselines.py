"""Tests are held against stored sessions, which are written on request and by nobody else.

The checks run nothing: their sessions are made by hand, so that a test changes what a run would have done.
`test_baselines_on_targets` has real ones.
"""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest

import osiris_core.baseline.settling  # patched below
from osiris_core.parity.record import Verdict
from tests.parity.sessions import healthy

if TYPE_CHECKING:
    from pathlib import Path

    from osiris_core.session.model import Session
    from tests.parity.sessions import Draft

    from conftest import Engine, Project

WRITTEN = [
    ".gitattributes",
    ".gitignore",
    "good/artifacts/report/summary.json",
    "good/artifacts/write/delays.csv",
    "good/baseline.json",
    "good/summaries/report/blob.bin.json",
]


class Runs:
    """What the checks of a test come to: a draft for each target, to be changed; each check is a run of its own."""

    def __init__(self, root: Path) -> None:
        self.drafts = [healthy("local")]
        self._root = root
        self._count = 0

    def __call__(self, _record: object, _root: Path) -> list[Session]:
        """Return the sessions of a check."""
        self._count += 1
        return [self._built(draft, number) for number, draft in enumerate(self.drafts)]

    def _built(self, draft: Draft, number: int) -> Session:
        draft.hello["nonce"] = f"{self._count:016d}{number:016d}"
        return draft.build(self._root)


@pytest.fixture
def runs(engine: Engine, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Runs:
    """The runs of a pipeline `good`, on one target."""
    engine.gives("good", None)
    runs = Runs(tmp_path_factory.mktemp("runs"))
    monkeypatch.setattr(osiris_core.baseline.settling, "_sessions", runs)
    return runs


def baselines(project: Project) -> Path:
    """Return the directory of the project's baselines."""
    return project.root / "__baselines__"


def last_record(project: Project) -> dict[str, Any]:
    """Return the record of the last run of a project with one check."""
    newest = max(project.root.glob(".osiris/records/*/*.json"), key=lambda path: path.stat().st_mtime_ns)
    (record,) = json.loads(newest.read_text())["records"]
    return record


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


def test_the_first_baseline_is_written_held_and_rewritten(project: Project, runs: Runs) -> None:
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
    held.stdout.fnmatch_lines(["baselines: 1 held", "*, compared with its baseline."])
    assert {name: (baselines(project) / name).read_bytes() for name in WRITTEN} == kept

    runs.drafts[0].files["report/summary.json"] = b'{"a": 2, "b": [1, 2]}\n'
    red = project.run()
    red.stdout.fnmatch_lines(
        [
            "FAILED good.osiris.yaml the baseline and local part at step `report`: *",
            "    at good.osiris.yaml:*",
            "    step report: report/summary.json:a*",
            "    baseline: 1",
            "       local: 2",
            "    baseline: __baselines__/good/baseline.json (local differs)",
            "    update: pytest good.osiris.yaml::good --osiris-target=local --osiris-update=changed",
            "    reproduce: pytest good.osiris.yaml::good --osiris-target=local",
        ]
    )
    assert red.ret == pytest.ExitCode.TESTS_FAILED
    record = last_record(project)
    assert (record["passed"], record["verdict"], record["baseline"]["state"]) == (False, None, "differs")
    assert record["baseline"]["held"][0]["target"] == "local"

    assert project.run("--osiris-update=new").ret == pytest.ExitCode.TESTS_FAILED
    project.run("--osiris-update=changed").stdout.fnmatch_lines(["baselines: 1 rewritten"])
    changed = "good/artifacts/report/summary.json"
    assert (baselines(project) / changed).read_bytes() == runs.drafts[0].files["report/summary.json"]
    assert all((baselines(project) / name).read_bytes() == data for name, data in kept.items() if name != changed)
    assert project.run().ret == 0


@pytest.mark.parametrize("variable", ["CI", "BUILD_NUMBER"])
def test_writing_is_refused_in_ci(project: Project, monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    """One sentence and exit code 4."""
    project.manifest("good")
    monkeypatch.setenv(variable, "true")

    result = project.run("--osiris-update=new")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: --osiris-update *refused in CI ({variable} is set)*"])


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
    assert last_record(project)["baseline"]["message"].startswith("no baseline is written")


@pytest.mark.usefixtures("runs")
def test_nothing_is_written_where_expect_does_not_hold(project: Project, engine: Engine) -> None:
    """A run that came to its end and is not as its manifest says."""
    project.manifest("good")
    engine.gives("good", None, passed=False)

    assert project.run("--osiris-update=new,changed").ret == pytest.ExitCode.TESTS_FAILED
    assert not baselines(project).exists()


def test_nothing_is_written_for_a_session_that_is_no_evidence(project: Project, runs: Runs) -> None:
    """A step without an end: the check of one target does not look, and a baseline would be held against for long."""
    project.manifest("good")
    runs.drafts[0].events.remove(runs.drafts[0].event("step_complete", "write"))

    red = project.run("--osiris-update=new")

    red.stdout.fnmatch_lines(["FAILED *no baseline is written: local: step write: not one start and one end*"])
    assert not baselines(project).exists()


@pytest.mark.usefixtures("runs")
def test_a_test_function_has_a_baseline_of_its_own(project: Project) -> None:
    """By its id, for each manifest that it runs; an attempt at a test begins anew, and nothing that is stored is collected."""
    project.manifest("good")
    project.pytester.makepyfile(
        test_it="""
        import pytest

        @pytest.mark.osiris("good.osiris.yaml")
        @pytest.mark.parametrize("case", ["one", "a/b"])
        def test_marked(osiris_parity, case):
            assert osiris_parity.passed

        attempts = []

        def test_two(osiris):
            assert osiris.parity("good.osiris.yaml").passed
            assert osiris.parity("good.osiris.yaml").passed
            attempts.append(1)
            assert len(attempts) > 1
    """
    )

    written = project.run("-p", "pytest_rerunfailures", "--reruns=1", "--osiris-update=new", "test_it.py")

    written.assert_outcomes(passed=3)
    home = baselines(project)
    assert sorted(each.name for each in (home / "test_it.py").iterdir()) == [
        "test_marked@a-b-c14cddc0",
        "test_marked@one",
        "test_two",
        "test_two@2",
    ]
    more = home / "test_it.py" / "test_two@2" / "artifacts" / "write" / "test_more.py"
    more.write_text("def test_no(): assert 0")
    red = project.run("test_it.py")
    red.assert_outcomes(passed=2, failed=1)
    told = [each["baseline"]["message"] for each in project.records()]
    assert any("test_two@2/artifacts/write/test_more.py is not named in baseline.json" in each for each in told)


def test_under_both_an_agreeing_pair_is_held_once_and_a_diverging_one_twice(
    project: Project, engine: Engine, runs: Runs
) -> None:
    """Where the targets agree the first speaks for both; where they do not, the failure says which of them left the baseline."""
    project.manifest("good")
    assert project.run("--osiris-update=new").ret == 0
    runs.drafts.append(healthy("e2b"))
    engine.gives("good", Verdict.IDENTICAL)

    assert project.run("--osiris-target=both").ret == 0
    assert [each["target"] for each in last_record(project)["baseline"]["held"]] == ["local"]

    engine.gives("good", Verdict.DIVERGENT)
    runs.drafts[1].metric("rows_read", "read")["value"] = 4
    project.run("--osiris-target=both").stdout.fnmatch_lines(
        ["    baseline: __baselines__/good/baseline.json (local agrees; e2b differs)"]
    )


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
    kept = [stray(project, "test_a.py/test_a"), stray(project, "test_a.py/test_b@2")]
    gone, case = stray(project, "gone"), stray(project, "test_a.py/test_a@AA")
    (gone / "notes.md").write_text("mine")
    sentence = "2 baselines of no test: __baselines__/gone, __baselines__/test_a.py/test_a@AA; remove with --osiris-update=prune"

    if "-n2" not in options:
        strict = project.run("--osiris-strict", *options)
        assert strict.ret == pytest.ExitCode.TESTS_FAILED
        strict.stdout.fnmatch_lines([f"not as asked for: {sentence}"])

    pruned = project.run("--osiris-update=prune", *options)
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


@pytest.mark.parametrize("narrowed", [["-k", "good"], ["good.osiris.yaml::good"], ["--osiris-shard=1/1"]])
def test_a_narrowed_run_removes_nothing_and_says_why(quick: Project, narrowed: list[str]) -> None:
    """A test that was left out still needs its baseline; nor is any told as unused. What narrows is known to `test_gates`."""
    gone = stray(quick, "gone")

    result = quick.run("--osiris-update=prune", *narrowed)

    result.stdout.fnmatch_lines(["no baseline was removed: *, and a test that was left out still needs its own"])
    assert (gone / "baseline.json").exists()
    assert "of no test" not in result.stdout.str()


STOPPED = {
    "test_a": "def test_a(): assert 0",
    "conftest": "import pytest\ndef pytest_runtestloop(): pytest.exit('enough')",  # where no long traceback is to be shown
}


@pytest.mark.parametrize("name", STOPPED)
def test_a_run_that_was_cut_short_removes_nothing(quick: Project, name: str) -> None:
    """By `-x` or by somebody who has had enough: its end is not that of all tests."""
    gone = stray(quick, "gone")
    quick.pytester.makepyfile(**{name: STOPPED[name]})

    result = quick.run("--osiris-update=prune", "-x")

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

    result = project.run("-p", "xdist", "-n1", "--osiris-update=prune")

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


def test_the_report_tells_it(project: Project, runs: Runs) -> None:
    """Page and data have what the terminal has."""
    project.manifest("good")
    project.run("--osiris-update=new")
    runs.drafts[0].metric("rows_read", "read")["value"] = 4

    project.run("--osiris-report=r.html")

    page = (project.root / "r.html").read_text()
    assert "<h3>Baseline " in page
    assert "--osiris-update=changed" in page
    assert "local against the baseline" in page
    record = json.loads((project.root / "r.json").read_text())["records"][0]
    finding = record["baseline"]["held"][0]["comparison"]["findings"][0]
    assert finding["message"] == "rows_read is 3 on baseline and 4 on local"


@pytest.mark.usefixtures("runs")
def test_a_broken_baseline_is_one_sentence_with_its_line(project: Project) -> None:
    """Red, and `changed` repairs it, `new` does not."""
    project.manifest("good")
    project.run("--osiris-update=new")
    path = baselines(project) / "good" / "baseline.json"
    path.write_text(path.read_text().replace('"steps": [', '<<<<<<< HEAD\n"steps": ['))

    red = project.run("--osiris-update=new")

    assert red.ret == pytest.ExitCode.TESTS_FAILED
    red.stdout.fnmatch_lines(["FAILED *__baselines__/good/baseline.json:13: a merge conflict was left in it*"])
    assert project.run("--osiris-update=changed").ret == 0
    assert project.run().ret == 0


def test_a_baseline_without_its_file_is_no_missing_one(project: Project, runs: Runs) -> None:
    """Its artifacts were committed and it was not, or a link to it leads nowhere: red in every run that writes none."""
    project.manifest("good")
    project.run("--osiris-update=new")
    path = baselines(project) / "good" / "baseline.json"
    path.unlink()

    red = project.run()
    assert red.ret == pytest.ExitCode.TESTS_FAILED
    red.stdout.fnmatch_lines(["FAILED *__baselines__/good/baseline.json cannot be read: No such file or directory*"])
    shutil.rmtree(path.parent)
    path.parent.symlink_to("elsewhere")
    assert project.run().ret == pytest.ExitCode.TESTS_FAILED
    path.parent.unlink()
    path.parent.mkdir()
    path.symlink_to("elsewhere")
    assert project.run("--osiris-update=new").ret == pytest.ExitCode.TESTS_FAILED
    path.unlink()
    assert project.run("--osiris-update=new").ret == 0
    assert path.is_file()


def test_nothing_is_written_for_a_check_that_a_plugin_fails(project: Project, runs: Runs) -> None:
    """Neither a first baseline nor a new one: it is written when everybody has judged."""
    project.manifest("good")
    verdict = "from dataclasses import replace\ndef pytest_osiris_verdict(record):\n"
    answer = "    return replace(record, passed=False, headline='too slow')\n"
    path = baselines(project) / "good" / "baseline.json"

    project.pytester.makeconftest(verdict + answer)
    assert project.run("--osiris-update=new").ret == pytest.ExitCode.TESTS_FAILED
    assert not path.exists()
    project.pytester.makeconftest(verdict + "    raise ValueError('broken')\n")
    assert project.run("--osiris-update=new").ret == pytest.ExitCode.TESTS_FAILED
    assert not path.exists()
    project.pytester.makeconftest("")
    project.run("--osiris-update=new")
    before = path.read_bytes()
    runs.drafts[0].printed["read"] = b"something else\n"
    project.pytester.makeconftest(verdict + answer)

    assert project.run("--osiris-update=changed").ret == pytest.ExitCode.TESTS_FAILED
    assert path.read_bytes() == before


@pytest.mark.parametrize("linked", [".", "gone", "gone/artifacts"])
def test_what_a_link_leads_to_is_not_removed(
    quick: Project, tmp_path_factory: pytest.TempPathFactory, linked: str
) -> None:
    """It belongs to somebody else, whatever it looks like."""
    gone = stray(quick, "gone")
    (gone / "artifacts").mkdir(exist_ok=True)
    (gone / "artifacts" / "photo.jpg").write_text("mine")
    moved, link = tmp_path_factory.mktemp("elsewhere") / "moved", baselines(quick) / linked
    link.rename(moved)
    link.symlink_to(moved)
    before = files(moved)

    assert quick.run("--osiris-update=prune").ret == 0
    assert files(moved) == before


def test_what_only_looks_like_a_leftover_stays(quick: Project) -> None:
    """A killed writer leaves a baseline's files, and nothing else."""
    stray(quick, "gone")
    (baselines(quick) / ".notes.2024").mkdir()
    (baselines(quick) / ".notes.2024" / "diary.md").write_text("mine")

    quick.run("--osiris-update=prune")

    assert files(baselines(quick)) == [".notes.2024/diary.md"]


def test_a_class_that_cannot_be_collected_keeps_its_baselines(quick: Project) -> None:
    """Other tests of its file are collected: the file is there, and nobody knows all that is in it."""
    quick.pytester.makepyfile(
        test_a="""
        import pytest
        def test_a(): pass
        class TestIt:
            @pytest.mark.parametrize("number", [1], ids=["one", "too many"])
            def test_b(self, number): pass
        """
    )
    kept = stray(quick, "test_a.py/TestIt.test_b@one")

    result = quick.run("--osiris-update=prune", "--continue-on-collection-errors")

    result.assert_outcomes(errors=1, passed=2)
    assert (kept / "baseline.json").exists()
