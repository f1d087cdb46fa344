"""What dead hosts leave behind is found and removed; what is somebody's is left alone."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from e2b import E2B

from osiris_core.backends.leftovers import collect_scratch
from osiris_core.backends.owned import OWNER, SESSION, metadata_of
from osiris_core.check import Checker, CheckOptions, load
from osiris_core.cli import main
from osiris_core.session.owner import Owner
from osiris_core.session.writer import SessionWriter
from tests.session.tape import open_writer

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Project


@pytest.fixture
def dead_owner() -> Owner:
    """A process of this machine that is gone."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        return Owner.of_process(process.pid)


def test_only_what_nobody_owns_is_ended(
    project: Project, dead_owner: Owner, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A dead host's sandbox goes; that of a living host, of another machine and of another program stay."""
    monkeypatch.setenv("E2B_API_KEY", project.server.api_key)
    sandboxes = E2B(api_key=project.server.api_key, api_url=project.server.url, sandbox_url=project.server.url).Sandbox
    mine = metadata_of("20260101T000000Z-00000001", "e2b")
    elsewhere = replace(dead_owner, machine="other/12345678/1").to_text()
    made = {
        name: sandboxes.create(metadata=metadata).sandbox_id
        for name, metadata in {
            "mine": mine,
            "dead": mine | {OWNER: dead_owner.to_text(), SESSION: "20260101T000000Z-00000002"},
            "elsewhere": mine | {OWNER: elsewhere, SESSION: "20260101T000000Z-00000003"},
            "foreign": {"purpose": "another program's"},
        }.items()
    }

    def alive() -> set[str]:
        ids = {each.sandbox_id for each in sandboxes.list().next_items()}
        return {name for name, sandbox in made.items() if sandbox in ids}

    def collect(*options: str) -> list[list[str]]:
        assert main(["gc", f"--e2b={project.server.url}", "--root", str(project.session_root), *options]) == 0
        return sorted(line.split(maxsplit=4) for line in capsys.readouterr().out.splitlines() if "sandbox" in line)

    try:
        assert {line[0] for line in collect("--dry-run")} == {"found"}
        assert alive() == {"mine", "dead", "elsewhere", "foreign"}

        told = collect()
        assert alive() == {"mine", "elsewhere", "foreign"}
        assert [line for line in told if line[0] == "removed"] == [
            ["removed", "sandbox", made["dead"], "20260101T000000Z-00000002", "its owner is dead"]
        ]

        collect("--all")
        assert alive() == {"mine", "foreign"}
    finally:
        for sandbox in made.values():
            sandboxes.kill(sandbox)


def killed(root: Path, owner: Owner) -> SessionWriter:
    """Return a session as a killed host leaves it: not closed, not locked, its scratch there."""
    writer = open_writer(root)
    (writer.host_directory / "run" / "spool").mkdir(parents=True)
    replace(writer.handle, owner=owner).write(writer.host_directory)
    writer.release()
    return writer


def test_scratch_of_a_dead_host_goes_and_its_records_stay(tmp_path: Path, dead_owner: Owner) -> None:
    writer = killed(tmp_path, dead_owner)
    name = (writer.host_directory / "run").relative_to(tmp_path).as_posix()

    assert [(each.name, each.gone) for each in collect_scratch(tmp_path, dry_run=True)] == [(name, False)]
    assert [(each.name, each.gone) for each in collect_scratch(tmp_path)] == [(name, True)]

    assert sorted(path.name for path in writer.host_directory.iterdir()) == [
        "handle.json",
        "journal.os1",
        "lock",
        "request.json",
    ]


def test_scratch_of_whoever_is_at_work_stays(tmp_path: Path, dead_owner: Owner) -> None:
    """A living host, and whoever resumes the session of a dead one."""
    writer = killed(tmp_path, Owner.this_process())
    assert collect_scratch(tmp_path) == []

    resuming = SessionWriter.reopen(writer.directory)
    replace(resuming.handle, owner=dead_owner).write(writer.host_directory)
    assert collect_scratch(tmp_path) == []
    resuming.release()
    assert len(collect_scratch(tmp_path)) == 1


def test_the_next_start_takes_care_of_it(project: Project, dead_owner: Owner) -> None:
    writer = killed(project.session_root, dead_owner)
    project.write("code/act.py", "def act(inputs, ctx):\n    pass\n")
    step = '{id: act, driver: python.callable, config: {function: "act:act"}}'
    project.write("one.osiris.yaml", f'osiris: "1"\npipeline: {{id: one}}\ncode: [code]\nsteps: [{step}]\n')

    with Checker(CheckOptions(project_root=project.root, session_root=project.session_root)) as checker:
        assert checker.check(load(project.root / "one.osiris.yaml", project_root=project.root), ["local"]).passed

    assert not (writer.host_directory / "run").exists()
