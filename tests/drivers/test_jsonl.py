from __future__ import annotations

import json
import math
from datetime import UTC, date, datetime, time
from decimal import Decimal

import pyarrow as pa
import pytest

from osiris_core.drivers.registry import load_driver


@pytest.fixture
def write(ctx):
    """Write a table; return the bytes of the file."""

    def write_it(table, *, path="out.jsonl"):
        table = table if isinstance(table, pa.Table) else pa.table(table)
        driver = load_driver("filesystem.jsonl_writer")
        assert driver.run(step_id="w", config={"path": path}, inputs={"df_x": table}, ctx=ctx) == {}
        return (ctx.output_dir / path).read_bytes()

    return write_it


@pytest.fixture
def read(ctx, here):
    """Read text or bytes with the given options."""

    def read_it(data, **config):
        (here / "in.jsonl").write_bytes(data if isinstance(data, bytes) else data.encode())
        driver = load_driver("filesystem.jsonl_extractor")
        return driver.run(step_id="r", config={"path": "in.jsonl", **config}, inputs={}, ctx=ctx)["df"]

    return read_it


def test_a_table_of_every_type_is_written_byte_for_byte(write):
    """Every type with an ordinary value, an awkward one and a missing one."""
    table = pa.table(
        {
            "int": pa.array([1, -(2**63), None], pa.int64()),
            "unsigned": pa.array([0, 2**64 - 1, None], pa.uint64()),
            "double": [0.1, -0.0, None],
            "single": pa.array([0.1, 1e30, None], pa.float32()),
            "half": pa.array([1.5, 65504.0, None]).cast(pa.float16()),
            "decimal": pa.array([Decimal("1.50"), Decimal("-0.05"), None], pa.decimal128(10, 2)),
            "bool": [True, False, None],
            "date": [date(2013, 1, 31), date(1, 1, 1), None],
            "time": [time(5, 6, 7), time(23, 59, 59, 999999), None],
            "moment": [datetime(2013, 1, 1, 5), datetime(1969, 12, 31, 23, 59, 59, 500000), None],  # noqa: DTZ001
            "instant": pa.array([0, 1357016400123456789, None], pa.timestamp("ns", tz="America/New_York")),
            "text": ['say "hi"\\', "\n\0\x7f\u2028žluťoučký 👩‍🌾", None],
            "label": pa.array(["EWR", "JFK", None]).dictionary_encode(),
            "binary": [b"\0\xff", b"", None],
            "nothing": pa.nulls(3),
        }
    )
    lines = write(table).decode().split("\n")
    assert lines == [
        (
            '{"int":1,"unsigned":0,"double":0.1,"single":0.1,"half":1.5,"decimal":"1.50","bool":true,"date":"2013-01-31",'
            '"time":"05:06:07","moment":"2013-01-01T05:00:00","instant":"1970-01-01T00:00:00Z",'
            '"text":"say \\"hi\\"\\\\","label":"EWR","binary":"AP8=","nothing":null}'
        ),
        (
            '{"int":-9223372036854775808,"unsigned":18446744073709551615,"double":-0.0,"single":1e+30,"half":65504.0,'
            '"decimal":"-0.05","bool":false,"date":"0001-01-01","time":"23:59:59.999999",'
            '"moment":"1969-12-31T23:59:59.5","instant":"2013-01-01T05:00:00.123456789Z",'
            '"text":"\\n\\u0000\x7f\u2028žluťoučký 👩‍🌾","label":"JFK","binary":"","nothing":null}'
        ),
        (
            '{"int":null,"unsigned":null,"double":null,"single":null,"half":null,"decimal":null,"bool":null,"date":null,'
            '"time":null,"moment":null,"instant":null,"text":null,"label":null,"binary":null,"nothing":null}'
        ),
        "",
    ]
    assert [json.loads(line)["int"] for line in lines[:-1]] == [1, -(2**63), None]


def test_floats_without_a_json_number_are_texts(write):
    """As in the JSON form of protocol buffers."""
    assert write({"f": [math.nan, math.inf, -math.inf]}) == b'{"f":"NaN"}\n{"f":"Infinity"}\n{"f":"-Infinity"}\n'


