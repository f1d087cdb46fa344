from __future__ import annotations

import math
from datetime import UTC, date, datetime, time
from decimal import Decimal

import pyarrow as pa
import pytest

from osiris_core.drivers.registry import load_driver
from osiris_core.wire.errors import WireProtocolError


@pytest.fixture
def write(ctx):
    """Write a table, or a mapping of columns, with the given options; return the bytes of the file."""

    def write_it(table, **config):
        table = table if isinstance(table, pa.Table) else pa.table(table)
        config = {"path": "out.csv", **config}
        driver = load_driver("filesystem.csv_writer")
        assert driver.run(step_id="write", config=config, inputs={"df_x": table}, ctx=ctx) == {}
        return (ctx.output_dir / config["path"]).read_bytes()

    return write_it


def test_a_table_of_every_type_is_written_byte_for_byte(write):
    """The dialect, in one file: every type with an ordinary value, an awkward one and a missing one."""
    table = pa.table(
        {
            "int": pa.array([1, -(2**63), None], pa.int64()),
            "unsigned": pa.array([0, 2**64 - 1, None], pa.uint64()),
            "double": [0.1, -0.0, None],
            "single": pa.array([0.1, 1e30, None], pa.float32()),
            "decimal": pa.array([Decimal("1.50"), Decimal("-0.05"), None], pa.decimal128(10, 2)),
            "bool": [True, False, None],
            "date": [date(2013, 1, 31), date(1, 1, 1), None],
            "time": [time(5, 6, 7), time(23, 59, 59, 999999), None],
            "moment": [datetime(2013, 1, 1, 5), datetime(1969, 12, 31, 23, 59, 59, 500000), None],  # noqa: DTZ001
            "instant": pa.array([0, 1357016400123456789, None], pa.timestamp("ns", tz="America/New_York")),
            "text": ["plain", "", None],
            "label": pa.array(["EWR", "JFK", None]).dictionary_encode(),
        }
    )
    assert write(table).decode() == (
        "int,unsigned,double,single,decimal,bool,date,time,moment,instant,text,label\n"
        "1,0,0.1,0.1,1.50,true,2013-01-31,05:06:07,2013-01-01T05:00:00,1970-01-01T00:00:00Z,plain,EWR\n"
        "-9223372036854775808,18446744073709551615,-0.0,1e+30,-0.05,false,0001-01-01,23:59:59.999999,"
        '1969-12-31T23:59:59.5,2013-01-01T05:00:00.123456789Z,"",JFK\n'
        ",,,,,,,,,,,\n"
    )


def test_floats_are_written_with_the_fewest_digits_that_give_them_back(write):
    """Shortest round trip, with the three values that are no numbers."""
    values = [0.1, 1 / 3, 5e-324, 1.7976931348623157e308, 1e15, 1e16, 1.0, math.nan, math.inf, -math.inf]
    written = write({"f": values}).decode().split("\n")[1:-1]
    assert written == [
        "0.1",
        "0.3333333333333333",
        "5e-324",
        "1.7976931348623157e+308",
        "1000000000000000.0",
        "1e+16",
        "1.0",
        "nan",
        "inf",
        "-inf",
    ]


def test_text_is_quoted_where_it_must_be_and_nowhere_else(write):
    """Delimiter, quote, both line ends; spaces, other delimiters and other scripts stay bare."""
    values = [
        "a,b",
        'say "hi"',
        "two\nlines",
        "two\r\nlines",
        "lone\rreturn",
        " spaced ",
        "a;b",
        "žluťoučký 👩‍🌾",
        "NULL",
    ]
    assert write({"t": values}) == (
        't\n"a,b"\n"say ""hi"""\n"two\nlines"\n"two\r\nlines"\n"lone\rreturn"\n spaced \na;b\nžluťoučký 👩‍🌾\nNULL\n'.encode()
    )


def test_column_names_are_quoted_by_the_same_rule(write):
    """They are text."""
    assert write({"a,b": [1], 'q"q': [2], "": [3], "ž": [4]}).decode() == '"a,b","q""q","",ž\n1,2,3,4\n'


def test_missing_empty_and_the_text_for_missing_stay_apart(write):
    """An unquoted `nulls` is missing, whatever it is; the same text as a value is quoted, and so is the empty one."""
    table = {"t": [None, "", "NA", "x"], "n": [1, None, 3, 4]}
    assert write(table, nulls="NA", path="na.csv").decode() == 't,n\nNA,1\n"",NA\n"NA",3\nx,4\n'
    assert write(table, path="empty.csv").decode() == 't,n\n,1\n"",\nNA,3\nx,4\n'


def test_a_number_that_looks_like_the_text_for_missing_is_quoted(write):
    """So that `nulls: nan` loses no NaN."""
    assert write({"f": [math.nan, None]}, nulls="nan").decode() == 'f\n"nan"\nnan\n'


