from __future__ import annotations

import json
import math
import struct
from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa
import pytest

from osiris_core.drivers.engine import connect
from osiris_core.drivers.tables import as_table, describe_table


def column(values, kind=None):
    """Describe one column."""
    described = describe_table(pa.table({"v": values if kind is None else pa.array(values, kind)}))
    return described["columns"]["v"]


def unordered(values, kind=None):
    return column(values, kind)["unordered"]


def nan(bits):
    return struct.unpack("<d", struct.pack("<Q", bits))[0]


def flights():
    """A table of several kinds of columns, with nulls."""
    return pa.table(
        {
            "id": [1, 2, 3, 4, 5, 6],
            "carrier": ["UA", "AA", None, "", "B6", "UA"],
            "delay": [0.0, -0.0, math.nan, None, 12.5, math.inf],
            "late": [True, False, None, True, False, True],
            "fare": pa.array([Decimal(n).scaleb(-2) for n in (100, 250, 3, 4, 5, 6)], pa.decimal128(12, 2)),
            "at": pa.array([0, 1, None, 3, 4, 5], pa.timestamp("us", tz="UTC")),
        }
    )


def test_a_description_says_rows_schema_and_facts():
    """The whole form, digests apart."""
    table = pa.table({"n": pa.array([3, None, -1], pa.int32()), "s": ["b", "a", "c"]})
    described = describe_table(table)
    digests = [described.pop("ordered"), described.pop("unordered")]
    digests += [each.pop(name) for each in described["columns"].values() for name in ("ordered", "unordered")]
    assert described == {
        "rows": 3,
        "schema": [
            {"name": "n", "type": "int32", "nullable": True},
            {"name": "s", "type": "string", "nullable": True},
        ],
        "columns": {
            "n": {"count": 2, "nulls": 1, "min": -1, "max": 3, "sum": 2},
            "s": {"count": 3, "nulls": 0, "min": "a", "max": "c", "sum": None},
        },
    }
    assert all(len(digest) == 32 and int(digest, 16) >= 0 for digest in digests)
    assert len(set(digests)) == 6


@pytest.mark.parametrize(
    ("name", "row", "value"),
    [
        ("id", 0, 9),
        ("id", 5, None),
        ("carrier", 0, "Ua"),
        ("carrier", 2, ""),
        ("carrier", 3, None),
        ("carrier", 3, " "),
        ("delay", 0, -0.0),
        ("delay", 2, None),
        ("delay", 3, math.nan),
        ("delay", 4, 12.500000000000002),
        ("delay", 5, -math.inf),
        ("late", 2, False),
        ("late", 0, False),
        ("fare", 0, Decimal("1.01")),
        ("at", 1, datetime(1970, 1, 1, 0, 0, 0, 2, tzinfo=UTC)),
        ("at", 2, datetime(1970, 1, 1, tzinfo=UTC)),
    ],
)
def test_one_changed_value_changes_its_column_and_the_table(name, row, value):
    """And the digests of no other column."""
    table = flights()
    values = table[name].to_pylist()
    values[row] = value
    changed = table.set_column(table.column_names.index(name), name, pa.array(values, table[name].type))
    before, after = describe_table(table), describe_table(changed)
    assert before["unordered"] != after["unordered"]
    assert before["ordered"] != after["ordered"]
    differing = [each for each in before["columns"] if before["columns"][each] != after["columns"][each]]
    assert differing == [name]
    assert before["columns"][name]["unordered"] != after["columns"][name]["unordered"]


@pytest.mark.parametrize("order", [[5, 4, 3, 2, 1, 0], [0, 1, 2, 3, 5, 4], [1, 2, 3, 4, 5, 0]])
def test_a_permutation_changes_the_ordered_digests_only(order):
    """Of the table and of the columns; nothing else."""
    before, after = describe_table(flights()), describe_table(flights().take(pa.array(order)))
    assert before["ordered"] != after["ordered"]
    for each in (before, after, *before["columns"].values(), *after["columns"].values()):
        del each["ordered"]
    assert before == after


def test_a_permutation_of_equal_values_does_not_show_in_their_column():
    """The first and last carrier are the same: their column's order has not changed."""
    before, after = (
        describe_table(flights().take(pa.array(order))) for order in ([0, 1, 2, 3, 4, 5], [5, 1, 2, 3, 4, 0])
    )
    assert before["columns"]["carrier"] == after["columns"]["carrier"]
    assert before["columns"]["id"]["ordered"] != after["columns"]["id"]["ordered"]


def test_values_that_change_places_between_rows_change_the_table():
    """Every column holds what it held; the rows do not."""
    table = pa.table({"k": [1, 2, 3], "v": ["x", "y", "z"]})
    swapped = table.set_column(1, "v", pa.array(["y", "x", "z"]))
    before, after = describe_table(table), describe_table(swapped)
    assert before["columns"]["v"]["unordered"] == after["columns"]["v"]["unordered"]
    assert before["unordered"] != after["unordered"]


