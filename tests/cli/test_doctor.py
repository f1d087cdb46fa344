"""`osiris-parity doctor` finds what is wrong with a machine, and says what to do."""

from __future__ import annotations

import datetime as dt
import json
import os
import resource
import shutil
import socket
from importlib import metadata
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from osiris_core.cli import examining
from osiris_core.cli.examining import Patient, clock_offset, examine
from osiris_core.sandbox.launch import ServerProcess

if TYPE_CHECKING:
    from pathlib import Path

    from osiris_core.cli.examining import Finding

    from conftest import Project


@pytest.fixture(autouse=True)
def no_provider(monkeypatch: pytest.MonkeyPatch) -> None:
    """No provider is named by the environment."""
    for name in ("E2B_API_KEY", "E2B_API_URL"):
        monkeypatch.delenv(name, raising=False)


def only(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    """Have only these examinations made."""
    kept = tuple(each for each in examining.EXAMINATIONS if each[0] in names)
    assert len(kept) == len(names)
    monkeypatch.setattr(examining, "EXAMINATIONS", kept)


def found(tmp_path: Path, provider: str | None = None, isolation: str = "bubblewrap") -> list[Finding]:
    return list(examine(Patient(root=tmp_path, provider=provider, isolation=isolation)))


def test_a_machine_that_runs_these_tests_is_well(project: Project, bubblewrap: None) -> None:
    """Every examination, for real: a server was started and a sandbox ran `true`."""
    ended = project.run("doctor", "--json")

    findings = {each["name"]: each for each in json.loads(ended.out)}
    assert ended.code == 0, ended.out
    assert list(findings) == [
        "interpreter",
        "sdk",
        "bubblewrap",
        "server",
        "provider",
        "clock",
        "disk (sessions)",
        "disk (temporary)",
        "descriptors",
        "processors",
    ]
    assert "ran `true`" in findings["server"]["says"]
    assert findings["provider"]["state"] == "note"


def test_no_namespace(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """A target that cannot be started is exit code 3, and says what would do instead."""
    only(monkeypatch, "bubblewrap", "server")
    monkeypatch.setattr("osiris_core.sandbox.isolation.candidates", list)
    monkeypatch.setenv("PATH", "/nowhere")

    ended = project.run("doctor")

    assert ended.code == 3
    assert ended.out.startswith("unreachable  bubblewrap")
    assert "--isolation=plain" in ended.out.splitlines()[0]


def test_another_sdk(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch, "sdk")
    monkeypatch.setattr(metadata, "version", lambda _: "9.9.9")

    ended = project.run("doctor")

    assert ended.code == 1
    assert "9.9.9" in ended.out
    assert "pip install" in ended.out


class Usage(NamedTuple):
    """As shutil returns it."""

    total: int
    used: int
    free: int


def test_no_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch, "disk")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(1 << 40, 1 << 40, 5 << 20))

    assert [(each.state, each.do) for each in found(tmp_path)] == [("bad", "make room")] * 2


def test_no_inodes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch, "disk")

    class Full:
        f_files, f_favail = 1_000_000, 12

    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(1 << 40, 0, 1 << 40))
    monkeypatch.setattr(os, "statvfs", lambda _: Full)

    assert "only 12 more files" in found(tmp_path)[0].says


def test_few_descriptors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch, "descriptors")
    monkeypatch.setattr(resource, "getrlimit", lambda _: (256, 4096))

    [finding] = found(tmp_path)

    assert (finding.state, finding.do) == ("bad", "ulimit -n 1024")


def test_no_xdist_is_only_noted(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch, "processors")

    def missing(name: str) -> Any:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", missing)

    ended = project.run("doctor")

    assert (ended.code, "pip install pytest-xdist" in ended.out) == (0, True)


def test_a_provider_that_is_there_and_one_that_is_not(
    tmp_path: Path, bubblewrap: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reachable and authorized, reachable and refused, not reachable."""
    only(monkeypatch, "provider")
    with ServerProcess.start() as server:
        monkeypatch.setenv("E2B_API_KEY", server.address.api_key)
        good, *_ = found(tmp_path, server.address.url)
        monkeypatch.setenv("E2B_API_KEY", "e2b_" + "0" * 40)
        refused, *_ = found(tmp_path, server.address.url)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        free = listener.getsockname()[1]
    gone, *_ = found(tmp_path, f"http://127.0.0.1:{free}")

    assert [each.state for each in (good, refused, gone)] == ["good", "unreachable", "unreachable"]
    assert "refuses the key" in refused.says
    assert "cannot be reached" in gone.says


@pytest.mark.parametrize(
    ("date", "state"),
    [
        ("Sat, 28 Nov 2026 12:00:10 GMT", "good"),
        ("Sat, 28 Nov 2026 11:00:00 GMT", "bad"),
        ("yesterday", "note"),
        (None, "note"),
    ],
)
def test_the_offset_of_the_clock(date: str | None, state: str) -> None:
    assert clock_offset(date, dt.datetime(2026, 11, 28, 12, tzinfo=dt.UTC)).state == state
