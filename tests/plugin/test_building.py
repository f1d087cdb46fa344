"""`osiris.manifest(...)`: a manifest said in Python is the file that one would have written by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Engine, Project

BUILT = """\
osiris: "1"
pipeline:
  id: flight-delays
  version: 1.0.0
inputs:
  - ../../../tests/data/*.csv
code:
  - ../../../code
params:
  least: 2
steps:
  - id: read
    driver: filesystem.csv_extractor
    config:
      path: ../../../tests/data/flights.csv
  - id: late
    driver: duckdb.processor
    needs:
      - read
    config:
      query: |-
        select carrier, n
        from df_read where n >= ${params.least}
  - id: write
    driver: filesystem.csv_writer
    needs:
      - late
    config:
      path: late.csv
expect:
  rows:
    late: 1
"""


def test_a_manifest_said_in_python_runs_and_is_a_file_to_keep(project: Project) -> None:
    """Paths count from the test file; the file says the same with paths from itself, and runs where it lies."""
    data = project.root / "tests" / "data"
    data.mkdir(parents=True)
    (data / "flights.csv").write_text("carrier,n\nAA,1\nUA,2\n")
    (project.root / "tests" / "test_it.py").write_text("""
from pathlib import Path
from pytest_osiris import BuiltManifest, Osiris, StepEntry

def test_it(osiris: Osiris, pytestconfig) -> None:
    read: StepEntry = {"id": "read", "driver": "filesystem.csv_extractor", "config": {"path": "data/flights.csv"}}
    query = "select carrier, n\\nfrom df_read where n >= ${params.least}"
    built = osiris.manifest(
        "flight-delays",
        version="1.0.0",
        inputs=["data/*.csv"],
        code=[Path("../code")],
        params={"least": 2},
        steps=[
            read,
            {"id": "late", "driver": "duckdb.processor", "needs": ["read"], "config": {"query": query}},
            {"id": "write", "driver": "filesystem.csv_writer", "needs": ["late"], "config": {"path": "late.csv"}},
        ],
        expect={"rows": {"late": 1}},
    )
    assert isinstance(built, BuiltManifest)
    run = osiris.run(built)
    assert run.artifacts["write/late.csv"].text() == "carrier,n\\nUA,2\\n"
    assert built.path.read_text() == built.text
    assert built.path.relative_to(pytestconfig.rootpath).parts[:2] == (".osiris", "manifests")
""")

    project.run("tests").assert_outcomes(passed=1)

    (built,) = project.root.glob(".osiris/manifests/*/flight-delays.osiris.yaml")
    assert built.read_text() == BUILT
    project.run("--co", "-q").stdout.fnmatch_lines(["tests/test_it.py::test_it"])  # it is no test by itself


def test_what_is_wrong_is_said_at_its_line(project: Project, engine: Engine) -> None:
    """By the loader, as for any manifest, with the call; two of one name are two files."""
    project.pytester.makepyfile(
        test_it="""
        import pytest

        def test_it(osiris):
            step = {"id": "only", "driver": "python.callable", "config": {"function": "steps:write"}}
            good = osiris.manifest("it", code=["code"], steps=[step])
            bad = osiris.manifest("it", code=["code"], steps=[{**step, "driver": "python.calable"}])
            assert osiris.parity(good).passed
            osiris.parity(bad)
    """
    )

    result = project.run("test_it.py")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            ".osiris/manifests/test_it.py-test_it-*/it-2.osiris.yaml:8:13: *python.calable*did you mean*",
            "    called at test_it.py:8",
        ]
    )
    assert engine.calls == [("it", ("local",))]


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("{1, 2}", "manifest.params.x is {1, 2}, which no manifest can hold; give a text, a number, *"),
        ("[object()]", "manifest.params.x[[]0] is <object *"),
    ],
)
def test_what_no_file_can_hold_is_refused_with_its_place(
    project: Project, engine: Engine, value: str, sentence: str
) -> None:
    (project.root / "test_it.py").write_text(
        f"def test_it(osiris):\n    osiris.manifest('it', steps=[], params={{'x': {value}}})\n"
    )

    result = project.run("test_it.py")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([sentence, "    called at test_it.py:2"])
    assert engine.calls == []


@pytest.mark.parametrize("wrong", ["pipeline=3", "steps=None", "code=3", "inputs=[3]", "connections=3", "params=LOOP"])
def test_a_value_of_a_wrong_type_is_told_by_its_place(project: Project, engine: Engine, wrong: str) -> None:
    """As of a manifest in a file: no traceback into the plugin."""
    project.pytester.makepyfile(
        test_it=f"""
        LOOP = {{}}
        LOOP["loop"] = LOOP

        def test_it(osiris):
            given = {{"pipeline": "it", "steps": [], **dict({wrong})}}
            osiris.run(osiris.manifest(**given))
        """
    )

    result = project.run("test_it.py")

    result.assert_outcomes(failed=1)
    result.stdout.no_fnmatch_line("*Error*")
    assert engine.calls == []