def test_values_that_change_places_between_columns_change_the_table():
    """A row is not a bag."""
    rows = [describe_table(pa.table({"a": a, "b": b}))["unordered"] for a, b in (([1], [2]), ([2], [1]))]
    assert rows[0] != rows[1]


@pytest.mark.parametrize(("left", "right"), [([1, 1], []), ([1, 1], [2, 2]), ([1, 1, 2], [1, 2, 2]), ([1], [1, 1, 1])])
def test_repeated_rows_do_not_cancel_out(left, right):
    """Counts count."""
    assert unordered(left, pa.int64()) != unordered(right, pa.int64())


@pytest.mark.parametrize("sizes", [[6], [1, 5], [1, 1, 1, 1, 1, 1], [0, 3, 0, 3], [5, 1]])
def test_chunks_do_not_show(sizes):
    """The same rows in other pieces are the same table."""
    table, pieces, start = flights(), [], 0
    for size in sizes:
        pieces.append(table.slice(start, size))
        start += size
    assert describe_table(pa.concat_tables(pieces)) == describe_table(table)


def test_many_rows_in_other_chunks_are_the_same(monkeypatch):
    """50,000 rows, read by one thread or several, in one piece or fifty."""
    table = pa.table({"n": list(range(50_000)), "f": [1 / (n + 1) for n in range(50_000)]})
    expected = describe_table(table)
    assert describe_table(pa.concat_tables([table.slice(n * 1000, 1000) for n in range(50)])) == expected

    def single_thread():
        connection = connect()
        connection.execute("set threads = 1")
        return connection

    monkeypatch.setattr("osiris_core.drivers.engine.connect", single_thread)
    monkeypatch.setattr("osiris_core.drivers.engine._prepared", None)
    assert describe_table(table) == expected


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ((["a", "b", "a"], pa.string()), (["a", "b", "a"], pa.large_string())),
        ((["a", "b", "a"], pa.string()), (["a", "b", "a"], pa.string_view())),
        ((["a", None, "a"], pa.string()), (["a", None, "a"], pa.dictionary(pa.int8(), pa.string()))),
        (([1, None], pa.int32()), ([1, None], pa.int64())),
    ],
)
def test_an_encoding_changes_the_schema_and_no_digest(one, other):
    """Digests are of logical values; how they are stored stands in the schema."""
    left, right = (describe_table(pa.table({"v": pa.array(*each)})) for each in (one, other))
    assert left["schema"] != right["schema"]
    assert (left["unordered"], left["columns"]) == (right["unordered"], right["columns"])


def test_a_dictionary_of_another_order_holds_the_same_values():
    """The codes differ, what they stand for does not."""
    forth = pa.DictionaryArray.from_arrays([0, 1, 0], ["x", "y"])
    back = pa.DictionaryArray.from_arrays([1, 0, 1], ["y", "x"])
    assert column(forth) == column(back)
    assert unordered(forth) != unordered(pa.DictionaryArray.from_arrays([0, 0, 0], ["x", "y"]))


def test_runs_hold_the_same_values_as_plain():
    """Run lengths are an encoding too."""
    runs = pa.RunEndEncodedArray.from_arrays([2, 3], ["q", "r"])
    assert unordered(runs) == unordered(["q", "q", "r"])
    assert unordered(runs) != unordered(["q", "r", "r"])


