from __future__ import annotations

import duckdb
import pyarrow as pa
import pytest

from osiris_core.drivers.registry import load_driver


@pytest.fixture
def query(ctx):
    """Run a query over the given tables; return the step's table."""

    def run_it(sql, **tables):
        driver = load_driver("duckdb.processor")
        return driver.run(step_id="q", config={"query": sql}, inputs=tables, ctx=ctx)["df"]

    return run_it


def test_every_upstream_is_a_table_of_its_name(query):
    """All of them, not the first alone."""
    left, right = pa.table({"k": [1, 2], "a": ["x", "y"]}), pa.table({"k": [2, 3], "b": [True, False]})
    assert query("select * from df_left join df_right using (k)", df_left=left, df_right=right).to_pylist() == [
        {"k": 2, "a": "y", "b": True}
    ]


def test_an_upstream_without_a_table_does_not_disturb(query):
    """It is there for its effect; naming it is the engine's error."""
    assert query("select 1 as a", df_gate=None).to_pydict() == {"a": [1]}
    with pytest.raises(duckdb.CatalogException, match="df_gate"):
        query("select * from df_gate", df_gate=None)


def test_the_rows_of_the_last_statement_are_the_table(query):
    """Earlier ones may prepare it."""
    assert query("create table t as select 5 as a; select a + 1 as b from t").to_pydict() == {"b": [6]}


def test_each_step_has_an_engine_of_its_own(query):
    """Nothing is left for the next one."""
    query("create table t as select 1 as a; select * from t")
    with pytest.raises(duckdb.CatalogException):
        query("select * from t")


@pytest.mark.parametrize("sql", ["set threads = 1", "select 1; create table t as select 1 as a", "", "-- nothing"])
def test_a_query_without_a_result_is_refused(query, sql):
    """The engine would answer `Success` or a count, which are no rows of the pipeline."""
    with pytest.raises(ValueError, match="no result"):
        query(sql)


@pytest.mark.parametrize(
    "sql",
    ["from df_t", "values (1)", "with t as (select 1 as a) from t", "describe df_t", "pivot df_t on a using sum(a)"],
)
def test_every_statement_with_rows_is_a_query(query, sql):
    """Not the word SELECT counts, but that there are rows."""
    assert query(sql, df_t=pa.table({"a": [1]})).num_rows == 1


def test_variables_of_the_program_are_no_tables(query):
    """A misspelled name finds nothing by accident."""
    with pytest.raises(duckdb.CatalogException, match="table"):
        query('select * from "table"', df_x=pa.table({"a": [1]}))


def test_extensions_are_not_fetched(query):
    """An engine that installs what it lacks behaves as its network does."""
    rows = query(
        "select name, value from duckdb_settings() "
        "where name in ('autoinstall_known_extensions', 'autoload_known_extensions') order by name"
    ).to_pylist()
    assert [row["value"] for row in rows] == ["false", "false"]


def test_the_number_of_threads_is_the_machines(query):
    """On purpose: what depends on it must show."""
    default = duckdb.connect().sql("select current_setting('threads')").fetchall()
    assert query("select current_setting('threads') as n")["n"].to_pylist() == [default[0][0]]


def test_instants_are_labelled_utc(query):
    """Whatever the engine's zone: the instant is the value, its label would differ between two machines."""
    sql = "set TimeZone = 'Asia/Kathmandu'; select timestamptz '2013-01-01 05:00:00+00' as t, [t] as l, {'a': t} as s"
    table = query(sql)
    assert [str(kind) for kind in table.schema.types] == [
        "timestamp[us, tz=UTC]",
        "list<l: timestamp[us, tz=UTC]>",
        "struct<a: timestamp[us, tz=UTC]>",
    ]
    assert table["t"].cast(pa.int64()).to_pylist() == [1357016400000000]


def test_it_says_how_many_rows_it_made(query, ctx):
    """As a metric."""
    query("from range(7)")
    assert ctx.metrics == [("rows_out", 7, "rows")]
