"""What a local run finds with one factor as the sandbox has it: that factor, and nothing else, is otherwise."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from osiris_core.check import load
from osiris_core.preparation import prepare
from osiris_core.triage.imitation import Original, host_zone, imitate
from osiris_core.triage.original import working_bubblewrap
from tests.parity.sessions import healthy

if TYPE_CHECKING:
    from pathlib import Path

    from osiris_core.backends.bundle import Bundle

SEEN = """
import json, os, pathlib, pwd, socket, sys, time
def names(path):
    return sorted(os.listdir(path)) if os.path.isdir(path) else None
net = sorted(name for _, name in socket.if_nameindex())
try:
    user = pwd.getpwuid(os.getuid()).pw_name
except KeyError:
    user = None
print(json.dumps({
    "zone": time.strftime("%z", time.localtime(0)), "cpus": os.cpu_count(), "affinity": len(os.sched_getaffinity(0)),
    "home": str(pathlib.Path.home()), "at home": names(pathlib.Path.home()), "cwd": os.getcwd(), "uid": os.getuid(), "user": user,
    "host": socket.gethostname(), "loopback only": net == ["lo"], "inputs": names("../data"), "sys.prefix": sys.prefix,
    "open files": __import__("resource").getrlimit(7)[0], "variables": dict(os.environ), "project": names(sys.argv[1]),
    "capabilities": [line for line in open("/proc/self/status") if line.startswith("CapEff")],
    "elsewhere": os.path.exists(sys.argv[2]), "old home": os.path.exists(sys.argv[4]), "run": os.path.isdir(sys.argv[3]),
}))
"""
HOME = f"/home/osiris-{os.getpid()}"
"""The sandbox's home: a place that this machine does not have."""
MANIFEST = """
osiris: "1"
pipeline: {id: it}
inputs: [../data/declared.csv]
steps:
  - {id: read, driver: filesystem.csv_extractor, config: {path: ../data/declared.csv}}
"""


@pytest.fixture(scope="session")
def bundle() -> Bundle:
    """What is run in a target."""
    from osiris_core.backends.bundle import build_bundle

    return build_bundle()


