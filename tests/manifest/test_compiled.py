"""What Osiris compiled loads like a manifest of ours, and what is wrong with it is said where it stands."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import pytest

from osiris_core.manifest.loader import find_project_root
from osiris_core.manifest.osiris.names import as_ids, table_keys
from tests.manifest.build_directory import BUILD, READ, WRITE, OsirisProject, query

if TYPE_CHECKING:
    from pathlib import Path

MYSQL = {"component": "mysql.extractor", "mode": "extract", "connection": "@mysql.main", "query": "select 1"}


@pytest.fixture
def osiris(tmp_path: Path) -> OsirisProject:
    """A project of Osiris without a pipeline."""
    project = OsirisProject(tmp_path / "shop")
    project.write("osiris.yaml", "version: '2.0'\n")
    project.write("data/movies.csv", "id,title\n1,Alien\n")
    return project


def test_a_build_directory_loads(osiris: OsirisProject):
    """Steps, drivers, order, configs without what our drivers do not have, and the file that is read as an input."""
    osiris.compile({"read": READ, "top": query("select * from df_read"), "write": WRITE})
    manifest = osiris.load()
    assert manifest.relative == f"{BUILD}/manifest.yaml"
    assert (manifest.pipeline.id, manifest.order) == ("movies", ("read", "top", "write"))
    assert [(each.driver, each.needs, each.config) for each in manifest.steps] == [
        (
            "filesystem.csv_extractor",
            (),
            {"path": "data/movies.csv", "delimiter": ",", "encoding": "utf-8", "header": True},
        ),
        ("duckdb.processor", ("read",), {"query": "select * from df_read"}),
        (
            "filesystem.csv_writer",
            ("top",),
            {"path": "output/movies.csv", "delimiter": ",", "header": True, "newline": "lf", "quoting": "minimal"},
        ),
    ]
    assert [each.relative for each in manifest.inputs] == ["data/movies.csv"]
    assert (manifest.directory, manifest.work_relative) == (osiris.root, ".")
    assert manifest.requirements == ()
    assert [str(each).removeprefix(f"{BUILD}/") for each in manifest.notes] == [
        "cfg/0.json:1:2: `chunk_size` is left out: the file is read as a whole, by Osiris too",
        "cfg/0.json:1:60: `compression` is left out: a file is read as it is",
        "cfg/0.json:1:148: `parse_dates` is left out: a column of dates is known by its texts",
        "cfg/0.json:1:193: `skip_blank_lines` is left out: a blank line among several columns fails the step",
        "cfg/0.json:1:217: `skip_rows` is left out: no row is skipped",
        "cfg/2.json:1:2: `chunk_size` is left out: how much is written at a time does not show in the file",
        "cfg/2.json:1:56: `create_dirs` is left out: directories below the step's own are always made",
        "cfg/2.json:1:91: `encoding` is left out: files are UTF-8",
        (
            "manifest.yaml:15:14: filesystem.csv_extractor: types are inferred by this project's own rules, not by those of "
            "pandas"
        ),
        (
            "manifest.yaml:23:14: filesystem.csv_writer: columns keep their order, which Osiris' own driver sorts by name; "
            "the file is an artifact of the step"
        ),
    ]


def test_a_build_directory_and_its_manifest_are_the_same(osiris: OsirisProject):
    """Either path will do; the fingerprint covers what decides the run, not when it was compiled."""
    osiris.compile({"one": query("select 1")}, {"one": []})
    by_file = find_project_root(osiris.build / "manifest.yaml"), osiris.load().fingerprint
    assert (find_project_root(osiris.build), osiris.load().fingerprint) == by_file
    assert by_file[0] == osiris.root
    text = (osiris.build / "manifest.yaml").read_text()
    (osiris.build / "manifest.yaml").write_text(text.replace("abc1234def", "0000000000"))
    assert osiris.load().fingerprint == by_file[1]


def test_needs_that_are_said_are_taken(osiris: OsirisProject):
    """An empty list is no step; a missing one is the step before."""
    steps = {"a": query("select 1"), "b": query("select 2"), "c": query("select * from df_a")}
    osiris.compile(steps, {"a": [], "b": [], "c": ["a"]})
    assert [each.needs for each in osiris.load().steps] == [(), (), ("a",)]
    osiris.compile(steps)
    assert [each.needs for each in osiris.load().steps] == [(), ("a",), ("b",)]


def test_tables_are_called_as_osiris_calls_them(osiris: OsirisProject):
    """Two ids of one name are told apart by a digest, where one step needs both; ids that ours cannot be are replaced."""
    steps = {
        "extract-movies": query("select 1"),
        "extract_movies": query("select 2"),
        "1st.part": query("select 3"),
        "all": query("select 4"),
        "some": query("select 5"),
    }
    needs: dict[str, list[str]] = {each: [] for each in steps}
    needs["all"] = ["extract-movies", "extract_movies", "1st.part"]
    needs["some"] = ["extract-movies"]
    osiris.compile(steps, needs)
    manifest = osiris.load()
    by_id = {each.id: each for each in manifest.steps}
    assert list(by_id) == ["extract-movies", "extract_movies", "s_1st_part", "all", "some"]
    assert by_id["all"].needs == ("extract-movies", "extract_movies", "s_1st_part")
    assert by_id["all"].tables == {
        "extract-movies": "df_extract_movies_" + hashlib.sha256(b"extract-movies").hexdigest()[:8],
        "extract_movies": "df_extract_movies_" + hashlib.sha256(b"extract_movies").hexdigest()[:8],
        "s_1st_part": "df__1st_part",
    }
    assert by_id["some"].tables == {}
    assert manifest.canonical["steps"][3]["tables"] == by_id["all"].tables


def test_the_rule_of_names():
    """`_` for what SQL does not have and in front of a digit; digests of the ids only where names would be the same."""
    assert table_keys([]) == {}
    assert table_keys(["extract.reviews", "a", "9"]) == {
        "extract.reviews": "df_extract_reviews",
        "a": "df_a",
        "9": "df__9",
    }
    assert table_keys(["a-b", "a_b"]) == {"a-b": "df_a_b_d44362d6", "a_b": "df_a_b_648fa9b3"}
    assert as_ids(["a.b", "a b", "a_b", "ok"]).keys() == {"a.b", "a b", "a_b", "ok"}
    assert len(set(as_ids(["a.b", "a b", "a_b", "ok"]).values())) == 4
    assert as_ids(["a_b", "a b"])["a_b"] == "a_b"


def test_connections_are_found_where_osiris_is_run(osiris: OsirisProject):
    """By `@family.alias`, or the family's default where nothing is said; Osiris' own class is named with its distribution."""
    osiris.write("osiris_connections.yaml", "connections:\n  mysql:\n    main: {default: true, host: h}\n")
    with_default = {name: value for name, value in MYSQL.items() if name != "connection"}
    osiris.compile({"a": MYSQL, "b": with_default}, {"a": [], "b": []})
    manifest = osiris.load()
    assert [each.config["connection"] for each in manifest.steps] == ["@mysql.main", "@mysql"]
    assert [each.reference for each in manifest.connections] == ["@mysql", "@mysql.main"]
    assert manifest.connections_file == "osiris_connections.yaml"
    assert manifest.steps[0].driver == "osiris.drivers.mysql_extractor_driver:MySQLExtractorDriver"
    assert manifest.requirements == ("osiris-pipeline",)


def test_a_file_of_connections_matters_once_a_step_refers_to_it(osiris: OsirisProject):
    """A broken one keeps nobody from running who does not need it."""
    osiris.write("osiris_connections.yaml", "connections: 5\n")
    osiris.compile({"one": query("select 1")}, {"one": []})
    assert osiris.problems() == []
    assert osiris.load().connections_file is None
    osiris.compile({"one": MYSQL, "two": MYSQL}, {"one": [], "two": []})
    assert osiris.problems() == [
        "osiris_connections.yaml:1:14: `connections` must be a mapping, but it is a whole number"
    ]


@pytest.mark.parametrize(
    ("config", "problem"),
    [
        (
            {**READ, "skip_rows": 3},
            (
                "cfg/0.json:1:217: `skip_rows` cannot have this value here (no row is skipped; `osiris-parity import "
                "--drivers osiris` keeps Osiris' own driver)"
            ),
        ),
        (
            {**READ, "path": "data/movie.csv"},
            "cfg/0.json:1:175: `data/movie.csv` does not exist (did you mean `movies.csv`?)",
        ),
        ({**READ, "header": 2}, "cfg/0.json:1:126: `header` must be true or false, but it is a whole number"),
        ({**READ, "mode": "discover"}, "cfg/0.json:1:131: `mode` must be `extract` here (compile the pipeline again)"),
        (
            {**READ, "nonsense": 1},
            "cfg/0.json:1:148: `filesystem.csv_extractor` has no option `nonsense`",
        ),
        ({**WRITE, "path": "../x.csv"}, "cfg/0.json:1:161: `../x.csv` cannot be an artifact"),
        ({**query("x"), "query": 5}, "cfg/0.json:1:60: `query` must be text, but it is a whole number (quote it)"),
        (
            {"component": "mysql.writer", "mode": "write"},
            "manifest.yaml:15:14: no driver stands for the component `mysql.writer`",
        ),
        (MYSQL, "cfg/0.json:1:45: `@mysql.main` refers to a connection, and there is no file of connections"),
        (
            {**MYSQL, "connection": "@supabase.main"},
            "cfg/0.json:1:45: this step takes a connection of the family `mysql` (write `@mysql.alias`)",
        ),
    ],
)
def test_problems_of_configs_have_their_place_in_cfg(osiris: OsirisProject, config: dict[str, Any], problem: str):
    """What does not fit is said in the file and column where it stands."""
    osiris.compile({"one": config}, {"one": []})
    assert [each for each in osiris.problems() if each.startswith(problem)] != [], osiris.problems()


def test_problems_of_the_manifest_have_their_place_in_it(osiris: OsirisProject):
    """Missing and broken cfg files, steps that run too early, keys that the compiler does not write."""
    osiris.compile({"a": query("x"), "b": query("y")}, {"a": ["b"], "b": ["c"]}, rest="extra: 1\n")
    (osiris.build / "cfg" / "0.json").unlink()
    osiris.write(f"{BUILD}/cfg/1.json", '{"component": "duckdb.processor",\n "query": "x"')
    assert osiris.problems() == [
        (
            "cfg/1.json:2:14: this is not YAML: a `,` or `}` is expected here (while parsing a flow mapping, which begins "
            "at 1:1)"
        ),
        "manifest.yaml:13:1: unknown key `extra` in a compiled manifest (did you mean `meta`?)",
        "manifest.yaml:15:13: `cfg/0.json` does not exist (did you mean `1.json`?)",
        "manifest.yaml:19:11: step `b` does not run before this one (steps run in the order of the list)",
        "manifest.yaml:24:11: step `c` does not run before this one (steps run in the order of the list)",
    ]


def test_osiris_own_classes_can_be_asked_for(osiris: OsirisProject):
    """Then configs stay as they are, but for where a writer writes."""
    osiris.compile({"read": READ, "write": WRITE})
    manifest = osiris.load(osiris_drivers=True)
    assert [each.driver.partition(":")[2] for each in manifest.steps] == [
        "FilesystemCsvExtractorDriver",
        "FilesystemCsvWriterDriver",
    ]
    assert manifest.steps[0].config == {
        name: value for name, value in READ.items() if name not in ("component", "mode")
    }
    assert manifest.steps[1].config["path"] == "${step:output_dir}/output/movies.csv"
    assert manifest.steps[1].config["chunk_size"] == 1000
    assert manifest.requirements == ("osiris-pipeline",)
    assert [each.message for each in manifest.notes] == [
        "`path` is below the step's artifact directory, not the working directory"
    ]


@pytest.mark.parametrize("marker", ["osiris.yaml", "osiris_connections.yaml", None])
def test_paths_start_where_osiris_is_run(tmp_path: Path, marker: str | None):
    """In the directory that has its files, or else in the one that holds `build`, below a project root of any kind."""
    project = OsirisProject(tmp_path / "shop")
    (tmp_path / "pyproject.toml").write_text("")
    if marker is not None:
        project.write(marker, "connections: {}\n")
    project.write("data/movies.csv", "id\n1\n")
    project.compile({"read": READ})
    assert find_project_root(project.build) == tmp_path
    from osiris_core.drivers.catalog import DriverCatalog
    from osiris_core.manifest.loader import load_manifest

    manifest = load_manifest(project.build, project_root=tmp_path, drivers=DriverCatalog(tmp_path))
    assert (manifest.work_relative, manifest.inputs[0].relative) == ("shop", "shop/data/movies.csv")


def test_torn_files_are_problems(osiris: OsirisProject):
    """However much of a file is there, it is a manifest, or its problems have a place in the build directory."""
    osiris.compile({"read": READ, "1st.x": query("select * from df_read"), "write": WRITE})
    for name, step in (("manifest.yaml", 23), ("cfg/0.json", 17)):
        path = osiris.build / name
        whole = path.read_text()
        for end in range(0, len(whole), step):
            path.write_text(whole[:end])
            assert all(each.startswith(("manifest.yaml:", "cfg/")) for each in osiris.problems()), whole[:end]
        path.write_text(whole)
    assert osiris.problems() == []
