"""Tables as frames of other libraries: nothing but what these cannot hold is lost on the way there and back."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from osiris_core.drivers.frames import as_frame
from osiris_core.drivers.tables import as_table, describe_table

NOON = dt.datetime(2026, 3, 29, 12, tzinfo=dt.UTC)
COLUMNS = {
    "whole": pa.array([2**60 + 1, None, -1], pa.int64()),
    "small": pa.array([255, None, 0], pa.uint8()),
    "float": pa.array([0.1, None, -0.0]),
    "text": pa.array(["žluť", None, ""]),
    "bytes": pa.array([b"\x00\xff", None, b""]),
    "truth": pa.array([True, None, False]),
    "decimal": pa.array([Decimal("1.50"), None, Decimal("-0.01")], pa.decimal128(3, 2)),
    "zoned": pa.array([NOON, None, NOON], pa.timestamp("us", "Europe/Prague")),
    "naive": pa.array([dt.datetime(1, 1, 1), None, dt.datetime(9999, 12, 31)], pa.timestamp("us")),  # noqa: DTZ001 - naive is the point
    "date": pa.array([dt.date(1, 1, 1), None, dt.date(9999, 12, 31)]),
    "span": pa.array([dt.timedelta(days=1, microseconds=1), None, dt.timedelta(0)], pa.duration("us")),
    "category": pa.array(["a", None, "b"]).dictionary_encode(),
    "list": pa.array([[1, 2], None, []], pa.list_(pa.int64())),
    "struct": pa.array([{"a": 1, "b": "x"}, None, {"a": 2, "b": None}]),
    "nothing": pa.nulls(3),
}


@pytest.mark.parametrize("frame", ["pandas", "polars"])
@pytest.mark.parametrize("name", COLUMNS)
def test_values_survive_a_frame(frame, name):
    """A column that becomes a frame and comes back has the values it had, in their order."""
    given = pa.table({name: COLUMNS[name]})
    back = as_table(as_frame(given, frame))
    assert describe_table(back)["columns"][name] == describe_table(given)["columns"][name]


@pytest.mark.parametrize("frame", ["pandas", "polars"])
def test_a_rounded_value_would_be_seen(frame):
    """The comparison above does find the difference that a detour by floats makes."""
    given, rounded = (pa.table({"whole": pa.array([value, None])}) for value in (2**60 + 1, int(float(2**60 + 1))))
    back = as_table(as_frame(rounded, frame))
    assert describe_table(back)["columns"]["whole"] != describe_table(given)["columns"]["whole"]


def test_frames_are_what_their_libraries_call_so():
    """`arrow` is the table itself, the others are the libraries' own frames."""
    table = pa.table({"a": [1]})
    assert as_frame(table, "arrow") is table
    assert type(as_frame(table, "pandas")) is pd.DataFrame
    assert type(as_frame(table, "polars")) is pl.DataFrame


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        (pa.array([1, 2], pa.int32()), "int32"),
        (pa.array([1, None], pa.int32()), "Int32"),
        (pa.array([1, None], pa.uint64()), "UInt64"),
        (pa.array([1.0, None]), "float64"),
        (pa.array(["a", None]), "str"),
    ],
)
def test_pandas_keeps_its_own_types_except_where_numbers_would_be_rounded(values, dtype):
    """Missing whole numbers are pandas' nullable integers; everything else is what pandas makes of it."""
    assert str(as_frame(pa.table({"a": values}), "pandas").dtypes["a"]) == dtype


def test_an_index_that_was_noted_in_the_schema_is_a_column_again():
    """What pandas wrote into a schema decides nothing: the driver gets the columns that the table has."""
    frame = pd.DataFrame({"a": [1, 2]}, index=pd.Index(["x", "y"], name="key"))
    table = pa.Table.from_pandas(frame)
    assert table.column_names == ["a", "key"]
    got = as_frame(table, "pandas")
    assert list(got.columns) == ["a", "key"]
    assert list(got.index) == [0, 1]


def test_writing_into_a_pandas_frame_changes_no_table():
    """A driver may change its frame: the table that others are given stays as it was."""
    table = pa.table({"a": [1.0, 2.0]})
    got = as_frame(table, "pandas")
    got.iloc[0, 0] = 9.0
    assert got["a"].tolist() == [9.0, 2.0]
    assert table.column("a").to_pylist() == [1.0, 2.0]


@pytest.mark.parametrize("frame", ["pandas", "polars"])
def test_empty_tables_stay_empty(frame):
    """No rows, and no columns, are no special case."""
    assert as_frame(pa.table({"a": pa.array([], pa.int64())}), frame).shape == (0, 1)
    assert as_frame(pa.table({}), frame).shape == (0, 0)


def test_a_polars_frame_comes_in_plain_arrow_types():
    """Views of texts, which few of Arrow's own functions take, do not travel on."""
    table = as_table(pl.DataFrame({"a": ["x"], "b": pl.Series(["x"], dtype=pl.Categorical)}))
    assert table.schema.field("a").type == pa.large_string()
    assert table.schema.field("b").type.value_type == pa.large_string()


def test_an_unknown_frame_is_refused():
    """Another frame is an error that names those that there are."""
    with pytest.raises(ValueError, match="there is no frame 'dask'; there are arrow, pandas, polars"):
        as_frame(pa.table({}), "dask")