def test_every_nan_is_nan():
    """Sign and payload are accidents of the arithmetic that made it."""
    assert unordered([nan(0x7FF8000000000000)]) == unordered([nan(0xFFF8000000000001)])


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        (pa.list_(pa.float64()), [[0.0]], [[-0.0]]),
        (pa.list_(pa.string()), [["NULL"]], [[None]]),
        (pa.list_(pa.string()), [[]], [None]),
        (pa.list_(pa.string()), [["a, b"]], [["a", "b"]]),
        (pa.struct({"a": pa.int64()}), [{"a": None}], [None]),
        (pa.list_(pa.timestamp("ns", tz="UTC")), [[1]], [[2]]),
        (pa.map_(pa.string(), pa.int64()), [[("a", 1)]], [[("a", 2)]]),
        (pa.timestamp("ns", tz="UTC"), [1], [2]),
        (pa.timestamp("ns"), [1], [2]),
        (pa.duration("ns"), [1], [2]),
        (pa.binary(), [b"\x00"], [b"\x00\x00"]),
        (pa.decimal128(38, 10), [Decimal("1E-10")], [Decimal("2E-10")]),
        (pa.decimal256(60, 2), [Decimal("1.00")], [Decimal("1.01")]),
        (pa.month_day_nano_interval(), [pa.MonthDayNano([1, 0, 0])], [pa.MonthDayNano([0, 30, 0])]),
        (pa.month_day_nano_interval(), [pa.MonthDayNano([0, 0, 1])], [pa.MonthDayNano([0, 0, 2])]),
        (pa.list_(pa.month_day_nano_interval()), [[pa.MonthDayNano([0, 0, 1])]], [[pa.MonthDayNano([0, 0, 2])]]),
        (
            pa.struct([("a", pa.month_day_nano_interval()), ("b", pa.date64())]),
            [{"a": pa.MonthDayNano([0, 0, 1]), "b": 0}],
            [{"a": pa.MonthDayNano([0, 0, 2]), "b": 0}],
        ),
        (pa.date64(), [0], [86_400_000]),
        (pa.time64("ns"), [1], [2]),
        (pa.uuid(), [b"0" * 16], [b"1" * 16]),
        (pa.float16(), [1.0], [2.0]),
        (pa.list_view(pa.int64()), [[1]], [[2]]),
    ],
    ids=str,
)
def test_every_type_is_told_apart_to_its_last_digit(kind, one, other):
    """Nested, zoned, binary, decimal and the rest: a value equals itself and differs from its neighbour."""
    assert unordered(one, kind) == unordered(list(one), kind)
    assert unordered(one, kind) != unordered(other, kind)


@pytest.mark.parametrize(
    ("values", "kind", "expected"),
    [
        ([1, 2, None], pa.int8(), (1, 2, 3)),
        ([2**63 - 1, 2**63 - 1], pa.int64(), (2**63 - 1, 2**63 - 1, str(2**64 - 2))),
        ([2**64 - 1], pa.uint64(), (str(2**64 - 1), str(2**64 - 1), str(2**64 - 1))),
        ([True, False, True, None], pa.bool_(), (False, True, 2)),
        ([0.5, -2.0, None], pa.float64(), (-2.0, 0.5, -1.5)),
        ([math.nan, 1.0], pa.float64(), (1.0, "nan", "nan")),
        ([math.inf, 1.0], pa.float64(), (1.0, "inf", "inf")),
        ([-math.inf, 1.0], pa.float64(), ("-inf", 1.0, "-inf")),
        ([-math.inf, math.inf], pa.float64(), ("-inf", "inf", "nan")),
        ([1.7976931348623157e308] * 2, pa.float64(), (1.7976931348623157e308, 1.7976931348623157e308, "inf")),
        ([5e-324, 5e-324], pa.float64(), (5e-324, 5e-324, 1e-323)),
        ([Decimal("1.50"), Decimal("-2.25")], pa.decimal128(10, 2), ("-2.25", "1.50", "-0.75")),
        ([Decimal("9" * 38)] * 2, pa.decimal128(38, 0), ("9" * 38, "9" * 38, "1" + "9" * 37 + "8")),
        ([date(2013, 1, 31), date(2013, 1, 1)], pa.date32(), ("2013-01-01", "2013-01-31", None)),
        ([0, 1], pa.timestamp("ms", tz="Asia/Tokyo"), ("1970-01-01 00:00:00.000", "1970-01-01 00:00:00.001", None)),
        ([3661], pa.time32("s"), ("01:01:01", "01:01:01", None)),
        ([5, 7], pa.duration("ms"), ("5 ms", "7 ms", None)),
        (["b" * 101, "a"], pa.string(), ("a", "b" * 100 + "…", None)),
        ([b"x"], pa.binary(), (None, None, None)),
        ([[1]], pa.list_(pa.int64()), (None, None, None)),
        ([None, None], pa.null(), (None, None, None)),
        ([None, None], pa.float64(), (None, None, None)),
        ([None], pa.decimal128(5, 1), (None, None, None)),
        ([None], pa.bool_(), (None, None, None)),
        ([], pa.int64(), (None, None, None)),
    ],
)
def test_smallest_largest_and_sum_are_what_json_can_say(values, kind, expected):
    """Exact where exact can be; text where a number would not survive; null where there is none."""
    facts = column(values, kind)
    assert (facts["min"], facts["max"], facts["sum"]) == expected
    json.dumps(facts, allow_nan=False)


def test_the_sum_of_floats_does_not_depend_on_their_order():
    """A plain sum gives 0.0 for one order of these values, and 2.0 for the other."""
    assert 1e16 + 1.0 + 1.0 - 1e16 == 0.0
    assert column([1e16, 1.0, 1.0, -1e16])["sum"] == 2.0
    assert column([1.0, 1.0, 1e16, -1e16])["sum"] == 2.0


def test_which_zero_is_the_smallest_does_not_depend_on_the_order():
    """Zeros of both signs are told apart by the digest, not by the statistics."""
    both = [column([0.0, -0.0]), column([-0.0, 0.0])]
    assert [str(each["min"]) for each in both] == ["0.0", "0.0"]