def test_the_options_change_what_they_say(write):
    """Another delimiter, CRLF, quotes around everything but the missing, no header."""
    table = {"a": [1, None], "b": ['x"y', "two\nlines"]}
    config = {"delimiter": ";", "newline": "crlf", "quoting": "all"}
    assert write(table, **config, path="all.csv") == b'"a";"b"\r\n"1";"x""y"\r\n;"two\nlines"\r\n'
    assert write(table, **config, header=False, path="bare.csv") == b'"1";"x""y"\r\n;"two\nlines"\r\n'
    assert write({"a": ["x;y", "x,y"]}, delimiter=";", path="semicolon.csv") == b'a\n"x;y"\nx,y\n'


@pytest.mark.parametrize("nulls", ["a,b", '"', "\n"])
def test_a_text_for_missing_that_needs_quotes_is_refused(write, nulls):
    """It could not be told from a value."""
    with pytest.raises(ValueError, match="could not be told apart"):
        write({"a": [None]}, nulls=nulls)


def test_a_table_without_rows_is_a_header(write):
    """The file is there all the same."""
    assert write(pa.table({"a": pa.array([], pa.int64())})) == b"a\n"


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kathmandu"])
def test_the_bytes_do_not_depend_on_the_time_zone(write, monkeypatch, zone):
    """An instant is written in UTC wherever the machine stands."""
    monkeypatch.setenv("TZ", zone)
    table = {"t": [datetime(2013, 1, 1, 5, tzinfo=UTC)]}
    assert write(table) == b"t\n2013-01-01T05:00:00Z\n"


def test_many_rows_keep_their_order_and_chunks_do_not_show(write):
    """100,000 rows in chunks of uneven size are written as in one piece."""
    numbers = list(range(100_000))
    expected = "".join(f"{n},t{n}\n" for n in numbers)
    whole = pa.table({"n": numbers, "t": [f"t{n}" for n in numbers]})
    pieces = pa.concat_tables([whole.slice(0, 1), whole.slice(1, 70_001), whole.slice(70_002)])
    assert write(whole, header=False, path="whole.csv").decode() == expected
    assert write(pieces, header=False, path="pieces.csv").decode() == expected


def test_what_was_written_is_read_back(write, here, ctx):
    """Reader and writer speak one dialect: missing, empty, quotes, line ends, numbers and instants."""
    table = pa.table(
        {
            "text": ["a,b", "", None, 'q"\r\nq'],
            "double": [0.1, -0.0, None, 1e300],
            "instant": pa.array([0, None, 1, 1357016400000000], pa.timestamp("us", tz="UTC")),
            "only": ["", None, "x", ""],
        }
    )
    (here / "back.csv").write_bytes(write(table))
    driver = load_driver("filesystem.csv_extractor")
    back = driver.run(step_id="read", config={"path": "back.csv"}, inputs={}, ctx=ctx)["df"]
    assert back.schema.types == table.schema.types
    assert repr(back.to_pydict()) == repr(table.to_pydict())


@pytest.mark.parametrize(
    ("column", "kind"),
    [([[1]], "list"), ([{"a": 1}], "struct"), ([b"x"], "binary"), (pa.array([1], pa.duration("s")), "duration")],
)
def test_a_type_without_a_text_form_is_refused_by_name(write, column, kind):
    """The message says which column, and what to do."""
    with pytest.raises(TypeError, match=rf"column 'v' of type {kind}.*make it text in a query first"):
        write({"v": column})


@pytest.mark.parametrize("path", ["../out.csv", "/tmp/out.csv", "a/../../out.csv", "", "a//b.csv", "."])
def test_a_path_out_of_the_steps_directory_is_refused(write, path):
    """Artifacts lie below the step's own directory."""
    with pytest.raises(WireProtocolError, match="cannot travel"):
        write({"a": [1]}, path=path)


def test_a_link_out_of_the_steps_directory_is_refused(write, ctx, tmp_path):
    """Nor is it left through a directory that is a link."""
    (ctx.output_dir / "away").symlink_to(tmp_path)
    with pytest.raises(ValueError, match="leaves the step's directory"):
        write({"a": [1]}, path="away/out.csv")
    assert not (tmp_path / "out.csv").exists()


def test_directories_are_made(write):
    """A path may have them."""
    assert write({"a": [1]}, path="deep/er/out.csv") == b"a\n1\n"


def test_a_file_is_not_overwritten(write, ctx):
    """Two writes to one name would hide one of them."""
    (ctx.output_dir / "out.csv").write_text("mine")
    with pytest.raises(FileExistsError):
        write({"a": [1]})


@pytest.mark.parametrize("inputs", [{}, {"df_a": pa.table({"a": [1]}), "df_b": pa.table({"a": [1]})}, {"df_a": None}])
def test_a_writer_writes_one_table(ctx, inputs):
    """None, two, or one that a step did not hand on: each is an error that says so."""
    with pytest.raises(ValueError, match=r"exactly one step|handed on nothing"):
        load_driver("filesystem.csv_writer").run(step_id="w", config={"path": "x.csv"}, inputs=inputs, ctx=ctx)


def test_it_says_how_much_it_wrote(write, ctx, caplog):
    """A metric, and a log line with the path as the manifest has it."""
    with caplog.at_level("INFO"):
        write({"a": [1, 2, 3]}, path="sub/out.csv")
    assert ctx.metrics == [("rows_written", 3, "rows")]
    assert caplog.messages == ["wrote 3 rows, 1 columns to sub/out.csv"]
