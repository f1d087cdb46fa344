"""The server may be another user's, with another file system: backend and server share no path but the closure."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from osiris_core.backends.cache import cache_directory
from osiris_core.check import Checker, CheckOptions, load
from osiris_core.sandbox.launch import ServerAddress
from tests.conftest import need

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import Project

NOBODY = 65534
MANIFEST = """
osiris: "1"
pipeline: {id: shared-nothing}
inputs: [numbers.csv]
steps:
  - {id: read, driver: filesystem.csv_extractor, config: {path: numbers.csv}}
  - {id: write, driver: filesystem.csv_writer, needs: [read], config: {path: copy.csv}}
"""


def first_closed_door(path: Path) -> Path | None:
    """Return the topmost directory above `path` that other users may not enter, or None."""
    doors = [each for each in reversed(path.parents) if not each.stat().st_mode & 0o001]
    return doors[0] if doors else None


def shell_that_hides(project: Path, shown: set[Path]) -> str:
    """Return a script that starts the server as another user, on a file system without the project.

    What lies behind a closed door (an interpreter below root's home) is shown again without the house around it.
    """
    lines = [f"mount -t tmpfs hidden {project}", "mount -t tmpfs aside /mnt"]
    behind = [(path, door) for path in sorted(shown) if (door := first_closed_door(path)) is not None]
    for index, (path, _) in enumerate(behind):
        lines.append(f"mkdir /mnt/{index} && mount --bind {path} /mnt/{index}")
    lines += [f"mount -t tmpfs -o mode=755 open {door}" for door in sorted({door for _, door in behind})]
    for index, (path, _) in enumerate(behind):
        lines.append(f"mkdir -p {path} && mount --bind /mnt/{index} {path}")
    lines.append("mkdir -p /run/other && mount -t tmpfs -o mode=1777 other /run/other")
    start = f"setpriv --reuid {NOBODY} --regid {NOBODY} --clear-groups env HOME=/ TMPDIR=/run/other"
    return "\n".join(["set -e", *lines, f"exec {start} {sys.executable} -m osiris_core.sandbox"])


@pytest.fixture
def strangers_server(project: Project, repository: Path) -> Iterator[ServerAddress]:
    """A server of user `nobody` that cannot see the project directory."""
    need("root, unshare and setpriv", os.geteuid() == 0 and shutil.which("unshare") and shutil.which("setpriv"))
    shown = {Path(each).resolve() for each in (sys.prefix, sys.base_prefix, repository, cache_directory())}
    process = subprocess.Popen(
        ["unshare", "--mount", "sh", "-c", shell_that_hides(project.root, shown)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd="/",
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(repository)},
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        assert line, "the server did not start"
        said = json.loads(line)
        assert Path(f"/proc/{said['pid']}").stat().st_uid == NOBODY
        yield ServerAddress(**said)
    finally:
        process.stdin.close()
        process.wait()
        process.stdout.close()


def test_backend_and_server_share_no_path(project: Project, strangers_server: ServerAddress) -> None:
    """A run through another user's server, which cannot read the project, is identical all the same."""
    project.write("numbers.csv", "n\n1\n2\n")
    path = project.write("copy.osiris.yaml", MANIFEST)
    options = CheckOptions(project_root=project.root, session_root=project.session_root)

    with Checker(options, server=strangers_server) as checker:
        record = checker.check(load(path, project_root=project.root), ["local", "e2b"])

    assert record.verdict == "IDENTICAL", record.headline
    assert record.targets[1].environment["user"] == "user"


def test_a_closure_the_server_cannot_read_is_infra(
    project: Project, strangers_server: ServerAddress, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A farm below a directory that the server's user may not enter is refused with a sentence."""
    path = project.write(
        "one.osiris.yaml",
        'osiris: "1"\npipeline: {id: one}\n'
        'steps: [{id: one, driver: duckdb.processor, config: {query: "select 1 as n"}}]\n',
    )
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    monkeypatch.setenv("OSIRIS_CACHE_DIR", str(private / "cache"))
    options = CheckOptions(project_root=project.root, session_root=project.session_root)

    with Checker(options, server=strangers_server) as checker:
        record = checker.check(load(path, project_root=project.root), ["local", "e2b"])

    assert record.verdict == "INFRA"
    assert "the sandbox server cannot show the closure" in record.headline
