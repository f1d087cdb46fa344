from __future__ import annotations

import math
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from osiris_core.drivers.registry import load_driver


@pytest.fixture
def read(here, ctx):
    """Write `data.csv` and read it with the given options; text is written as UTF-8, bytes as they are."""

    def read_it(content, **config):
        raw = content if isinstance(content, bytes) else content.encode()
        (here / "data.csv").write_bytes(raw)
        config = {"path": "data.csv", **config}
        driver = load_driver("filesystem.csv_extractor")
        return driver.run(step_id="read", config=config, inputs={}, ctx=ctx)["df"]

    return read_it


def types(table):
    return {field.name: str(field.type) for field in table.schema}


def test_rows_and_columns_keep_the_order_of_the_file(read):
    """Nothing is sorted."""
    table = read("z,a,m\n3,x,1\n1,y,2\n2,z,3\n")
    assert table.column_names == ["z", "a", "m"]
    assert table["z"].to_pylist() == [3, 1, 2]


def test_each_kind_of_value_gets_its_type(read):
    """Whole numbers, numbers, truth values, dates, instants with and without a zone, and text."""
    table = read(
        "i,f,b,d,t,z,s\n"
        "-5,1.5,true,2013-01-31,2013-01-01 05:00:00,2013-01-01T05:00:00Z,a\n"
        "7,-2e3,FALSE,2013-02-28,2013-01-01T05:00:00.25,2013-01-01 05:00:00+02:00,1\n"
    )
    assert types(table) == {
        "i": "int64",
        "f": "double",
        "b": "bool",
        "d": "date32[day]",
        "t": "timestamp[us]",
        "z": "timestamp[us, tz=UTC]",
        "s": "string",
    }
    assert table.slice(1).to_pylist() == [
        {
            "i": 7,
            "f": -2000.0,
            "b": False,
            "d": date(2013, 2, 28),
            "t": datetime(2013, 1, 1, 5, 0, 0, 250000),  # noqa: DTZ001 - no zone, as in the file
            "z": datetime(2013, 1, 1, 3, tzinfo=UTC),
            "s": "1",
        }
    ]


@pytest.mark.parametrize(
    "text",
    [
        "007",
        "+5",
        "1,5",
        "9223372036854775808",
        "0x1F",
        "1_000",
        "01/02/2013",
        "2013-02-30",
        "2013-1-1",
        "yes",
        " 1",
        "5.",
    ],
)
def test_text_that_would_not_survive_as_another_type_stays_text(read, text):
    """Leading zeros, digits beyond 64 bits, dates that could be read two ways: nothing is guessed."""
    table = read(f'v,w\n"{text}",1\n')
    assert types(table)["v"] == "string"
    assert table["v"].to_pylist() == [text]


def test_the_type_follows_from_the_whole_file(read):
    """A word in the last of 50,000 rows makes the column text, and no value changes its spelling."""
    numbers = "\n".join(str(n) for n in range(50_000))
    assert types(read(f"v\n{numbers}\n"))["v"] == "int64"
    table = read(f"v\n{numbers}\nlast\n")
    assert types(table)["v"] == "string"
    assert table["v"].to_pylist()[-2:] == ["49999", "last"]


def test_long_identifiers_among_numbers_keep_their_digits(read):
    """A column of whole numbers of which one is too long for a double is not made a column of doubles."""
    table = read("v\n1.5\n12345678901234567890\n")
    assert table["v"].to_pylist() == ["1.5", "12345678901234567890"]


def test_special_numbers_are_numbers(read):
    """NaN, the infinities and minus zero come through."""
    values = read("v\n1.5\nnan\n-inf\n-0.0\n")["v"].to_pylist()
    assert math.isnan(values[1])
    assert values[2] == -math.inf
    assert math.copysign(1, values[3]) == -1


def test_an_empty_text_is_not_a_missing_value(read):
    """`""` is a text of no characters, an empty field is missing."""
    assert read('a,b\nx,""\n,y\n"",z\n')["a"].to_pylist() == ["x", None, ""]


