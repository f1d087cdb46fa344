"""The command line of `osiris-parity`: options, what is refused, and what it writes."""

from __future__ import annotations

import gc
import json
import os
import signal
import subprocess
import sys
import threading
import time
from importlib import metadata
from typing import TYPE_CHECKING

import pytest

from osiris_core.parity.record import Verdict
from osiris_core.signals import TerminatedError, escalating, terminable

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Engine, Project

DEADLINE_S = 200.0
HEAVY = {"yaml", "jinja2", "e2b", "httpx", "rich", "asyncio", "duckdb", "pyarrow", "deepdiff", "msgspec", "uvicorn"}


def test_the_version_is_that_of_the_distribution(project: Project) -> None:
    """`--version` names the program."""
    ended = project.run("--version")

    assert ended.code == 0
    assert ended.out == f"osiris-parity {metadata.version('pytest-osiris')}\n"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "COMMAND"),
        (["run"], "MANIFEST"),
        (["run", "it.osiris.yaml", "--target=local,e2b,venv:x"], "argument --target: 3 targets are too many"),
        (
            ["run", "it.osiris.yaml", "--target=moon"],
            "argument --target: unknown target 'moon' (known: e2b, local, venv, both)",
        ),
        (["run", "it.osiris.yaml", "--isolation=docker"], "invalid choice: 'docker'"),
        (["run", "it.osiris.yaml", "--e2b=clod"], "unknown E2B provider 'clod'"),
        (["run", "it.osiris.yaml", "--e2b=cloud"], "E2B_API_KEY is not set"),
        (["run", "it.osiris.yaml", "--now=yesterday"], "'yesterday' is no time"),
        (["run", "it.osiris.yaml", "--report=report.json"], "is no page (give a file name that ends in .html)"),
        (["run", "it.osiris.yaml", "--report=pyproject.toml/r.html"], "is no directory"),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_starts(
    project: Project, engine: Engine, monkeypatch: pytest.MonkeyPatch, arguments: list[str], sentence: str
) -> None:
    """Exit code 2 and a sentence; no traceback, no verdict line."""
    monkeypatch.delenv("E2B_API_KEY", raising=False)
    project.manifest("it")

    ended = project.run(*arguments)

    assert ended.code == 2
    assert sentence in ended.err
    assert "Traceback" not in ended.err
    assert ended.out == ""
    assert engine.calls == []


