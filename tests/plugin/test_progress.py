"""How far runs are is shown while they last, and the terminal is afterwards as if it had not been."""

from __future__ import annotations

import contextlib
import re
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from osiris_core.display.door import Door
from osiris_core.display.lines import Lines
from pytest_osiris.checking.progress import Showing
from tests.display.stage import look
from tests.plugin.terminal import OnTerminal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import Engine, Project

STAND_IN = """
import os, pathlib, time

import pytest
from osiris_core.parity.record import ParityRecord, TargetRun
from osiris_core.progress.model import Progress
from osiris_core.session.contract import new_session_id
from pytest_osiris.checking import checks

class StandIn:
    "Runs nothing: shows a step, and waits until the test lets it go on."

    def __init__(self, *_, report, progress, **__):
        self.progress, self.report = progress, report

    def check(self, manifest, targets, **_):
        name, began = manifest.pipeline.id, time.monotonic() - 100
        if self.progress is not None:
            look = dict(check=name, name=name, manifest=name, phase="run", step="only", number=3, steps=7, began=began)
            self.progress(Progress(target="local", **look))
        self.report(f"a word from {name}")
        pipe = pathlib.Path(f"{name}.pipe")
        if pipe.exists():
            pipe.read_bytes()
        if name == "crash":
            os._exit(1)
        if self.progress is not None:
            self.progress(Progress(check=name, name=name, manifest=name, over=True))
        runs = tuple(TargetRun(target=each, provider="host", isolation="none") for each in targets)
        return ParityRecord(
            manifest=manifest.location, pipeline_id=name, passed=True, headline=f"this is {name}",
            session_id=new_session_id(), targets=runs,
        )

    def close(self):
        pass

def pytest_configure(config):
    checks.Checker = StandIn
"""
PRINTING = """
import pytest

@pytest.mark.osiris("good.osiris.yaml")
def test_that_prints(osiris_parity):
    print("one", end="")

def test_after():
    print("two")
    print("three", end="")
"""
AFTERWARDS = """collected 3 items

good.osiris.yaml
osiris: a word from good
.
test_it.py
osiris: a word from good
one.
test_it.py two
three.
============================="""


def held(project: Project, *names: str) -> None:
    """Have the stand-in, and pipelines that wait for `let_go`."""
    import os

    project.pytester.makeconftest(STAND_IN)
    for name in names:
        project.manifest(name)
        os.mkfifo(project.root / f"{name}.pipe")


def let_go(project: Project, name: str) -> None:
    (project.root / f"{name}.pipe").write_bytes(b"on")


def test_a_run_is_shown_below_the_dots_and_nothing_is_left_of_it(project: Project) -> None:
    """With `-s`, where tests print as they like: what is left is what a run leaves with progress turned off."""
    held(project, "good")
    project.pytester.makepyfile(test_it=PRINTING)
    with OnTerminal(project.root, "-s", "--osiris-progress=auto") as terminal:
        shown = terminal.until(lambda text: "step 3/7" in text)
        let_go(project, "good")
        shown_again = terminal.until(lambda text: "test_it.py" in text and "step 3/7" in text)
        let_go(project, "good")
        after = terminal.end()
        assert terminal.process.returncode == 0, after

    assert re.fullmatch(r"good \[local\] step 3/7 only \d min \d+ s", shown.splitlines()[-1])
    assert re.fullmatch(r"good \[local\] step 3/7 only \d min \d+ s", shown_again.splitlines()[-1])
    assert after[after.index("collected 3 items") : after.index("=== osiris parity")] == AFTERWARDS


def test_the_controller_shows_what_its_workers_run_until_they_end_or_die(project: Project) -> None:
    """Which manifest, on which worker; that of a worker that crashes disappears, and in the end nothing is left, on disk either."""
    held(project, "crash", "good")
    with OnTerminal(project.root, "-p", "xdist", "-n2", "--max-worker-restart=0") as terminal:
        shown = terminal.until(lambda text: text.count("step 3/7") == 2)
        let_go(project, "crash")
        alone = terminal.until(lambda text: "crashed" in text and text.count("step 3/7") == 1)
        let_go(project, "good")
        after = terminal.end()

    assert sorted(re.sub(r"^gw\d| +\d.*", "", line).split() for line in shown.splitlines()[-2:]) == [
        ["crash", "[local]", "step"],
        ["good", "[local]", "step"],
    ]
    assert alone.splitlines()[-1].partition(" ")[2].startswith("good [local] step 3/7 only")
    assert "step 3/7" not in after
    assert "1 failed, 1 passed" in after
    assert not (project.root / ".osiris" / "progress").exists()


