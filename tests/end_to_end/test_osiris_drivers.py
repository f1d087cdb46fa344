"""Osiris' own drivers run unchanged, on both targets. Needs osiris-pipeline: `uv sync --group osiris`."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from osiris_core.session.reader import open_session

if TYPE_CHECKING:
    from conftest import Project

DRIVERS = "osiris.drivers"
EXTRACTOR = f"{DRIVERS}.filesystem_csv_extractor_driver:FilesystemCsvExtractorDriver"
PROCESSOR = f"{DRIVERS}.duckdb_processor_driver:DuckDBProcessorDriver"
WRITER = f"{DRIVERS}.filesystem_csv_writer_driver:FilesystemCsvWriterDriver"
MANIFEST = f"""
osiris: "1"
pipeline: {{id: their-own}}
inputs: [data/movies.csv, data/reviews.csv]
requirements: [osiris-pipeline]
steps:
  - {{id: movies, driver: "{EXTRACTOR}", config: {{path: data/movies.csv}}}}
  - {{id: reviews, driver: "{EXTRACTOR}", config: {{path: data/reviews.csv}}}}
  - id: top
    driver: "{PROCESSOR}"
    needs: [movies, reviews]
    config:
      query: >-
        select m.title, count(*) as reviews, avg(r.stars) as stars
        from df_movies m join df_reviews r on r.movie = m.id group by m.title order by stars desc, m.title
  - id: write
    driver: "{WRITER}"
    needs: [top]
    config: {{path: "%s"}}
expect: {{rows: {{movies: 4, reviews: 7, top: 3}}, metrics: {{write: {{rows_written: 3}}}}}}
"""
TOP = 'reviews,stars,title\n2,4.5,Alien\n2,4.5,Brazil\n3,4.0,"Crouching Tiger, Hidden Dragon"\n'
"""Their writer sorts the columns by name."""


@pytest.fixture(autouse=True)
def osiris_pipeline() -> None:
    """Osiris is installed, or the test cannot run; where its group was asked for, it must."""
    if importlib.util.find_spec("osiris") is None:
        if os.environ.get("OSIRIS_TESTS_REQUIRE_OSIRIS"):
            pytest.fail("osiris-pipeline is missing, and OSIRIS_TESTS_REQUIRE_OSIRIS is set")
        pytest.skip("osiris-pipeline is missing")


@pytest.fixture
def project(project: Project, repository: Path) -> Project:
    """A project with the shipped data."""
    for each in ("movies", "reviews"):
        source = repository / "fixtures" / "osiris" / "data" / f"{each}.csv"
        project.write(f"data/{each}.csv", source.read_text())
    return project


def test_extractor_processor_and_writer_run_on_both_targets(project: Project) -> None:
    """Frames are pandas', `ctx` has what they use, and the file that the writer makes is an artifact."""
    project.write("own.osiris.yaml", MANIFEST % "${step:output_dir}/out/top.csv")

    record = project.check("own.osiris.yaml")

    assert record.passed, record.headline
    assert record.verdict == "EQUIVALENT"  # their log lines name the file, whose directory is another on each target
    for run in record.targets:
        session = open_session(project.session_root / run.session_directory)
        assert (session.directory / "artifacts" / "write" / "out" / "top.csv").read_text() == TOP
        metrics = [(each["step"], each["metric"], each["value"]) for each in session.metrics]
        assert {("movies", "rows_read", 4), ("top", "rows_read", 11), ("top", "rows_written", 3)} <= set(metrics)


def test_a_file_below_the_working_directory_is_not_overlooked(project: Project) -> None:
    """Their writer writes where it is run; nothing comes back from there, so the check says that it saw nothing."""
    project.write("own.osiris.yaml", MANIFEST % "out/top.csv")

    record = project.check("own.osiris.yaml")

    assert (record.verdict, record.passed) == ("INCONCLUSIVE", False)
    assert record.comparison is not None
    assert any("succeeded without an artifact" in each for each in record.comparison.problems)


def test_the_shipped_build_directory_is_what_their_compiler_makes(tmp_path: Path, repository: Path) -> None:
    """Byte for byte, but for the time of it: the layout that is read here is the one that Osiris writes."""
    shipped = repository / "fixtures" / "osiris"
    program = Path(sys.executable).parent / "osiris"
    subprocess.run([program, "init"], cwd=tmp_path, check=True, capture_output=True)
    (tmp_path / "pipelines").mkdir(exist_ok=True)
    shutil.copy(shipped / "pipelines" / "top-movies.yaml", tmp_path / "pipelines")
    subprocess.run([program, "compile", "pipelines/top-movies.yaml"], cwd=tmp_path, check=True, capture_output=True)

    made = {path.relative_to(tmp_path): path for path in (tmp_path / "build").rglob("*.*") if path.is_file()}
    kept = {path.relative_to(shipped): path for path in (shipped / "build").rglob("*.*") if path.is_file()}

    assert made.keys() == kept.keys()
    assert {each: without_times(made[each]) for each in made} == {each: without_times(kept[each]) for each in kept}


def without_times(path: Path) -> str:
    return re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z", "", path.read_text())