def test_tables_without_rows_or_columns_are_described():
    """A table without rows has columns, one without columns may have rows."""
    empty = describe_table(pa.table({"a": pa.array([], pa.int64()), "b": pa.array([], pa.string())}))
    assert (empty["rows"], empty["columns"]["a"]["count"]) == (0, 0)
    bare = describe_table(pa.table({"a": [1, 2]}).select([]))
    assert (bare["rows"], bare["schema"], bare["columns"]) == (2, [], {})
    assert bare["unordered"] != describe_table(pa.table({}))["unordered"]


def test_names_that_differ_in_case_alone_are_two_columns():
    """Engines that fold case do not decide."""
    described = describe_table(pa.table({"V": [1], "v": [2]}))
    assert (described["columns"]["V"]["sum"], described["columns"]["v"]["sum"]) == (1, 2)


def test_two_columns_of_one_name_are_refused():
    """Nothing could say which of them differs."""
    with pytest.raises(ValueError, match="more than one column 'a'"):
        describe_table(pa.table([[1], [2]], names=["a", "a"]))


def test_a_type_that_cannot_be_described_is_refused_by_name():
    """Rather than left out."""
    dense = pa.UnionArray.from_dense(pa.array([0], pa.int8()), pa.array([0], pa.int32()), [pa.array([1])])
    table = pa.table({"u": pa.chunked_array([dense])})
    with pytest.raises(TypeError, match="cannot be described"):
        describe_table(table)


def test_what_speaks_the_arrow_interface_is_a_table():
    """Streams, arrays and data frames."""
    table = pa.table({"n": [1, 2]})

    class Stream:
        def __arrow_c_stream__(self, requested_schema=None):
            return table.__arrow_c_stream__(requested_schema)

    class Array:
        def __arrow_c_array__(self, requested_schema=None):
            return table.to_batches()[0].__arrow_c_array__(requested_schema)

    for value in (table, Stream(), Array(), table.to_batches()[0], table.to_reader()):
        assert as_table(value).num_rows == 2


def test_a_data_frames_index_is_no_column():
    """Also where it is not a plain range."""
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"n": [1, 2, 3], "s": ["x", None, "z"]}).iloc[[2, 0, 1]]
    assert as_table(frame).to_pydict() == {"n": [3, 1, 2], "s": ["z", "x", None]}


@pytest.mark.parametrize("value", [5, "text", [1, 2], {"a": [1]}])
def test_anything_else_is_no_table(value):
    """The message names its type."""
    with pytest.raises(TypeError, match=f"{type(value).__name__} is no table"):
        as_table(value)


def test_a_table_of_many_pieces_is_described_as_one():
    """Values are read in pieces of 131,072 rows: neither digests nor sums show where one begins."""
    rows = 2**17 + 3
    whole = pa.array([n % 1000 for n in range(rows)], pa.int64())
    column = {
        "n": whole,
        "d": whole.cast(pa.decimal128(19, 0)).cast(pa.decimal128(38, 2)),
        "f": whole.cast(pa.float64()),
    }
    one = pa.table(column)
    many = pa.concat_tables([one.slice(0, 1), one.slice(1, 2**17), one.slice(2**17 + 1)])
    encoded = pa.table({name: values.dictionary_encode() for name, values in column.items()})
    described = describe_table(one)["columns"]
    assert described["n"]["sum"] == 131 * 499_500 + sum(range(75))
    assert described["d"]["sum"] == f"{131 * 499_500 + sum(range(75))}.00"
    assert describe_table(many)["columns"] == described
    assert describe_table(encoded)["columns"] == described


def test_no_second_table_stands_beside_the_first_while_it_is_described():
    """A column that has to be decoded, here to 16 MB, is decoded piece by piece."""
    table = pa.table({"a": pa.DictionaryArray.from_arrays(pa.array(bytes(2_000_000), pa.uint8()), pa.array([7]))})
    pool, before = pa.proxy_memory_pool(pa.default_memory_pool()), pa.default_memory_pool()
    pa.set_memory_pool(pool)
    try:
        assert describe_table(table)["columns"]["a"]["sum"] == 14_000_000
    finally:
        pa.set_memory_pool(before)
    assert 0 < pool.max_memory() < 8_000_000


def test_values_of_categories_may_be_views():
    """Encoded views of texts are described as any other texts."""
    encoded = pa.DictionaryArray.from_arrays(
        pa.array([0, 1, None, 0], pa.int8()), pa.array(["a", "b"], pa.string_view())
    )
    plain = pa.table({"a": ["a", "b", None, "a"]})
    assert describe_table(pa.table({"a": encoded}))["columns"] == describe_table(plain)["columns"]