@pytest.mark.parametrize("processes", [[], ["-p", "xdist", "-n0"]], ids=["none", "n0"])
def test_where_nothing_can_be_redrawn_a_line_is_written_when_it_takes_long(
    project: Project, engine: Engine, monkeypatch: pytest.MonkeyPatch, processes: list[str]
) -> None:
    """A captured test's output does not swallow it; the next result stands on a line of its own."""
    observe, report = engine_that_tells(engine, monkeypatch)
    said, tick = threading.Event(), Lines.tick

    def heard(self: Any, *given: Any) -> None:
        tick(self, *given)
        said.set()

    def check(*_: Any, **__: Any) -> Any:
        sys.stdout.write("captured")
        observe[0](look(began=time.monotonic() - 62, heard=None, rows=1_200_000))
        said.clear()
        assert said.wait(60)
        return engine_check(*_, **__)

    engine_check = engine.check
    monkeypatch.setattr(Lines, "tick", heard)
    monkeypatch.setattr(Lines, "period_s", 0.01)
    monkeypatch.setattr(engine, "check", check)
    project.manifest("good")

    result = project.run(*processes)

    assert report
    result.stdout.re_match_lines_random(
        [r"osiris: flights \[e2b\] step 3/7 delays, \d min \d+ s, 1.2M rows", r"\. +\[100%\]"]
    )
    assert "captured" not in result.stdout.str()
    assert result.stdout.str().count("osiris: flights") == 1


def engine_that_tells(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> tuple[list[Any], list[Any]]:
    """Return what the plugin gives to its checkers: the observer, and who reports lines."""
    observe: list[Any] = []
    report: list[Any] = []

    def make(_options: object, **given: Any) -> Engine:
        observe.append(given["progress"])
        report.append(given["report"])
        return engine

    monkeypatch.setattr("pytest_osiris.checking.checks.Checker", make)
    return observe, report


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (("",), True),
        (("", "-q"), False),
        (("osiris_progress = live", "-q"), False),
        (("osiris_progress = off",), False),
        (("", "--osiris-progress=off"), False),
        (("osiris_progress = off", "-q", "--osiris-progress=lines"), True),
        (("", "-p", "no:terminal"), False),
    ],
)
def test_who_asks_for_quiet_has_it(
    project: Project, engine: Engine, monkeypatch: pytest.MonkeyPatch, asked: tuple[str, ...], told: bool
) -> None:
    """`-q`, unless the same command line says otherwise; and a run without a terminal reporter."""
    observe, _ = engine_that_tells(engine, monkeypatch)
    project.manifest("good")
    project.ini(asked[0])

    assert project.run(*asked[1:]).ret == 0

    assert [each is not None for each in observe] == [told]


def test_another_word_is_refused_in_one_sentence(project: Project) -> None:
    """Before anything runs."""
    result = project.run("--osiris-progress=loud")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: --osiris-progress: unknown 'loud'; give auto, live, lines or off"])


def test_a_case_is_shown_by_its_name(project: Project, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two cases of a pipeline are two lines that can be told apart."""
    observe, _ = engine_that_tells(engine, monkeypatch)
    names: list[str] = []
    check = engine.check

    def looked_at(*given: Any, **options: Any) -> Any:
        observe[0](look())
        names.extend(each.name for each in observe[0].__self__._door.board.looks())
        return check(*given, **options)

    monkeypatch.setattr(engine, "check", looked_at)
    project.open_manifest("good", rest="pytest: {parametrize: {carrier: [AA, UA]}}\n")

    project.run().assert_outcomes(passed=2)

    assert names == ["good[AA]", "good[UA]"]


def test_what_runs_at_once_is_shown_until_the_last_of_it_ends() -> None:
    """Not only until the first of it does; and no run bears the name of another one's case."""
    door = Door(Lines(lambda _line: None), lambda _line: None)
    around: list[str] = []

    @contextlib.contextmanager
    def behind() -> Iterator[None]:
        around.append("begun")
        yield
        around.append("ended")

    def seen() -> str:
        showing.observe(look())
        [shown] = door.board.looks()
        return shown.name

    showing = Showing(door, door.say, behind)
    first, second = showing.running("good[AA]"), showing.running("good[UA]")
    with first:
        alone = seen()
        second.__enter__()
        together = seen()
    assert (alone, together, around) == ("good[AA]", look().name, ["begun"])
    second.__exit__(None, None, None)
    assert around == ["begun", "ended"]
    with showing.running("good[DL]"):
        assert (seen(), around) == ("good[DL]", ["begun", "ended", "begun"])


def test_a_line_begins_where_one_begins_also_under_xdist(project: Project) -> None:
    """There dots of several files stand on one line, of which pytest keeps no file's name."""
    project.pytester.makepyfile("""
        def test_it(request):
            from pytest_osiris.checking.progress import reporter_of
            request.config.pluginmanager.get_plugin("terminalreporter").currentfspath = None
            reporter_of(request.config)("a word\\x1b[2J")
    """)

    project.run().stdout.fnmatch_lines(["osiris: a word⟨ESC⟩[[]2J"])


def test_a_debugger_has_the_terminal_to_himself(
    project: Project, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From pytest's own word that one begins, to that it has ended."""
    shown: list[bool] = []
    monkeypatch.setattr("osiris_core.display.door.Door.pause", lambda _: shown.append(False))
    monkeypatch.setattr("osiris_core.display.door.Door.go_on", lambda _: shown.append(True))
    project.manifest("good")
    project.pytester.makepyfile("""
        def test_it(request):
            request.config.hook.pytest_enter_pdb(config=request.config, pdb=None)
            request.config.hook.pytest_leave_pdb(config=request.config, pdb=None)
    """)

    project.run("good.osiris.yaml", "test_a_debugger_has_the_terminal_to_himself.py").assert_outcomes(passed=2)

    assert shown == [False, True]
