from __future__ import annotations

import hashlib
import math
from datetime import UTC, date, datetime, time
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from osiris_core.drivers.registry import load_driver
from osiris_core.wire.errors import WireProtocolError


@pytest.fixture
def write(ctx):
    """Write a table with the given options; return the bytes of the file."""

    def write_it(table, *, path="out.parquet", **config):
        table = table if isinstance(table, pa.Table) else pa.table(table)
        driver = load_driver("filesystem.parquet_writer")
        assert driver.run(step_id="w", config={"path": path, **config}, inputs={"df_x": table}, ctx=ctx) == {}
        return (ctx.output_dir / path).read_bytes()

    return write_it


@pytest.fixture
def read(ctx, here):
    """Read bytes, as a file of this name, with the given options."""

    def read_it(data, *, path="in.parquet", **config):
        (here / path).parent.mkdir(exist_ok=True)
        (here / path).write_bytes(data)
        driver = load_driver("filesystem.parquet_extractor")
        return driver.run(step_id="r", config={"path": path, **config}, inputs={}, ctx=ctx)["df"]

    return read_it


EXACT = {
    "null": pa.nulls(2),
    "bool": pa.array([True, None]),
    "int8": pa.array([-128, None], pa.int8()),
    "int64": pa.array([-(2**63), 2**63 - 1]),
    "uint64": pa.array([2**64 - 1, None], pa.uint64()),
    "float16": pa.array([1.5, None]).cast(pa.float16()),
    "float32": pa.array([0.1, None], pa.float32()),
    "double": pa.array([5e-324, -math.inf]),
    "decimal": pa.array([Decimal("1.50"), None], pa.decimal128(10, 2)),
    "decimal256": pa.array([Decimal("1.50"), None], pa.decimal256(50, 2)),
    "date": pa.array([date(1, 1, 1), date(9999, 12, 31)]),
    "time": pa.array([time(23, 59, 59, 999999), None]),
    "time ns": pa.array([1, None], pa.time64("ns")),
    "moment": pa.array([datetime(2013, 1, 1, 5), None]),  # noqa: DTZ001
    "moment ns": pa.array([1357016400123456789, None], pa.timestamp("ns")),
    "instant": pa.array([datetime(2013, 1, 1, 5, tzinfo=UTC), None], pa.timestamp("us", "America/New_York")),
    "span": pa.array([1, None], pa.duration("us")),
    "text": pa.array(["", "žluťoučký 👩‍🌾\0\n"]),
    "huge": pa.array(["x" * 3_000_000, None]),
    "large text": pa.array(["a", None], pa.large_string()),
    "text view": pa.array(["a", None], pa.string_view()),
    "binary": pa.array([b"\0\xff", None]),
    "fixed": pa.array([b"ab", None], pa.binary(2)),
    "labels": pa.array(["b", None]).dictionary_encode(),
    "ordered labels": pa.array(["a", None]).cast(pa.dictionary(pa.int8(), pa.string(), ordered=True)),
    "list": pa.array([[1, None], None]),
    "empty list": pa.array([[], None], pa.list_(pa.int64())),
    "pair": pa.array([[1, 2], None], pa.list_(pa.int64(), 2)),
    "struct": pa.array([{"a": 1, "b": None}, None]),
    "map": pa.array([[("k", 1), ("k", 2)], None], pa.map_(pa.string(), pa.int64())),
    "deep": pa.array([[{"a": [{"b": Decimal("0.1")}]}], None]),
}


@pytest.mark.parametrize("kind", EXACT)
def test_a_type_survives_exactly(write, read, kind):
    """Type and values; -0.0 and NaN have a test of their own, as they equal what they should not, or nothing."""
    table = pa.table({kind: EXACT[kind]})
    back = read(write(table))
    assert back.schema == table.schema
    assert back.equals(table)


def test_zero_keeps_its_sign_and_nan_stays_apart_from_null(write, read):
    """Floats are their bits."""
    back = read(write({"f": pa.array([-0.0, 0.0, math.nan, None])}))["f"].to_pylist()
    assert [math.copysign(1, back[0]), math.copysign(1, back[1])] == [-1.0, 1.0]
    assert math.isnan(back[2])
    assert back[3] is None


@pytest.mark.parametrize(
    ("kind", "becomes"),
    [
        (pa.date64(), pa.date32()),
        (pa.time32("s"), pa.time32("ms")),
        (pa.timestamp("s"), pa.timestamp("ms")),
        (pa.timestamp("s", "UTC"), pa.timestamp("ms", "UTC")),
    ],
    ids=str,
)
def test_a_type_that_the_format_lacks_comes_back_as_its_nearest(write, read, kind, becomes):
    """The values are the same."""
    column = pa.array([86_400_000 if kind == pa.date64() else 3600, None], pa.int64())
    column = column.cast(pa.int32()).cast(kind) if kind == pa.time32("s") else column.cast(kind)
    back = read(write({"x": column}))["x"]
    assert back.type == becomes
    assert back.to_pylist() == column.to_pylist()


