"""`osiris-parity run --jobs N`: manifests at once, told in order, stopped together."""

from __future__ import annotations

import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from osiris_core.parity.record import Verdict

if TYPE_CHECKING:
    import pytest

    from conftest import Engine, Project


def test_manifests_run_at_once_and_are_told_in_their_order(project: Project, engine: Engine) -> None:
    """The first one ends last, and its line is the first; the worst decides the exit code as ever."""
    together, last = threading.Barrier(3), threading.Event()
    for name in ("a", "b", "c"):
        engine.gives(name, Verdict.IDENTICAL, passed=True)
    engine.gives("b", Verdict.DIVERGENT, passed=False, step="only")

    def meet(name: str, _: Any) -> None:
        together.wait(100)
        if name == "a":
            assert last.wait(100)
        elif name == "c":
            last.set()

    engine.on_check = meet
    ended = project.run("run", *[project.manifest(each) for each in "abc"], "--jobs", "3")

    assert [line.split()[:2] for line in ended.out.splitlines()] == [
        ["IDENTICAL", "a.osiris.yaml"],
        ["DIVERGENT", "b.osiris.yaml"],
        ["IDENTICAL", "c.osiris.yaml"],
    ]
    assert ended.code == 1


def test_ctrl_c_stops_all_of_them(project: Project, engine: Engine) -> None:
    """Those that run hear of it, those that wait never begin, and the exit code is that of a stop."""
    together, stopped = threading.Barrier(2), []
    for name in ("a", "b", "c"):
        engine.gives(name, Verdict.IDENTICAL, passed=True)

    def run(name: str, cancellation: Any) -> None:
        if together.wait(100) == 0:
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
        stopped.append((name, cancellation.wait(100)))

    engine.on_check = run
    ended = project.run("run", *[project.manifest(each) for each in "abc"], "--jobs", "2")

    assert ended.code == 130
    assert sorted(stopped) == [("a", True), ("b", True)]
    assert engine.closed == 1


def test_no_jobs_make_no_sense(project: Project, engine: Engine) -> None:
    ended = project.run("run", project.manifest("a"), "--jobs", "0")

    assert (ended.code, ended.out, engine.calls) == (2, "", [])


def test_limits_reach_the_engine(project: Project, engine: Engine) -> None:
    engine.gives("a", Verdict.IDENTICAL, passed=True)
    given = ["--max-sandboxes", "3", "--create-rate", "0.5", "--keep-sandbox", "on-failure"]
    project.run("run", project.manifest("a"), *given)

    [options] = engine.options
    assert (options.max_sandboxes, options.create_rate, options.keep_sandbox) == (3, 0.5, "on-failure")
    assert project.run("run", project.manifest("a"), "--max-sandboxes", "0").code == 2


def test_a_stop_while_one_is_submitted_waits_for_that_one(
    project: Project, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A Ctrl-C between the beginning of a manifest and the note of it is heard after the note."""
    stopped, submit = [], ThreadPoolExecutor.submit
    began = threading.Event()
    for name in ("a", "b"):
        engine.gives(name, Verdict.IDENTICAL, passed=True)

    def run(name: str, cancellation: Any) -> None:
        began.set()
        stopped.append((name, cancellation.wait(100)))

    def interrupted(pool: ThreadPoolExecutor, *given: Any, **options: Any) -> Any:
        future = submit(pool, *given, **options)
        assert began.wait(100)
        signal.raise_signal(signal.SIGINT)
        return future

    engine.on_check = run
    monkeypatch.setattr(ThreadPoolExecutor, "submit", interrupted)
    ended = project.run("run", project.manifest("a"), project.manifest("b"), "--jobs", "2")

    assert ended.code == 130
    assert {name for name, _ in stopped} == {name for name, heard in stopped if heard} >= {"a"}
