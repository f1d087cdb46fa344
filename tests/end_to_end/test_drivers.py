"""The built-in drivers and those of a project, on both targets at once."""

from __future__ import annotations

import io
import sqlite3
import tomllib
from contextlib import redirect_stdout
from typing import TYPE_CHECKING

import pytest

from osiris_core.cli import main

if TYPE_CHECKING:
    from pathlib import Path

    from tests.end_to_end.conftest import Project, WarmTargets

FILES = """
osiris: "1"
pipeline: {id: files}
inputs: [flights.csv, run.sh]
steps:
  - {id: read, driver: filesystem.csv_extractor, config: {path: flights.csv}}
  - {id: parquet, driver: filesystem.parquet_writer, needs: [read], config: {path: flights.parquet}}
  - {id: copy, driver: filesystem.copy, config: {path: run.sh}}
  - id: sort
    driver: shell.command
    needs: [read]
    config: {command: 'sort "$STEP_INPUTS/df_read.csv"; echo done >&2', shell: true, tables: csv, stdout: sorted.txt}
  - {id: script, driver: shell.command, config: {command: [./run.sh, word]}}
  - {id: touch, driver: shell.command, config: {command: [touch, "${step:output_dir}/made"], outputs: [made]}}
expect:
  artifacts: [parquet/flights.parquet, copy/run.sh, sort/sorted.txt]
"""


def artifacts_of(project: Project) -> dict[str, Path]:
    """Return the artifacts of the local session by their path."""
    (directory,) = project.session_root.glob(".osiris/runs/*/local/artifacts")
    return {each.relative_to(directory).as_posix(): each for each in directory.rglob("*") if each.is_file()}


def test_files_and_programs_are_the_same_on_both_targets(project: Project, warm_targets: WarmTargets) -> None:
    """A Parquet file to its last byte, a copy to its mode, a program's output line by line."""
    project.write("flights.csv", "carrier,delay\nUA,3\nAA,-1\n")
    project.write("run.sh", '#!/bin/sh\necho "$1"\n').chmod(0o755)
    project.write("files.osiris.yaml", FILES)

    record = project.check("files.osiris.yaml", warm=warm_targets)

    assert (record.verdict, record.headline) == ("IDENTICAL", record.headline)
    found = artifacts_of(project)
    assert found["sort/sorted.txt"].read_text() == "AA,-1\nUA,3\ncarrier,delay\n"
    assert found["copy/run.sh"].stat().st_mode & 0o777 == 0o755
    assert found["parquet/flights.parquet"].read_bytes()[:4] == b"PAR1"


TABLES = """
osiris: "1"
pipeline: {id: tables}
inputs: [in.jsonl, shop.db, shop.duckdb]
steps:
  - {id: lines, driver: filesystem.jsonl_extractor, config: {path: in.jsonl}}
  - {id: write-lines, driver: filesystem.jsonl_writer, needs: [lines], config: {path: out.jsonl}}
  - {id: sqlite, driver: sql.extractor, config: {database: shop.db, query: "select * from orders order by id"}}
  - {id: write-sqlite, driver: sql.writer, needs: [lines], config: {database: out.db, table: lines, base: shop.db}}
  - {id: duckdb, driver: sql.extractor, config: {database: shop.duckdb, query: "from orders order by id"}}
  - {id: write-duckdb, driver: sql.writer, needs: [lines], config: {database: out.duckdb, table: lines}}
expect:
  rows: {lines: 2, sqlite: 1, duckdb: 1}
"""


