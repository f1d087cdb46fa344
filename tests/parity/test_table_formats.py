"""Every format of tables: a changed cell is found in it, another container is none, and nothing is left beside a file."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal

import duckdb
import pyarrow as pa
import pytest
from pyarrow import ipc

from tests.parity.table_pairs import codes, compared, told, unordered


def arrow(path, table, form=ipc.new_file, **options):
    """Write a table as Arrow IPC."""
    with form(str(path), table.schema, options=ipc.IpcWriteOptions(**options)) as writer:
        writer.write_table(table)


def sides(folder, name):
    """Return the paths of both files."""
    for side in ("a", "b"):
        (folder / side).mkdir(exist_ok=True)
    return folder / "a" / name, folder / "b" / name


def names_beside(path):
    """Return the names of all files in the folder of one."""
    return sorted(each.name for each in path.parent.iterdir())


def database(path, *statements):
    """Make a SQLite file."""
    with closing(sqlite3.connect(path)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def duck(path, *statements):
    """Make a DuckDB file."""
    with duckdb.connect(str(path)) as connection:
        for statement in statements:
            connection.execute(statement)


VALUES = {
    "zone": pa.array([datetime(2020, 1, 1, tzinfo=UTC)] * 2, pa.timestamp("ns", "Europe/Berlin")),
    "duration": pa.array([timedelta(1)] * 2, pa.duration("ns")),
    "time": pa.array([time(1, 2, 3)] * 2, pa.time64("ns")),
    "decimal": pa.array([Decimal("1.50")] * 2, pa.decimal256(50, 2)),
    "binary": pa.array([b"\0\xff"] * 2, pa.binary(2)),
    "interval": pa.array([(1, 2, 3)] * 2, pa.month_day_nano_interval()),
    "map": pa.array([[("a", 1.5)]] * 2, pa.map_(pa.string(), pa.float64())),
    "struct": pa.array([{"a": [1, None]}] * 2),
    "category": pa.array(["a", "b"]).dictionary_encode(),
    "view": pa.array(["a", "b"], pa.string_view()),
    "half": pa.array([1.5, -0.0], pa.float16()),
    "nothing": pa.nulls(2),
}
CHANGED = {
    "zone": pa.array([1577836800000000000, 1577836800000000001], pa.int64()).view(pa.timestamp("ns", "Europe/Berlin")),
    "duration": pa.array([86400 * 10**9, 86400 * 10**9 + 1], pa.int64()).view(pa.duration("ns")),
    "time": pa.array([3723 * 10**9, 3723 * 10**9 + 1], pa.int64()).view(pa.time64("ns")),
    "decimal": pa.array([Decimal("1.50"), Decimal("1.51")], pa.decimal256(50, 2)),
    "binary": pa.array([b"\0\xff", b"\0\xfe"], pa.binary(2)),
    "interval": pa.array([(1, 2, 3), (0, 32, 3)], pa.month_day_nano_interval()),
    "map": pa.array([[("a", 1.5)], [("a", 1.6)]], pa.map_(pa.string(), pa.float64())),
    "struct": pa.array([{"a": [1, None]}, {"a": [1]}]),
    "category": pa.array(["a", "a"]).dictionary_encode(),
    "view": pa.array(["a", "c"], pa.string_view()),
    "half": pa.array([1.5, 0.0], pa.float16()),
}


def test_arrow_says_the_same_in_another_container(tmp_path):
    """File and stream, batches, compression, dictionaries in another order: the rows are the same."""
    left, right = sides(tmp_path, "x.arrow")
    arrow(left, pa.table(VALUES))
    turned = pa.DictionaryArray.from_arrays(pa.array([1, 0], pa.int8()), pa.array(["b", "a"]))
    other = pa.table({**VALUES, "category": turned, "view": VALUES["view"].cast(pa.large_string())})
    arrow(right, other, ipc.new_stream, compression="zstd")
    for rules in ((), (unordered(),)):
        result = compared(tmp_path, "x.arrow", rules)
        assert (codes(result), result.not_compared) == ([], ())
        assert [aside.rule for aside in result.set_aside] == ["container-metadata"]


@pytest.mark.parametrize("name", CHANGED)
def test_a_changed_cell_is_found_in_every_type(tmp_path, name):
    """What an engine rounds or folds is not lost: nanoseconds, wide decimals, 1 month for 30 days, signs."""
    left, right = sides(tmp_path, "x.arrow")
    arrow(left, pa.table({"id": [1, 2], name: VALUES[name]}))
    arrow(right, pa.table({"id": [1, 2], name: CHANGED[name]}))
    for rules in ((), (unordered(),)):
        (finding,) = compared(tmp_path, "x.arrow", rules).findings
        assert (finding.code, finding.table.cells_total) == ("table-cells", 1)


def test_json_lines_are_records(tmp_path):
    """Order of keys and blanks are no content; a missing key is not null, 1 not 1.0, and digits past a float's count."""
    left = b'{"a": 1, "b": "x"}\n{"a": 2, "b": null}\n'
    result = told(tmp_path, "x.jsonl", left, b'{"b":"x","a":1}\n{"b":null,"a":2}')
    assert (codes(result), [aside.rule for aside in result.set_aside]) == ([], ["json-format"])
    for right, code in (
        (b'{"a": 1, "b": "y"}\n{"a": 2, "b": null}\n', "table-cells"),
        (b'{"a": 1, "b": "x"}\n{"a": 2}\n', "table-cells"),
        (b'{"a": 1.0, "b": "x"}\n{"a": 2.0, "b": null}\n', "table-schema"),
        (b'{"a": 2, "b": null}\n{"a": 1, "b": "x"}\n', "table-row-order"),
        (b'{"a": 1, "b": "x"}\n', "table-rows"),
    ):
        assert code in codes(told(tmp_path, "x.jsonl", left, right))
    digits = told(tmp_path, "x.jsonl", b'{"a": 0.1}\n', b'{"a": 0.1000000000000000055}\n')
    assert codes(digits) != []