@pytest.mark.parametrize(
    ("column", "written"),
    [
        (pa.array([[1, None], None, []]), ["[1,null]", "null", "[]"]),
        (pa.array([[1], None, []], pa.large_list(pa.int8())), ["[1]", "null", "[]"]),
        (pa.array([[1], None, [2, 3]], pa.list_view(pa.int64())), ["[1]", "null", "[2,3]"]),
        (pa.array([["a", "b"], None, ["c", None]], pa.list_(pa.string(), 2)), ['["a","b"]', "null", '["c",null]']),
        (
            pa.array([{"a": 1, "b": None}, None, {"a": None, "b": "x"}]),
            ['{"a":1,"b":null}', "null", '{"a":null,"b":"x"}'],
        ),
        (pa.array([{}, None, {}], pa.struct([])), ["{}", "null", "{}"]),
        (pa.array([[("k", 1)], None, []], pa.map_(pa.string(), pa.int64())), ['{"k":1}', "null", "{}"]),
        (pa.array([[(1, "a")], None, []], pa.map_(pa.int64(), pa.string())), ['[{"key":1,"value":"a"}]', "null", "[]"]),
        (
            pa.array([[{"a": [Decimal("0.1")]}], None, [None]]),
            ['[{"a":["0.1"]}]', "null", "[null]"],
        ),
        (pa.RunEndEncodedArray.from_arrays([1, 3], pa.array(["a", None])), ['"a"', "null", "null"]),
    ],
    ids=[
        "list",
        "large list",
        "list view",
        "fixed list",
        "struct",
        "no fields",
        "map",
        "other map",
        "deep",
        "run lengths",
    ],
)
def test_nested_values_are_nested(write, column, written):
    """Wherever in a longer column they stand."""
    lines = write(pa.table({"x": column})).decode().splitlines()
    assert lines == [f'{{"x":{each}}}' for each in written]
    part = pa.table({"x": column}).slice(1)
    assert write(part, path="part.jsonl").decode().splitlines() == [f'{{"x":{each}}}' for each in written[1:]]


@pytest.mark.parametrize(
    ("column", "refusal"),
    [
        (pa.array([1], pa.duration("us")), r"column 'bad' of type duration\[us\] has no JSON form"),
        (pa.array([[pa.MonthDayNano([1, 2, 3])]]), "column 'bad' of type .*interval.* has no JSON form"),
        (
            pa.array([[("k", 1), ("k", 2)]], pa.map_(pa.string(), pa.int64())),
            "column 'bad': a map has the key \"k\" twice",
        ),
        (
            pa.array([2**40], pa.timestamp("s")),
            "column 'bad': a date before the year 1 or after 9999 has no text of ISO 8601",
        ),
        (
            pa.array([2**55], pa.timestamp("s")),
            "column 'bad': a date before the year 1 or after 9999 has no text of ISO 8601",
        ),
    ],
    ids=["span", "interval", "double key", "far year", "farther year"],
)
def test_what_has_no_form_is_refused_with_the_columns_name(write, column, refusal):
    """By its type, or by its value."""
    with pytest.raises((TypeError, ValueError), match=refusal):
        write(pa.table({"bad": column}))


def test_the_bytes_depend_on_the_table_alone(write):
    """Chunks and encodings do not show."""
    table = pa.table({"t": [str(row % 7) for row in range(25_000)], "l": [[row] for row in range(25_000)]})
    pieces = pa.concat_tables([table.slice(start, 777) for start in range(0, 25_000, 777)])
    encoded = pieces.set_column(0, "t", pieces["t"].dictionary_encode())
    assert write(encoded, path="pieces.jsonl") == write(table)


SURVIVES = {
    "bool": pa.array([True, None]),
    "int64": pa.array([-(2**63), 2**63 - 1]),
    "uint64": pa.array([2**64 - 1, None], pa.uint64()),
    "double": pa.array([5e-324, -math.inf, math.inf, 0.1, 1e300]),
    "date": pa.array([date(1, 1, 1), date(9999, 12, 31)]),
    "moment": pa.array([datetime(2013, 1, 1, 5, 0, 0, 1), None], pa.timestamp("us")),  # noqa: DTZ001
    "moment ns": pa.array([1357016400123456789, -1], pa.timestamp("ns")),
    "instant": pa.array([datetime(1, 1, 1, 5, tzinfo=UTC), None], pa.timestamp("us", "UTC")),
    "text": pa.array(["", "žluťoučký 👩‍🌾\0\n", "007", "12", "true", "2013-02-31", "2013-01-01T25:00:00"]),
    "huge": pa.array(["x" * 3_000_000, None]),
    "list": pa.array([[1, None], None, []]),
    "struct": pa.array([{"a": 1, "b": "x"}, None, {"a": None, "b": None}]),
    "deep": pa.array([[{"a": [{"b": 0.1}]}], None]),
}


@pytest.mark.parametrize("kind", SURVIVES)
def test_a_type_survives_exactly(write, read, kind):
    """Type and values."""
    table = pa.table({kind: SURVIVES[kind]})
    back = read(write(table))
    assert back.schema == table.schema
    assert back.equals(table)


