from __future__ import annotations

import csv

import duckdb
import pytest

from osiris_core.drivers.registry import load_driver


@pytest.fixture
def data(repository):
    """The directory of the real data that the pipelines under `fixtures` read."""
    return repository / "fixtures" / "data"


@pytest.mark.parametrize(
    ("name", "rows", "first"),
    [
        ("flights", 27_004, ["2013", "1", "1", "517"]),
        ("weather", 2_226, ["EWR", "2013", "1", "1"]),
        ("planes", 3_322, ["N10156", "2004", "Fixed wing multi engine", "EMBRAER"]),
        ("airports", 1_458, ["04G", "Lansdowne Airport", "41.1304722", "-80.6195833"]),
        ("airlines", 16, ["9E", "Endeavor Air Inc."]),
    ],
)
def test_the_data_is_what_its_readme_says(data, name, rows, first):
    """Rows, first row, and no mark for missing values but emptiness; read by Python's own reader."""
    with (data / f"{name}.csv").open(encoding="utf-8", newline="") as stream:
        _, *records = csv.reader(stream)
    assert len(records) == rows
    assert records[0][: len(first)] == first
    assert not any("NA" in record for record in records)


def test_a_month_of_flights_is_read_with_its_types(data, ctx):
    """521 flights that never left have no time of departure, and a tail number is text."""
    config = {"path": str(data / "flights.csv")}
    flights = load_driver("filesystem.csv_extractor").run(step_id="read", config=config, inputs={}, ctx=ctx)["df"]
    assert flights.num_rows == 27_004
    assert flights["dep_time"].null_count == 521
    types = {field.name: str(field.type) for field in flights.schema}
    assert {types[name] for name in ("year", "dep_delay", "air_time", "minute")} == {"int64"}
    assert (types["tailnum"], types["time_hour"]) == ("string", "timestamp[us, tz=UTC]")


def test_a_query_without_an_order_gives_the_order_of_its_threads(data, ctx):
    """What the pipeline `tail-numbers` rests on: one thread and two disagree about it, and an ORDER BY ends that."""
    config = {"path": str(data / "flights.csv"), "columns": ["tailnum", "dest"]}
    flights = load_driver("filesystem.csv_extractor").run(step_id="read", config=config, inputs={}, ctx=ctx)["df"]

    def pairs(threads, tail=""):
        with duckdb.connect(config={"threads": str(threads)}) as connection:
            connection.register("flights", flights)
            return connection.sql(f"select distinct tailnum, dest from flights {tail}").to_arrow_table()

    one, two = pairs(1), pairs(2)
    assert one.num_rows == two.num_rows == 13_818
    assert one != two
    assert one.sort_by([("tailnum", "ascending"), ("dest", "ascending")]) == pairs(2, "order by tailnum, dest")
    assert pairs(1, "order by tailnum, dest") == pairs(2, "order by tailnum, dest")