@pytest.mark.parametrize("right", [b'{"a": 1', b'{"a": 1, "a": 2}\n', b"[" * 100_000])
def test_json_lines_that_are_none_are_compared_as_text(tmp_path, right):
    """A torn record, and one with a key twice, are told with their line."""
    result = told(tmp_path, "x.jsonl", b'{"a": 1}\n', right)
    assert codes(result) == ["artifact-content"]
    assert "line 1 of e2b is no JSON that can be compared" in result.not_compared[0]


SCHEMA = (
    "create table t (id integer primary key, v)",
    "create index by_v on t (v)",
    "create view w as select v from t",
)


def test_a_sqlite_file_laid_out_otherwise_is_the_same(tmp_path):
    """Free pages and counters are no content, whatever the file is called."""
    left, right = sides(tmp_path, "x.data")
    database(left, *SCHEMA, "insert into t values (1, 'a'), (2, 2.5)")
    database(
        right, *SCHEMA, "insert into t values (1, 'a'), (2, 2.5), (3, zeroblob(9000))", "delete from t where id = 3"
    )
    result = compared(tmp_path, "x.data")
    assert (codes(result), [aside.rule for aside in result.set_aside]) == ([], ["container-metadata"])
    assert "freelist_count" in result.set_aside[0].reason
    assert names_beside(left) == ["x.data"]


@pytest.mark.parametrize("stored", ["", "stored"])
def test_a_column_that_is_computed_is_compared_by_what_it_is_computed_from(tmp_path, stored):
    """50 rows of a few bytes would else be read as 40 GB; one that the file holds is read, and another definition is found."""
    left, right = sides(tmp_path, "x.db")
    size = 5 if stored else 800_000_000
    for path, last in ((left, size), (right, size + 1)):
        database(path, f"create table t (a, b as (zeroblob(iif(a = 49, {last}, {size}))) {stored})")
    rows = ", ".join(f"({number})" for number in range(50))
    for path in (left, right):
        database(path, f"insert into t (a) values {rows}")
    assert codes(compared(tmp_path, "x.db")) == ["table-schema", *(["table-cells"] if stored else [])]


