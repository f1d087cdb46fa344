"""Sessions of passed tests are removed when the run is over, and never anything else."""

from __future__ import annotations

import fcntl
import inspect
import json
import os
import shutil
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from osiris_core.parity.record import AttemptTarget, EarlierAttempt, ParityRecord, TargetRun
from osiris_core.session.contract import new_session_id
from osiris_core.session.removal import remove_session
from pytest_osiris.checking import retention
from pytest_osiris.keys import CONTROLLER_ROOT, NODES, SETTINGS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from osiris_core.manifest.model import Manifest

    from conftest import Project

TESTS = """
    import pytest
    seen = []

    def test_passes(osiris, pytestconfig):
        record = osiris.parity("it.osiris.yaml", case="passes")
        directory = pytestconfig.rootpath / record.targets[0].session_directory
        assert directory.is_dir()
        seen.append(directory)

    def test_looks_at_it_later():
        assert all(each.is_dir() for each in seen)

    def test_fails(osiris):
        osiris.parity("it.osiris.yaml", case="fails")
        assert False

    @pytest.mark.xfail(strict=True)
    def test_expects_a_failure(osiris):
        assert osiris.parity("bad.osiris.yaml", case="xfails").passed
"""


class Sessions:
    """Stands in for the engine: each check leaves a copy of one session; what is called bad does not pass."""

    def __init__(self, root: Path, template: Path) -> None:
        self.root = root
        self.template = template

    def __call__(self, _options: object, **_: object) -> Sessions:
        """Be the class."""
        return self

    def check(self, manifest: Manifest, *_: object, **__: object) -> ParityRecord:
        """Return the record of a session that was just made."""
        session_id = new_session_id()
        directory = self.root / ".osiris" / "runs" / session_id / "local"
        shutil.copytree(self.template, directory)
        facts = json.loads((directory / "session.json").read_text())
        (directory / "session.json").write_text(json.dumps({**facts, "session": session_id}))
        shown = directory.relative_to(self.root).as_posix()
        return ParityRecord(
            manifest=manifest.location,
            pipeline_id=manifest.pipeline.id,
            passed=manifest.pipeline.id != "bad",
            headline="it ran",
            session_id=session_id,
            targets=(TargetRun(target="local", provider="host", isolation="none", session_directory=shown),),
        )

    def close(self) -> None:
        """Do nothing."""