def test_encodings_of_other_values_than_text_come_back_without(write, read):
    """Run lengths, and dictionaries of numbers."""
    runs = pa.RunEndEncodedArray.from_arrays([1, 3], pa.array(["a", None]))
    numbers = pa.array([5, None, 5]).dictionary_encode()
    back = read(write({"runs": runs, "numbers": numbers}))
    assert back.equals(pa.table({"runs": ["a", None, None], "numbers": [5, None, 5]}))


@pytest.mark.parametrize(
    "column",
    [
        pa.array([pa.MonthDayNano([1, 2, 3])]),
        pa.array([{}], pa.struct([])),
        pa.UnionArray.from_sparse(pa.array([0], pa.int8()), [pa.array([1]), pa.array(["a"])]),
    ],
    ids=["interval", "struct without fields", "union"],
)
def test_a_type_without_a_form_is_refused_with_the_columns_name(write, ctx, column):
    """And no file is left behind."""
    with pytest.raises(TypeError, match=r"column 'bad' of type .* has no Parquet form"):
        write(pa.table({"good": [1], "bad": column}))
    assert list(ctx.output_dir.iterdir()) == []


@pytest.mark.parametrize("rows", [0, 1])
def test_small_tables_keep_their_types(write, read, rows):
    """None and one row."""
    table = pa.table({"a": pa.array([1], pa.int16()), "b": ["x"]}).slice(0, rows)
    assert read(write(table)).equals(table)


def test_the_bytes_depend_on_the_table_alone(write):
    """Not on its chunks, the order of its dictionaries, run lengths, nor on what else its schema carries."""
    rows = 50_000
    texts = [hashlib.md5(str(row).encode()).hexdigest() for row in range(rows)]
    labels = pa.array(["b", "a"] * (rows // 2))
    table = pa.table({"t": texts, "n": list(range(rows)), "l": labels.dictionary_encode()})
    turned = pa.DictionaryArray.from_arrays(pa.array([1, 0] * (rows // 2), pa.int32()), pa.array(["a", "b"]))
    pieces = pa.concat_tables([table.set_column(2, "l", turned).slice(start, 777) for start in range(0, rows, 777)])
    first = write(table)  # its texts are too many for one dictionary, and where that ends depends on chunks
    assert write(pieces, path="pieces.parquet") == first
    named = table.replace_schema_metadata({"pandas": "{}"})
    assert write(named, path="named.parquet") == first
    assert write(table, path="smaller.parquet", row_group_rows=10_000) != first


def test_the_options_change_what_they_say(write, ctx):
    """Compression and row groups, as the file itself says."""
    table = pa.table({"a": [1, 2, 3, 4, 5]})
    for compression, shown in (("zstd", "ZSTD"), ("snappy", "SNAPPY"), ("gzip", "GZIP"), ("none", "UNCOMPRESSED")):
        path = f"{compression}.parquet"
        write(table, path=path, compression=compression, row_group_rows=2)
        facts = pq.ParquetFile(ctx.output_dir / path).metadata
        assert (facts.num_row_groups, facts.row_group(0).column(0).compression) == (3, shown)
    assert write(table, path="default.parquet", row_group_rows=2) == (ctx.output_dir / "zstd.parquet").read_bytes()


def test_rows_are_counted(write, read, ctx):
    """What is written and read is said."""
    read(write({"a": [1, 2, 3]}))
    assert ctx.metrics == [("rows_written", 3, "rows"), ("rows_read", 3, "rows")]


def test_columns_are_selected_in_their_order(read, write):
    """A name with a dot is a name; what it could mean inside a struct is not read with it."""
    data = write({"a": [1], "b.c": [2], "b": [{"c": 3}]})
    assert read(data, columns=["b.c", "a"]).equals(pa.table({"b.c": [2], "a": [1]}))
    assert read(data, columns=[]).num_columns == 0


def test_a_directorys_name_is_no_column(read, write):
    """Unlike in a dataset, where `year=2013/` would add one."""
    assert read(write({"a": [1]}), path="year=2013/in.parquet").schema.names == ["a"]


def test_what_cannot_be_read_is_named(read, write, ctx, here):
    """The path as the manifest has it, and what is wrong with it."""
    with pytest.raises(ValueError, match=r"^bad.parquet: it cannot be read as Parquet: "):
        read(b"no parquet", path="bad.parquet")
    with pytest.raises(ValueError, match=r"^in.parquet has no column 'x'; it has a$"):
        read(write({"a": [1]}), columns=["x"])
    twice = pa.BufferOutputStream()
    pq.write_table(pa.table([[1], [2]], names=["a", "a"]), twice)
    with pytest.raises(ValueError, match=r"^in.parquet has more than one column 'a'"):
        read(twice.getvalue().to_pybytes())
    driver = load_driver("filesystem.parquet_extractor")
    with pytest.raises(FileNotFoundError, match=r"No such file or directory: 'none.parquet'"):
        driver.run(step_id="r", config={"path": "none.parquet"}, inputs={}, ctx=ctx)


def test_what_cannot_be_written_is_refused(write):
    """Two columns of one name, none at all, a place outside."""
    with pytest.raises(ValueError, match="more than one column 'a'"):
        write(pa.table([[1], [2]], names=["a", "a"]))
    with pytest.raises(ValueError, match="no columns"):
        write(pa.table({}))
    with pytest.raises(WireProtocolError):
        write({"a": [1]}, path="../out.parquet")