def test_an_empty_text_among_numbers_makes_a_column_text(read):
    """It is a value that is no number; a missing value is none."""
    assert types(read('a,b\n1,x\n"",y\n'))["a"] == "string"
    assert types(read("a,b\n1,x\n,y\n"))["a"] == "int64"


def test_other_texts_can_mean_missing(read):
    """With `nulls`, only those do; quoted they are text."""
    table = read('a,b\nNA,x\n-,\n"NA",y\n', nulls=["NA", "-"])
    assert table.to_pydict() == {"a": [None, None, "NA"], "b": ["x", "", "y"]}


def test_with_no_text_for_it_nothing_is_missing(read):
    """With an empty list of `nulls`, an empty field is an empty text."""
    assert read('a,b\nNA,x\n,""\n', nulls=[]).to_pylist() == [{"a": "NA", "b": "x"}, {"a": "", "b": ""}]
    assert read("a\n1\n\n2\n", nulls=[]).column("a").to_pylist() == ["1", "", "2"]


def test_quotes_hold_delimiters_quotes_and_line_ends(read):
    """As RFC 4180 has it, with either line end."""
    table = read('a,b\r\n"x,y","say ""hi"""\r\n"two\r\nlines",1\r\n')
    assert table.to_pydict() == {"a": ["x,y", "two\r\nlines"], "b": ['say "hi"', "1"]}


def test_columns_can_be_selected_in_an_order(read):
    """A list of names is a selection."""
    assert read("a,b,c\n1,2,3\n", columns=["c", "a"]).to_pydict() == {"c": [3], "a": [1]}


def test_columns_can_be_declared(read):
    """A mapping of names declares types; the other columns are inferred."""
    table = read("a,b,c\n1,007,x\n,5,y\n", columns={"a": "DECIMAL(6, 2)", "b": "varchar"})
    assert types(table) == {"a": "decimal128(6, 2)", "b": "string", "c": "string"}
    assert table.to_pydict() == {"a": [Decimal("1.00"), None], "b": ["007", "5"], "c": ["x", "y"]}


def test_a_value_that_does_not_fit_its_declared_type_is_named(read):
    """Row, column, value and type; the row is counted without the header."""
    with pytest.raises(ValueError, match=r"^data\.csv: row 2, column a: 'x' cannot be read as INTEGER$"):
        read("a\n1\nx\ny\n", columns={"a": "INTEGER"})


@pytest.mark.parametrize("kind", ["INTEGER) from x; drop table cells; --", "", "INTEGER[]", "'a'"])
def test_a_declared_type_is_a_type(read, kind):
    """Whatever else is refused before it reaches the engine."""
    with pytest.raises(ValueError, match="is no SQL type of a plain value"):
        read("a\n1\n", columns={"a": kind})


@pytest.mark.parametrize("columns", [["zz"], {"zz": "INTEGER"}])
def test_an_unknown_column_is_named(read, columns):
    """With those that there are."""
    with pytest.raises(ValueError, match=r"data\.csv has no column 'zz'; it has a, b"):
        read("a,b\n1,2\n", columns=columns)


def test_a_file_can_have_no_header(read):
    """Columns are numbered, or named by `columns`."""
    assert read("1,2\n", header=False).to_pydict() == {"column0": [1], "column1": [2]}
    assert read("1,2\n", header=False, columns=["x", "y"]).to_pydict() == {"x": [1], "y": [2]}


def test_the_delimiter_can_be_another(read):
    """Any character that cannot be part of a number or word."""
    assert read("a;b\n1,5;2\n", delimiter=";").to_pydict() == {"a": ["1,5"], "b": [2]}


@pytest.mark.parametrize("delimiter", ["", "ab", "a", "1", '"', "\n", "-", "."])
def test_a_delimiter_that_could_be_part_of_a_value_is_refused(read, delimiter):
    """It would not separate."""
    with pytest.raises(ValueError, match=r"the delimiter .* is none"):
        read("a\n1\n", delimiter=delimiter)


@pytest.mark.parametrize(("encoding", "codec"), [("utf-8", "utf-8-sig"), ("utf-16", "utf-16"), ("latin-1", "latin-1")])
def test_three_encodings_are_read(read, encoding, codec):
    """UTF-8 with or without its mark, UTF-16, Latin-1."""
    table = read("naïve,b\ncafé,1\n".encode(codec), encoding=encoding)
    assert table.to_pydict() == {"naïve": ["café"], "b": [1]}


