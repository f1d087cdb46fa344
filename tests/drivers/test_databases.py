from __future__ import annotations

import math
import sqlite3
from contextlib import closing
from datetime import UTC, date, datetime, time
from decimal import Decimal

import duckdb
import pyarrow as pa
import pytest

from osiris_core.drivers.registry import load_driver
from osiris_core.wire.errors import WireProtocolError

ENDINGS = {"sqlite": "db", "duckdb": "duckdb"}


@pytest.fixture(params=["sqlite", "duckdb"])
def ending(request):
    """How files of one engine and of the other end."""
    return ENDINGS[request.param]


@pytest.fixture
def write(ctx):
    """Write a table, or a mapping of columns; return the file."""

    def write_it(given, database, **config):
        given = given if isinstance(given, pa.Table) else pa.table(given)
        config = {"database": database, "table": "t", **config}
        assert load_driver("sql.writer").run(step_id="w", config=config, inputs={"df_x": given}, ctx=ctx) == {}
        return ctx.output_dir / database

    return write_it


@pytest.fixture
def read(ctx, here):
    """Run a query in a file, which is moved to the project first."""

    def read_it(path, query="select * from t"):
        if path.parent != here:
            path = path.replace(here / path.name)
        driver = load_driver("sql.extractor")
        return driver.run(step_id="r", config={"database": path.name, "query": query}, inputs={}, ctx=ctx)["df"]

    return read_it


SURVIVES = {
    "bool": pa.array([True, False, None]),
    "int64": pa.array([-(2**63), 2**63 - 1, None]),
    "double": pa.array([5e-324, -math.inf, 0.1, 3.0, None]),
    "decimal": pa.array([Decimal("1.50"), Decimal("-0.05"), None], pa.decimal128(38, 2)),
    "date": pa.array([date(1, 1, 1), date(9999, 12, 31), None]),
    "time": pa.array([time(23, 59, 59, 999999), time(0), None]),
    "moment": pa.array([datetime(2013, 1, 1, 5), None]),  # noqa: DTZ001
    "moment ns": pa.array([1357016400123456789, None], pa.timestamp("ns")),
    "instant": pa.array([datetime(2013, 1, 1, 5, tzinfo=UTC), None], pa.timestamp("us", "UTC")),
    "instant ns": pa.array([1357016400123456789, None], pa.timestamp("ns", "UTC")),
    "text": pa.array(["", "žluťoučký 👩‍🌾\n", "007", "1e3", "2013-01-31", None]),
    "huge": pa.array(["x" * 3_000_000, None]),
    "binary": pa.array([b"\0\xff", b"", None]),
}


@pytest.mark.parametrize("kind", SURVIVES)
@pytest.mark.parametrize("rows", [9, 0])
def test_a_type_survives_exactly(write, read, ending, kind, rows):
    """Type and values, and the type alone where there are no values."""
    table = pa.table({kind: SURVIVES[kind].slice(0, rows)})
    if not rows and kind.endswith(" ns") and ending == "db":
        table = table.cast(pa.schema([(kind, pa.timestamp("us", table.schema[0].type.tz))]))  # nothing needs more
    back = read(write(table, f"x.{ending}"))
    assert back.schema == table.schema
    assert back.equals(table)


DUCKDB_KEEPS = {
    "null": pa.nulls(2),
    "int8": pa.array([-128, None], pa.int8()),
    "uint64": pa.array([2**64 - 1, None], pa.uint64()),
    "float32": pa.array([0.1, None], pa.float32()),
    "time ns": pa.array([1, None], pa.time64("ns")),
    "moment s": pa.array([1, None], pa.timestamp("s")),
    "list": pa.array([[1, None], None, []]),
    "pair": pa.array([[1, 2], None], pa.list_(pa.int64(), 2)),
    "struct": pa.array([{"a": 1, "b": None}, None]),
    "map": pa.array([[("k", 1)], None], pa.map_(pa.string(), pa.int64())),
    "nul in text": pa.array(["a\0b", None]),
}