def test_zero_keeps_its_sign_and_nan_stays_apart_from_null(write, read):
    """Even where NaN is all there is."""
    back = read(write({"f": [-0.0, 0.0, math.nan, None], "nan": [math.nan] * 4}))
    assert [math.copysign(1, each) for each in back["f"].to_pylist()[:2]] == [-1.0, 1.0]
    assert math.isnan(back["f"][2].as_py())
    assert back["f"][3].as_py() is None
    assert back.schema.types == [pa.float64(), pa.float64()]


BECOMES = {
    "null": (pa.nulls(1), pa.string(), None, "VARCHAR"),
    "int8": (pa.array([1], pa.int8()), pa.int64(), 1, "TINYINT"),
    "float32": (pa.array([0.5], pa.float32()), pa.float64(), 0.5, "FLOAT"),
    "decimal": (pa.array([Decimal("1.50")], pa.decimal128(10, 2)), pa.string(), "1.50", "DECIMAL(10, 2)"),
    "time": (pa.array([time(5, 6, 7)]), pa.string(), "05:06:07", "TIME"),
    "binary": (pa.array([b"\0\xff"]), pa.string(), "AP8=", "BLOB"),
    "map": (
        pa.array([[("k", 1)]], pa.map_(pa.string(), pa.int32())),
        pa.struct([("k", pa.int64())]),
        {"k": 1},
        "MAP(VARCHAR, INTEGER)",
    ),
}


@pytest.mark.parametrize("kind", BECOMES)
def test_a_type_that_comes_back_as_another_can_be_declared(write, read, kind):
    """Inferred it is the second type; declared it is the first, exactly."""
    column, inferred, value, declared = BECOMES[kind]
    data = write({"x": column})
    back = read(data)["x"]
    assert (back.type, back[0].as_py()) == (inferred, value)
    back = read(data, columns={"x": declared})["x"]
    assert back.type == (pa.string() if kind == "null" else column.type)
    assert back.to_pylist() == column.to_pylist()


def test_types_follow_from_all_rows_whatever_their_order(read):
    """A late value counts as much as the first; keys that are missing are null; columns stand in order of appearance."""
    rows = ['{"a":1}', '{"b":"2013-01-31","a":2}', '{"a":2.5,"c":null}', '{"b":"x","d":{"p":1}}', '{"d":{"q":[]}}']
    expected = {
        "a": [1.0, 2.0, 2.5, None, None],
        "b": [None, "2013-01-31", None, "x", None],
        "c": [None] * 5,
        "d": [None, None, None, {"p": 1, "q": None}, {"p": None, "q": []}],
    }
    table = read("\n".join(rows))
    assert table.to_pydict() == expected
    assert table.schema.types == [
        pa.float64(),
        pa.string(),
        pa.string(),
        pa.struct([("p", pa.int64()), ("q", pa.list_(pa.string()))]),
    ]
    turned = read("\n".join(reversed(rows)))
    assert {name: turned[name].type for name in "abc"} == {name: table[name].type for name in "abc"}


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([9223372036854775808], pa.uint64()),
        ([-1, 9223372036854775808], pa.decimal128(38, 0)),
        ([0.5, 2**53], pa.float64()),
        (["2013-01-01 05:00:00Z", "2013-01-01T05:00:00+01:00"], pa.timestamp("us", "UTC")),
        (["2013-01-01T05:00:00Z", "2013-01-01T05:00:00"], pa.string()),
        (["0001-01-01T00:00:00.123456789"], pa.string()),
        (["NaN", 1], pa.float64()),
        (["NaN", "nan"], pa.string()),
        ([True, None], pa.bool_()),
    ],
)
def test_values_decide_on_a_type(read, values, kind):
    """Whole numbers keep their digits; a moment with a zone is none without."""
    assert read("\n".join(json.dumps({"x": each}) for each in values))["x"].type == kind


