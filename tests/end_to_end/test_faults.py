"""What goes wrong on the way is found, named, and never called a success."""

from __future__ import annotations

import itertools
import json
import subprocess
import threading
from typing import TYPE_CHECKING

import pytest
from e2b import E2B, SandboxQuery

from osiris_core.session.writer import SessionWriter
from tests.conftest import need

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Project

MANIFEST = """
osiris: "1"
pipeline: {id: steps}
inputs: [numbers.csv]
code: [code]
steps:
  - {id: read, driver: python.callable, config: {function: "ends:read"}}
  - {id: act, driver: python.callable, needs: [read], config: {function: "act:act"}}
  - {id: write, driver: python.callable, needs: [act], config: {function: "ends:write"}}
"""
ENDS = """
from pathlib import Path

def read(inputs, ctx):
    ctx.log_metric("lines", len(Path("numbers.csv").read_text().splitlines()))

def write(inputs, ctx):
    (ctx.output_dir / "done.txt").write_text("done")
"""
QUIET = "def act(inputs, ctx):\n    ctx.log_event('quiet')\n"


@pytest.fixture
def steps(project: Project) -> Project:
    """A pipeline of three steps whose middle one is Python code of the test's choosing."""
    project.write("numbers.csv", "n\n1\n2\n")
    project.write("code/ends.py", ENDS)
    project.write("code/act.py", QUIET)
    project.write("steps.osiris.yaml", MANIFEST)
    return project


def test_the_pipeline_is_identical_when_nothing_goes_wrong(steps: Project) -> None:
    """The control of this file: without a fault there is no finding."""
    record = steps.check("steps.osiris.yaml")

    assert record.verdict == "IDENTICAL", record.headline
    assert record.passed


@pytest.fixture
def lost(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[bytes]]:
    """Every second line of what workers print is lost, in whatever pieces it comes; these, by target."""
    feed = SessionWriter.feed
    lost: dict[str, list[bytes]] = {"local": [], "e2b": []}
    held: dict[str, bytes] = {}
    numbers = {target: itertools.count() for target in lost}

    def lossy(self: SessionWriter, data: bytes) -> None:
        target = self.directory.name
        *lines, held[target] = (held.get(target, b"") + data).split(b"\n")
        for line in lines:
            if next(numbers[target]) % 2:
                lost[target].append(line)
            else:
                feed(self, line + b"\n")

    monkeypatch.setattr(SessionWriter, "feed", lossy)
    return lost


def test_output_that_the_live_stream_lost_comes_from_the_spool(steps: Project, lost: dict[str, list[bytes]]) -> None:
    """Stdout is a hint: with every second record of it dropped, both journals are whole all the same."""
    record = steps.check("steps.osiris.yaml")

    assert all(lost.values())
    assert record.verdict == "IDENTICAL", record.headline


