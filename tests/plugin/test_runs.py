"""What a test can ask of a run, and what a failed assertion about it shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conftest import Project

STEPS = """
import json, sqlite3
import pyarrow as pa, pyarrow.parquet as pq

def write(inputs, ctx, n=1):
    ctx.logger.info("n is %d", n)
    ctx.log_metric("n", n)
    there = ctx.output_dir
    (there / "delays.csv").write_text(f"carrier,n,share\\nAA,{n},0.5\\nUA,,0.25\\n")
    (there / "lines.jsonl").write_text('{"a": 1}\\n{"a": null}\\n')
    (there / "facts.json").write_text(json.dumps({"n": n, "same": True}))
    (there / "note.txt").write_bytes(b"\\xff not UTF-8")
    pq.write_table(pa.table({"n": [n, 2**60]}), there / "big.parquet")
    with pa.OSFile(str(there / "table.arrow"), "wb") as sink, pa.ipc.new_file(sink, pa.schema([("x", pa.int8())])) as out:
        out.write_batch(pa.record_batch([pa.array([7], pa.int8())], names=["x"]))
    connection = sqlite3.connect(there / "shop.db")
    connection.execute("create table orders (id integer, price text)")
    connection.execute("insert into orders values (1, '9.99')")
    connection.commit()
    connection.close()
"""


def open_manifest(project: Project) -> None:
    """Write a manifest whose one step leaves a file of each kind, with a number in it that is a parameter."""
    (project.root / "code" / "steps.py").write_text(STEPS)
    (project.root / "it.osiris.yaml").write_text("""\
osiris: "1"
pipeline: {id: it}
code: [code]
params: {n: 1}
steps:
  - {id: write, driver: python.callable, config: {function: "steps:write", kwargs: {n: "${params.n}"}}}
