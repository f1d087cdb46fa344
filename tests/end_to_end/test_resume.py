"""A host that died by `kill -9` or stood still, and a server that outlived it: the session is finished, once, and nothing is left."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from e2b import E2B, SandboxQuery

from osiris_core.backends.protocol import Cancellation, Patience
from osiris_core.cli import main
from osiris_core.errors import SessionError
from osiris_core.resumed import resume
from osiris_core.session.reader import open_session
from osiris_core.session.writer import SessionWriter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from e2b import Sandbox

    from conftest import Project

MANIFEST = """
osiris: "1"
pipeline: {id: steps}
code: [code]
steps:
  - {id: act, driver: python.callable, config: {function: "act:act"}}
"""
ACT = """
def act(inputs, ctx):
    (ctx.output_dir / "first.txt").write_text("first\\n")
    ctx.log_event("waiting")
    for number in range(200):
        ctx.log_event("going on", number=number)
    (ctx.output_dir / "second.txt").write_text("second\\n")
"""


@pytest.fixture(scope="module")
def hosts() -> Iterator[subprocess.Popen[str]]:
    """The process that forks hosts."""
    script = Path(__file__).with_name("dying_host.py")
    with subprocess.Popen(
        [sys.executable, script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield process
        process.stdin.close()


@pytest.fixture
def tell(project: Project, hosts: subprocess.Popen[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """A function that starts a host with a point, or lets it go on, and returns what is said of it."""
    project.write("code/act.py", ACT)
    project.write("steps.osiris.yaml", MANIFEST)
    monkeypatch.setenv("E2B_API_KEY", project.server.api_key)

    def start(point: str = "", *targets: str, **patience: float) -> str:
        order = {
            "point": point,
            "root": str(project.root),
            "sessions": str(project.session_root),
            "url": project.server.url,
            "api_key": project.server.api_key,
            "targets": targets or ["e2b"],
            "patience": patience,
        }
        hosts.stdin.write((json.dumps(order) if point else "") + "\n")
        hosts.stdin.flush()
        return hosts.stdout.readline().strip()

    return start


@pytest.fixture
def dead(project: Project, tell: Callable[..., str]) -> Callable[..., str]:
    """A function that has a host die at a point, and returns the session's id."""

    def die(point: str, *targets: str) -> str:
        assert tell(point, *targets) == "9", "the host was to be killed"
        session = the_session(project)
        assert not (session / "e2b" / "session.json").exists()
        return session.name

    return die


def the_session(project: Project) -> Path:
    """Return the directory of the only session."""
    [session] = (project.session_root / ".osiris" / "runs").iterdir()
    return session


def client(project: Project) -> type[Sandbox]:
    """Return the SDK's sandboxes, bound to the server."""
    address = {"api_url": project.server.url, "sandbox_url": project.server.url}
    return E2B(api_key=project.server.api_key, **address).Sandbox


def sandboxes(project: Project, session: str) -> list[str]:
    """Return the living sandboxes of a session."""
    query = SandboxQuery(metadata={"osiris_session": session})
    return [each.sandbox_id for each in client(project).list(query=query).next_items()]


def content(directory: Path) -> dict[str, bytes]:
    """Return every file below a directory."""
    return {str(path): path.read_bytes() for path in directory.rglob("*") if path.is_file()}


@pytest.mark.parametrize("point", ["in a step", "after the terminal record", "in transfer", "before the close"])
def test_a_run_that_went_on_is_finished(project: Project, dead: Callable, point: str, capsys) -> None:
    """Every record and every artifact is in the session, the sandbox is gone, and a second time changes nothing."""
    session = dead(point)
    assert len(sandboxes(project, session)) == (point != "before the close")  # where it has ended, all has come

    code = main(["resume", session, "--root", str(project.session_root)])

    told = capsys.readouterr()
    assert code == 0, told.err
    directory = project.session_root / ".osiris" / "runs" / session / "e2b"
    assert told.out.splitlines()[0] == f"e2b: succeeded (resumed) .osiris/runs/{session}/e2b"
    done = open_session(directory)
    assert [event["number"] for event in done.events if event["event"] == "going on"] == list(range(200))
    assert (directory / "artifacts/act/first.txt").read_text() == "first\n"
    assert (directory / "artifacts/act/second.txt").read_text() == "second\n"
    assert sandboxes(project, session) == []

    before = content(directory)
    assert main(["resume", session, "--root", str(project.session_root)]) == 0
    assert content(directory) == before
    assert "finished already, nothing was changed" in capsys.readouterr().out


@pytest.mark.parametrize("point", ["made, not noted", "before the start"])
def test_a_run_that_never_began_is_lost_and_leaves_no_sandbox(
    project: Project, dead: Callable, point: str, capsys
) -> None:
    """A sandbox whose name was never written down is found by what it says of itself; no step is begun now."""
    session = dead(point)
    assert len(sandboxes(project, session)) == 1

    code = main(["resume", session, "--root", str(project.session_root)])

    directory = project.session_root / ".osiris" / "runs" / session / "e2b"
    done = open_session(directory)
    assert (code, done.outcome) == (3, "lost"), capsys.readouterr()
    assert "no record came" in done.error["message"]
    assert sandboxes(project, session) == []