@pytest.mark.parametrize("kind", DUCKDB_KEEPS)
def test_duckdb_keeps_more(write, read, kind):
    """Widths, units and nested values."""
    table = pa.table({kind: DUCKDB_KEEPS[kind]})
    assert read(write(table, "x.duckdb")).equals(table)


@pytest.mark.parametrize(
    ("column", "kinds"),
    [
        (pa.nulls(2), {"db": pa.string(), "duckdb": pa.null()}),
        (pa.array([1, None], pa.int8()), {"db": pa.int64(), "duckdb": pa.int8()}),
        (pa.array([1, None], pa.uint64()), {"db": pa.int64(), "duckdb": pa.uint64()}),
        (pa.array([0.5, None], pa.float32()), {"db": pa.float64(), "duckdb": pa.float32()}),
        (pa.array([0.5, None]).cast(pa.float16()), {"db": pa.float64(), "duckdb": pa.float32()}),
        (pa.array(["a", None]).dictionary_encode(), {"db": pa.string(), "duckdb": pa.string()}),
        (pa.array(["a", None], pa.large_string()), {"db": pa.string(), "duckdb": pa.string()}),
        (pa.array([b"ab", None], pa.binary(2)), {"db": pa.binary(), "duckdb": pa.binary()}),
        (pa.array([1, None], pa.time32("s")), {"db": pa.time64("us"), "duckdb": pa.time64("us")}),
        (pa.array([1, None], pa.timestamp("s")), {"db": pa.timestamp("us"), "duckdb": pa.timestamp("s")}),
        (
            pa.array([1, None], pa.timestamp("s", "America/New_York")),
            {"db": pa.timestamp("us", "UTC"), "duckdb": pa.timestamp("us", "UTC")},
        ),
    ],
    ids=lambda value: str(getattr(value, "type", value)),
)
def test_a_type_that_an_engine_lacks_comes_back_as_its_nearest(write, read, ending, column, kinds):
    """The values are the same."""
    back = read(write({"x": column}, f"x.{ending}"))["x"]
    assert back.type == kinds[ending]
    assert back.to_pylist() == column.to_pylist()


@pytest.mark.parametrize(
    ("column", "engine"),
    [
        (pa.array([1], pa.duration("us")), "sqlite duckdb"),
        (pa.array([pa.MonthDayNano([1, 2, 3])]), "sqlite duckdb"),
        (pa.array([Decimal(1)], pa.decimal256(50, 2)), "duckdb"),
        (pa.array([[1]]), "sqlite"),
        (pa.array([{"a": 1}]), "sqlite"),
        (pa.array([2**63], pa.uint64()), "sqlite"),
        (pa.array([math.nan]), "sqlite"),
        (pa.array([2**40], pa.timestamp("s")), "sqlite"),
    ],
    ids=lambda value: str(getattr(value, "type", value)),
)
def test_what_an_engine_would_change_is_refused_with_the_columns_name(write, ctx, column, engine):
    """And no file is left behind."""
    for each in engine.split():
        with pytest.raises((TypeError, ValueError), match="column 'bad'"):
            write({"good": [1], "bad": column}, f"x.{ENDINGS[each]}")
    assert list(ctx.output_dir.iterdir()) == []


def test_floats_that_are_special(write, read):
    """DuckDB keeps all of them; SQLite stores whole numbers as such, and a zero loses its sign."""
    back = read(write({"f": [-0.0, math.nan, None]}, "x.duckdb"))["f"].to_pylist()
    assert math.copysign(1, back[0]) == -1.0
    assert math.isnan(back[1])
    assert back[2] is None
    assert math.copysign(1, read(write({"f": [-0.0]}, "x.db"))["f"][0].as_py()) == 1.0


def test_the_bytes_depend_on_the_table_alone(write, ctx, ending, monkeypatch):
    """Not on chunks, on the moment, or on what the file is called."""
    rows = 150_000 if ending == "duckdb" else 20_000  # it shows from its second group of rows on
    table = pa.table({"n": list(range(rows)), "t": [f"row {row * row % 977}" for row in range(rows)]})
    pieces = pa.concat_tables([table.slice(start, 777) for start in range(0, rows, 777)])
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    first = write(table, f"first.{ending}").read_bytes()
    assert write(pieces, f"other/second.{ending}").read_bytes() == first
    assert write(table.slice(1), f"less.{ending}").read_bytes() != first