@pytest.fixture
def leaves_sessions(project: Project, closed_session: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine that leaves sessions and runs nothing: in this process, and by a conftest in those of xdist's workers."""
    template = directory_of(closed_session)
    monkeypatch.setattr("pytest_osiris.checking.checks.Checker", Sessions(project.root, template))
    (project.root / "conftest.py").write_text(
        "from __future__ import annotations\n"
        "import json, os, shutil\n"
        "from pathlib import Path\n"
        "from osiris_core.parity.record import ParityRecord, TargetRun\n"
        "from osiris_core.session.contract import new_session_id\n"
        f"{inspect.getsource(Sessions)}\n"
        'if "PYTEST_XDIST_WORKER" in os.environ:\n'
        "    from pytest_osiris.checking import checks\n"
        f"    checks.Checker = Sessions(Path({str(project.root)!r}), Path({str(template)!r}))\n"
        "def pytest_osiris_report_section():\n"
        "    (Path(__file__).parent / 'seen').write_text(str(len([*Path(__file__).parent.glob('.osiris/runs/*/local')])))\n"
    )


def made_record(session_id: str, target: str) -> ParityRecord:
    """Return the record of a session of a test that passed."""
    run = TargetRun(target=target, provider="host", isolation="none", session_directory="there")
    return ParityRecord(manifest="m", pipeline_id="m", passed=True, headline="", session_id=session_id, targets=(run,))


def sessions(project: Project) -> list[str]:
    """Return the cases whose sessions are there, by the records of the last run."""
    return sorted(
        record["case"]
        for record in project.records()
        for run in record["targets"]
        if (project.root / run["session_directory"]).is_dir()
    )


@pytest.mark.parametrize(
    ("options", "stay"),
    [
        ((), ["fails", "xfails"]),
        (("--osiris-keep-sessions=all",), ["fails", "passes", "xfails"]),
        (("--osiris-keep-sessions=none",), []),
        (("-p", "xdist", "-n0"), ["fails", "xfails"]),
        (("-p", "xdist", "-n2"), ["fails", "xfails"]),
    ],
    ids=["failed", "all", "none", "no workers", "xdist"],
)
def test_sessions_stay_as_the_option_says(
    project: Project, leaves_sessions: None, options: tuple[str, ...], stay: list[str]
) -> None:
    """They are there until the report is written, which shows them; it and the properties name none that is gone."""
    project.manifest("it")
    project.manifest("bad", function="fail")
    (project.root / ".osiris" / "runs" / "mine").mkdir(parents=True)
    (project.root / ".osiris" / "notes.txt").write_text("of the user")
    project.pytester.makepyfile(test_it=TESTS)

    report = ("--osiris-report=report.html", "--junitxml=junit.xml")
    result = project.run("test_it.py", *options, *report)

    result.assert_outcomes(passed=2, failed=1, xfailed=1)
    assert sessions(project) == stay
    assert (project.root / "seen").read_text() == "3"
    told = {
        record["case"]: [run["session_directory"] != "" for run in record["targets"]]
        for record in json.loads((project.root / "report.json").read_text())["records"]
    }
    assert told == {case: [case in stay] for case in ("passes", "fails", "xfails")}
    page = (project.root / "report.html").read_text() + (project.root / "junit.xml").read_text()
    named = {run["session_directory"] for record in project.records() for run in record["targets"]}
    assert sum(each in page for each in named) == len(stay)
    assert (project.root / ".osiris" / "notes.txt").exists()
    assert (project.root / ".osiris" / "runs" / "mine").exists()


@pytest.mark.parametrize(
    ("report", "controller_root", "finished", "removes"),
    [
        ("report.html", "", True, False),
        ("report.html", "elsewhere", True, True),
        ("report.html", "", False, True),
        ("", "", True, True),
    ],
    ids=["report", "another machine", "broken off", "no report"],
)
def test_a_worker_leaves_its_sessions_to_who_writes_the_report(
    root: Path, report: str, controller_root: str, finished: bool, removes: bool
) -> None:
    """Only where that is going to happen, and will find them; the controller removes what it was told, and nothing else."""
    directory = directory_of(root)
    name = directory.parent.name, "local"
    other = directory.parent.with_name("20260101T000000Z-00000000")
    shutil.copytree(directory.parent, other)
    settings = SimpleNamespace(report=report or None, keep_sandbox="never", keep_sessions="failed")
    worker: Any = SimpleNamespace(
        rootpath=root,
        stash=pytest.Stash(),
        workerinput={CONTROLLER_ROOT: str(root / controller_root)},
        workeroutput={},
    )
    controller: Any = SimpleNamespace(rootpath=root, stash=pytest.Stash())
    worker.stash[SETTINGS] = settings
    controller.stash[NODES] = [worker]
    retention.made_sessions(worker).note("test", [made_record(*name)], failed=False)

    retention.let_go(worker, finished=finished)
    assert directory.exists() != removes
    assert retention.leaving(controller) == (frozenset() if removes else {name})
    retention.let_go(controller, finished=True)
    retention.let_go(controller, finished=False)

    assert not directory.exists()
    assert (other / "local").exists()


def test_the_last_attempt_decides_for_all(project: Project, leaves_sessions: None) -> None:
    """A test that passed in the end leaves no session, of earlier attempts neither; one that failed leaves all."""
    project.manifest("it")
    project.pytester.makepyfile(
        test_it="""
        attempts = []

        def test_in_the_end(osiris):
            attempts.append(osiris.parity("it.osiris.yaml"))
            assert len(attempts) == 2

        def test_never(osiris):
            assert osiris.parity("it.osiris.yaml") is None
    """
    )

    project.run("-p", "pytest_rerunfailures", "--reruns=1", "test_it.py").assert_outcomes(passed=1, failed=1)

    assert len(list((project.root / ".osiris" / "runs").glob("*/local"))) == 2
    assert sessions(project) == [""]


@pytest.fixture(scope="module")
def closed_session(tmp_path_factory: pytest.TempPathFactory, repository: Path) -> Path:
    """A root with one closed session, as a check leaves it."""
    from osiris_core.check import CheckOptions, check, load

    root = tmp_path_factory.mktemp("closed")
    (root / "steps.py").write_text(
        'def write(inputs, ctx):\n    (ctx.output_dir / "a.txt").write_text("a")\n    print(1)\n'
    )
    (root / "it.osiris.yaml").write_text(
        'osiris: "1"\npipeline: {id: it}\ncode: [.]\n'
        'steps: [{id: only, driver: python.callable, config: {function: "steps:write"}}]\n'
    )
    record = check(load(root / "it.osiris.yaml", project_root=root), ["local"], CheckOptions(project_root=root))
    assert record.passed
    return root


@pytest.fixture
def root(closed_session: Path, tmp_path: Path) -> Path:
    """A copy of it for one test."""
    shutil.copytree(closed_session / ".osiris", tmp_path / ".osiris")
    return tmp_path


def directory_of(root: Path) -> Path:
    (found,) = (root / ".osiris" / "runs").glob("*/local")
    return found


def test_a_closed_session_is_removed_and_only_that(root: Path) -> None:
    """With the directory of its id, where nothing else is in it."""
    directory = directory_of(root)
    (root / ".osiris" / "runs" / "other").mkdir()

    assert remove_session(root, directory.parent.name, "local")

    assert [each.name for each in (root / ".osiris" / "runs").iterdir()] == ["other"]
    assert not remove_session(root, directory.parent.name, "local")


def add(path: str) -> Callable[[Path], None]:
    def alter(directory: Path) -> None:
        (directory / path).write_text("of the user")

    return alter


def unclosed(directory: Path) -> None:
    (directory / "session.json").unlink()


def of_another_name(directory: Path) -> None:
    facts = json.loads((directory / "session.json").read_text())
    (directory / "session.json").write_text(json.dumps({**facts, "session": "20260101T000000Z-00000000"}))


def linked(directory: Path) -> None:
    elsewhere = directory.parents[3] / "elsewhere"
    directory.rename(elsewhere)
    directory.symlink_to(elsewhere)


def linked_above(directory: Path) -> None:
    elsewhere = directory.parents[3] / "elsewhere"
    directory.parent.rename(elsewhere)
    directory.parent.symlink_to(elsewhere)


def linked_inside(directory: Path) -> None:
    (directory / "logs").rename(directory.parents[3] / "logs")
    (directory / "logs").symlink_to(directory.parents[3] / "logs")


@pytest.mark.parametrize(
    "alter",
    [
        add("notes.txt"),
        add("logs/notes.log"),
        add("artifacts/only/notes.txt"),
        unclosed,
        of_another_name,
        linked,
        linked_above,
        linked_inside,
    ],
    ids=["a file", "a log", "an artifact", "unclosed", "another name", "a link", "a link above", "a link inside"],
)
def test_what_is_not_a_closed_session_alone_stays(root: Path, alter: Callable[[Path], None]) -> None:
    """Nothing of it is touched."""
    directory = directory_of(root)
    alter(directory)
    before = {path: path.stat().st_mtime_ns for path in root.rglob("*") if path.is_file()}

    assert not remove_session(root, directory.parent.name, "local")

    assert {path: path.stat().st_mtime_ns for path in root.rglob("*") if path.is_file()} == before


def test_a_session_that_somebody_holds_stays(root: Path) -> None:
    """As one that is resumed."""
    directory = directory_of(root)
    with (directory / ".host" / "lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert not remove_session(root, directory.parent.name, "local")
    assert (directory / "session.json").exists()


@pytest.mark.parametrize("name", ["../runs", "..", "a/b", ""])
def test_a_name_that_leads_elsewhere_is_none(root: Path, name: str) -> None:
    assert not remove_session(root, name, "local")
    assert not remove_session(root, directory_of(root).parent.name, name)
    assert directory_of(root).exists()


def test_records_of_old_runs_are_bounded(tmp_path: Path) -> None:
    """The newest ten stay, and what is not a run's records alone, or of a run that goes on."""
    runs = tmp_path / "records"

    def run(day: int, *files: str) -> Path:
        directory = runs / f"202601{day:02}T000000Z-00000000"
        directory.mkdir(parents=True)
        for name in files:
            (directory / name).write_text("{}")
        return directory

    plain, foreign, live = run(1, "a-00000000.json"), run(2, "a-00000000.json", "mine.txt"), run(3, "a-00000000.json")
    (runs / "20260104T000000Z-00000000").symlink_to(plain)
    (runs / "notes").mkdir()
    newest = [run(day, "b-00000000.json") for day in range(10, 20)]
    held = os.open(live, os.O_RDONLY)
    try:
        fcntl.flock(held, fcntl.LOCK_SH)
        retention.remove_old_records(newest[-1])
        assert not plain.exists()
        assert (foreign.exists(), live.exists(), (runs / "notes").exists()) == (True, True, True)
        assert all((each / "b-00000000.json").exists() for each in newest)
    finally:
        os.close(held)
    retention.remove_old_records(newest[-1])
    assert not live.exists()


def test_no_record_names_a_session_of_an_earlier_attempt_that_is_gone(tmp_path: Path) -> None:
    """Those that are there, and stay, are named."""
    runs = [tmp_path / ".osiris" / "runs" / name / "local" for name in ("one", "two")]
    for each in runs:
        each.mkdir(parents=True)
    names = [each.relative_to(tmp_path).as_posix() for each in runs]
    earlier = tuple(
        EarlierAttempt(
            became="FAILED", session_id=name, targets=(AttemptTarget(target="local", session_directory=place),)
        )
        for name, place in zip(("one", "two", "gone"), (*names, ".osiris/runs/gone/local"), strict=True)
    )
    record = ParityRecord(manifest="m", pipeline_id="m", passed=True, headline="", earlier=earlier)

    kept = retention.without_removed(record, tmp_path, {("two", "local")}).earlier

    assert [each.targets[0].session_directory for each in kept] == [names[0], "", ""]
