"""Many sandboxes of one process at once, and sandboxes that outlive their run."""

from __future__ import annotations

import itertools
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from e2b import E2B

from osiris_core.backends.limits import Limits
from osiris_core.check import Checker, CheckOptions, load
from osiris_core.cli import main

if TYPE_CHECKING:
    from collections.abc import Iterator

    from e2b import SandboxInfo

    from osiris_core.backends.protocol import Cancellation

    from conftest import Project

MANIFEST = """
osiris: "1"
pipeline: {id: one}
code: [code]
steps:
  - {id: act, driver: python.callable, config: {function: "act:act"}}
"""


@pytest.fixture
def one(project: Project) -> Project:
    """A pipeline of one step, which does nothing."""
    project.write("code/act.py", "def act(inputs, ctx):\n    (ctx.output_dir / 'done.txt').write_text('done')\n")
    project.write("one.osiris.yaml", MANIFEST)
    return project


def client(project: Project):
    """Return the SDK, bound to the server of these tests."""
    return E2B(api_key=project.server.api_key, api_url=project.server.url, sandbox_url=project.server.url).Sandbox


def sandboxes(project: Project) -> list[SandboxInfo]:
    """Return the sandboxes of these tests' runs; others keep a warm one on the same server."""
    return [each for each in client(project).list().next_items() if "osiris_warm" not in each.metadata]


def descriptors() -> int:
    """Return how many descriptors are open, but for connections: the SDK keeps idle ones for a while, for all of a process."""
    open_ones = [str(each.readlink()) for each in list(Path("/proc/self/fd").iterdir()) if each.is_symlink()]
    return len([each for each in open_ones if not each.startswith("socket:")])


def test_eight_sandboxes_of_one_process_at_once_leave_nothing(one: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Eight checks on eight threads: eight sandboxes, of which four live at once; then no thread and no descriptor more."""
    may_live, turns, four = Limits.sandbox, itertools.count(), threading.Barrier(4)

    @contextmanager
    def together(self: Limits, cancellation: Cancellation) -> Iterator[None]:
        with may_live(self, cancellation):
            if 0 < next(turns) <= four.parties:  # the first alone, before what is counted
                four.wait(100)
            yield

    monkeypatch.setattr(Limits, "sandbox", together)
    options = CheckOptions(project_root=one.root, session_root=one.session_root, max_sandboxes=4)
    manifest = load(one.root / "one.osiris.yaml", project_root=one.root)
    with Checker(options, server=one.server) as checker:
        checker.check(manifest, ["e2b"])
    assert sandboxes(one) == []  # the SDK keeps a connection
    before = {each.name for each in threading.enumerate()}, descriptors()

    with Checker(options, server=one.server) as checker, ThreadPoolExecutor(8) as pool:
        records = list(pool.map(lambda _: checker.check(manifest, ["e2b"]), range(8)))

    assert [record.passed for record in records] == [True] * 8
    assert len({record.targets[0].sandbox_id for record in records}) == 8
    assert len({record.session_id for record in records}) == 8
    slots = list((one.session_root / ".osiris" / "limits").glob("slot-*"))
    assert len(slots) == 4
    assert sandboxes(one) == []
    assert {each.name for each in threading.enumerate()} <= before[0]
    assert descriptors() <= before[1]


def test_a_failed_runs_sandbox_is_kept_and_can_be_looked_into(
    one: Project, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """`on-failure` keeps it, says until when and how to reach it, never the key; a run that passes keeps nothing."""
    told: list[str] = []
    options = CheckOptions(project_root=one.root, session_root=one.session_root, keep_sandbox="on-failure")
    with Checker(options, server=one.server, report=told.append) as checker:
        good = checker.check(load(one.root / "one.osiris.yaml", project_root=one.root), ["e2b"])
        assert (good.passed, told, sandboxes(one)) == (True, [], [])
        one.write("code/act.py", "def act(inputs, ctx):\n    raise ValueError('broken')\n")
        record = checker.check(load(one.root / "one.osiris.yaml", project_root=one.root), ["e2b"])

    [kept] = sandboxes(one)
    assert kept.sandbox_id == record.targets[0].sandbox_id
    assert (kept.end_at - kept.started_at).total_seconds() > 1700
    assert f"sandbox {kept.sandbox_id} of session {record.session_id} is kept until" in told[0]
    [command] = [line.partition("osiris-parity ")[2].split() for line in told if "look into it" in line]
    assert one.server.api_key not in "".join(told)
    monkeypatch.setenv("E2B_API_KEY", one.server.api_key)
    assert main(command) == 0
    assert "spool" in capfd.readouterr().out

    assert main(["exec", f"--e2b={one.server.url}", "--kill", kept.sandbox_id]) == 0
    for gone in (["--kill", kept.sandbox_id], [kept.sandbox_id, "true"]):
        assert main(["exec", f"--e2b={one.server.url}", *gone]) == 3
        assert f"sandbox {kept.sandbox_id} is not there any more" in capfd.readouterr().err
    assert sandboxes(one) == []