def test_a_database_grows_on_a_copy_of_another(write, read, here, ending):
    """`base` stays as it is; `append` needs the table, `create` must not find it, `replace` does not mind."""
    base = write({"a": [1], "b": ["x"]}, f"base.{ending}").replace(here / f"base.{ending}")
    before = base.read_bytes()
    given = {"base": base.name}
    assert read(write({"b": ["y"], "a": [2]}, f"append.{ending}", mode="append", **given)).to_pydict() == {
        "a": [1, 2],
        "b": ["x", "y"],
    }
    assert read(write({"c": [3]}, f"replace.{ending}", mode="replace", **given)).to_pydict() == {"c": [3]}
    both = write({"c": [3]}, f"both.{ending}", table="u", **given)
    assert read(both, "select a, c from t, u").to_pydict() == {"a": [1], "c": [3]}
    with pytest.raises((sqlite3.Error, duckdb.Error), match="already exists"):
        write({"c": [3]}, f"create.{ending}", **given)
    with pytest.raises((sqlite3.Error, duckdb.Error), match="u"):
        write({"c": [3]}, f"none.{ending}", table="u", mode="append", **given)
    assert base.read_bytes() == before


def test_growing_is_repeatable_too(write, here, ending):
    """Two copies of one base that are given the same rows are the same file."""
    write({"a": list(range(5000))}, f"base.{ending}").replace(here / f"base.{ending}")
    given = {"base": f"base.{ending}"}
    for mode in ("append", "replace"):
        files = [write({"a": [7]}, f"{mode}{each}.{ending}", mode=mode, **given).read_bytes() for each in "12"]
        assert files[0] == files[1]


def test_any_name_is_a_name(write, read, ending):
    """Of tables and columns: they are quoted."""
    given = {'a"b': [1], "select": [2], "ž x": [3]}
    back = read(write(given, f"x.{ending}", table='my "t'), 'select * from "my ""t"')
    assert back.to_pydict() == given


def test_the_engine_is_chosen_by_the_name_or_said(write):
    """What ends in `.duckdb` or `.ddb` is DuckDB's."""
    assert write({"a": [1]}, "a.ddb").read_bytes()[8:12] == b"DUCK"
    assert write({"a": [1]}, "a.db").read_bytes()[:6] == b"SQLite"
    assert write({"a": [1]}, "b.db", engine="duckdb").read_bytes()[8:12] == b"DUCK"


def test_a_base_of_another_engine_is_refused(write, here):
    """Its content decides."""
    write({"a": [1]}, "base.db").replace(here / "base.db")
    assert write({"a": [1]}, "x.duckdb", base="base.db", table="u").read_bytes()[:6] == b"SQLite"
    with pytest.raises(ValueError, match=r"base.db is a database of sqlite, not of duckdb"):
        write({"a": [1]}, "y.duckdb", base="base.db", engine="duckdb")


def test_declared_types_of_other_peoples_sqlite_files(read, here):
    """They decide where every value fits them; where not, or in an expression, the values do."""
    with closing(sqlite3.connect(here / "x.db")) as connection:
        connection.execute(
            "create table t (b boolean, d date, e datetime, u datetime, n numeric(10, 2), v varchar(9), x)"
        )
        row = (1, "2013-01-31", "2013-01-31 05:00:00", 1357016400, 1.5, "a", b"\0")
        connection.execute("insert into t values (?, ?, ?, ?, ?, ?, ?)", row)
        connection.commit()
    table = read(here / "x.db", "select *, b + 1 as c, count(*) over () as k from t")
    assert {field.name: str(field.type) for field in table.schema} == {
        "b": "bool",
        "d": "date32[day]",
        "e": "timestamp[us]",
        "u": "int64",
        "n": "double",
        "v": "string",
        "x": "binary",
        "c": "int64",
        "k": "int64",
    }
    assert table["e"].to_pylist() == [datetime(2013, 1, 31, 5)]  # noqa: DTZ001