@pytest.mark.parametrize(
    ("data", "refusal"),
    [
        ('{"a":1}\n{"a":\n', "in.jsonl: line 2 is no JSON: "),
        ('{"a":1}\n\n', "in.jsonl: line 2 is no JSON: "),
        ('{"a":1}\n[1]\n', "in.jsonl: line 2 is no object"),
        ('{"a":NaN}', "in.jsonl: line 1 is no JSON: NaN is no number in JSON"),
        ('{"a":1e999}', "in.jsonl: column 'a' has a number that is larger than any of 64 bits, near line 1"),
        ('{"a":1,"a":2}', "in.jsonl: line 1 is no JSON: the key 'a' stands twice in one object"),
        (b'{"a":"\xff"}', "in.jsonl: line 1 is no JSON: 'utf-8' codec"),
        ("[" * 100_000, "in.jsonl: line 1 is no JSON: maximum recursion depth"),
        ('{"a":' + "[" * 800 + "]" * 800 + "}", "in.jsonl: its values are nested too deeply"),
        ('{"a":1}\n{"a":"\\ud800"}', "in.jsonl: column 'a' has texts and whole numbers: declare its type in columns"),
        ('{"a":"x"}\n{"a":"\\ud800"}', r"in.jsonl: line 2, column 'a': '\\ud800' cannot be read as string"),
        ('{"a":[1,"x"]}', "in.jsonl: column 'a' has texts and whole numbers"),
        ('{"a":0.5}\n{"a":9007199254740993}', "in.jsonl: column 'a' has numbers and whole numbers"),
        (json.dumps({"a": 10**39}), "in.jsonl: column 'a' has whole numbers of more than 38 digits"),
        ("", "in.jsonl has no columns: say in columns which there would be"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(read, data, refusal):
    """Nothing is repaired."""
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the message is what is looked at
        read(data)
    assert str(caught.value).replace("\\\\", "\\").startswith(refusal.replace("\\\\", "\\"))


def test_columns_select_or_declare(read):
    """A list in its order; a mapping for some of them; a declared column that no row has is null."""
    data = '{"a":1,"b":"1.50","c":[1]}\n{"a":2,"b":null,"c":[]}\n'
    assert read(data, columns=["c", "a"]).to_pydict() == {"c": [[1], []], "a": [1, 2]}
    table = read(data, columns={"b": "DECIMAL(10, 2)", "d": "DATE"})
    assert table.schema.names == ["a", "b", "c", "d"]
    assert table["b"].to_pylist() == [Decimal("1.50"), None]
    assert table["d"].type == pa.date32()
    assert read("", columns={"a": "STRUCT(x INTEGER)[]"}).schema.field("a").type.value_type.names == ["x"]
    assert read('{"a":{"b":[1,"x"]}}', columns={"a": "VARCHAR"})["a"].to_pylist() == ['{"b": [1, "x"]}']


@pytest.mark.parametrize(
    ("columns", "refusal"),
    [
        (["x"], "in.jsonl has no column 'x'; it has a"),
        ({"a": "NUMBER;"}, "columns: a: 'NUMBER;' is no SQL type that can be read: it has characters that no type has"),
        ({"a": "NOTHING"}, "columns: a: 'NOTHING' is no SQL type that can be read: "),
        ({"a": "INTERVAL"}, "columns: a: 'INTERVAL' is no SQL type that can be read: there is no way from JSON to "),
        ({"a": "BOOLEAN"}, "in.jsonl: line 1, column 'a': 1 cannot be read as bool: it is int"),
        ({"a": "DATE"}, "in.jsonl: line 1, column 'a': 1 cannot be read as date32[day]: it is int"),
        ({"b": "TINYINT"}, "in.jsonl: line 2, column 'b': 300 cannot be read as int8: "),
        (
            {"c": "TIMESTAMP"},
            "in.jsonl: line 1, column 'c': '2013-01-01T00:00:00Z' cannot be read as timestamp[us]: it has a",
        ),
        (
            {"c": "DECIMAL(4,1)"},
            "in.jsonl: line 1, column 'c': '2013-01-01T00:00:00Z' cannot be read as decimal128(4, 1): ",
        ),
    ],
)
def test_columns_that_do_not_fit_are_refused(read, columns, refusal):
    """With the line, the column, and the value."""
    data = '{"a":1,"b":1,"c":"2013-01-01T00:00:00Z"}\n{"b":300}\n'
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the message is what is looked at
        read(data if columns != ["x"] else '{"a":1}', columns=columns)
    assert str(caught.value).startswith(refusal)


def test_rows_are_counted(write, read, ctx):
    """What is written and read is said; more rows than are built at a time."""
    assert read(write({"a": list(range(45_000))}))["a"].to_pylist() == list(range(45_000))
    assert ctx.metrics == [("rows_written", 45_000, "rows"), ("rows_read", 45_000, "rows")]


def test_a_byte_order_mark_is_no_part_of_the_first_row(read):
    """Nor are Windows line ends part of any."""
    assert read(b'\xef\xbb\xbf{"a":1}\r\n{"a":2}\r\n').to_pydict() == {"a": [1, 2]}


def test_an_empty_table_is_an_empty_file(write):
    """Its columns are gone, which a reader is told to say."""
    assert write(pa.table({"a": pa.array([], pa.int64())})) == b""
