"""`osiris-parity import`: a build directory becomes a manifest that is the same pipeline, and nothing is overwritten."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import pytest

from osiris_core.drivers.catalog import DriverCatalog
from osiris_core.manifest.loader import load_manifest
from tests.manifest.build_directory import BUILD, READ, WRITE, OsirisProject, query

if TYPE_CHECKING:
    from conftest import Project


@pytest.fixture
def osiris(project: Project) -> OsirisProject:
    """A project of Osiris in the current directory."""
    made = OsirisProject(project.root)
    made.write("osiris.yaml", "version: '2.0'\n")
    made.write("data/movies.csv", "id,title\n1,Alien\n")
    return made


def test_a_build_directory_becomes_a_manifest(project: Project, osiris: OsirisProject):
    """What was left out stands above it, and goes to standard error with its place; the file's name to standard output."""
    osiris.compile({"read-all": READ, "top": query("select 1;\nselect '007' as yes\n"), "write": WRITE})

    ended = project.run("import", BUILD, "-o", "top.osiris.yaml")

    assert (ended.code, ended.out) == (0, "top.osiris.yaml\n")
    assert (
        f"{BUILD}/cfg/2.json:1:56: `create_dirs` is left out: directories below the step's own are always made"
        in ended.err
    )
    words, _, text = (project.root / "top.osiris.yaml").read_text().partition("\n\n")
    assert words.splitlines()[:2] == [
        f"# Imported from {BUILD}/manifest.yaml, which Osiris compiled.",
        "# cfg/0.json: `chunk_size` is left out: the file is read as a whole, by Osiris too",
    ]
    assert text == textwrap.dedent(
        """\
        osiris: "1"
        pipeline:
          id: movies
          version: 0.1.0
          description: Movies
        inputs:
          - data/movies.csv
        steps:
          - id: read-all
            driver: filesystem.csv_extractor
            config:
              delimiter: ','
              encoding: utf-8
              header: true
              path: data/movies.csv
          - id: top
            driver: duckdb.processor
            needs:
              - read-all
            config:
              query: |
                select 1;
                select '007' as yes
          - id: write
            driver: filesystem.csv_writer
            needs:
              - top
            config:
              delimiter: ','
              header: true
              newline: lf
              path: output/movies.csv
              quoting: minimal
        """
    )


def test_an_imported_manifest_is_the_same_run(project: Project, osiris: OsirisProject):
    """Wherever it is written: all but the spelling of paths is what the build directory says."""
    osiris.compile({"read": READ, "write": WRITE})
    (project.root / "pipelines").mkdir()

    assert project.run("import", f"{BUILD}/manifest.yaml", "-o", "pipelines/x.osiris.yaml").code == 0

    written = load_manifest(
        project.root / "pipelines/x.osiris.yaml", project_root=project.root, drivers=DriverCatalog(project.root)
    )
    compiled = osiris.load()
    assert written.inputs == compiled.inputs
    assert written.steps[0].config == {**compiled.steps[0].config, "path": "../data/movies.csv"}
    assert [each.config for each in written.steps[1:]] == [each.config for each in compiled.steps[1:]]


def test_the_place_is_where_osiris_is_run_unless_said(project: Project, osiris: OsirisProject):
    """A second import is refused, and leaves the first as it is."""
    osiris.compile({"one": query("select 1")}, {"one": []})
    assert project.run("import", BUILD).code == 0
    (project.root / "movies.osiris.yaml").write_text("mine now")

    ended = project.run("import", BUILD)

    assert ended.code == 2
    assert "movies.osiris.yaml is there already (name another file with -o)" in ended.err
    assert (project.root / "movies.osiris.yaml").read_text() == "mine now"


def test_names_of_tables_become_ids(project: Project, osiris: OsirisProject):
    """Where Osiris tells two ids apart by a digest, the ids are what the query calls the tables."""
    steps = {"a-b": query("select 1 as x"), "a_b": query("select 2 as x"), "both": query("select 1")}
    osiris.compile(steps, {"a-b": [], "a_b": [], "both": ["a-b", "a_b"]})

    assert project.run("import", BUILD, "-o", "x.osiris.yaml").code == 0

    written = load_manifest(
        project.root / "x.osiris.yaml", project_root=project.root, drivers=DriverCatalog(project.root)
    )
    assert [each.id for each in written.steps] == ["a_b_d44362d6", "a_b_648fa9b3", "both"]
    assert written.steps[2].needs == ("a_b_d44362d6", "a_b_648fa9b3")


def test_names_that_no_id_gives_are_refused(project: Project, osiris: OsirisProject):
    """Our own form has one name for a table."""
    steps = {"a-b": query("select 1"), "a_b": query("select 2"), "both": query("select 1"), "one": query("select 1")}
    osiris.compile(steps, {"a-b": [], "a_b": [], "both": ["a-b", "a_b"], "one": ["a-b"]})

    ended = project.run("import", BUILD, "-o", "x.osiris.yaml")

    assert ended.code == 2
    assert "the table of step a-b is called df_a_b and df_a_b_d44362d6" in ended.err
    assert not (project.root / "x.osiris.yaml").exists()


def test_what_is_no_build_directory_is_refused(project: Project, osiris: OsirisProject):
    """A manifest of ours, a broken one, and nothing at all."""
    assert "was not compiled by Osiris" in project.run("import", project.manifest("ours")).err
    osiris.compile({"one": {**query("x"), "nonsense": 1}}, {"one": []})
    ended = project.run("import", BUILD, "-o", "x.osiris.yaml")
    assert (ended.code, ended.err.count("nonsense")) == (2, 1)
    assert project.run("import", "nowhere").code == 2
    assert not (project.root / "x.osiris.yaml").exists()


def test_run_says_that_something_was_left_out(project: Project, osiris: OsirisProject):
    """In one line on standard error, and where to read on."""
    osiris.compile({"read": READ})

    ended = project.run("run", BUILD, "--target=local")

    assert (ended.code, ended.out) == (0, f"OK {BUILD}\n")
    said = f"{BUILD}: read otherwise than by Osiris in 6 places; `osiris-parity validate {BUILD}` names them\n"
    assert said in ended.err


def test_validate_says_what_was_left_out(project: Project, osiris: OsirisProject):
    """A build directory can be validated as it is."""
    osiris.compile({"read": READ})

    ended = project.run("validate", BUILD)

    assert ended.code == 0
    assert f"note: {BUILD}/cfg/0.json:1:217: `skip_rows` is left out: no row is skipped" in ended.out
