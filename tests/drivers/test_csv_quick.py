"""The quick ways to read and to type a CSV file end exactly where the engine and the rules do."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from osiris_core.drivers import csv_cells, csv_types
from osiris_core.drivers.csv_quick import DECISIVE, quick_column
from osiris_core.drivers.engine import connect_in_utc

KINDS = ["BIGINT", "DOUBLE", "BOOLEAN", "DATE", "TIMESTAMP", "TIMESTAMPTZ"]
NEAR_MISSES = [
    *(
        "0",
        "-0",
        "007",
        "+5",
        " 5",
        "5 ",
        "9223372036854775807",
        "9223372036854775808",
        "0x1F",
        "1_000",
        "-9223372036854775808",
    ),
    *(
        "1.5",
        "5.",
        ".5",
        "-.5",
        "1e5",
        "1E+05",
        "1e400",
        "1e-400",
        "1e99",
        "nan",
        "NaN",
        "inf",
        "-inf",
        "infinity",
        "00.5",
    ),
    *("123456789012345", "1234567890123456", "0.1000000000000000055511151231257827", "1.5e", "1e", "-0.0", "1,5"),
    *("true", "True", "TRUE", "tRUE", "t", "1", "false", "yes"),
    *(
        "2013-01-31",
        "2013-02-30",
        "0001-01-01",
        "0000-01-01",
        "12013-01-01",
        "2013-1-1",
        "2013/01/31",
        "infinity",
        "epoch",
    ),
    *("2013-01-31 05:00:00", "2013-01-31T05:00:00.123456", "2013-01-31T05:00:00.1234567", "2013-01-31 24:00:00"),
    *("2013-01-31 05:00", "2013-01-31T050000.1", "2013-01-31 23:59:60", "0000-01-01 00:00:00", "2013-01-31 05:00:00."),
    *("2013-01-31T05:00:00Z", "2013-01-31T05:00:00+01", "2013-01-31T05:00:00+0130", "2013-01-31T05:00:00-14:59"),
    *("2013-01-31 05:00:00 Z", "2013-01-31T05:00:00+99:99", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"),
    *(
        "2013-01-31 05:00:00 BC",
        "-013-01-31 05:00:00",
        " 013-01-31 05:00:00",
        "2013-01-31  5:00:00",
        "2013-01-31T05:00:00z",
    ),
]
DIGITS = st.text("0123456789", min_size=1, max_size=20)
MOMENTS = st.from_regex(
    r"[0-9]{3,5}-[0-9]{1,2}-[0-3][0-9][T ][0-2][0-9]:[0-5][0-9]:?[0-6]?[0-9]?(\.[0-9]{0,7})?", fullmatch=True
)
ZONES = st.from_regex(r"[Zz]?|[-+][0-9]{1,2}(:?[0-9]{2})?", fullmatch=True)
VALUES = st.one_of(
    st.sampled_from(NEAR_MISSES),
    st.from_regex(r"[-+ ]?[0-9]{0,18}[.,]?[0-9]{0,18}([eE][-+]?[0-9]{0,3})?", fullmatch=True),
    st.integers(-(2**65), 2**65).map(str),
    st.floats().map(repr),
    st.dates().map(str),
    st.datetimes().map(str),
    st.builds("{}{}".format, MOMENTS, ZONES),
    st.builds("{}{}".format, st.datetimes().map(lambda each: each.isoformat(" ", "seconds")), ZONES),
    st.text("0123456789-+.:eETZ Ninfa_", max_size=24),
)
PROFILE = settings(
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=30,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture(scope="module")
def engine():
    """A connection for all examples."""
    with connect_in_utc() as connection:
        yield connection


def by_rule(engine, texts, kind):
    """For each text whether the rule holds, and its value as the engine casts it."""
    engine.register("cells", pa.table({"n": range(len(texts)), "c": pa.array(texts, pa.string())}))
    holds = csv_types._test(kind, "c")
    table = engine.sql(f"select {holds} as h, case when h then cast(c as {kind}) end as v from cells order by n")
    table = table.to_arrow_table()
    return zip(table["h"].to_pylist(), table["v"], strict=True)


def shown(value):
    """A value so that 0.0 and -0.0 differ, NaN is itself, and moments beyond Python's years have a form."""
    return value.value if pa.types.is_timestamp(value.type) else repr(value.as_py())