@pytest.mark.parametrize(
    ("query", "refusal"),
    [
        ("select 1 as a union all select 'x'", "column 'a' has texts and whole numbers: cast it in the query"),
        ("select 0.5 as a union all select 9007199254740993", "column 'a' has numbers and whole numbers"),
        ("select 1 as a, 2 as a", "more than one column 'a'"),
        ("create table x (a)", "readonly"),
        ("select 1; select 2", "one statement at a time"),
        ("select * from nowhere", "no such table: nowhere"),
    ],
)
def test_a_query_that_makes_no_table_is_refused(read, here, query, refusal):
    """In our words, or in the engine's."""
    with closing(sqlite3.connect(here / "x.db")) as connection:
        connection.execute("create table t (a)")
        connection.commit()
    with pytest.raises((ValueError, sqlite3.Error, sqlite3.Warning), match=refusal):
        read(here / "x.db", query)


def test_a_duckdb_query_without_rows_of_its_own_is_refused(read, write):
    """A count or the word Success is no table."""
    path = write({"a": [1]}, "x.duckdb")
    with pytest.raises(ValueError, match="the query has no result: its last statement must be a SELECT"):
        read(path, "create temp table u as select 1 as a")


def test_a_log_beside_what_a_link_leads_to_counts(read, write, here, tmp_path):
    """The engine would look for it there."""
    path = write({"a": [1]}, "x.db").replace(tmp_path / "real.db")
    (tmp_path / "real.db-journal").write_bytes(b"1")
    (here / "link.db").symlink_to(path)
    with pytest.raises(ValueError, match=r"link.db: its last changes are in real.db-journal"):
        read(here / "link.db")


def test_nothing_is_made_beside_a_database_that_is_read(read, write, here, ending):
    """Nor is the file touched, even where the project cannot be written to."""
    path = write({"a": [1]}, f"x.{ending}").replace(here / f"x.{ending}")
    before = path.read_bytes()
    read(path)
    with pytest.raises((sqlite3.Error, duckdb.Error)):
        read(path, "delete from t" if ending == "db" else "delete from t; select 1")
    assert [each.name for each in here.iterdir()] == [path.name]
    assert path.read_bytes() == before


def test_a_database_whose_last_changes_are_elsewhere_is_refused(read, write, here):
    """They would be missing where only the file was sent."""
    path = write({"a": [1]}, "x.db").replace(here / "x.db")
    (here / "x.db-wal").write_bytes(b"1")
    with pytest.raises(ValueError, match=r"x.db: its last changes are in x.db-wal: let a program that writes it close"):
        read(path)


def test_a_database_in_wal_mode_becomes_one_file(read, write, here, ctx):
    """A copy of it that grows leaves nothing beside the artifact."""
    path = write({"a": [1]}, "x.db").replace(here / "x.db")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("pragma journal_mode = wal")
    assert read(path).to_pydict() == {"a": [1]}
    assert read(write({"a": [2]}, "y.db", base="x.db", mode="append")).to_pydict() == {"a": [1, 2]}
    assert list(ctx.output_dir.iterdir()) == []


def test_what_is_no_database_is_said(read, here, write):
    """Missing, another kind of file, a place that is taken or outside."""
    (here / "x.db").write_text("no database")
    with pytest.raises(ValueError, match=r"x.db: it is no SQLite or DuckDB database"):
        read(here / "x.db")
    with pytest.raises(FileNotFoundError, match=r"'none.db'"):
        read(here / "none.db")
    write({"a": [1]}, "y.db")
    with pytest.raises(FileExistsError):
        write({"a": [1]}, "y.db")
    with pytest.raises(WireProtocolError):
        write({"a": [1]}, "../y.db")


def test_rows_are_counted(write, read, ctx, ending):
    """What is written and read is said; more rows than travel at a time."""
    assert read(write({"a": list(range(45_000))}, f"x.{ending}")).num_rows == 45_000
    assert ctx.metrics == [("rows_written", 45_000, "rows"), ("rows_read", 45_000, "rows")]
