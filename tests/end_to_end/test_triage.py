"""Divergences whose cause is found by real reruns. What is concluded from reruns is tested without any, in `tests/parity/triage`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from osiris_core.check import Checker, CheckOptions, load
from osiris_core.parity.compare import compare
from osiris_core.parity.record import Verdict
from osiris_core.parity.triage.environment import differing
from osiris_core.parity.triage.reruns import TriageBudget
from osiris_core.parity.triage.transport import damages
from osiris_core.session.reader import open_session

if TYPE_CHECKING:
    from osiris_core.parity.record import ParityRecord

    from conftest import Project

BOTH = ("local", "e2b")
STEPS = """
import getpass, os, pathlib, random, socket, time

def host(inputs, ctx):
    (ctx.output_dir / "page.txt").write_text(f"made by {socket.gethostname()}")

def surroundings(inputs, ctx):
    facts = [
        socket.gethostname(), os.getcwd(), str(ctx.output_dir), str(pathlib.Path.home()), getpass.getuser(), os.cpu_count(),
        time.strftime("%z"), os.environ.get("LC_ALL"), os.environ.get("REGION"), os.environ["PATH"], os.environ.get("E2B_SANDBOX"),
        sorted(os.listdir("..")), [name for _, name in socket.if_nameindex()], os.getuid(), __file__,
        sorted(name for name in os.environ if name not in ("_", "SHLVL", "OLDPWD")),
    ]
    (ctx.output_dir / "page.txt").write_text("\\n".join(map(str, facts)))

def chance(inputs, ctx):
    (ctx.output_dir / "page.txt").write_text(str(random.random()))
"""
SHORT = TriageBudget(repeats=1, confirmations=0, elapsed_s=600)
"""What is asked here is whether reruns do what they should, not how sure they make."""


@pytest.fixture
def at(project: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project on a host that is in New York and speaks German."""
    for name, value in {"TZ": "America/New_York", "LC_ALL": "de_DE.UTF-8", "REGION": "north"}.items():
        monkeypatch.setenv(name, value)
    project.write("code/steps.py", STEPS)
    project.write("undeclared.csv", "")
    return project


def pipeline(project: Project, function: str) -> str:
    """Write a pipeline of one step, and return where."""
    name = f"pipelines/{function}.osiris.yaml"
    step = f'  - {{id: only, driver: python.callable, config: {{function: "steps:{function}"}}}}\n'
    project.write(
        name,
        f'osiris: "1"\npipeline: {{id: {function}}}\ncode: [../code]\nresources: {{cpus: 1}}\nsteps:\n{step}',
    )
    return name


def checked(project: Project, name: str, targets: tuple[str, ...], **options: Any) -> ParityRecord:
    """Check on some targets; the server is that of all tests."""
    return project.check(name, targets, triage_budget=SHORT, **options)


def test_the_factor_is_found_by_runs_in_its_place(at: Project) -> None:
    """The host's name stands in a file: a local run under the sandbox's name writes what the sandbox wrote."""
    record = checked(at, pipeline(at, "host"), BOTH, triage="divergent")

    assert (record.verdict, record.cause, record.passed) == ("DIVERGENT", "ENVIRONMENT(host name)", False)
    assert record.headline.startswith("ENVIRONMENT(host name): local and e2b part at step `only`")
    assert record.triage is not None
    assert (record.triage.factors[0].right, record.triage.runs) == ("e2b.local", 3)
    assert record.triage.command.endswith("--target both --triage=always")
    for run in record.targets:
        directory = at.session_root / run.session_directory
        open_session(directory)
        assert not (directory / ".host" / "reruns").exists()
        assert not (directory / ".host" / "run").exists()


def test_with_all_factors_a_local_run_does_what_the_sandbox_did(at: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """A step that writes down all of its surroundings writes the same: nothing of the imitation is left out or told apart."""
    seen: list[Any] = []

    def imitated(check: Any, reruns: Any, _: object) -> Any:
        local, remote = check.sessions
        factors = [each.name for factor in differing(local, remote) for each in (factor.parts or (factor,))]
        again = reruns.run("local", tuple(each for each in factors if each not in check.impossible))
        seen.extend((check, again, compare(again, remote)))
        raise KeyboardInterrupt

    first: list[ParityRecord] = []
    monkeypatch.setattr("osiris_core.triage.deciding.investigate", imitated)
    options = CheckOptions(project_root=at.root, session_root=at.session_root, triage="divergent", triage_budget=SHORT)
    manifest = load(at.root / pipeline(at, "surroundings"), project_root=at.root)
    with Checker(options, server=at.server) as checker, pytest.raises(KeyboardInterrupt):
        checker.check(manifest, BOTH, judged=first.append)

    check, again, comparison = seen
    assert comparison.verdict.passes, [(each.path, each.left, each.right, each.diff) for each in comparison.findings]
    assert {each.name for each in differing(again, check.sessions[1])} <= {
        "network",
        "variables",
    }  # of which hello does not tell
    # A stop during the triage leaves what was known before it.
    assert [each.verdict for each in first] == [Verdict.DIVERGENT]
    assert [open_session(at.session_root / run.session_directory).outcome for run in first[0].targets] == [
        "succeeded"
    ] * 2


def test_one_target_that_differs_from_itself_fails(at: Project) -> None:
    """Asked to run it again, a pipeline that was as expected is NONDETERMINISTIC; the worker's own digests are beside it."""
    record = checked(at, pipeline(at, "chance"), ("local",), repeat=3)

    assert (record.verdict, record.passed, record.first_diverging_step) == ("NONDETERMINISTIC", False, "only")
    assert record.headline.startswith("local differs from itself in rerun 1 at step only: only/page.txt: ")
    assert record.triage is not None
    assert (record.triage.unstable, record.triage.runs) == (("local",), 1)
    # Its first session lies there as it came, and can be told from one that was damaged since.
    session = open_session(at.session_root / record.targets[0].session_directory)
    assert damages(session) == ()

    session.artifacts["only/page.txt"].absolute.write_text("by another")
    (said,) = damages(session)
    assert said.startswith("local: only/page.txt had ")

    journal = session.directory / ".host" / "journal.os1"
    journal.write_bytes(journal.read_bytes().replace(b"run_start", b"run_stark"))
    (said,) = damages(session)
    assert said.startswith("local: records: the journal is damaged")