@pytest.mark.usefixtures("lost")
def test_a_lost_stream_that_nothing_fills_is_no_success(steps: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """The spool is what saves the run above: without it the sessions are lost, and nothing is claimed."""
    monkeypatch.setattr(SessionWriter, "fill", lambda self, spool, **_: None)
    monkeypatch.setattr(SessionWriter, "take_range", lambda self, data: None)
    record = steps.check("steps.osiris.yaml")

    assert (record.verdict, record.passed) == ("INCONCLUSIVE", False)
    assert [each.outcome for each in record.targets] == ["lost", "lost"]


def test_a_sandbox_killed_under_the_run_is_infra(steps: Project) -> None:
    """A sandbox that goes away in the middle is a fault of the target: no statement about the pipeline."""
    steps.write(
        "code/act.py",
        "import os, signal\n\ndef act(inputs, ctx):\n"
        "    if os.environ.get('E2B_SANDBOX'):\n"
        "        ctx.log_event('waiting')\n"
        "        signal.pause()\n",
    )

    def kill_when_it_waits() -> None:
        sandboxes = E2B(api_key=steps.server.api_key, api_url=steps.server.url, sandbox_url=steps.server.url).Sandbox
        runs = steps.session_root / ".osiris" / "runs"  # what lies deeper goes away while one looks
        while not any(b'"waiting"' in path.read_bytes() for path in runs.glob("*/e2b/.host/journal.os1")):
            pause.wait(0.01)
        [session] = [path.name for path in runs.iterdir()]
        [running] = sandboxes.list(query=SandboxQuery(metadata={"osiris_session": session})).next_items()
        sandboxes.kill(running.sandbox_id)

    pause = threading.Event()
    killer = threading.Thread(target=kill_when_it_waits)
    killer.start()
    record = steps.check("steps.osiris.yaml")
    killer.join()

    assert (record.verdict, record.passed, record.comparison) == ("INFRA", False, None)
    assert record.headline.startswith("e2b: ")
    assert [each.outcome for each in record.targets] == ["succeeded", "lost"]


def test_a_worker_killed_under_the_run_is_lost(steps: Project) -> None:
    """Without a terminal record nothing is claimed, whatever the exit code says."""
    steps.write(
        "code/act.py",
        "import os, signal\n\ndef act(inputs, ctx):\n"
        "    if os.environ.get('E2B_SANDBOX'):\n"
        "        os.kill(os.getppid(), signal.SIGKILL)\n"
        "        signal.pause()\n",
    )

    record = steps.check("steps.osiris.yaml")

    assert (record.verdict, record.passed) == ("INCONCLUSIVE", False)
    assert record.targets[1].outcome == "lost"


def test_a_driver_that_kills_itself_on_one_side_diverges_there(steps: Project) -> None:
    """A crash is an outcome of the pipeline: it is compared, and the step is named."""
    steps.write(
        "code/act.py",
        "import os, signal\n\ndef act(inputs, ctx):\n"
        "    if os.environ.get('E2B_SANDBOX'):\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n",
    )

    record = steps.check("steps.osiris.yaml")

    assert record.verdict == "DIVERGENT"
    assert record.first_diverging_step == "act"
    assert [each.outcome for each in record.targets] == ["succeeded", "crashed"]


def test_an_input_that_changes_under_the_run_makes_it_inconclusive(steps: Project) -> None:
    """A pipeline that rewrites its own input on the host is not compared as if nothing had happened."""
    steps.write(
        "code/act.py",
        "import os, pathlib, time\n\ndef act(inputs, ctx):\n"
        "    if not os.environ.get('E2B_SANDBOX'):\n"
        "        session = next(each.parent for each in ctx.output_dir.parents if each.name == 'local')\n"
        "        journal = session / 'e2b' / '.host' / 'journal.os1'\n"
        "        while not (journal.exists() and b'hello' in journal.read_bytes()):\n"  # it has the input as it was
        "            time.sleep(0.01)\n"
        "        pathlib.Path('numbers.csv').write_text('n\\n3\\n')\n",
    )

    record = steps.check("steps.osiris.yaml")

    assert record.verdict == "INCONCLUSIVE"
    assert not record.passed
    assert record.comparison is not None
    assert any("numbers.csv changed during the run" in problem for problem in record.comparison.problems)


def test_two_runs_that_fail_alike_are_not_green(steps: Project) -> None:
    """Equal failures are equal, and still a failure, unless the manifest expects them."""
    steps.write("code/act.py", "def act(inputs, ctx):\n    raise ValueError('broken')\n")

    record = steps.check("steps.osiris.yaml")

    assert record.verdict == "IDENTICAL"
    assert not record.passed
    assert record.expectation_failures
    steps.write(
        "steps.osiris.yaml",
        (steps.root / "steps.osiris.yaml").read_text() + "expect: {outcome: failed, failed_step: act}\n",
    )
    assert steps.check("steps.osiris.yaml").passed


def test_a_session_root_that_cannot_be_written_is_infra(steps: Project) -> None:
    """No place for the session directory is one sentence with the path."""
    steps.session_root.mkdir()
    (steps.session_root / ".osiris").write_text("a file where a directory should be\n")

    record = steps.check("steps.osiris.yaml")

    assert record.verdict == "INFRA"
    assert ".osiris" in record.headline


def test_a_full_disk_on_the_host_is_infra_and_said(steps: Project, tmp_path: Path) -> None:
    """When the host's disk is full the run is no success, and the sentence says so."""
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "small", small], check=False)
    need("the right to mount a small disk", mounted.returncode == 0)
    steps.write("code/act.py", "def act(inputs, ctx):\n    print('x' * 1_000_000)\n")
    try:
        full = type(steps)(root=steps.root, session_root=small, server=steps.server)
        record = full.check("steps.osiris.yaml")
    finally:
        subprocess.run(["umount", "--lazy", small], check=True)

    assert record.verdict == "INFRA"
    assert "space" in record.headline.lower()