""")


def test_what_a_test_can_ask_of_runs(project: Project) -> None:
    """Artifacts are tables with the types and values that a step would be handed; what is wrong is one sentence. Runs are compared as a check compares two targets; trees by digest, files by their kind, tables by cells."""
    open_manifest(project)
    project.pytester.makepyfile(
        test_it="""
        import pyarrow as pa
        import pytest

        @pytest.fixture(scope="module")
        def runs():
            return {}

        def test_alike(osiris, runs):
            runs["one"], runs["again"] = (osiris.run("it.osiris.yaml") for _ in range(2))
            runs["two"] = osiris.run("it.osiris.yaml", params={"n": 2})
            assert runs["one"] == runs["again"]
            assert runs["one"] == runs["one"]
            assert runs["one"].artifacts == runs["again"].artifacts
            assert runs["one"] != runs["two"]
            assert runs["one"] != 1

        def said(function, *args, **kwargs):
            with pytest.raises((LookupError, ValueError)) as caught:
                function(*args, **kwargs)
            return str(caught.value)

        def test_artifacts(runs):
            run = runs["one"]
            files = run.artifacts
            table = files["write/delays.csv"].table()
            assert table.to_pydict() == {"carrier": ["AA", "UA"], "n": [1, None], "share": [0.5, 0.25]}
            assert [str(kind) for kind in table.schema.types] == ["string", "int64", "double"]
            exact = files["write/delays.csv"].table(columns={"carrier": "VARCHAR", "n": "TINYINT", "share": "DECIMAL(3,2)"})
            assert [str(kind) for kind in exact.schema.types] == ["string", "int8", "decimal128(3, 2)"]
            assert files["write/lines.jsonl"].table().to_pydict() == {"a": [1, None]}
            assert files["write/big.parquet"].table()["n"].to_pylist() == [1, 2**60]
            assert files["write/table.arrow"].table().to_pydict() == {"x": [7]}
            orders = files["write/shop.db"].table(query="select * from orders")
            assert orders.to_pydict() == {"id": [1], "price": ["9.99"]}
            assert files["write/facts.json"].json() == {"n": 1, "same": True}
            assert files.get("write/nothing") is None
            assert "write/nothing" not in files
            assert len(files) == 7

            assert said(files.__getitem__, "write/delay.csv") == (
                "there is no artifact 'write/delay.csv'; did you mean `write/delays.csv`?")
            assert said(run.steps.__getitem__, "read") == "there is no step 'read'; there are write"
            assert said(files["write/note.txt"].text).startswith("write/note.txt is no text in utf-8: its byte 0 is 0xff")
            assert said(files["write/note.txt"].table).startswith("write/note.txt is no table: it is neither CSV, ")
            assert said(files["write/delays.csv"].json).startswith("write/delays.csv:1:1: it is no JSON")
            assert said(files["write/shop.db"].table) == (
                'write/shop.db is a database; say which table: .table(query="select * from orders")')
            assert said(files["write/delays.csv"].table, delimeter=";") == (
                "write/delays.csv: filesystem.csv_extractor takes no 'delimeter'; did you mean `delimiter`?")
            assert "takes no 'path'; there are " in said(files["write/delays.csv"].table, path="x.csv")
            assert said(files["write/delays.csv"].table, columns={"carrier": "INTEGER"}) == (
                "write/delays.csv: row 1, column carrier: 'AA' cannot be read as INTEGER")
            assert repr(run) == "<Run of it.osiris.yaml: succeeded on local>"

        def test_runs(runs):
            assert runs["one"] == runs["two"]

        def test_trees(runs):
            assert runs["one"].artifacts == runs["two"].artifacts

        def test_file(runs):
            assert runs["one"].artifacts["write/facts.json"] == runs["two"].artifacts["write/facts.json"]

        def test_tables(runs):
            table = runs["one"].artifacts["write/delays.csv"].table()
            assert table == runs["two"].artifacts["write/delays.csv"].table()

        def test_a_table_of_ones_own(runs):
            table = runs["one"].artifacts["write/delays.csv"].table()
            assert table == pa.table({"carrier": ["AA"], "n": [1], "share": [0.5]})

        def test_foreign_tables(runs):
            assert pa.table({"a": [1]}) == pa.table({"a": [2]})

        def test_other_types(runs):
            assert runs["one"] == 1
    """
    )

    result = project.run("test_it.py", "-p", "no:randomly", "-vv")

    result.assert_outcomes(passed=2, failed=7)
    told = result.stdout.str()
    assert shown(told, "test_runs") == [
        "AssertionError: assert the runs of it.osiris.yaml and of it.osiris.yaml[2] are not the same: 5 differences, first in step write",
        "  step write: n: n is 1 on left and 2 on right",
        "     left: 1",
        "    right: 2",
        "  step write: write.log:1: other text in 1 line, from line 1 on",
        "     left: INFO osiris.write n is 1",
        "    right: INFO osiris.write n is 2",
        "  step write: write/big.parquet: 1 row only on left and 1 row only on right, of 2 and 2",
        "     left: n=1",
        "    right: n=2",
        "  step write: write/delays.csv: line 2, column n: '1' and '2'; 1 cell in 1 row differs, in n",
        "    line 2, n: '1' | '2'",
        "  step write: write/facts.json:n: n is 1 on left and 2 on right",
        "     left: 1",
        "    right: 2",
    ]
    assert shown(told, "test_trees") == [
        "AssertionError: assert the artifacts of two runs are not the same: 3 files differ",
        "  write/facts.json: n: n is 1 on left and 2 on right",
        "     left: 1",
        "    right: 2",
        "  write/delays.csv: line 2, column n: '1' and '2'; 1 cell in 1 row differs, in n",
        "    line 2, n: '1' | '2'",
        "  write/big.parquet: 1 row only on left and 1 row only on right, of 2 and 2",
        "     left: n=1",
        "    right: n=2",
    ]
    assert shown(told, "test_file")[:2] == [
        "assert write/facts.json and write/facts.json hold other bytes",
        "  write/facts.json: n: n is 1 on left and 2 on right",
    ]
    assert shown(told, "test_tables") == [
        "assert two tables are not the same: 2 rows of 3 columns and 2 rows of 3 columns",
        "  row 1, column n: 1 and 2; 1 cell in 1 row differs, in n",
        "    row 1, n: 1 | 2",
    ]
    assert shown(told, "test_a_table_of_ones_own") == [
        "AssertionError: assert two tables are not the same: 2 rows of 3 columns and 1 row of 3 columns",
        "  1 row only on left, of 2 and 1",
        "     left: carrier='UA', n=null, share=0.25",
        "    right: (absent)",
    ]
    assert shown(told, "test_foreign_tables")[0].startswith("assert pyarrow.Table")
    assert shown(told, "test_other_types") == ["assert <Run of it.osiris.yaml: succeeded on local> == 1"]


def shown(told: str, test: str) -> list[str]:
    """Return what pytest shows of a failed assertion of a test, without its margin."""
    part = told.split(f"_ {test} _")[1].split("test_it.py:", maxsplit=1)[0]
    return [line.removeprefix("E").removeprefix("       ") for line in part.splitlines() if line.startswith("E ")]