def test_options_reach_the_engine(project: Project, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Provider, isolation and logical time are passed on as given; the project is that of the manifest."""
    monkeypatch.setenv("E2B_API_KEY", "not a real one")
    engine.gives("it", Verdict.IDENTICAL, passed=True)

    project.run("run", project.manifest("it"), "--e2b=cloud", "--isolation=plain", "--now=2026-01-31T12:00:00Z")

    [options] = engine.options
    assert (options.provider, options.isolation, options.now) == ("cloud", "plain", "2026-01-31T12:00:00Z")
    assert options.project_root == project.root


def test_json_is_all_there_is_on_standard_output(project: Project, engine: Engine) -> None:
    """With `--json` the verdict lines move to standard error; a bad manifest is among the records."""
    engine.gives("it", Verdict.IDENTICAL, passed=True)

    ended = project.run("run", project.manifest("it"), project.manifest("broken", rest="nonsense: 1\n"), "--json")

    records = json.loads(ended.out)["records"]
    assert [(record["manifest"], record["passed"]) for record in records] == [
        ("broken.osiris.yaml", False),
        ("it.osiris.yaml", True),
    ]
    assert "IDENTICAL it.osiris.yaml" in ended.err.splitlines()


def test_a_report_is_written_and_named(project: Project, engine: Engine) -> None:
    """Page and data lie side by side; where they are is said on standard error."""
    engine.gives("it", Verdict.IDENTICAL, passed=True)

    ended = project.run("run", project.manifest("it"), "--report=out/r.html")

    assert "it.osiris.yaml" in (project.root / "out" / "r.html").read_text()
    assert json.loads((project.root / "out" / "r.json").read_text())["host"]["python"]
    assert "report: out/r.html" in ended.err.splitlines()


def test_a_stopped_run_writes_no_report_and_closes_what_it_started(project: Project, engine: Engine) -> None:
    """Exit code 130, and no page that would speak for manifests which never ran."""
    engine.gives("one", Verdict.IDENTICAL, passed=True)
    engine.outcomes["two"] = KeyboardInterrupt()

    ended = project.run("run", project.manifest("one"), project.manifest("two"), "--report=r.html")

    assert ended.code == 130
    assert engine.closed == 1
    assert not (project.root / "r.html").exists()


def test_the_first_sigterm_is_raised_once_and_the_handler_is_put_back() -> None:
    """A second one does not disturb the clean-up of the first."""
    before = signal.getsignal(signal.SIGTERM)
    cleaned = []

    def work() -> None:
        with terminable():
            try:
                signal.raise_signal(signal.SIGTERM)
            finally:
                signal.raise_signal(signal.SIGTERM)
                cleaned.append(True)

    with pytest.raises(TerminatedError):
        work()

    assert cleaned
    assert signal.getsignal(signal.SIGTERM) is before


@pytest.mark.parametrize(
    ("number", "error"),
    [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, TerminatedError)],
    ids=["ctrl-c", "sigterm"],
)
def test_a_stop_that_the_garbage_collector_swallows_is_asked_for_again(number: int, error: type[BaseException]) -> None:
    """Python lets nothing out of a callback of its collector, and Hypothesis has one."""
    fell = []

    def collecting(phase: str, _: object) -> None:
        if phase == "start" and not fell:
            fell.append(True)
            signal.raise_signal(number)

    def work() -> None:
        with terminable():
            gc.collect()
            threading.Event().wait(100)

    gc.callbacks.append(collecting)
    try:
        with pytest.raises(error):
            work()
    finally:
        gc.callbacks.remove(collecting)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["ctrl-c", "sigterm"])
def test_a_signal_ends_a_real_run_cleanly(project: Project, number: int, code: int) -> None:
    """The session of the step that was stopped says `cancelled`; the exit code names the signal."""
    (project.root / "code" / "steps.py").write_text(
        "import threading\n\ndef wait(inputs, ctx):\n    ctx.log_event('waiting')\n    threading.Event().wait()\n"
    )
    name = project.manifest("it", function="wait")
    with subprocess.Popen(
        [sys.executable, "-m", "osiris_core.cli", "run", name, "--target=local"],
        cwd=project.root,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            until_it_waits(project.root, process)
            os.kill(process.pid, number)
            out, err = process.communicate(timeout=DEADLINE_S)
        finally:
            process.kill()

    assert process.returncode == code, err
    assert out == ""
    assert "stopped" in err
    [session] = project.root.glob(".osiris/runs/*/local/session.json")
    assert json.loads(session.read_text())["outcome"] == "cancelled"


def until_it_waits(root: Path, process: subprocess.Popen[str]) -> None:
    """Wait until the step has said so, looking every 10 ms."""
    end = time.monotonic() + DEADLINE_S
    while not any(b'"waiting"' in each.read_bytes() for each in root.glob(".osiris/runs/*/local/.host/journal.os1")):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end, "the step never said that it waits"
        threading.Event().wait(0.01)


def test_help_and_parsing_import_nothing_heavy(tmp_path: Path) -> None:
    """In a fresh process: `--help` answers at once."""
    code = (
        "import sys\nfrom osiris_core.cli import main\n"
        "try:\n    main(['run', '--help'])\nexcept SystemExit:\n    pass\n"
        f"print('HEAVY', sorted({HEAVY!r} & set(sys.modules)))"
    )

    result = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)

    assert result.stdout.splitlines()[-1] == "HEAVY []"


def test_a_real_pipeline_on_one_target(project: Project) -> None:
    """OK where `expect` holds, FAILED with the reason where it does not."""
    good, bad = project.manifest("good"), project.manifest("bad", function="fail")

    ended = project.run("run", good, bad, "--target=local")

    assert ended.out.splitlines()[0] == "OK good.osiris.yaml"
    assert ended.out.splitlines()[1].startswith("FAILED bad.osiris.yaml ")
    assert "no such flight" in ended.err
    assert ended.code == 1


def test_a_real_pipeline_on_both_targets(project: Project, bubblewrap: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that writes the same twice is IDENTICAL; one that reads an undeclared variable diverges at its step."""
    monkeypatch.setenv("REPORT_REGION", "north")
    same, differs = project.manifest("same"), project.manifest("differs", function="region")

    ended = project.run("run", same, differs, "--target=both", "--triage=off")

    assert ended.out.splitlines() == [
        "IDENTICAL same.osiris.yaml",
        "DIVERGENT differs.osiris.yaml first diverging step: only",
    ]
    assert ended.code == 1


PARAMS = "params: {carrier: AA, year: 2013}\n"


def test_params_reach_the_manifests_that_declare_them(project: Project, engine: Engine) -> None:
    """Each takes what it declares, read as YAML; the command that repeats a check has them too."""
    engine.gives("one", None, passed=False, headline="no rows")
    engine.gives("two", None, passed=True)
    manifests = project.manifest("one", rest=PARAMS), project.manifest("two")

    ended = project.run("run", *manifests, "--target=local", "--param", "year=5", "--param=carrier=U A")

    assert engine.params == [{"carrier": "U A", "year": 5}, {}]
    assert "osiris-parity run one.osiris.yaml --target=local --param=year=5 '--param=carrier=U A'" in ended.err


@pytest.mark.parametrize(
    ("param", "sentence"),
    [
        ("year", "--param: 'year' is no parameter (give NAME=VALUE, as in carrier=AA)"),
        ("yaer=1", "--param: no manifest of this run has the parameter 'yaer' (did you mean 'year'?)"),
        ("year=[1", "--param: the value '[1' of 'year' is not understood: "),
    ],
)
def test_wrong_params_are_refused_before_anything_starts(
    project: Project, engine: Engine, param: str, sentence: str
) -> None:
    """Exit code 2 and a sentence, as for any option."""
    ended = project.run("run", project.manifest("it", rest=PARAMS), f"--param={param}")

    assert ended.code == 2
    assert sentence in ended.err
    assert engine.calls == []


def test_the_engines_own_command_repeats_the_values_too(project: Project) -> None:
    """Quoted for the shell; defaults are left out, so that a new default is used by the old command."""
    from osiris_core.check import _reproduce, load

    path = project.root / project.manifest("it", rest=PARAMS)
    manifest = load(path, project_root=project.root, params={"carrier": "5"}, offered={"other": 1})

    assert _reproduce(manifest, ("local", "e2b")) == (
        "osiris-parity run it.osiris.yaml --target both '--param=carrier=\"5\"'"
    )


class Patient:
    """Counts how often it is hurried."""

    def __init__(self) -> None:
        self.hurried = 0

    def hurry(self) -> None:
        """Count."""
        self.hurried += 1


def test_the_second_signal_hurries_and_the_third_is_the_systems(monkeypatch: pytest.MonkeyPatch) -> None:
    """The one that asked for the stop has come before; what is begun by then is not interrupted by the next."""
    patient, before, sent = Patient(), signal.getsignal(signal.SIGTERM), []
    monkeypatch.setattr("os.kill", lambda pid, number: sent.append((pid, number, signal.getsignal(number))))

    with escalating(patient):
        signal.raise_signal(signal.SIGTERM)
        assert (patient.hurried, sent) == (1, [])
        signal.raise_signal(signal.SIGTERM)

    assert sent == [(os.getpid(), signal.SIGTERM, signal.SIG_DFL)]
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_terminal_that_goes_away_stops_a_run_unless_it_was_told_to_stay() -> None:
    """SIGHUP is a stop, with an exit code of its own; under `nohup` it is nothing."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)  # these tests may run under `nohup` themselves
    try:
        with pytest.raises(TerminatedError) as stopped, terminable():
            signal.raise_signal(signal.SIGHUP)
        assert stopped.value.number == signal.SIGHUP

        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        with terminable():
            signal.raise_signal(signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)
