"""`osiris-parity explain` prints the plan of a run, and starts nothing for it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Project

TEXT = """\
osiris: "1"
pipeline: {id: flights, version: "2", description: "What left,\\n and when."}
inputs: [data/a.csv]
code: [code]
env: {TZ: UTC, PATH: , REGION_OF_NOBODY: }
secrets: [TOKEN_OF_NOBODY]
params: {carrier: AA, limit: 10}
resources: {memory_mb: 1024}
network: full
timeout_s: 60
on_failure: continue
steps:
  - {id: write, driver: filesystem.csv_writer, needs: [pick], config: {path: "${params.carrier}.csv"}, retries: 2}
  - {id: read-all, driver: filesystem.csv_extractor, config: {path: data/a.csv}}
  - id: pick
    driver: python.callable
    needs: [read-all]
    config: {function: "steps:write", kwargs: {token: "${secret:TOKEN_OF_NOBODY}", limit: "${params.limit}"}}
    timeout_s: 5
expect:
  rows: {read-all: {min: 1}}
  metrics: {read-all: {rows_read: 1}}
  artifacts: {write/AA.csv: {lines: 2, contains: x}, write/old.csv: {absent: true}}
pytest: {parametrize: {limit: [1, 2]}}
"""

PLAN = """\
flights.osiris.yaml: flights 2
  What left, and when.
  fingerprint *

parameters
  carrier = "AA" (default)
  limit = 5

steps, in this order
  1. read-all: filesystem.csv_extractor
       path: "data/a.csv"
  2. pick: python.callable
       receives df_read_all of read-all as pyarrow.Table
       function: "steps:write"
       kwargs: {"token": "${secret:TOKEN_OF_NOBODY}", "limit": 5}
       at most 5 s an attempt
  3. write: filesystem.csv_writer
       receives df_pick of pick as pyarrow.Table
       path: "AA.csv"
       tried again up to 2 times, as long as it has had no effect

the run
  at most 60 s
  goes on behind a failed step with the steps that do not need it
  sandbox: 2 CPUs, 1024 MB memory, 1024 MB disk, everything can be reached

what a sandbox is sent
  data/a.csv (input, 4 B)
  code/steps.py (code, 5 B)
  together 2 files, 9 B
  on sys.path: code

variables
  PATH: the host's
  REGION_OF_NOBODY: the host's, which has none now
  TZ: a value of the manifest

secrets, told to the worker on its standard input
  TOKEN_OF_NOBODY

what a sandbox shows
  template osiris-py*
  in E2B's cloud and elsewhere osiris-py*
  2 distributions, from duckdb, pyarrow:
    duckdb *
    pyarrow *

expected, on each target
  outcome succeeded
  rows of read-all: at least 1
  metric rows_read of read-all: 1
  artifact write/AA.csv: lines 2, contains ["x"]
  no artifact write/old.csv

cases, in pytest
  1
  2

notes
"""


@pytest.fixture
def flights(project: Project) -> Project:
    """A project with one manifest that says a bit of everything."""
    (project.root / "flights.osiris.yaml").write_text(TEXT)
    (project.root / "data").mkdir()
    (project.root / "data" / "a.csv").write_text("a\n1\n")
    (project.root / "code" / "steps.py").write_text("pass\n")
    return project


def test_the_plan_is_told_in_order(flights: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Steps as they would run, with what each is given; values of the host's variables are never shown."""
    monkeypatch.setenv("TOKEN_OF_NOBODY", "s3cr3t-canary")

    ended = flights.run("explain", "flights.osiris.yaml", "--param=limit=5")

    assert ended.code == 0
    lines = ended.out.splitlines()
    for expected, line in zip(PLAN.splitlines(), lines, strict=False):
        before, star, _ = expected.partition("*")
        assert line.startswith(before) if star else line == expected
    assert "s3cr3t-canary" not in ended.out
    assert os.environ["PATH"] not in ended.out
    assert not (flights.root / ".osiris").exists()


def test_the_plan_is_data_too(flights: Project) -> None:
    """`--json` holds the same."""
    plan = json.loads(flights.run("explain", "flights.osiris.yaml", "--json").out)

    assert [each["id"] for each in plan["steps"]] == ["read-all", "pick", "write"]
    assert plan["steps"][1]["receives"] == [{"name": "df_read_all", "step": "read-all"}]
    assert plan["uploads"] == [
        {"path": "data/a.csv", "size_bytes": 4, "kind": "input"},
        {"path": "code/steps.py", "size_bytes": 5, "kind": "code"},
    ]
    assert plan["variables"][1] == {"name": "REGION_OF_NOBODY", "origin": "missing"}
    assert [name for name, _ in plan["closure"]["distributions"]] == ["duckdb", "pyarrow"]
    assert plan["params"] == {"carrier": "AA", "limit": 10}


def test_a_manifest_with_problems_is_not_explained(flights: Project) -> None:
    """Its problems are, on standard error."""
    ended = flights.run("explain", "flights.osiris.yaml", "--param=carrier=[1]")

    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith("flights.osiris.yaml:13:79: the parameter `carrier` is a list, which cannot stand")


def test_explaining_imports_no_driver_and_no_engine(flights: Project) -> None:
    """In a fresh process: the plan is made from declarations and metadata."""
    program = (
        "import sys\nfrom osiris_core.cli import main\nmain(['explain', 'flights.osiris.yaml'])\n"
        "heavy = {'e2b', 'httpx', 'duckdb', 'pyarrow', 'pandas', 'jinja2', 'asyncio'} & set(sys.modules)\n"
        "drivers = [each for each in sys.modules if each.startswith('osiris_core.drivers.csv')]\n"
        "print('LOADED', sorted(heavy), drivers, 'steps' in sys.modules)\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], cwd=flights.root, capture_output=True, text=True, check=True
    )
    assert ended.stdout.splitlines()[-1] == "LOADED [] [] False"


def test_a_build_directory_of_osiris_is_explained_in_its_own_names(tmp_path: Path) -> None:
    """Tables are called as Osiris calls them, and what was left out of its configs is a note."""
    from osiris_core.check import load
    from osiris_core.plan import plan
    from tests.manifest.build_directory import READ, OsirisProject, query

    osiris = OsirisProject(tmp_path)
    osiris.write("data/movies.csv", "a\n1\n")
    osiris.write("osiris.yaml", "")
    steps = {"a-b": query("select 1"), "a_b": query("select 2"), "read": READ, "all": query("select 3")}
    osiris.compile(steps, {"a-b": [], "a_b": [], "read": [], "all": ["a-b", "a_b"]})

    found = plan(load(osiris.build, project_root=osiris.root))

    received = {each.step: each.name for each in found.steps[-1].receives}
    assert received["a-b"].startswith("df_a_b_")
    assert received["a_b"].startswith("df_a_b_")
    assert received["a-b"] != received["a_b"]
    assert any("cfg/" in each.message for each in found.notes)