def test_what_cannot_be_prepared_is_infra_on_every_target(steps: Project, tmp_path: Path) -> None:
    """Code that is a link out of the project is a sentence and no traceback."""
    (tmp_path / "elsewhere.py").write_text("")
    (steps.root / "code" / "away.py").symlink_to(tmp_path / "elsewhere.py")

    record = steps.check("steps.osiris.yaml")

    assert record.verdict == "INFRA"
    assert "code/away.py is a link that leaves the project" in record.headline
    assert [each.outcome for each in record.targets] == [None, None]


def test_a_cache_that_cannot_be_written_is_infra(
    steps: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No place for the bundle is one sentence with the path."""
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("OSIRIS_CACHE_DIR", str(tmp_path / "file" / "cache"))

    record = steps.check("steps.osiris.yaml")

    assert record.verdict == "INFRA"
    assert "file/cache" in record.headline


def test_both_sessions_are_one_session_in_two_directories(steps: Project) -> None:
    """Session id, seed, logical time and request are the same on both targets; the workers are two processes."""
    record = steps.check("steps.osiris.yaml")

    local, e2b = (
        json.loads((steps.session_root / run.session_directory / "session.json").read_text()) for run in record.targets
    )
    facts = [
        json.loads((steps.session_root / run.session_directory / "target.json").read_text()) for run in record.targets
    ]
    for key in ("session", "seed", "logical_now", "request_digest", "manifest_fingerprint", "artifact_root", "digest"):
        assert local[key] == e2b[key], key
    assert facts[0]["hello"]["nonce"] != facts[1]["hello"]["nonce"]
    assert facts[0]["hello"]["bundle_digest"] == facts[1]["hello"]["bundle_digest"]
    assert facts[0]["hello"]["pid_namespace"] != facts[1]["hello"]["pid_namespace"]


def test_a_driver_that_needs_too_much_memory_there_is_named_so(steps: Project) -> None:
    """The sandbox ends the executor, not its supervisor, which says what was allowed and how that is known."""
    manifest = steps.root / "steps.osiris.yaml"
    steps.write(
        "steps.osiris.yaml", manifest.read_text().replace("code: [code]", "code: [code]\nresources: {memory_mb: 256}")
    )
    steps.write(
        "code/act.py",
        "import os, signal\n\ndef act(inputs, ctx):\n"
        "    if os.environ.get('E2B_SANDBOX'):\n"
        "        held = b'x' * (64 << 20)\n"
        "        more = b'x' * (300 << 20)\n"
        "        signal.pause()\n",
    )

    record = steps.check("steps.osiris.yaml")

    assert (record.verdict, record.first_diverging_step) == ("DIVERGENT", "act")
    assert [each.outcome for each in record.targets] == ["succeeded", "out_of_memory"]
    [session] = [json.loads(path.read_bytes()) for path in steps.session_root.glob("**/e2b/session.json")]
    data = session["error"]["data"]
    assert (data["step"], data["limit_bytes"]) == ("act", 256 << 20)
    # The driver held 64 MB before it asked for too much. How far it came then is chance: what is looked at in turns also
    # counts what processes share, once for each of them.
    assert 64 << 20 <= data["peak_bytes"] < 400 << 20
    assert data["evidence"] == "the kernel counts another process killed for lack of memory in this cgroup"