@pytest.fixture
def original(tmp_path: Path, bubblewrap: None, bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> Original:
    """A check of a project with a declared and an undeclared input, on a host that is in New York."""
    project = tmp_path / "project"
    for name in ("data/declared.csv", "data/undeclared.csv", "pipelines/it.osiris.yaml", "pyproject.toml"):
        path = project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(MANIFEST if name.endswith("yaml") else "", encoding="utf-8")
    home = tmp_path / "home"
    (home / ".cache").mkdir(parents=True)
    (tmp_path / "elsewhere.csv").touch()
    for name, value in {"HOME": str(home), "TZ": "America/New_York", "LC_ALL": "de_DE.UTF-8", "REGION": "n"}.items():
        monkeypatch.setenv(name, value)
    manifest = load(project / "pipelines" / "it.osiris.yaml", project_root=project)
    job = prepare(manifest, session_id="s", logical_now="2026-01-01T00:00:00.000000Z", bundle=bundle)
    local, remote = healthy("local"), healthy("e2b")
    remote.hello["roots"] = {
        "project": f"{HOME}/work",
        "work": f"{HOME}/work/pipelines",
        "home": HOME,
        "output": f"{HOME}/.osiris/run/outbox",
        "prefix": "/opt/osiris",
    }
    remote.hello["environment"] = {
        "timezone": "Etc/UTC",
        "locale": "C.UTF-8",
        "cpus": 1,
        "affinity_cpus": 1,
        "user": "user",
        "uid": 1000,
        "hostname": "e2b.local",
        "limits": {"open_files": 333},
        "variables": ["LANG", "HOME", "USER", "E2B_SANDBOX"],
    }
    sessions = local.build(tmp_path / "sessions"), remote.build(tmp_path / "sessions")
    return Original(
        job=job,
        local=sessions[0],
        remote=sessions[1],
        bwrap=working_bubblewrap(),
        farm=None,
        known_variables={"E2B_SANDBOX": "true"},
        scratch=tmp_path / "scratch",
    )


def seen(original: Original, *factors: str) -> dict[str, Any]:
    """Return what a program sees that is started as the worker would be."""
    imitation = imitate(original, factors)
    imitation.run_directory.mkdir(parents=True, exist_ok=True)
    manifest = original.job.manifest
    arguments = [
        imitation.placement.get("project_dir", manifest.project_root),
        manifest.project_root.parent / "elsewhere.csv",
    ]
    done = subprocess.run(
        [
            *imitation.prefix,
            imitation.python,
            "-I",
            "-S",
            "-c",
            SEEN,
            *arguments,
            imitation.told_directory,
            os.environ["HOME"],
        ],
        env=dict(imitation.environment),
        cwd=manifest.directory,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    facts: dict[str, Any] = json.loads(done.stdout)
    return facts


CHANGES: dict[str, dict[str, Any]] = {
    "time zone": {"zone": "+0000", "TZ": None if host_zone() == "Etc/UTC" else "Etc/UTC"},
    "locale": {"LANG": "C.UTF-8", "LC_ALL": None},
    "CPU count": {"cpus": 1, "affinity": 1},
    "HOME": {"home": HOME, "at home": [], "HOME": HOME},
    "working directory": {"cwd": f"{HOME}/work/pipelines", "PWD": f"{HOME}/work/pipelines"},
    "output directory": {},
    "user": {
        "capabilities": ["CapEff:\t0000000000000000\n"],
        "uid": 1000,
        "user": "user",
        "USER": "user",
        "LOGNAME": None,
    },
    "host name": {"host": "e2b.local"},
    "network": {"loopback only": True},
    "limits": {"open files": 333},
    "files": {"inputs": ["declared.csv"], "project": ["data", "pipelines"], "elsewhere": False},
    "variable REGION": {"REGION": None},
    "variable E2B_SANDBOX": {"E2B_SANDBOX": "true"},
}
"""What each factor changes of what a program sees; None for a variable that is not there."""
OF_A_SHELL = {"PWD", "OLDPWD", "SHLVL", "_"}


def flat(facts: dict[str, Any]) -> dict[str, Any]:
    """Return facts and variables side by side."""
    variables = {name: value for name, value in facts["variables"].items() if name not in OF_A_SHELL}
    return {**{name: value for name, value in facts.items() if name != "variables"}, **variables}


@pytest.mark.parametrize("factor", sorted(CHANGES))
def test_one_factor_changes_itself_and_nothing_else(original: Original, factor: str) -> None:
    """With it a program sees what it sees in the sandbox; all the rest is the host's."""
    before, after = flat(seen(original)), flat(seen(original, factor))

    changed = {name: after.get(name) for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    expected = {name: value for name, value in CHANGES[factor].items() if name not in OF_A_SHELL}
    assert changed == {name: value for name, value in expected.items() if before.get(name) != value}
    assert after["run"]


def test_all_factors_at_once(original: Original) -> None:
    """They do not get into each other's way."""
    facts = seen(original, *CHANGES)

    for name, value in [pair for changes in CHANGES.values() for pair in changes.items()]:
        expected = [".osiris", "work"] if name == "at home" else value
        assert facts["variables"].get(name, facts.get(name)) == expected, name
    assert facts["project"] == ["data", "pipelines"]
    assert not facts["old home"]


def test_nothing_is_made_on_the_hosts_disk(original: Original) -> None:
    """The sandbox's paths are places in the namespace only."""
    seen(original, *CHANGES)

    assert not os.path.lexists(HOME)


def test_the_interpreter_is_the_hosts_own(original: Original) -> None:
    """Without the factor `distributions` a run has what the host has installed."""
    assert imitate(original, ["files"]).python == sys.executable