def test_tables_are_the_same_on_both_targets(project: Project, warm_targets: WarmTargets) -> None:
    """JSON lines, and files of both databases, to their last byte; the inputs stay as they were."""
    import duckdb

    project.write("in.jsonl", '{"id":1,"at":"2013-01-31T05:00:00Z","x":0.1}\n{"id":2,"at":null,"x":1e300}\n')
    for connection in (sqlite3.connect(project.root / "shop.db"), duckdb.connect(str(project.root / "shop.duckdb"))):
        connection.execute("create table orders (id integer, total double)")
        connection.execute("insert into orders values (1, 2.5)")
        connection.commit()
        connection.close()
    before = (project.root / "shop.duckdb").read_bytes()
    project.write("tables.osiris.yaml", TABLES)

    record = project.check("tables.osiris.yaml", warm=warm_targets)

    assert (record.verdict, record.passed, record.headline) == ("IDENTICAL", True, record.headline)
    assert {"write-lines/out.jsonl", "write-sqlite/out.db", "write-duckdb/out.duckdb"} <= artifacts_of(project).keys()
    assert (project.root / "shop.duckdb").read_bytes() == before


@pytest.fixture
def page(repository: Path) -> list[str]:
    """What stands indented in "Write one in 15 minutes": the files, commands' answers and settings, in their order."""
    text = (repository / "docs" / "drivers.md").read_text(encoding="utf-8")
    section = text.partition("## Write one in 15 minutes")[2].partition("\n## ")[0]
    found: list[str] = []
    inside = False
    for line in section.splitlines():
        is_code = line.startswith("    ") or (inside and not line)
        if is_code and not inside:
            found.append("")
        if is_code:
            found[-1] += line.removeprefix("    ") + "\n"
        inside = is_code
    return [each.rstrip("\n") + "\n" for each in found]


def answer(monkeypatch: pytest.MonkeyPatch, root: Path, *arguments: str) -> str:
    """Return what a command of `osiris-parity` prints in the project."""
    monkeypatch.chdir(root)
    out = io.StringIO()
    with redirect_stdout(out):
        main(list(arguments))
    return out.getvalue()


def test_the_pages_own_driver_works_on_both_targets(
    project: Project, page: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every file as it is printed, every answer to the letter."""
    code, settings, shown, manifest, problem, verdict, entry_point = page
    project.write("code/shop/currency.py", code)
    project.write("pyproject.toml", settings)
    project.write("prices.csv", "item,price\na,3\nb,\nc,0.5\n")
    path = project.write("prices.osiris.yaml", manifest)

    assert answer(monkeypatch, project.root, "drivers", "shop.convert", "--code", "code") == shown
    path.write_text(manifest.replace("rate: 0.5", "rate: -1"))
    assert answer(monkeypatch, project.root, "validate", "prices.osiris.yaml") == problem
    path.write_text(manifest)
    record = project.check("prices.osiris.yaml")

    assert f"{record.verdict} prices.osiris.yaml\n" == verdict
    assert record.passed
    assert (
        artifacts_of(project)["write/converted.csv"].read_text() == "item,price,converted\na,3.0,1.5\nb,,\nc,0.5,0.25\n"
    )
    assert tomllib.loads(entry_point)["project"]["entry-points"]["osiris.drivers"] == {
        "shop.convert": "shop.currency:Convert"
    }


FOUND = """
osiris: "1"
pipeline: {id: found}
code: [code]
steps:
  - {id: named, driver: "toys:Declared", config: {size: 2}}
  - {id: theirs, driver: "toys:Undeclared", needs: [named], config: {anything: 1}}
"""
TOYS = """
class Declared:
    kind = "extractor"
    requirements = ["pyarrow"]
    options = {"size": {"type": "integer", "required": True}}

    def run(self, *, step_id, config, inputs, ctx):
        import pyarrow

        return {"df": pyarrow.table({"a": list(range(config["size"]))})}


class Undeclared:
    def run(self, *, step_id, config, inputs=None, ctx=None):
        frame = inputs["df_named"]
        return {"df": frame.assign(b=type(frame).__module__)}
"""


def test_classes_named_in_a_step_run_on_both_targets(project: Project) -> None:
    """One that declares itself, and one that declares nothing, which is handed pandas frames as Osiris does."""
    project.write("code/toys.py", TOYS)
    project.write("found.osiris.yaml", FOUND.replace("code: [code]", "code: [code]\nrequirements: [pandas]"))

    record = project.check("found.osiris.yaml")

    assert (record.verdict, record.passed, record.headline) == ("IDENTICAL", True, record.headline)