def test_names_that_differ_in_case_alone_stay_apart(read):
    """Engines that fold case do not decide about a file's columns."""
    assert read("V,v\n1,2\n").to_pydict() == {"V": [1], "v": [2]}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a,b\n1,2,3\n", "Expected Number of Columns: 2 Found: 3"),
        ("a,b\n1,2\n1\n", "Expected Number of Columns: 2 Found: 1"),
        ('a,b\n1,"x\n', "unterminated quote"),
        ('a,b\n1,"x"y\n', "unterminated quote"),
        (b"a,b\n" + b"1,2\n" * 50_000 + b"1,\xff\n", "(?s)Line: 50002.*not utf-8"),
        (b"a\xff,b\n1,2\n", "cannot be read as utf-8"),
        ("a,a\n1,2\n", "more than one column 'a'"),
        ("", "is empty"),
    ],
    ids=[
        "long-row",
        "short-row",
        "open-quote",
        "text-after-quote",
        "not-utf-8",
        "header-not-utf-8",
        "doubled",
        "empty",
    ],
)
def test_a_broken_file_is_refused_by_its_name(read, content, message):
    """No row is dropped, padded or repaired; the message starts with the path as the manifest has it."""
    with pytest.raises(ValueError, match=message) as caught:
        read(content)
    assert str(caught.value).startswith("data.csv")
    assert "Possible" not in str(caught.value)


def test_a_header_alone_is_a_table_without_rows(read):
    """Its columns are text: no value says otherwise."""
    table = read("a,b\n")
    assert (table.num_rows, types(table)) == (0, {"a": "string", "b": "string"})


def test_an_empty_line_is_a_missing_value_in_a_single_column_only(read):
    """With more columns it is no row."""
    assert read("a\n1\n\n3\n")["a"].to_pylist() == [1, None, 3]
    assert read("a,b\n1,2\n\n3,4\n")["a"].to_pylist() == [1, 3]


def test_a_missing_file_is_named_as_the_manifest_names_it(here, ctx):
    """The same words on every machine, and those that hints look for."""
    driver = load_driver("filesystem.csv_extractor")
    with pytest.raises(FileNotFoundError) as caught:
        driver.run(step_id="read", config={"path": "../data/no.csv"}, inputs={}, ctx=ctx)
    assert str(caught.value) == "[Errno 2] No such file or directory: '../data/no.csv'"


def test_a_directory_is_no_file(here, ctx):
    """And is called what it is."""
    (here / "data").mkdir()
    with pytest.raises(IsADirectoryError, match="'data'"):
        load_driver("filesystem.csv_extractor").run(step_id="read", config={"path": "data"}, inputs={}, ctx=ctx)


def test_a_path_is_no_pattern(here, ctx):
    """A name that the engine would take for a pattern is refused instead of reading other files."""
    (here / "[a].csv").write_text("x\n1\n")
    with pytest.raises(ValueError, match="one file is read"):
        load_driver("filesystem.csv_extractor").run(step_id="read", config={"path": "[a].csv"}, inputs={}, ctx=ctx)


@pytest.mark.parametrize("quote", ['"', ""])
def test_a_line_may_be_long(read, quote):
    """Longer than the engine expects, with and without what makes it the engine's to read; the rows keep their order."""
    texts = ["short", "a" * 3_000_000, "b" * 2_500_000, "end"]
    table = read("t,n\n" + "".join(f"{quote}{text}{quote},{row}\n" for row, text in enumerate(texts)))
    assert table.to_pydict() == {"t": texts, "n": [0, 1, 2, 3]}


def test_it_says_how_much_it_read(read, ctx, caplog):
    """A metric, and a log line with the path as the manifest has it."""
    with caplog.at_level("INFO"):
        read("a,b\n1,2\n3,4\n")
    assert ctx.metrics == [("rows_read", 2, "rows")]
    assert caplog.messages == ["read 2 rows, 2 columns from data.csv"]
