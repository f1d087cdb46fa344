"""The built-in drivers and those of a project, on both targets at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from tests.end_to_end.conftest import Project

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
expect:
  artifacts: [parquet/flights.parquet, copy/run.sh, sort/sorted.txt]
"""


def artifacts_of(project: Project) -> dict[str, Path]:
    """Return the artifacts of the local session by their path."""
    (directory,) = project.session_root.glob(".osiris/runs/*/local/artifacts")
    return {each.relative_to(directory).as_posix(): each for each in directory.rglob("*") if each.is_file()}


def test_files_and_programs_are_the_same_on_both_targets(project: Project) -> None:
    """A Parquet file to its last byte, a copy to its mode, a program's output line by line."""
    project.write("flights.csv", "carrier,delay\nUA,3\nAA,-1\n")
    project.write("run.sh", '#!/bin/sh\necho "$1"\n').chmod(0o755)
    project.write("files.osiris.yaml", FILES)

    record = project.check("files.osiris.yaml")

    assert (record.verdict, record.headline) == ("IDENTICAL", record.headline)
    found = artifacts_of(project)
    assert found["sort/sorted.txt"].read_text() == "AA,-1\nUA,3\ncarrier,delay\n"
    assert found["copy/run.sh"].stat().st_mode & 0o777 == 0o755
    assert found["parquet/flights.parquet"].read_bytes()[:4] == b"PAR1"