@pytest.mark.parametrize("kind", KINDS)
@PROFILE
@given(texts=st.lists(VALUES, min_size=1, max_size=40))
@example(texts=NEAR_MISSES)
def test_a_quick_type_is_the_rules_type(kind, texts, engine):
    """Value by value: what is converted at once, the rule takes too, with the same values of the same type."""
    for text, (holds, exact) in zip(texts, by_rule(engine, texts, kind), strict=True):
        quick = quick_column(pa.chunked_array([pa.array([text, None], pa.string())]), kind)
        if quick is None:
            assert not holds or kind not in DECISIVE, text
        else:
            assert holds, text
            assert (quick.type, shown(quick[0])) == (exact.type, shown(exact)), text
            assert quick[1].as_py() is None


USUAL = {
    "BIGINT": ["0", "-17", "9223372036854775807", "-9223372036854775808"],
    "DOUBLE": ["0", "1.5", "-2e3", "1e-07", "0.30000000000000004", "123456789012345", "-0.0"],
    "BOOLEAN": ["true", "False", "TRUE"],
    "DATE": ["2013-01-31", "0001-01-01", "9999-12-31"],
    "TIMESTAMP": ["2013-01-31 05:00:00", "2013-01-31T05:00:00.25", "9999-12-31T23:59:59.999999"],
    "TIMESTAMPTZ": ["2013-01-31 05:00:00Z", "2013-01-31T05:00:00.25+01:00", "2013-01-31T05:00:00-14"],
}


@pytest.mark.parametrize("kind", KINDS)
def test_usual_columns_are_quick(kind):
    """So that the quick way is one."""
    assert quick_column(pa.chunked_array([USUAL[kind]], pa.string()), kind) is not None


def cells(engine, path, monkeypatch, *, plain, **options):
    """The cells of a file, or the words of the error."""
    options = {"fields": ["c0", "c1"], "header": True, "delimiter": ",", "encoding": "utf-8", "nulls": [""], **options}
    with monkeypatch.context() as patch, engine.cursor() as connection:
        connection.execute("set TimeZone = 'UTC'")
        if not plain:
            patch.setattr(csv_cells, "_is_plain", lambda _: False)
        try:
            return csv_cells.read_cells(connection, path, shown="data.csv", **options).to_pydict()
        except ValueError as error:
            return str(error)


FIELD = st.text("ab 1\t;#'\\\u00e9\u2028\ufeff\x0b", max_size=4)
FILES = st.lists(st.lists(FIELD, min_size=0, max_size=3).map(",".join), max_size=8).map("\n".join)


@PROFILE
@given(
    content=FILES,
    end=st.sampled_from(["", "\n", "\n\n"]),
    header=st.booleans(),
    width=st.integers(2, 3),
    nulls=st.sampled_from([[""], ["a"], ["", "1 "]]),
)
@example(content="x,y\n1,2\n\n3,4", end="", header=True, width=2, nulls=[""])
@example(content="x,y", end="\n", header=True, width=2, nulls=[""])
@example(content=" \n1, ", end="\n", header=False, width=2, nulls=[""])
def test_plain_files_are_read_as_the_engine_reads_them(  # noqa: PLR0917 - fixtures come by position
    engine, tmp_path, monkeypatch, content, end, header, width, nulls
):
    """The same cells, and the same words where there are none."""
    path = tmp_path / "data.csv"
    path.write_text(content + end, encoding="utf-8", newline="")
    options = {"fields": [f"c{index}" for index in range(width)], "header": header, "nulls": nulls}
    quick, engines = (cells(engine, path, monkeypatch, plain=plain, **options) for plain in (True, False))
    assert quick == engines