@pytest.mark.parametrize(
    ("change", "code", "path"),
    [
        ("update t set v = 'b' where id = 1", "table-cells", "t"),
        ("update t set v = '2.5' where id = 2", "table-cells", "t"),
        ("delete from t where id = 1", "table-rows", "t"),
        ("drop index by_v", "table-schema", "by_v"),
        ("create trigger r after insert on t begin select 1; end", "table-schema", "r"),
        ('create table """; drop table t" (a)', "table-schema", '"; drop table t'),
        ("pragma user_version = 7", "table-schema", "user_version"),
    ],
)
def test_what_differs_in_a_sqlite_file_is_found(tmp_path, change, code, path):
    """Rows, storage classes, and all that is defined."""
    left, right = sides(tmp_path, "x.db")
    rows = "insert into t values (1, 'a'), (2, 2.5)"
    database(left, *SCHEMA, rows)
    database(right, *SCHEMA, rows, change)
    assert (code, path) in [(found.code, found.path) for found in compared(tmp_path, "x.db").findings]


def test_changes_in_a_log_beside_a_sqlite_file_count(tmp_path):
    """What stands in a write-ahead log belongs to the database; neither file is touched."""
    left, right = sides(tmp_path, "x.db")
    database(left, *SCHEMA)
    with closing(sqlite3.connect(tmp_path / "live.db")) as live:
        live.execute("pragma journal_mode = wal")
        for statement in (*SCHEMA, "insert into t values (1, 'a')"):
            live.execute(statement)
        live.commit()
        right.write_bytes((tmp_path / "live.db").read_bytes())
        log = right.with_name("x.db-wal")
        log.write_bytes((tmp_path / "live.db-wal").read_bytes())
        before = log.read_bytes()
    assert "table-rows" in codes(compared(tmp_path, "x.db"))
    assert (names_beside(right), log.read_bytes()) == (["x.db", "x.db-wal"], before)


ROWS = "insert into t values (1, 'a', 1, interval '1 month'), (2, 'b', 2, null)"
DUCK = "create table t (id integer, v varchar collate nocase, h hugeint, i interval)"


def test_a_duckdb_file_laid_out_otherwise_is_the_same(tmp_path):
    """Blocks and identity are no content; nothing is left beside the files."""
    left, right = sides(tmp_path, "x.duckdb")
    duck(left, DUCK, ROWS)
    duck(right, DUCK, "create table gone as select range from range(100000)", ROWS, "checkpoint", "drop table gone")
    result = compared(tmp_path, "x.duckdb")
    assert (codes(result), [aside.rule for aside in result.set_aside]) == ([], ["container-metadata"])
    assert names_beside(left) == ["x.duckdb"]


@pytest.mark.parametrize(
    ("change", "code", "path"),
    [
        ("update t set v = 'B' where id = 2", "table-cells", "main.t"),
        (f"delete from t; {ROWS.replace('1 month', '30 days')}", "table-cells", "main.t"),
        ("update t set h = 170141183460469231731687303715884105727 where id = 1", "table-cells", "main.t"),
        ("delete from t where id = 1", "table-rows", "main.t"),
        ("create view w as select 1", "table-schema", "main.w"),
        ("create sequence s", "table-schema", "main.s"),
        ("alter table t alter id type bigint", "table-schema", "main.t"),
    ],
)
def test_what_differs_in_a_duckdb_file_is_found(tmp_path, change, code, path):
    """Rows as they are, whatever their collation or type takes for equal, and all that is defined."""
    left, right = sides(tmp_path, "x.duckdb")
    duck(left, DUCK, ROWS)
    duck(right, DUCK, ROWS, change)
    assert (code, path) in [(found.code, found.path) for found in compared(tmp_path, "x.duckdb").findings]


@pytest.mark.parametrize("name", ["x.arrow", "x.db", "x.duckdb"])
def test_a_torn_file_is_compared_as_bytes(tmp_path, name):
    """What cannot be read to its end is a difference of bytes, and a gap."""
    left, right = sides(tmp_path, name)
    make = {"x.arrow": lambda: arrow(left, pa.table(VALUES)), "x.db": lambda: database(left, *SCHEMA)}
    make.get(name, lambda: duck(left, DUCK, ROWS))()
    right.write_bytes(left.read_bytes()[: left.stat().st_size * 2 // 3])
    result = compared(tmp_path, name)
    assert codes(result) == ["artifact-content"]
    assert result.not_compared[0].startswith(f"{name} was compared as bytes, not as a table: ")