def test_the_targets_are_compared_where_both_came_to_their_end(project: Project, dead: Callable, capsys) -> None:
    session = dead("before the close", "local", "e2b")

    code = main(["resume", session, "--root", str(project.session_root)])

    told = capsys.readouterr()
    assert (code, told.out.splitlines()[-1]) == (0, "IDENTICAL steps.osiris.yaml"), told


def test_a_session_whose_sandbox_is_gone_is_lost_with_its_last_record(project: Project, dead: Callable, capsys) -> None:
    session = dead("in a step")
    for sandbox in sandboxes(project, session):
        client(project).kill(sandbox)

    code = main(["resume", session, "--root", str(project.session_root)])

    done = open_session(project.session_root / ".osiris" / "runs" / session / "e2b")
    assert (code, done.outcome) == (3, "lost"), capsys.readouterr()
    assert "the last verified record is" in done.error["message"]
    assert "is gone" in done.error["message"]


def test_a_disk_that_is_still_full_does_not_cost_the_run(
    project: Project, dead: Callable, capsys, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever resumes too early may do it again: the sandbox waits, the session stays open, and the exit code says so."""
    session = dead("in a step")
    write, refused = os.write, []

    def full(descriptor: int, data: bytes) -> int:
        if not refused and str(Path(f"/proc/self/fd/{descriptor}").readlink()).endswith("e2b/.host/journal.os1"):
            refused.append(len(data))
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(descriptor, data)

    with monkeypatch.context() as patched:
        patched.setattr("osiris_core.session.journal.os.write", full)
        code = main(["resume", session, "--root", str(project.session_root)])

    told = capsys.readouterr()
    assert (code, bool(refused)) == (3, True), told
    assert f"osiris-parity resume {session}" in told.err
    assert len(sandboxes(project, session)) == 1

    assert main(["resume", session, "--root", str(project.session_root)]) == 0
    done = open_session(project.session_root / ".osiris" / "runs" / session / "e2b")
    assert [event["number"] for event in done.events if event["event"] == "going on"] == list(range(200))


def test_a_session_with_a_living_owner_is_refused_with_its_pid(project: Project, dead: Callable) -> None:
    """Two hosts never finish one session: the second is told who is at it, and touches nothing."""
    session = dead("in a step")
    writer = SessionWriter.reopen(project.session_root / ".osiris" / "runs" / session / "e2b")
    try:
        with pytest.raises(SessionError, match=r"another owner \(pid \d+\)"):
            resume(project.session_root, session, provider=None, patience=Patience(), cancellation=Cancellation())
        assert len(sandboxes(project, session)) == 1
    finally:
        writer.release()
    assert main(["resume", session, "--root", str(project.session_root)]) == 0


@pytest.mark.parametrize(("key", "code"), [("", 2), ("another", 3)])
def test_a_session_that_cannot_be_taken_up_now_waits_for_another_try(
    project: Project, dead: Callable, key: str, code: int, capsys
) -> None:
    """Without a key, or with a wrong one, nothing was learned of its sandbox: neither of them is touched."""
    session = dead("in a step")
    with pytest.MonkeyPatch.context() as changed:
        changed.setenv("E2B_API_KEY", key)
        assert main(["resume", session, "--root", str(project.session_root)]) == code
    assert ("E2B_API_KEY is not set" if code == 2 else "left as it is") in capsys.readouterr().err
    assert not (the_session(project) / "e2b" / "session.json").exists()
    assert len(sandboxes(project, session)) == 1

    assert main(["resume", session, "--root", str(project.session_root)]) == 0, capsys.readouterr()


def test_a_host_that_stood_still_goes_on_where_it_was(project: Project, tell: Callable) -> None:
    """The worker has ended meanwhile, and every timer is late at once: nothing is lost, nothing comes twice."""
    assert tell("still in a step", heartbeat_s=0.05, stall_s=0.3) == "still"
    [sandbox] = sandboxes(project, the_session(project).name)
    looked_at = client(project).connect(sandbox)
    while looked_at.commands.list():
        time.sleep(0.05)

    assert tell() == "0"

    done = open_session(the_session(project) / "e2b")
    assert done.outcome == "succeeded", done.error
    assert [event["number"] for event in done.events if event["event"] == "going on"] == list(range(200))
    assert (done.directory / "artifacts/act/second.txt").read_text() == "second\n"
    assert sandboxes(project, done.session_id) == []


def test_a_host_that_stood_still_for_longer_than_the_lease_has_lost_its_run(project: Project, tell: Callable) -> None:
    """As many minutes as it takes: the sandbox is gone when it goes on, and the session says so."""
    waits = '    ctx.log_event("waiting")\n'
    project.write("code/act.py", "import signal\n" + ACT.replace(waits, f"{waits}    signal.pause()\n"))
    assert tell("still in a step") == "still"
    [sandbox] = sandboxes(project, the_session(project).name)
    client(project).kill(sandbox)

    assert tell() == "0"

    done = open_session(the_session(project) / "e2b")
    assert done.outcome == "lost"
    assert "the last verified record is" in done.error["message"]


def test_no_such_session(tmp_path: Path, capsys) -> None:
    assert main(["resume", "20260101T000000Z-00000000", "--root", str(tmp_path)]) == 3
    assert "there is no session" in capsys.readouterr().err
