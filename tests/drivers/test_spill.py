"""A table that comes back from a file is the table that went there, to the last bit of type, value and encoding."""

from __future__ import annotations

import datetime as dt
import math
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

from osiris_core.drivers.spill import spilled
from osiris_core.drivers.tables import describe_table

MAPS = Path("/proc/self/maps")
NOON = dt.datetime(2026, 3, 29, 12, tzinfo=dt.UTC)
COLUMNS = {
    "whole": pa.array([2**63 - 1, None, -(2**63)]),
    "float": pa.array([math.nan, -0.0, None]),
    "half": pa.array([1.5, None, -2.0], pa.float16()),
    "text": pa.array(["žluť", None, ""]),
    "large text": pa.array(["a" * 100_000, None, ""], pa.large_string()),
    "text view": pa.array(["short", None, "longer than twelve bytes"], pa.string_view()),
    "bytes": pa.array([b"\x00\xff", None, b""]),
    "fixed bytes": pa.array([b"ab", None, b"\x00\x01"], pa.binary(2)),
    "decimal": pa.array([Decimal("1.50"), None, Decimal("-0.01")], pa.decimal128(38, 2)),
    "large decimal": pa.array([Decimal(10) ** 70, None, Decimal(-1)], pa.decimal256(76, 0)),
    "zoned": pa.array([NOON, None, NOON], pa.timestamp("ns", "Europe/Prague")),
    "offset": pa.array([NOON, None, NOON], pa.timestamp("s", "+05:30")),
    "naive": pa.array([0, None, 1], pa.timestamp("us")),
    "date": pa.array([dt.date(1, 1, 1), None, dt.date(9999, 12, 31)]),
    "time": pa.array([dt.time(1, 2, 3, 4), None, dt.time(0)], pa.time64("ns")),
    "span": pa.array([dt.timedelta(days=1, microseconds=1), None, dt.timedelta(0)], pa.duration("us")),
    "interval": pa.array([pa.MonthDayNano([1, 2, 3]), None, pa.MonthDayNano([0, 0, 0])]),
    "category": pa.array(["a", None, "b"]).dictionary_encode(),
    "runs": pa.RunEndEncodedArray.from_arrays(pa.array([2, 3], pa.int32()), pa.array(["x", None])),
    "list": pa.array([[1, None], None, []], pa.list_(pa.int64())),
    "struct": pa.array([{"a": 1, "b": ["x"]}, None, {"a": None, "b": None}]),
    "map": pa.array([[("k", 1)], None, []], pa.map_(pa.string(), pa.int8())),
    "categories in a list": pa.array([["a"], None, ["b", None]], pa.list_(pa.dictionary(pa.int8(), pa.string()))),
    "nothing": pa.nulls(3),
}


@pytest.mark.parametrize("name", COLUMNS)
def test_a_column_survives(name, tmp_path):
    """Type, metadata, values and their description are what they were."""
    field = pa.field(name, COLUMNS[name].type, metadata={"unit": "x"})
    given = pa.table([COLUMNS[name]], schema=pa.schema([field], metadata={"made": "here"}))
    got = spilled(given, tmp_path / "spill" / "a.arrows", limit_bytes=-1)
    assert got is not given
    assert got.schema.equals(given.schema, check_metadata=True)
    assert got.column(0).to_pylist().__repr__() == given.column(0).to_pylist().__repr__()
    assert describe_table(got) == describe_table(given)


def test_chunks_with_dictionaries_of_their_own_survive(tmp_path):
    """Chunks, each with another dictionary, keep their values and their encodings."""
    chunks = [pa.array(values).dictionary_encode() for values in (["a", "b"], ["c"], ["b", "a", None])]
    given = pa.table({"a": pa.chunked_array(chunks)})
    got = spilled(given, tmp_path / "a.arrows", limit_bytes=0)
    assert [chunk.dictionary.to_pylist() for chunk in got.column("a").chunks] == [["a", "b"], ["c"], ["b", "a"]]
    assert got.column("a").to_pylist() == ["a", "b", "c", "b", "a", None]


def test_a_slice_takes_only_its_rows(tmp_path):
    """Of a table that is a part of another, the part is written."""
    given = pa.table({"a": list(range(1000)), "b": [str(n) for n in range(1000)]}).slice(500, 3)
    got = spilled(given, tmp_path / "a.arrows", limit_bytes=0)
    assert got.to_pylist() == [{"a": n, "b": str(n)} for n in (500, 501, 502)]


def test_a_spilled_table_takes_no_memory_and_leaves_no_file(tmp_path):
    """Its bytes are the file's, which has no name any more and goes with the table."""
    given = pa.table({"a": pa.array(range(100_000))})
    before = pa.total_allocated_bytes()
    got = spilled(given, tmp_path / "a.arrows", limit_bytes=given.nbytes - 1)
    assert got.nbytes == 800_000
    assert pa.total_allocated_bytes() - before < 10_000
    assert list(tmp_path.iterdir()) == []
    assert f"{tmp_path}/a.arrows (deleted)" in MAPS.read_text()
    del got
    assert f"{tmp_path}/a.arrows" not in MAPS.read_text()


def test_a_table_within_the_limit_stays_where_it_is(tmp_path):
    """It is handed on as the very object that it is; nothing is written."""
    given = pa.table({"a": [1]})
    assert spilled(given, tmp_path / "spill" / "a.arrows", limit_bytes=given.nbytes) is given
    assert list(tmp_path.iterdir()) == []


class Unknown(pa.ExtensionType):
    """A type that nothing but this process knows."""

    def __init__(self):
        """Store whole numbers."""
        super().__init__(pa.int64(), "test.unknown")

    def __arrow_ext_serialize__(self):
        """Say nothing about itself."""
        return b""

    @classmethod
    def __arrow_ext_deserialize__(cls, storage_type, serialized):
        """Make one; nobody asks for it, as the type is not registered."""
        return cls()


def test_a_type_that_a_file_cannot_hold_stays_in_memory(tmp_path):
    """What would come back as another type is not spilled."""
    given = pa.table({"a": pa.ExtensionArray.from_storage(Unknown(), pa.array([1, 2]))})
    assert spilled(given, tmp_path / "a.arrows", limit_bytes=0) is given
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_an_error(tmp_path):
    """No table is lost silently."""
    (tmp_path / "spill").write_text("in the way")
    with pytest.raises(OSError, match="spill"):
        spilled(pa.table({"a": [1]}), tmp_path / "spill" / "a.arrows", limit_bytes=0)
